package gateway

import (
	"slices"
	"sync"
	"time"
)

// contracts is the gateway's own copy of the contracts at this API instance,
// refreshed in the background (mulesoft-policies.md 3). A request for access that
// waits for the approval of its SLA tier is no contract yet.
type contracts struct {
	current func() []string
	now     func() time.Time
	// every is how old the copy becomes.
	every time.Duration

	mu   sync.Mutex
	copy []string
	read time.Time
}

// has reports whether a client has a contract as far as the gateway knows.
func (c *contracts) has(x *exchange, id string) bool {
	current := c.current()
	had := slices.Contains(c.known(current), id)
	if had != slices.Contains(current, id) {
		x.mattered("contract-refresh")
	}
	return had
}

// known is the copy, which is the current contracts where it is too old.
func (c *contracts) known(current []string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); c.read.IsZero() || now.Sub(c.read) >= c.every {
		c.copy, c.read = slices.Clone(current), now
	}
	return c.copy
}
