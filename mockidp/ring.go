package mockidp

import (
	"slices"

	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// ring is one state of the key set. It is never changed: a change makes a new
// ring, with its documents.
type ring struct {
	own     []*mint.Key // published, oldest first
	signing *mint.Key
	extra   []extraKey
	hide    []string
	faults  *faultSet
	// namesCloud: see Variations.KeysNameCloud.
	namesCloud bool
	// v1 and v2 are the key sets as they are served.
	v1, v2 []byte
}

// extraKey is a key of a key-set state.
type extraKey struct {
	name string
	key  *mint.Key
	jwk  value.Value
}

// documents returns the ring with its key sets written out; issuer is the
// issuer member of the keys in the v2 set, which the v1 set does not have
// (entra-tokens 3.4).
func (r ring) documents(issuer string) *ring {
	r.v1, r.v2 = keySetJSON(r.entries("")), keySetJSON(r.entries(issuer))
	return &r
}

func keySetJSON(entries []value.Value) []byte {
	return value.Dict(value.Member{Name: "keys", Value: value.List(entries...)}).JSON()
}

// entries are the keys as published, each with the issuer where there is one.
func (r ring) entries(issuer string) []value.Value {
	var all []value.Value
	for _, k := range r.own {
		if !r.hidden(k) {
			all = append(all, k.JWK())
		}
	}
	for _, e := range r.extra {
		all = append(all, e.jwk)
	}
	if issuer == "" {
		return all
	}
	for i, jwk := range all {
		if _, has := jwk.Get("issuer"); !has {
			all[i] = jwk.Append("issuer", value.String(issuer))
		}
		if r.namesCloud {
			all[i] = all[i].Append("cloud_instance_name", value.String(cloudInstance))
		}
	}
	return all
}

func (r ring) hidden(k *mint.Key) bool {
	return slices.ContainsFunc(r.hide, func(name string) bool {
		return name == k.KeyID() || (name == mint.KeyTenant && k == r.signing) || (name == mint.KeyNext && k == r.next())
	})
}

// next is the newest key that does not sign.
func (r ring) next() *mint.Key {
	for _, k := range slices.Backward(r.own) {
		if k != r.signing {
			return k
		}
	}
	return nil
}

// find is a published key by name or kid. An extra key may carry the kid of
// one of the tenant's: a kid means the tenant's, a name the extra one.
func (r ring) find(name string) *mint.Key {
	switch name {
	case "", mint.KeyTenant:
		return r.signing
	case mint.KeyNext:
		return r.next()
	}
	extra := slices.Concat(r.extra, r.faults.keys())
	for _, e := range extra {
		if e.name == name {
			return e.key
		}
	}
	for _, k := range r.own {
		if k.KeyID() == name {
			return k
		}
	}
	for _, e := range extra {
		if e.key.KeyID() == name {
			return e.key
		}
	}
	return nil
}

// public are the keys for people and harnesses, the signing one first.
func (r ring) public() []mint.PublicKey {
	all := []mint.PublicKey{r.signing.Public(mint.KeyTenant)}
	for _, k := range slices.Backward(r.own) {
		switch k {
		case r.signing:
		case r.next():
			all = append(all, k.Public(mint.KeyNext))
		default:
			all = append(all, k.Public(k.KeyID()))
		}
	}
	for _, e := range r.extra {
		all = append(all, e.key.Public(e.name))
	}
	return all
}
