package mockidp

import (
	"context"
	"crypto/rand"
	"slices"
)

// MaxMisbehaviours is how many misbehaviours can be in force at once.
const MaxMisbehaviours = 16

// Patterns of several paths: the key sets of v1 and v2, and whatever belongs to a
// tenant. A pattern may name a tenant in the place of {tenant}.
const (
	KeySetPaths = "/{tenant}/discovery/{rest...}"
	TenantPaths = "/{tenant}/{rest...}"
)

// Misbehaviour is one way in which the issuer goes wrong, for as long as a lease
// is held. Which there are, and which parameters each of them takes, stands in
// Misbehaviours; a parameter that is zero has its usual value.
type Misbehaviour struct {
	Name string `json:"name"`
	// Path is the pattern of the endpoints that go wrong, such as KeySetPaths;
	// empty: the usual ones.
	Path string `json:"path,omitempty"`
	// Every has it happen every n-th time only, Probability by chance: each time
	// with this probability, drawn from Seed. Zero, both: always.
	Every       int     `json:"every,omitempty" jsonschema:"minimum=0,maximum=1000"`
	Probability float64 `json:"probability,omitempty" jsonschema:"minimum=0,maximum=1"`
	Seed        int     `json:"seed,omitempty"`

	// The parameters.

	Milliseconds int    `json:"milliseconds,omitempty"`
	Seconds      int    `json:"seconds,omitempty"`
	Status       int    `json:"status,omitempty"`
	Bytes        int    `json:"bytes,omitempty"`
	Count        int    `json:"count,omitempty"`
	Type         string `json:"type,omitempty"`
	Text         string `json:"text,omitempty"`
	To           string `json:"to,omitempty"`
	Issuer       string `json:"issuer,omitempty"`
	Key          string `json:"key,omitempty"`
	Alg          string `json:"alg,omitempty"`
	Use          string `json:"use,omitempty"`
	// Omit are members of a published key that are left out.
	Omit []string `json:"omit,omitempty"`
}

// Misbehave puts misbehaviours in force, in the place of those that were, until
// the lease is over; none at all mends the issuer. They act in the order given.
// Rotation and the state of the key set are not touched.
func (i *Issuer) Misbehave(ctx context.Context, lease string, all []Misbehaviour) error {
	if err := checkMisbehaviours(all); err != nil {
		return err
	}
	if err := i.inForce(lease); err != nil { // before keys are made for nobody
		return err
	}
	faults, err := each(ctx, all, i.newFault)
	if err != nil {
		return err
	}
	return i.change(lease, func(r ring) *ring {
		r.faults = newFaultSet(faults)
		return &r
	})
}

// Misbehaving is what Misbehave has put in force, with the usual values filled
// in.
func (i *Issuer) Misbehaving(context.Context) ([]Misbehaviour, error) {
	all := []Misbehaviour{}
	for _, f := range i.current().faults.all() {
		all = append(all, f.Misbehaviour)
	}
	return all, nil
}

// newFault makes what a misbehaviour needs before it is in force: keys and
// certificates.
func (i *Issuer) newFault(_ context.Context, m Misbehaviour) (*fault, error) {
	f := &fault{Misbehaviour: m, kind: kindOf(m.Name)}
	f.complete()
	if f.kind.key != nil {
		spec := f.kind.key(i.current())
		k, jwk, err := spec.Make(rand.Reader, i.cfg.Now())
		if err != nil {
			return nil, err
		}
		f.key = &extraKey{spec.Name, k, jwk}
	}
	if f.kind.certify != nil {
		certificate, err := f.kind.certify(i.tls, i.cfg.Hosts)
		if err != nil {
			return nil, err
		}
		f.certificate = &certificate
	}
	return f, nil
}

// setRing puts another ring in force and ends what waits on account of
// misbehaviours that are no longer; i.mu is held.
func (i *Issuer) setRing(r *ring) {
	if i.ring.faults != r.faults {
		i.ring.faults.end()
		i.server.keepConnections(!r.faults.certifies())
	}
	i.ring = r
}

// kindOf is the line of the table; the name has been checked.
func kindOf(name string) MisbehaviourKind {
	all := Misbehaviours()
	return all[slices.IndexFunc(all, func(k MisbehaviourKind) bool { return k.Name == name })]
}
