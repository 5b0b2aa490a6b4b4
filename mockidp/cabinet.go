package mockidp

import (
	"strings"
	"sync"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// keyCabinet holds the keys that are made when they are first asked for.
type keyCabinet struct {
	make func() (*mint.Key, error)
	mu   sync.Mutex
	byID map[string]func() (*mint.Key, error)
}

// maxCabinet bounds the keys that can be asked for by app id.
const maxCabinet = 64

func (c *keyCabinet) named(name string) (*mint.Key, error) {
	c.mu.Lock()
	get, ok := c.byID[name]
	if !ok {
		if len(c.byID) >= maxCabinet {
			c.mu.Unlock()
			return nil, wrongRequest("expected at most %d keys of APIs, got one more: %q", maxCabinet, name)
		}
		get = sync.OnceValues(c.make)
		c.byID[name] = get
	}
	c.mu.Unlock()
	return get()
}

// byKeyID is a key that was made before, by its kid.
func (c *keyCabinet) byKeyID(kid string) *mint.Key { return c.byKeyIDUnder("", kid) }

// ofAPI is an API's own key that was made before, by its kid.
func (c *keyCabinet) ofAPI(kid string) *mint.Key { return c.byKeyIDUnder(mint.KeyApp, kid) }

// byKeyIDUnder is byKeyID among the names with a prefix.
func (c *keyCabinet) byKeyIDUnder(prefix, kid string) *mint.Key {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, get := range c.byID {
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		if k, err := get(); err == nil && k.KeyID() == kid {
			return k
		}
	}
	return nil
}
