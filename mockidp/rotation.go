package mockidp

import (
	"fmt"
	"slices"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// RotateRequest says what a rotation does. The zero RotateRequest is a rotation
// as Entra does it, publish before sign: what was published before signs from
// now on, a new key is published to sign next time, and what signed until now
// stays published, so that its tokens hold; older keys go.
//
// Otherwise what is asked for happens, in the order of the fields.
type RotateRequest struct {
	// Lease is the lease under which the change is undone again. Empty: the
	// change stays, which is refused while somebody holds a lease.
	Lease string `json:"lease,omitempty"`
	// Publish adds a new key to the key set; it is "next" from then on.
	Publish bool `json:"publish,omitempty"`
	// Sign makes "next" the key that signs.
	Sign bool `json:"sign,omitempty"`
	// Retire takes the keys out of the set that neither sign nor are next.
	Retire bool `json:"retire,omitempty"`
	// Revoke, alone, is the emergency: it takes keys out of the set at once, by
	// the names "tenant" and "next" or by kid. Where the one that signs goes,
	// "next" signs; new keys are published until there are two.
	Revoke []string `json:"revoke,omitempty" jsonschema:"maxItems=16"`
}

// usual reports whether nothing in particular is asked for.
func (q RotateRequest) usual() bool {
	return !q.Publish && !q.Sign && !q.Retire && len(q.Revoke) == 0
}

// publishedKeys is how many keys are published at least: the one that signs and
// the next. An older one may stand beside them.
const publishedKeys = 2

// freshKeysFor is how many keys a rotation needs.
func (r ring) freshKeysFor(q RotateRequest) int {
	switch {
	case len(q.Revoke) > 0:
		return publishedKeys - len(r.heirs(q.Revoke))
	case q.Publish, q.usual():
		return 1
	}
	return 0
}

// kept are the published keys but those that are named.
func (r ring) kept(revoked []string) []*mint.Key {
	var gone []*mint.Key
	for _, name := range revoked {
		gone = append(gone, r.find(name))
	}
	return slices.DeleteFunc(slices.Clone(r.own), func(k *mint.Key) bool { return slices.Contains(gone, k) })
}

// heirs are those that are left of the key that signs and the next, in this
// order.
func (r ring) heirs(revoked []string) []*mint.Key {
	kept := r.kept(revoked)
	return slices.DeleteFunc([]*mint.Key{r.signing, r.next()}, func(k *mint.Key) bool { return !slices.Contains(kept, k) })
}

// rotated is the ring after a rotation, without its documents; fresh are the
// keys to publish.
func (r ring) rotated(q RotateRequest, fresh []*mint.Key) (ring, error) {
	switch {
	case len(q.Revoke) > 0:
		return r.revoked(q.Revoke, fresh)
	case q.usual():
		return r.rolled(fresh), nil
	}
	r.own = slices.Concat(r.own, fresh)
	if q.Sign {
		next := r.next()
		if next == nil {
			return r, fmt.Errorf("mockidp: rotate: %w: expected a published key that does not sign", ErrUnknownKey)
		}
		r.signing = next
	}
	if q.Retire {
		next := r.next()
		if q.Sign {
			next = nil // what signed until now is what retires
		}
		r.own = slices.DeleteFunc(r.own, func(k *mint.Key) bool { return k != r.signing && k != next })
	}
	return r, nil
}

// rolled is the ring after a rotation as Entra does it. A key that nobody could
// have fetched yet does not sign: where there is no next one, the first step is
// to publish it.
func (r ring) rolled(fresh []*mint.Key) ring {
	next := r.next()
	if next == nil {
		r.own = slices.Concat(r.own, fresh)
		return r
	}
	r.own = append([]*mint.Key{r.signing, next}, fresh...)
	r.signing = next
	return r
}

// revoked is the ring without the named keys.
func (r ring) revoked(names []string, fresh []*mint.Key) (ring, error) {
	for _, name := range names {
		if !slices.Contains(r.own, r.find(name)) {
			return r, fmt.Errorf("mockidp: revoke: %w %q: expected a published key of the tenant", ErrUnknownKey, name)
		}
	}
	heirs := slices.Concat(r.heirs(names), fresh)
	r.own = slices.Concat(r.kept(names), fresh)
	r.signing = heirs[0]
	return r, nil
}
