package mockidp

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// Lease reserves changes to the key set until it is released or ttl is over.
func (i *Issuer) Lease(_ context.Context, ttl time.Duration) (Lease, error) {
	if ttl <= 0 || ttl > MaxLease {
		return Lease{}, wrongRequest("expected a lease of up to %s, got %s", MaxLease, ttl)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.expire()
	if i.lease != nil {
		return Lease{}, fmt.Errorf("mockidp: %w until %s", ErrLeaseHeld, i.lease.Expires.Format(time.RFC3339))
	}
	i.lease = &Lease{ID: rand.Text(), Expires: i.cfg.Now().Add(ttl)}
	return *i.lease, nil
}

// Release ends a lease: the key set is as before.
func (i *Issuer) Release(_ context.Context, lease string) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if err := i.holds(lease); err != nil {
		return err
	}
	i.endLease()
	return nil
}

// endLease puts back what was before the lease; i.mu is held.
func (i *Issuer) endLease() {
	i.lease = nil
	i.setRing(i.base)
}

// holds checks that a lease is in force; i.mu is held.
func (i *Issuer) holds(lease string) error {
	i.expire()
	if i.lease == nil || i.lease.ID != lease {
		return fmt.Errorf("mockidp: %w", ErrNoLease)
	}
	return nil
}

// Rotate changes the keys as the request says. Keys are made before anything
// changes, at the same time where there are several.
func (i *Issuer) Rotate(_ context.Context, q RotateRequest) ([]mint.PublicKey, error) {
	if len(q.Revoke) > 0 && (q.Publish || q.Sign || q.Retire) {
		return nil, wrongRequest("expected revoke alone, got publish, sign or retire with it")
	}
	i.rotating.Lock() // two at once would each count on the other's keys
	defer i.rotating.Unlock()
	wanted, err := i.freshKeysFor(q)
	if err != nil {
		return nil, err
	}
	fresh, err := i.makeKeys(wanted)
	if err != nil {
		return nil, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if err := i.mayRotate(q.Lease); err != nil {
		return nil, err
	}
	rotated, err := i.ring.rotated(q, fresh)
	if err != nil {
		return nil, err
	}
	i.setRing(rotated.documents(i.keyIssuer()))
	if q.Lease != "" {
		return i.ring.public(), nil
	}
	i.base = i.ring
	return i.ring.public(), i.store.save(rotated)
}

// freshKeysFor is how many keys a rotation needs, if it may happen at all.
func (i *Issuer) freshKeysFor(q RotateRequest) (int, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if err := i.mayRotate(q.Lease); err != nil {
		return 0, err
	}
	return i.ring.freshKeysFor(q), nil
}

func (i *Issuer) makeKeys(n int) ([]*mint.Key, error) {
	keys := make([]*mint.Key, n)
	var work errgroup.Group
	for at := range keys {
		work.Go(func() (err error) { keys[at], err = i.keys.make(); return err })
	}
	return keys, work.Wait()
}

// mayRotate: under the lease that is in force, or for good while nobody holds
// one; i.mu is held.
func (i *Issuer) mayRotate(lease string) error {
	if lease != "" {
		return i.holds(lease)
	}
	i.expire()
	if i.lease != nil {
		return fmt.Errorf("mockidp: %w until %s", ErrLeaseHeld, i.lease.Expires.Format(time.RFC3339))
	}
	return nil
}

// KeySet puts the key set into a state; the empty state is the ordinary one.
func (i *Issuer) KeySet(ctx context.Context, lease string, state mint.KeySet) error {
	if len(state.Keys) > MaxKeys {
		return wrongRequest("expected at most %d keys, got %d", MaxKeys, len(state.Keys))
	}
	if err := i.inForce(lease); err != nil { // before keys are made for nobody
		return err
	}
	extra, err := each(ctx, state.Keys, i.stateKey)
	if err != nil {
		return err
	}
	return i.change(lease, func(r ring) *ring {
		r.extra, r.hide = extra, state.Hide
		return r.documents(i.keyIssuer())
	})
}

// The keys of states are kept: a state that is asked for again has the same
// ones, and nobody waits for them a second time.
const (
	mostStateKeys = 64
	stateKeyLife  = 20 * 365 * 24 * time.Hour // longer than any clock is moved
)

// stateKey is the key of a key-set state, made when it is first asked for.
func (i *Issuer) stateKey(_ context.Context, spec mint.KeySpec) (extraKey, error) {
	name, now := fmt.Sprintf("%#v", spec), i.cfg.Now()
	if kept, ok := i.stateKeys.get(name, now); ok {
		return kept, nil
	}
	private, err := i.cfg.StateKey(spec)
	if err != nil {
		return extraKey{}, wrongRequest("%w", err)
	}
	k, jwk := spec.Of(private)
	made := extraKey{spec.Name, k, jwk}
	i.stateKeys.put(name, made, now)
	return made, nil
}

// inForce checks that a lease is in force.
func (i *Issuer) inForce(lease string) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.holds(lease)
}

// change puts another ring in the place of the one in force, under a lease.
func (i *Issuer) change(lease string, to func(ring) *ring) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if err := i.holds(lease); err != nil {
		return err
	}
	i.setRing(to(*i.ring))
	return nil
}
