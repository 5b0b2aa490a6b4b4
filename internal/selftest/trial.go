package selftest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"time"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/flows"
	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// trial is a run against a gateway that is wrong in a known way, with journal
// and results as the verb run has them.
type trial struct {
	setup string
	rows  scenarios.Selection
	// code is the exit code that the run must have.
	code int
	// address, where there is one, is where the gateway is said to be.
	address string
	// tampers, where there is one, changes what the gateway answers; it is told
	// the id of the case.
	tampers func(id string, answer *http.Response)
	// ahead is how far our own clock is ahead of everybody's.
	ahead time.Duration
	// waives, where it is not empty, is a row with a waiver.
	waives string
	// reads has texts hold what was written, by the name of the file or report.
	reads bool
	texts map[string]string
}

// try runs a trial.
func (p *prover) try(ctx context.Context, t *trial) (r *reports.Results, err error) {
	target, stop, err := p.benches[0].still.lab.Serve(lab.Setup{Name: t.setup, DeniesAfter: breaksDownAfter})
	if err != nil {
		return nil, err
	}
	defer stop()
	target = oneJudged(target)
	if t.address != "" {
		target = target.WithGateways(func(string) targets.Gateway { return targets.Gateway{URL: t.address} })
	}
	if t.tampers != nil {
		front, end, err := tampered(ctx, target, t.tampers)
		if err != nil {
			return nil, err
		}
		defer end()
		target = front
	}
	dir, err := os.MkdirTemp("", "entraproof-selftest-")
	if err != nil {
		return nil, fmt.Errorf("selftest: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if r, err = p.record(ctx, *t, target, dir); err == nil && t.reads {
		t.texts, err = everyText(dir, r)
	}
	return r, err
}

// oneJudged keeps the gateway of the first environment only: the others are
// there for their tokens, and every environment would show the same.
func oneJudged(f *targets.File) *targets.File {
	c := f.WithGateways(func(name string) targets.Gateway { return f.Environment(name).Gateways[0] })
	for _, e := range c.Environments[1:] {
		e.Gateways = nil
	}
	return c
}

// record fires the rows and leaves journal and results in a folder.
func (p *prover) record(ctx context.Context, t trial, target *targets.File, dir string) (*reports.Results, error) {
	builtin, err := scenarios.Builtin() // the checks are about the harness, whatever the rows that are proven
	if err != nil {
		return nil, err
	}
	rows, err := builtin.Select(t.rows)
	if err != nil {
		return nil, err
	}
	x := scenarios.Expansion{Target: target}
	run := fmt.Sprintf("selftest-%d", p.firing.runs.Add(1))
	journal, err := reports.Create(dir, reports.Header{
		Tool: reports.Tool{Name: "entraproof"}, Run: reports.Run{ID: run, Started: time.Now()}, Targets: []reports.Target{engine.Describe(x)}, Waivers: t.waivers(),
	})
	if err != nil {
		return nil, err
	}
	at := p.benches[0].still
	eng := at.engine
	if t.ahead != 0 {
		eng = &engine.Engine{Tokens: at.issuer, Seen: at.lab.Seen, Now: func() time.Time { return at.lab.Clock.Now().Add(t.ahead) }}
	}
	summary, err := eng.Start(ctx, engine.Plan{Expansion: x, Cases: x.Expand(rows), Flows: flows.All(), Run: run, Sink: journal, Unwaited: true}).End()
	if err != nil {
		return nil, errors.Join(err, journal.Abandon())
	}
	return journal.Close(reports.Footer{Clocks: summary.Clocks, Causes: summary.Causes, Interrupted: summary.Interrupted})
}

func (t trial) waivers() []reports.Waiver {
	if t.waives == "" {
		return nil
	}
	return []reports.Waiver{{ID: t.waives, Reason: "none", By: "selftest", Expires: "2999-01-01", Reached: true}}
}

// tampered puts a proxy in front of the one gateway of a target.
func tampered(ctx context.Context, f *targets.File, tampers func(string, *http.Response)) (*targets.File, func(), error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, fmt.Errorf("selftest: a proxy: %w", err)
	}
	var behind *url.URL
	front := f.WithGateways(func(name string) targets.Gateway {
		behind, err = url.Parse(f.Environment(name).Gateways[0].URL)
		return targets.Gateway{URL: "http://" + listener.Addr().String() + behind.Path}
	})
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("selftest: a proxy: %w", err), listener.Close())
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = behind.Scheme, behind.Host, behind.Host
		},
		ModifyResponse: func(answer *http.Response) error {
			tampers(answer.Request.Header.Get(probe.CaseHeader), answer)
			return nil
		},
	}}
	go func() { _ = server.Serve(listener) }() // ends with the proxy
	return front, func() { _ = server.Close() }, nil
}
