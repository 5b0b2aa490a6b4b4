package lab

import (
	"fmt"
	"sync"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// keysInRound is how many keys an embedded issuer makes before the first comes
// again. It is more than one gateway is ever shown: a key that a flow publishes
// must be new to it.
const keysInRound = 16

// keyRound gives signing keys to an issuer that changes them for each of many
// gateways, each of which lives for one run. The zero keyRound is ready.
type keyRound struct {
	mu   sync.Mutex
	keys []*mint.Key
	next int
}

// key is the next one.
func (r *keyRound) key() (*mint.Key, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.keys) < keysInRound {
		k, err := mint.NewKey(nil, time.Now())
		if err != nil {
			return nil, fmt.Errorf("lab: a signing key: %w", err)
		}
		r.keys = append(r.keys, k)
		return k, nil
	}
	// The first two are the issuer's own for good.
	k := r.keys[2+r.next%(keysInRound-2)]
	r.next++
	return k, nil
}
