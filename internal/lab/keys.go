package lab

import (
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// keysInRound is how many keys an embedded issuer makes before the first comes
// again. It is more than one gateway is ever shown: a key that a flow publishes
// must be new to it.
const keysInRound = 16

// Keys are the private keys of embedded issuers, which are dear to make. Issuers
// that share them sign alike, and none of them changes them for another. The
// zero Keys is ready.
type Keys struct {
	mu     sync.Mutex
	round  []*mint.Key
	states map[string]*mint.Key // by their specs
	former *Keys
}

// ofFormer are the keys of mocks that were trusted once: none is among k.
func (k *Keys) ofFormer() *Keys {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.former == nil {
		k.former = &Keys{}
	}
	return k.former
}

// give has an issuer take its keys from here.
func (k *Keys) give(cfg *mockidp.Config) {
	cfg.NewKey, cfg.StateKey = (&keyRound{keys: k}).key, k.ofState
}

// ofState is the key of a key-set state, made when the first issuer wants it.
func (k *Keys) ofState(spec mint.KeySpec) (*mint.Key, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	of := spec
	of.Issuer, of.KeyID = "", "" // they stand beside the key: another target has another tenant, another run another time
	name := fmt.Sprintf("%#v", of)
	if made := k.states[name]; made != nil {
		return made, nil
	}
	made, err := spec.Private(rand.Reader, time.Now())
	if err != nil {
		return nil, err
	}
	if k.states == nil {
		k.states = map[string]*mint.Key{}
	}
	k.states[name] = made
	return made, nil
}

// at is the nth key of the round, made when the first issuer wants it.
func (k *Keys) at(n int) (*mint.Key, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for len(k.round) <= n {
		made, err := mint.NewKey(nil, time.Now())
		if err != nil {
			return nil, fmt.Errorf("lab: a signing key: %w", err)
		}
		k.round = append(k.round, made)
	}
	return k.round[n], nil
}

// keyRound gives signing keys to an issuer that changes them for each of many
// gateways, each of which lives for one run.
type keyRound struct {
	keys *Keys
	mu   sync.Mutex
	next int
}

// key is the next one. The first two are the issuer's own for good.
func (r *keyRound) key() (*mint.Key, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.next
	if r.next++; n >= keysInRound {
		n = 2 + (n-2)%(keysInRound-2)
	}
	return r.keys.at(n)
}
