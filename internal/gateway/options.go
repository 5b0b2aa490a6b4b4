package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/entraproof/entraproof/internal/policy"
)

// Options say which gateway New builds.
type Options struct {
	// Setup is the name of a set-up; empty where Instance is given.
	Setup string
	// Instance is an API instance as a policy document describes it: its policies
	// are emulated in their order. What Emulates does not know lets all pass.
	Instance *policy.Instance
	// BasePath is the path of the instance's address, behind which its rules'
	// paths begin; empty: they are whole.
	BasePath string
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
	// Accepted is told of each request that MuleSoft's policies forward; nil if not
	// wanted. It is called from many goroutines.
	Accepted func(Acceptance)
	// Lacks removes checks from strict, by name or by guard.
	Lacks []string
	// Softens does checks of strict carelessly, by the name of a softening.
	Softens []string
	// DeniesAfter is the number of requests after which turns-deny refuses
	// everything; 0 is 150.
	DeniesAfter int
	// Switches decide what MuleSoft's documentation leaves open.
	Switches Switches

	// contracts are Contracts as MuleSoft's policies know them.
	contracts *contracts
	// seen are the tokens that they have read.
	seen *seenTokens
}

// Process is what the gateways of one process share. The zero Process is ready.
type Process struct{ accepted sync.Map }

// New builds a gateway. It fetches nothing: keys are fetched when the first
// token comes. What it cannot emulate of an instance it tells as PolicyErrors.
func New(o Options) (http.Handler, error) {
	o = o.filled()
	if err := o.Switches.check(); err != nil {
		return nil, err
	}
	switch {
	case o.Upstream == nil:
		return nil, errors.New("gateway: no upstream")
	case o.Instance != nil && o.Setup != "":
		return nil, fmt.Errorf("gateway: expected a set-up or an instance, got set-up %s and instance %s", o.Setup, o.Instance.Name)
	case o.Instance != nil:
		return build(instance(o.Instance), o)
	}
	for _, s := range setups() {
		if s.Name == o.Setup {
			return build(s, o)
		}
	}
	return nil, unknownName("set-up", o.Setup, SetupNames())
}

func (o Options) filled() Options {
	o.Switches = o.Switches.filled()
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
		has := o.Environment.Contracts
		o.Contracts = func() []string { return has }
	}
	if o.Process == nil {
		o.Process = &Process{}
	}
	o.seen = &seenTokens{}
	o.contracts = &contracts{current: o.Contracts, now: o.Now, every: o.Switches.ContractRefresh}
	return o
}

func build(s setup, o Options) (http.Handler, error) {
	if !s.strict && len(o.Lacks)+len(o.Softens) > 0 {
		return nil, fmt.Errorf("gateway: %s: only strict can lack or soften checks", s.title())
	}
	h, err := s.build(o)
	if err != nil {
		return nil, fmt.Errorf("gateway: %s: %w", s.title(), err)
	}
	return dated{h, o.Now}, nil
}

// dated has every answer carry the gateway's own time (RFC 9110 6.6.1).
type dated struct {
	http.Handler
	now func() time.Time
}

// Unwrap is the gateway itself.
func (d dated) Unwrap() http.Handler { return d.Handler }

func (d dated) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", d.now().UTC().Format(http.TimeFormat))
	d.Handler.ServeHTTP(w, r)
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
