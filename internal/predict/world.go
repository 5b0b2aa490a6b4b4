package predict

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/flows"
	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp/mint"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// worlds are two embedded labs for all subjects, one after the other: still is
// for rows that leave the issuer as it is; in moving its keys change and time
// passes.
type worlds struct {
	still, moving *lab.Embedded
	own           *mint.Key
	runs          atomic.Int64
	requests      atomic.Int64 // that met a policy
	known         []knownTarget
}

// openWorlds starts both at once, for making their keys takes longest.
func openWorlds(target *targets.File, tenants []targets.Tenant, shared *keys) (*worlds, error) {
	w := &worlds{}
	var work errgroup.Group
	for _, to := range []**lab.Embedded{&w.still, &w.moving} {
		work.Go(func() (err error) {
			*to, err = shared.labs.NewInside(target, tenants...)
			return err
		})
	}
	if err := work.Wait(); err != nil {
		w.close()
		return nil, err
	}
	var err error
	if w.own, err = shared.own(); err != nil {
		w.close()
		return nil, fmt.Errorf("predict: a key of our own: %w", err)
	}
	return w, nil
}

// keys are what all worlds sign with, for keys are dear to make.
type keys struct {
	labs lab.Keys
	own  func() (*mint.Key, error)
}

func newKeys() *keys {
	return &keys{own: sync.OnceValues(func() (*mint.Key, error) { return mint.NewKey(nil, time.Now()) })}
}

func (w *worlds) close() {
	for _, l := range []*lab.Embedded{w.still, w.moving} {
		if l != nil {
			l.Close()
		}
	}
}

// stand is what fires at one subject: an engine for each world, whose tokens are
// signed once.
type stand struct {
	worlds        *worlds
	still, moving *engine.Engine
	switches      gateway.Switches
	options       Options
	heard         *heard
}

func (w *worlds) stand(o Options, target *targets.File) *stand {
	engines := w.engines(target)
	return &stand{worlds: w, still: engines[0], moving: engines[1], switches: o.Switches, options: o, heard: newHeard()}
}

// mostTargets is for how many targets signed tokens are kept: exports of one
// tenant and one registration need the same ones.
const mostTargets = 4

// engines are those of a target, whose tokens are signed once for all exports
// that it is made for.
func (w *worlds) engines(target *targets.File) [2]*engine.Engine {
	id := identity(target)
	for _, known := range w.known {
		if known.target == id {
			return known.engines
		}
	}
	var fresh [2]*engine.Engine
	signed, own := &lab.Signatures{}, w.own.Remembering()
	for i, l := range []*lab.Embedded{w.still, w.moving} {
		fresh[i] = &engine.Engine{
			Tokens: &lab.Remembering{Issuer: l.Issuer, Signed: signed}, Seen: l.Seen, Log: l.Log, Operator: l, Own: own,
			Prober: &probe.Prober{Now: l.Clock.Now, Dial: l.Dial}, Now: l.Clock.Now, Wait: l.Clock.Wait,
		}
	}
	w.known = append(w.known, knownTarget{id, fresh})
	if len(w.known) > mostTargets {
		w.known = w.known[1:]
	}
	return fresh
}

// knownTarget are engines that were made for a target.
type knownTarget struct {
	target  string
	engines [2]*engine.Engine
}

// identity is what tokens depend on.
func identity(f *targets.File) string {
	text := fmt.Sprintf("%v", f.Tenant)
	for _, a := range f.APIs {
		text += fmt.Sprint(a.AppID, a.URIs, a.Version, a.Scopes, a.Roles, a.OwnKeys)
	}
	for _, c := range f.Clients {
		text += fmt.Sprintf("%v %s", c.Name, c.ID)
	}
	return text
}

func (s *stand) refused(r gateway.Refusal) {
	s.worlds.requests.Add(1)
	s.heard.refused(r)
}

func (s *stand) accepted(a gateway.Acceptance) {
	s.worlds.requests.Add(1)
	s.heard.accepted(a)
}

// heard is what the gateways say of a case: who refused it, and which switches
// had a say.
type heard struct {
	mu       sync.Mutex
	refusals map[string][]gateway.Refusal
	switches map[string][]string
}

func newHeard() *heard {
	return &heard{refusals: map[string][]gateway.Refusal{}, switches: map[string][]string{}}
}

func (h *heard) refused(r gateway.Refusal) {
	h.mu.Lock()
	defer h.mu.Unlock()
	id := caseOf(r.Case)
	h.refusals[id] = append(h.refusals[id], r)
	h.note(id, r.Switches)
}

