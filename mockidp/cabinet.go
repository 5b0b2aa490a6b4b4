package mockidp

import (
	"slices"
	"strings"
	"sync"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// keyCabinet holds the keys that are made when they are first asked for.
type keyCabinet struct {
	make func() (*mint.Key, error)
	mu   sync.Mutex
	byID map[string]func() (*mint.Key, error)
	// apis are the names of keys of APIs, the one that was asked for last at the end.
	apis []string
}

// mostAPIKeys is for how many APIs keys are kept. Then the one goes that nobody
// has asked for longest: whoever works through a thousand registrations needs few
// at a time.
const mostAPIKeys = 64

func (c *keyCabinet) named(name string) (*mint.Key, error) {
	c.mu.Lock()
	get, ok := c.byID[name]
	if !ok {
		get = sync.OnceValues(c.make)
		c.byID[name] = get
	}
	if strings.HasPrefix(name, mint.KeyApp) {
		c.asked(name)
	}
	c.mu.Unlock()
	return get()
}

// asked notes that the key of an API was asked for, and lets go of the one too
// many; c.mu is held.
func (c *keyCabinet) asked(name string) {
	c.apis = append(slices.DeleteFunc(c.apis, func(other string) bool { return other == name }), name)
	if len(c.apis) > mostAPIKeys {
		delete(c.byID, c.apis[0])
		c.apis = c.apis[1:]
	}
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
