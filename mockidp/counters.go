package mockidp

import (
	"context"
	"net/http"
	"sync"
)

// maxCounters bounds the counters; what comes after is counted under "others",
// so that no client can make the issuer grow.
const maxCounters = 4096

const otherHits = "others"

// counters are hits by what was hit and from where.
type counters struct {
	mu   sync.Mutex
	hits map[hit]int
}

// hit is what was asked for, and the address of who did.
type hit struct{ what, address string }

func newCounters() *counters { return &counters{hits: map[hit]int{}} }

// String is the hit as Counters names it.
func (h hit) String() string {
	if h.address == "" {
		return h.what
	}
	return h.what + " " + h.address
}

// hit counts one request.
func (c *counters) hit(what string, r *http.Request) {
	h := hit{what, addressOf(r)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.hits[h]; !known && len(c.hits) >= maxCounters {
		h = hit{what: otherHits}
	}
	c.hits[h]++
}

// ResetCounters has Counters begin anew.
func (i *Issuer) ResetCounters(context.Context) error {
	i.counters.mu.Lock()
	defer i.counters.mu.Unlock()
	clear(i.counters.hits)
	return nil
}

// Counters are the hits by path pattern and client address.
func (i *Issuer) Counters(context.Context) (map[string]int, error) {
	i.counters.mu.Lock()
	defer i.counters.mu.Unlock()
	all := make(map[string]int, len(i.counters.hits))
	for h, n := range i.counters.hits {
		all[h.String()] = n
	}
	return all, nil
}