func (h *heard) accepted(a gateway.Acceptance) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.note(caseOf(a.Case), a.Switches)
}

// oneOfMany is what the id of a single request has behind that of its case.
var oneOfMany = regexp.MustCompile(`/(step|repeat)-\d+$`)

func caseOf(request string) string { return oneOfMany.ReplaceAllString(request, "") }

func (h *heard) note(id string, switches []string) {
	for _, name := range switches {
		if !slices.Contains(h.switches[id], name) {
			h.switches[id] = append(h.switches[id], name)
		}
	}
}

// order is what is fired at which gateways.
type order struct {
	target    *targets.File
	instances map[string]*policy.Instance
	rows      []scenarios.Scenario
	// probes name the causes of refused controls; none: nobody asks.
	probes []scenarios.Scenario
	// keep tells which cases are fired; nil: all.
	keep func(scenarios.Case) bool
	pins map[string]mint.Kind
	// bare leaves out the exchanges.
	bare bool
}

// fired is what came of an order.
type fired struct {
	target   *targets.File
	cases    []reports.Case
	controls []reports.Control
	summary  engine.Summary
	// selected is how many cases the rows expand to, cross whether one presents
	// another environment's token.
	selected int
	cross    bool
}

// movesWorld tells the rows that change the issuer or wait.
func movesWorld(row *scenarios.Scenario) bool {
	return row.Kind == scenarios.Flow || !row.Issuer.Empty()
}

// fire fires an order in both worlds at once.
func (s *stand) fire(ctx context.Context, o order) (*fired, error) {
	var still, moving order
	still, moving = o, o
	still.rows, moving.rows, moving.probes = nil, nil, nil
	for i := range o.rows {
		in := &still
		if movesWorld(&o.rows[i]) {
			in = &moving
		}
		in.rows = append(in.rows, o.rows[i])
	}
	var a, b *fired
	var work errgroup.Group
	work.Go(func() (err error) { a, err = s.fireIn(ctx, s.worlds.still, s.still, still); return err })
	work.Go(func() (err error) { b, err = s.fireIn(ctx, s.worlds.moving, s.moving, moving); return err })
	if err := work.Wait(); err != nil {
		return nil, err
	}
	return joined(a, b), nil
}

// joined is what came of both worlds.
func joined(a, b *fired) *fired {
	a.target = cmp.Or(a.target, b.target)
	a.cases = append(a.cases, b.cases...)
	for _, c := range b.controls {
		i := slices.IndexFunc(a.controls, func(k reports.Control) bool { return k.ID == c.ID })
		if i < 0 {
			a.controls = append(a.controls, c)
			continue
		}
		a.controls[i].Shots = append(a.controls[i].Shots, c.Shots...)
	}
	a.summary.Learnt = append(a.summary.Learnt, b.summary.Learnt...)
	a.summary.Interrupted = a.summary.Interrupted || b.summary.Interrupted
	a.selected += b.selected
	a.cross = a.cross || b.cross
	return a
}

func (s *stand) fireIn(ctx context.Context, l *lab.Embedded, e *engine.Engine, o order) (*fired, error) {
	if len(o.rows) == 0 {
		return &fired{}, nil
	}
	target, stop, err := l.Serve(lab.Setup{
		Target: o.target, Instances: o.instances, Switches: s.switches, Introspection: s.options.Introspection,
		Report: s.refused, Accepted: s.accepted,
	})
	if err != nil {
		return nil, fmt.Errorf("predict: %w", err)
	}
	defer stop()
	x := scenarios.Expansion{Target: target, Slow: true, Pins: o.pins}
	cases := x.Expand(o.rows)
	if o.keep != nil {
		cases = slices.DeleteFunc(cases, func(c scenarios.Case) bool { return !o.keep(c) })
	}
	probes := x
	probes.EachKind, probes.Pins = true, nil
	sink := &engine.Memory{}
	plan := engine.Plan{
		Expansion: x, Cases: cases, Flows: flows.All(), Run: fmt.Sprintf("predict-%d", s.worlds.runs.Add(1)), Sink: sink,
		Command: s.options.Command, Bare: o.bare, Progress: s.options.Judged,
	}
	if len(o.probes) > 0 {
		plan.Probes = probes.Expand(o.probes)
	}
	summary, err := e.Start(ctx, plan).End()
	if err := errors.Join(err, ctx.Err()); err != nil {
		return nil, fmt.Errorf("predict: %w", err)
	}
	f := &fired{target: target, cases: sink.Cases(), controls: sink.Controls(), summary: summary, selected: len(cases)}
	for i := range cases {
		f.cross = f.cross || cases[i].Cross
	}
	return f, nil
}
