package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// Run is one run of a Plan, under way or over.
type Run struct {
	engine *Engine
	plan   Plan
	prober *probe.Prober
	pace   *pace
	tokens *tokens
	former *tokens
	mark   verdict.Mark
	lanes  map[scenarios.Control]*lane
	// slots are taken by the requests under way while several may be.
	slots  chan struct{}
	keys   keyring
	ownErr error
	clocks clocks
	// private is what no refusal may tell, by environment.
	private map[string][]verdict.Internal
	// began is when the run began, by the issuer's clock.
	began time.Time
	// earlier are the fetches of the key set between the start of the gateways and
	// the run's: an issuer does not remember them until the end.
	earlier []verdict.KeyFetch
	// refs are the placeholders of the plan's rows, which many cases share.
	refs map[*scenarios.Scenario][]string

	// sequence orders what happens: a control vouches for a case only if it
	// ended before the case started, or started after the case ended.
	sequence atomic.Uint64

	mu      sync.Mutex
	records map[string][]verdict.Record // what observers look at, by environment
	watched bool                        // there is an observer
	kept    map[string]bool             // scenarios of which an exchange is kept
	sights  []sight                     // what was seen of undeclared capabilities
	specs   map[string]*spec
	failed  error
	summary Summary
	done    chan struct{}
}

// spec is a scenario at an environment: the unit that a Ginkgo spec waits for.
type spec struct {
	left  int
	cases []reports.Case
	ended chan struct{}
}

// Start begins a run. Every case of the plan is judged in the end, also when
// ctx is cancelled or the issuer is gone: then with the reason.
func (e *Engine) Start(ctx context.Context, plan Plan) *Run {
	r := &Run{
		engine: e, plan: plan, prober: e.prober(), pace: newPace(plan.target().Pace),
		mark: markOf(plan.target().Accepted), lanes: map[scenarios.Control]*lane{},
		kept: map[string]bool{}, specs: map[string]*spec{}, done: make(chan struct{}),
		records: map[string][]verdict.Record{}, refs: map[*scenarios.Scenario][]string{},
		private: map[string][]verdict.Internal{},
	}
	r.slots = make(chan struct{}, r.concurrency())
	for _, env := range plan.target().Environments {
		r.private[env.Name] = internals(plan.target(), env)
	}
	r.tokens, r.keys.own, r.ownErr = e.share()
	r.former = e.former
	for i := range plan.Cases {
		r.await(&plan.Cases[i])
		if row := plan.Cases[i].Scenario; r.refs[row] == nil {
			r.refs[row] = row.Refs()
		}
	}
	go r.work(ctx)
	return r
}

// await makes room for a case that somebody will wait for.
func (r *Run) await(c *scenarios.Case) {
	if r.plan.Unwaited {
		return
	}
	name := c.Spec()
	if r.specs[name] == nil {
		r.specs[name] = &spec{ended: make(chan struct{})}
	}
	r.specs[name].left++
}

// Wait gives the cases of a scenario at an environment when all are judged.
func (r *Run) Wait(ctx context.Context, name string) ([]reports.Case, error) {
	s := r.specs[name]
	if s == nil {
		return nil, fmt.Errorf("engine: no case of this run belongs to %q", name)
	}
	select {
	case <-s.ended:
		return s.cases, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("engine: %s: %w", name, context.Cause(ctx))
	}
}

// End waits for the run to be over. The error is the sink's: verdicts that
// could not be written down.
func (r *Run) End() (Summary, error) {
	<-r.done
	r.summary.Clocks = r.clocks.all()
	return r.summary, r.failed
}

func (r *Run) work(ctx context.Context) {
	defer close(r.done)
	defer r.prober.Close()
	open := r.reportDecided()
	ordinary, serial, flows, observers := sorted(open)
	r.watched = len(observers) > 0
	if err := r.prepare(ctx); err != nil {
		r.giveUp(open, because(ctx, err))
		r.summary.Interrupted = ctx.Err() != nil
		return
	}
	opened := r.openLanes(ctx, slices.Concat(ordinary, serial, flows))
	r.fireAll(ctx, ordinary)
	opened.Wait()
	r.fireSerially(ctx, serial)
	r.runFlows(ctx, flows)
	r.closeLanes(ctx)
	r.observe(ctx, observers)
	r.summary.Learnt = learnt(r.plan.target().Name, r.sights)
	r.summary.Interrupted = ctx.Err() != nil
}

