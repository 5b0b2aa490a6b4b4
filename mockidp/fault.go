package mockidp

import (
	"crypto/tls"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/entraproof/entraproof/internal/value"
)

// fault is a misbehaviour in force.
type fault struct {
	Misbehaviour
	kind        MisbehaviourKind
	key         *extraKey
	certificate *tls.Certificate

	mu     sync.Mutex
	asked  int
	chance *rand.Rand
}

// due reports whether it happens this time.
func (f *fault) due() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	if f.Every > 0 {
		return f.asked%f.Every == 0
	}
	if f.Probability == 0 {
		return true
	}
	if f.chance == nil {
		f.chance = rand.New(rand.NewPCG(uint64(f.Seed), 0)) //nolint:gosec // chance that can be repeated, nothing secret
	}
	return f.chance.Float64() < f.Probability
}

// at reports whether it is about the endpoint of a request.
func (f *fault) at(q *request) bool {
	pattern := route{path: f.Path}
	if f.kind.answer == nil || !pattern.covers(q.route) {
		return false
	}
	return pattern.match(q.URL.Path, unheard)
}

// withMembers is key-members at work.
func (f *fault) withMembers(keys []value.Value) []value.Value {
	for n, jwk := range keys {
		if f.Alg != "" {
			jwk = jwk.Set("alg", value.String(f.Alg))
		}
		if f.Use != "" {
			jwk = jwk.Set("use", value.String(f.Use))
		}
		for _, name := range f.Omit {
			jwk = jwk.Remove(name)
		}
		keys[n] = jwk
	}
	return keys
}

// withoutKey are the keys but the one with the kid.
func withoutKey(keys []value.Value, kid string) []value.Value {
	return slices.DeleteFunc(keys, func(jwk value.Value) bool { return jwk.GetText("kid") == kid })
}

// copies is a key under n kids, the first of which is its own.
func copies(jwk value.Value, n int) []value.Value {
	all := []value.Value{jwk}
	for len(all) < n {
		all = append(all, jwk.Set("kid", value.String(jwk.GetText("kid")+"-"+strconv.Itoa(len(all)))))
	}
	return all
}

// faultSet are the misbehaviours in force together. A nil set is none.
type faultSet struct {
	faults []*fault
	// ended is closed when they are no longer in force.
	ended chan struct{}
}

func newFaultSet(faults []*fault) *faultSet {
	if len(faults) == 0 {
		return nil
	}
	return &faultSet{faults, make(chan struct{})}
}

func (s *faultSet) all() []*fault {
	if s == nil {
		return nil
	}
	return s.faults
}

func (s *faultSet) end() {
	if s != nil {
		close(s.ended)
	}
}

// keys are those that were made for misbehaviours.
func (s *faultSet) keys() []extraKey {
	var all []extraKey
	for _, f := range s.all() {
		if f.key != nil {
			all = append(all, *f.key)
		}
	}
	return all
}

// due are the misbehaviours that a request meets this time.
func (s *faultSet) due(q *request) []*fault {
	var met []*fault
	for _, f := range s.all() {
		if f.at(q) && f.due() {
			met = append(met, f)
		}
	}
	return met
}

// certifies reports whether handshakes go wrong.
func (s *faultSet) certifies() bool {
	return slices.ContainsFunc(s.all(), func(f *fault) bool { return f.certificate != nil })
}

// certificate is what a handshake gets in the place of the right one; nil: the
// right one.
func (s *faultSet) certificate() *tls.Certificate {
	for _, f := range s.all() {
		if f.certificate != nil && f.due() {
			return f.certificate
		}
	}
	return nil
}

// tokenTime is the clock of the tokens.
func (i *Issuer) tokenTime() time.Time {
	now := i.cfg.Now()
	for _, f := range i.current().faults.all() {
		if f.kind.clock && f.due() {
			now = now.Add(time.Duration(f.Seconds) * time.Second)
		}
	}
	return now
}

// handshake is the TLS configuration of a handshake: the usual one, or one with
// a wrong certificate and without the resumption that would hide it.
func (i *Issuer) handshake(*tls.ClientHelloInfo) (*tls.Config, error) {
	wrong := i.current().faults.certificate()
	if wrong == nil {
		return nil, nil
	}
	cfg := i.tls.config(*wrong)
	cfg.SessionTicketsDisabled = true
	return cfg, nil
}
