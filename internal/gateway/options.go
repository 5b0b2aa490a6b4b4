package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say which gateway New builds.
type Options struct {
	// Setup is the name of a set-up.
	Setup string
	// Environment is what the gateway should admit.
	Environment Environment
	// Upstream gets what the gateway lets through.
	Upstream http.Handler
	// Client fetches the key set, and asks the introspection endpoint; nil is
	// http.DefaultClient.
	Client *http.Client
	// Now is the gateway's clock; nil is time.Now.
	Now func() time.Time
	// Timeout bounds a fetch of the key set by that clock; nil is
	// context.WithTimeout.
	Timeout func(context.Context, time.Duration) (context.Context, context.CancelFunc)
	// Wait lets time pass on it for what a mutant spends; nil: it passes by itself.
	Wait func(context.Context, time.Duration) error
	// Contracts are the client ids with a contract now; nil is those of
	// Environment, for ever.
	Contracts func() []string
	// Process is shared by the gateways of one process; nil is one alone. Only
	// mutants keep anything there.
	Process *Process
	// Report is told of each refusal; nil if not wanted. It is called from many
	// goroutines.
	Report func(Refusal)
	// Lacks removes checks from strict, by name or by guard.
	Lacks []string
	// Softens does checks of strict carelessly, by the name of a softening.
	Softens []string
	// DeniesAfter is the number of requests after which turns-deny refuses
	// everything; 0 is 150.
	DeniesAfter int
	// Switches decide what MuleSoft's documentation leaves open.
	Switches Switches
}

// Process is what the gateways of one process share. The zero Process is ready.
type Process struct{ accepted sync.Map }

// Switches are what is not known about MuleSoft's policies. The zero value is
// the default of mulesoft-policies.md section 8, the OIDC model excepted.
type Switches struct {
	// OIDCModel is local-claims (also when empty): the OIDC policy reads the token
	// itself, as the article says; or documented: it asks Environment.Introspection.
	OIDCModel string
	// ScopeArrays reads a scope member that is an array, too.
	ScopeArrays bool
	// HeaderWins lets the header win over a token in the query, instead of 400.
	HeaderWins bool
	// InvalidClientBody is the body of the OIDC and JWT policies' client refusal.
	InvalidClientBody string
	// JWTClientStatus is the status of the JWT policy's client refusal: 403 or 401.
	JWTClientStatus int
	// RefuseMissingKeyID refuses tokens without kid, instead of trying all keys.
	RefuseMissingKeyID bool
	// RefetchUnknownKeyID fetches the key set again for an unknown kid.
	RefetchUnknownKeyID bool
	// Skew is the tolerance of clocks.
	Skew time.Duration
	// InvalidTokenBody is the body of the JWT policy's other refusals.
	InvalidTokenBody string
	// Profile is mule4 (also when empty), flex-connected or flex-local.
	Profile string
}

// The OIDC models and gateway profiles that Switches know.
const (
	LocalClaims   = "local-claims"
	Documented    = "documented"
	Mule4         = "mule4"
	FlexConnected = "flex-connected"
	FlexLocal     = "flex-local"
)

// OIDCModels are the models of the OIDC policy, the default first.
func OIDCModels() []string { return []string{LocalClaims, Documented} }

func (s Switches) filled() Switches {
	s.OIDCModel = cmp.Or(s.OIDCModel, LocalClaims)
	s.InvalidClientBody = cmp.Or(s.InvalidClientBody, `{"error":"Invalid Client"}`)
	s.InvalidTokenBody = cmp.Or(s.InvalidTokenBody, `{"error":"Invalid token."}`)
	s.Profile = cmp.Or(s.Profile, Mule4)
	s.JWTClientStatus = cmp.Or(s.JWTClientStatus, forbidden)
	return s
}

func (s Switches) check() error {
	var problems []error
	if !slices.Contains(OIDCModels(), s.OIDCModel) {
		problems = append(problems, unknownName("oidc model", s.OIDCModel, OIDCModels()))
	}
	if profiles := []string{FlexConnected, FlexLocal, Mule4}; !slices.Contains(profiles, s.Profile) {
		problems = append(problems, unknownName("profile", s.Profile, profiles))
	}
	if s.JWTClientStatus != unauthorized && s.JWTClientStatus != forbidden {
		problems = append(problems, fmt.Errorf("gateway: jwt client status: expected 401 or 403, got %d", s.JWTClientStatus))
	}
	return errors.Join(problems...)
}

// New builds a gateway. It fetches nothing: keys are fetched when the first
// token comes.
func New(o Options) (http.Handler, error) {
	o.Switches = o.Switches.filled()
	if err := o.Switches.check(); err != nil {
		return nil, err
	}
	if o.Upstream == nil {
		return nil, errors.New("gateway: no upstream")
	}
	if o.Client == nil {
		o.Client = http.DefaultClient
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Wait == nil {
		o.Wait = pass
	}
	if o.Contracts == nil {
		o.Contracts = func() []string { return o.Environment.Contracts }
	}
	if o.Process == nil {
		o.Process = &Process{}
	}
	for _, s := range setups() {
		if s.Name == o.Setup {
			return build(s, o)
		}
	}
	return nil, unknownName("set-up", o.Setup, SetupNames())
}

func build(s setup, o Options) (http.Handler, error) {
	if !s.strict && len(o.Lacks)+len(o.Softens) > 0 {
		return nil, fmt.Errorf("gateway: set-up %s: only strict can lack or soften checks", s.Name)
	}
	h, err := s.build(o)
	if err != nil {
		return nil, fmt.Errorf("gateway: set-up %s: %w", s.Name, err)
	}
	return dated(h, o.Now), nil
}

// dated has every answer carry the gateway's own time (RFC 9110 6.6.1).
func dated(h http.Handler, now func() time.Time) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", now().UTC().Format(http.TimeFormat))
		h.ServeHTTP(w, r)
	})
}

func unknownName(what, got string, known []string) error {
	return fmt.Errorf("gateway: unknown %s %q: expected one of %s", what, got, strings.Join(known, ", "))
}

// pass waits on this machine's clock.
func pass(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
