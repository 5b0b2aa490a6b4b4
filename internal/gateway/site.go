package gateway

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/entraproof/entraproof/internal/policy"
)

// site is where a policy is placed, and what it finds there.
type site struct {
	options Options
	applied policy.Applied
	// index is its place in the chain.
	index int
	// shim: the OIDC policy meets an introspection shim that turns Entra's claims
	// into those it reads.
	shim bool
}

// Emulates reports whether a policy is one of those that New emulates. Any other
// lets every request pass.
func Emulates(a policy.Applied) bool {
	switch a.Config.(type) {
	case *policy.JWTValidation, *policy.OpenIDConnect, *policy.Introspection, *policy.ClientIDEnforcement:
		return true
	}
	return false
}

// place builds the policy; nil is one that is not emulated.
func (s site) place() (judge, error) {
	switch config := s.applied.Config.(type) {
	case *policy.JWTValidation:
		return newJWTValidation(*config, s)
	case *policy.OpenIDConnect:
		return newOpenIDConnect(*config, s)
	case *policy.Introspection:
		return newTokenIntrospection(*config, s)
	case *policy.ClientIDEnforcement:
		return newClientIDEnforcement(*config, s)
	}
	return nil, nil //nolint:nilnil // no policy, and no error
}

// The ways in which a policy of an instance cannot be emulated.
var (
	// ErrNotEvaluated is a value that is not understood here, though the product
	// may well: an expression outside the subset, a key that cannot be read.
	ErrNotEvaluated = errors.New("not evaluated")
	// ErrNotSupported is what the product of that profile does not do.
	ErrNotSupported = errors.New("not supported by the product")
)

// PolicyError is a policy that cannot be emulated as it is configured. New
// returns one for each parameter at fault, joined (errors.Join).
type PolicyError struct {
	// Policy is its place among Options.Instance's; of a set-up, in its chain.
	Policy int
	// Asset is the policy's name.
	Asset string
	// Key is the parameter at fault; empty where it is the policy as a whole.
	Key string
	// Kind is ErrNotEvaluated or ErrNotSupported.
	Kind error
	// Err says what was expected, and what was found.
	Err error
}

// Error leaves out the package's name: New puts it before all of them.
func (e *PolicyError) Error() string {
	what := e.Asset
	if e.Key != "" {
		what += ": " + e.Key
	}
	return fmt.Sprintf("%s: %v", what, e.Err)
}

// Unwrap are the kind and the reason.
func (e *PolicyError) Unwrap() []error { return []error{e.Kind, e.Err} }

// PolicyErrors are those that are joined in an error of New.
func PolicyErrors(err error) []*PolicyError {
	if e, ok := err.(*PolicyError); ok { //nolint:errorlint // each one of them, not the first
		return []*PolicyError{e}
	}
	var all []*PolicyError
	switch e := err.(type) { //nolint:errorlint // each one of them, not the first
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			all = append(all, PolicyErrors(one)...)
		}
	case interface{ Unwrap() error }:
		all = PolicyErrors(e.Unwrap())
	}
	return all
}

// unsupported is a parameter that the product does not take; unevaluated one that
// is not understood here.
func (s site) unsupported(key, format string, args ...any) error {
	return &PolicyError{s.index, s.applied.Asset, key, ErrNotSupported, fmt.Errorf(format, args...)}
}

func (s site) unevaluated(key, format string, args ...any) error {
	return &PolicyError{s.index, s.applied.Asset, key, ErrNotEvaluated, fmt.Errorf(format, args...)}
}

// problems are the errors of all policies.
type problems []error

func (p *problems) add(err error) {
	if err != nil {
		*p = append(*p, err)
	}
}

func (p problems) err() error { return errors.Join(p...) }

// mulesoft is a set-up of MuleSoft's policies: the first link judges first.
func mulesoft(name, title string, links ...link) setup {
	s := setup{Setup: Setup{Name: name, Title: title, MuleSoft: true}}
	for _, l := range links {
		s.Chain = append(s.Chain, l.title())
	}
	s.build = func(o Options) (http.Handler, error) {
		var sites []site
		for _, l := range links {
			sites = append(sites, l.site(o.Environment))
		}
		return newChain(o, sites)
	}
	return s
}

// instance is the gateway of an API instance as a document describes it.
func instance(i *policy.Instance) setup {
	return setup{Setup: Setup{Name: i.Name}, instance: true, build: func(o Options) (http.Handler, error) {
		var sites []site
		for _, applied := range i.Policies {
			sites = append(sites, site{applied: applied})
		}
		return newChain(o, sites)
	}}
}

// link is one policy of a set-up.
type link struct {
	asset  string
	shim   bool
	config func(Environment) any
}

func (l link) title() string {
	if l.shim {
		return l.asset + " (shim)"
	}
	return l.asset
}

func (l link) site(e Environment) site {
	return site{applied: policy.Applied{Asset: l.asset, Config: l.config(e)}, shim: l.shim}
}

func oidcLink(config func(Environment) policy.OpenIDConnect) link {
	return link{asset: oidcPolicy, config: func(e Environment) any { return new(config(e)) }}
}

// shimLink is the OIDC policy over an introspection shim.
func shimLink(config func(Environment) policy.OpenIDConnect) link {
	l := oidcLink(config)
	l.shim = true
	return l
}

func jwtLink(config func(Environment) policy.JWTValidation) link {
	return link{asset: jwtPolicy, config: func(e Environment) any { return new(config(e)) }}
}
