package mockidp

import (
	"context"
	"maps"
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
	hits map[string]int
}

func newCounters() *counters { return &counters{hits: map[string]int{}} }

// hit counts one request.
func (c *counters) hit(what string, r *http.Request) {
	name := what + " " + addressOf(r)
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.hits[name]; !known && len(c.hits) >= maxCounters {
		name = otherHits
	}
	c.hits[name]++
}

// Counters are the hits by path pattern and client address.
func (i *Issuer) Counters(context.Context) (map[string]int, error) {
	i.counters.mu.Lock()
	defer i.counters.mu.Unlock()
	return maps.Clone(i.counters.hits), nil
}