// because is the verdict on an error before any case was fired.
func because(ctx context.Context, err error) verdict.Verdict {
	if ctx.Err() != nil {
		return verdict.Because(verdict.Interrupted, "")
	}
	return verdict.Because(verdict.IssuerUnreachable, err.Error())
}

// reportDecided reports the cases that expansion has settled and gives the
// rest.
func (r *Run) reportDecided() []*scenarios.Case {
	var open []*scenarios.Case
	for i := range r.plan.Cases {
		c := &r.plan.Cases[i]
		if c.Decided == nil {
			open = append(open, c)
			continue
		}
		r.report(&shot{c: c}, *c.Decided)
	}
	return open
}

// sorted tells cases that may run side by side from those that may not, and
// from those that a Go value runs.
func sorted(cases []*scenarios.Case) (ordinary, serial, flows, observers []*scenarios.Case) {
	for _, c := range cases {
		switch {
		case c.Scenario.Kind == scenarios.Flow:
			flows = append(flows, c)
		case c.Scenario.Kind == scenarios.Observe:
			observers = append(observers, c)
		case c.Scenario.Serial, c.Expect.NoCallout, c.Expect.Next, !c.Scenario.Issuer.Empty():
			serial = append(serial, c)
		default:
			ordinary = append(ordinary, c)
		}
	}
	return ordinary, serial, flows, observers
}

func (r *Run) giveUp(cases []*scenarios.Case, v verdict.Verdict) {
	for _, c := range cases {
		r.report(&shot{c: c}, v)
	}
}

// fireAll prepares cases on all cores, ahead of need, and fires them with the
// target's concurrency, each once its controls have settled. Whoever prepares a
// case fires it: a hand-over to another goroutine costs as much as the judging.
func (r *Run) fireAll(ctx context.Context, cases []*scenarios.Case) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(len(cases), r.concurrency()+r.tokens.ahead(r.concurrency())) {
		workers.Go(func() {
			for i := next.Add(1); i <= int64(len(cases)); i = next.Add(1) {
				r.awaitLanes(cases[i-1])
				if s := r.make(ctx, cases[i-1]); s != nil {
					for _, s := range r.repeats(s) {
						r.fireCase(ctx, s)
					}
				}
				r.leave(ctx, cases[i-1])
			}
		})
	}
	workers.Wait()
}

// concurrency is how many requests may be under way at once.
func (r *Run) concurrency() int { return max(1, r.plan.target().Pace.Concurrency) }

// awaitLanes returns when the controls that a case may lean on have settled.
func (r *Run) awaitLanes(c *scenarios.Case) {
	for i := range c.Choices {
		<-r.lanes[c.Choices[i].Control].settled
	}
}

// fireCase fires a case once and leaves it with its lane until the control
// after it has been fired. The connection is made before it takes a slot: that
// can take as long as the request.
func (r *Run) fireCase(ctx context.Context, s *shot) {
	s.ready = r.prober.Ready(ctx, s.wire)
	r.slots <- struct{}{}
	defer func() { <-r.slots }()
	if !r.shoot(ctx, s) {
		return
	}
	if s.needsNoControl() {
		r.settle(s, verdict.None, verdict.None)
		return
	}
	if s.lane.keep(s) {
		r.fireControl(ctx, s.lane, "after 25 refusals")
	}
}

// shoot sends the request; it reports false where the case ended without one.
func (r *Run) shoot(ctx context.Context, s *shot) bool {
	if s.ready == nil {
		s.ready = r.prober.Ready(ctx, s.wire)
	}
	if err := r.pace.wait(ctx); err != nil {
		s.ready.Close()
		r.report(s, unpaced(err))
		return false
	}
	s.start, s.sent = r.sequence.Add(1), r.engine.now()
	s.observed, s.ready = s.ready.Fire(ctx), nil // a case that waits for its control needs no connection
	s.end, s.answered = r.sequence.Add(1), r.engine.now()
	if ctx.Err() != nil && s.observed.Fault != probe.NoFault {
		r.report(s, verdict.Because(verdict.Interrupted, ""))
		return false
	}
	s.reach, s.seen, s.silent = r.reachOf(ctx, s.observed, s.id())
	r.readClock(s)
	return true
}

// unpaced is the verdict on a case that was never sent.
func unpaced(err error) verdict.Verdict {
	if errors.Is(err, errBudget) {
		return verdict.Because(verdict.BudgetSpent, "")
	}
	return verdict.Because(verdict.Interrupted, "")
}
