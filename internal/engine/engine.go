// Package engine runs cases: it fires the controls, makes each case's token,
// sends its request once, waits for the control after it, and judges.
//
// Order, concurrency and pace are decided here and nowhere else. A run streams
// what it finds into a Sink, case by case, and tells whoever waits for a
// scenario when all of it is judged; Ginkgo specs and programs without Ginkgo
// use it alike.
//
// The package may import everything up to internal/lab; it is handed flows as
// values and must not import internal/flows.
package engine

import (
	"context"
	"crypto/x509"
	"sync"
	"time"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp/mint"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// Source gives genuine tokens and the public keys behind them. A
// mockidp.Authority is one that can also sign at will; the real Entra is one
// that cannot.
type Source interface {
	// Genuine is one token a grant, in the same order, up to 500.
	Genuine(ctx context.Context, grants []mint.Grant) ([]string, error)
	// Keys are the published keys of a tenant, the one that signs first.
	Keys(ctx context.Context, tenant string) ([]mint.PublicKey, error)
}

// Sink takes what a run finds. Its methods are called by many goroutines.
type Sink interface {
	// Case takes a judged case.
	Case(c reports.Case) error
	// Control takes further shots of a control.
	Control(c reports.Control) error
}

// Engine is what runs share. Tokens is needed; the rest has defaults. It must
// not be copied, nor changed once a run has started.
type Engine struct {
	Tokens Source
	// Former is a mock that the gateways trusted once; nil where there is none.
	Former Source
	// Prober fires; nil: one with its defaults.
	Prober *probe.Prober
	// Now is the clock; nil: time.Now.
	Now func() time.Time
	// Wait lets time pass on that clock between the steps of a flow; nil: it
	// passes by itself.
	Wait func(ctx context.Context, d time.Duration) error
	// Seen asks the echo of this process what it saw of a case; nil: the echo
	// is asked over HTTP where the target gives its address.
	Seen func(ctx context.Context, run, id string) ([]probe.Echo, error)
	// Operator runs the gateways; nil: somebody else does.
	Operator Operator
	// Started is when the gateways were started, by the issuer's clock: some fetch
	// the key set at once, and not again before the run is over. Zero: they were
	// there before, and what counts is what they do in the run.
	Started time.Time
	// Log gives the lines of the gateway's log that a run has caused; nil: nobody
	// has it.
	Log func(ctx context.Context, run string) ([]string, error)
	// RootCAs are the roots that gateways' certificates are checked against;
	// nil: the system's.
	RootCAs *x509.CertPool
	// Own is the harness's own key; nil: one made for the first run.
	Own *mint.Key

	// once makes what the runs of one engine share: genuine tokens and our key.
	once   sync.Once
	shared *tokens
	former *tokens // nil without Former
	own    *mint.Key
	ownErr error
}

// share makes tokens and key for the first run; later runs have the same.
func (e *Engine) share() (*tokens, *mint.Key, error) {
	e.once.Do(func() {
		e.shared, e.own = newTokens(e.Tokens, e.now), e.Own
		if e.Former != nil {
			e.former = newTokens(e.Former, e.now)
		}
		if e.own == nil {
			e.own, e.ownErr = mint.NewKey(nil, e.now())
		}
	})
	return e.shared, e.own, e.ownErr
}

// Plan is what one run does to one target.
type Plan struct {
	Expansion scenarios.Expansion
	// Cases are judged; Probes are fired only to name the cause of a refused
	// control.
	Cases, Probes []scenarios.Case
	// Repeat is how often a critical refusal is fired, 0 meaning once: behind a
	// balancer one of several replicas may differ.
	Repeat int
	// Flows are the values behind rows of kind flow, by id.
	Flows []Flow
	// Run names the run in every request.
	Run string
	// Command is how a case is fired again, with the id of the row appended.
	Command string
	// Bare leaves out the exchanges, which nobody will read.
	Bare bool
	// Unwaited: nobody asks [Run.Wait] for a scenario, so its cases are not kept.
	Unwaited bool
	Sink     Sink
	// Progress is told of every judged case; nil if nobody watches. It is
	// called by many goroutines.
	Progress func(reports.Case)
}

// Summary is what a run knows beside its cases.
type Summary struct {
	Causes      []reports.Cause
	Learnt      []reports.Learnt
	Clocks      []reports.Clock
	Interrupted bool
}

func (p Plan) target() *targets.File { return p.Expansion.Target }

func (e *Engine) prober() *probe.Prober {
	if e.Prober != nil {
		return e.Prober
	}
	return &probe.Prober{}
}

func (e *Engine) now() time.Time {
	if e.Now != nil {
		return e.Now()
	}
	return time.Now()
}

func (e *Engine) wait(ctx context.Context, d time.Duration) error {
	if e.Wait != nil {
		return e.Wait(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
