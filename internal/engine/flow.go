package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// Flow is a scenario in which the world changes between two requests. It runs
// alone, between two controls of its kind.
type Flow struct {
	// ID is the scenario's.
	ID string
	// ChangesIssuer: the flow needs a lease on the issuer.
	ChangesIssuer bool
	// Exhausts: the flow uses up what a gateway allows itself for a time, such
	// as fetches of the key set, so it runs after all that do not.
	Exhausts bool
	// Run sends requests through the stage, each with what must happen to it.
	// An error says that the flow could not go on.
	Run func(ctx context.Context, s *Stage) error
}

// Stage is what a Flow acts on: one case with its token, its gateway and,
// where the flow changes it, the issuer.
type Stage struct {
	// Case is what the flow is run for.
	Case *scenarios.Case
	// Token is the genuine token that the row starts from.
	Token string
	// Issuer is there for flows that change it.
	Issuer mockidp.Authority
	// Lease is under what they change it.
	Lease string

	run      *Run
	shot     *shot
	verdicts []verdict.Verdict
}

// Step is one request of a flow with what must happen to it.
type Step struct {
	Title    string
	Expect   verdict.Expectation
	Observed probe.Observation
	Reach    verdict.Reach
	silent   error
	verdict  verdict.Verdict
}

// Send is how a step's request is sent.
type Send struct {
	// Token is presented as a bearer token; empty: no credentials at all.
	Token string
	// Conn carries the request where the flow is about one connection.
	Conn *probe.Conn
}

// Accept is the expectation of a step that must be let in.
func Accept() verdict.Expectation {
	return verdict.Expectation{Accept: verdict.AcceptanceRequired}
}

// Refuse is the expectation of a step that must be refused, with the best
// status first.
func Refuse(statuses ...int) verdict.Expectation { return verdict.Expectation{Refuse: statuses} }

// Conn is a connection of its own to the gateway; the caller closes it.
func (s *Stage) Conn() *probe.Conn { return s.run.prober.Conn() }

// Own is the harness's own key, which no issuer publishes.
func (s *Stage) Own() *mint.Key { return s.run.keys.own }

// Genuine is another genuine token of the case's kind; equal labels give the
// same one.
func (s *Stage) Genuine(ctx context.Context, label string) (string, error) {
	return s.run.tokens.genuine(ctx, *s.shot.choice.Grant, " "+s.run.plan.Run+" "+label)
}

// Now is the run's clock.
func (s *Stage) Now() time.Time { return s.run.engine.now() }

// Wait lets time pass on the run's clock.
func (s *Stage) Wait(ctx context.Context, d time.Duration) error { return s.run.engine.wait(ctx, d) }

// Declared is what the target declares of a capability.
func (s *Stage) Declared(key string) (string, bool) { return s.run.plan.target().Declared(key) }

// Do sends one request and notes what came back; it is judged when the control
// after the flow has been fired. The returned step tells the flow how to go on.
func (s *Stage) Do(ctx context.Context, title string, expect verdict.Expectation, send Send) (Step, error) {
	id := fmt.Sprintf("%s/step-%d", s.Case.ID, len(s.shot.steps)+1)
	endpoint, _ := s.Case.Endpoint()
	endpoint.RootCAs = s.run.engine.RootCAs
	wire, err := probe.Request{}.Build(mint.Parts("token", send.Token), endpoint, s.run.tags(id, send.Token == ""))
	if err != nil {
		return Step{}, fmt.Errorf("engine: %s: %w", title, err)
	}
	if err := s.run.pace.wait(ctx); err != nil {
		return Step{}, err
	}
	step := Step{Title: title, Expect: expect}
	if send.Conn != nil {
		step.Observed = send.Conn.Fire(ctx, wire)
	} else {
		step.Observed = s.run.prober.Fire(ctx, wire)
	}
	if err := ctx.Err(); err != nil && step.Observed.Fault != probe.NoFault {
		return Step{}, err
	}
	step.Reach, _, step.silent = s.run.reachOf(ctx, step.Observed, id)
	s.shot.steps = append(s.shot.steps, step)
	return step, nil
}

// Require judges the last request by another expectation than it was sent
// with: a measurement that turned out to be the answer.
func (s *Stage) Require(e verdict.Expectation) {
	if n := len(s.shot.steps); n > 0 {
		s.shot.steps[n-1].Expect = e
	}
}

// Conclude adds a verdict that no single answer shows.
func (s *Stage) Conclude(reason verdict.Reason, detail string) {
	s.verdicts = append(s.verdicts, verdict.Because(reason, detail))
}

func (r *Run) runFlows(ctx context.Context, cases []*scenarios.Case) {
	for _, last := range []bool{false, true} {
		for _, c := range cases {
			i := slices.IndexFunc(r.plan.Flows, func(f Flow) bool { return f.ID == c.Scenario.ID })
			switch {
			case i < 0 && last:
				r.report(&shot{c: c}, verdict.Because(verdict.HarnessFailed, "no flow has this id"))
			case i >= 0 && r.plan.Flows[i].Exhausts == last:
				r.runFlow(ctx, c, r.plan.Flows[i])
			}
		}
	}
}

// runFlow runs a flow between two controls and judges its steps by them.
func (r *Run) runFlow(ctx context.Context, c *scenarios.Case, f Flow) {
	s, v := r.choose(ctx, c)
	if v != nil {
		if s == nil {
			s = &shot{c: c}
		}
		r.report(s, *v)
		return
	}
	stage := &Stage{Case: c, Token: s.genuine, run: r, shot: s}
	if f.ChangesIssuer {
		release, err := stage.lease(ctx)
		if err != nil {
			r.report(s, leaseless(err))
			return
		}
		defer release()
	}
	before := r.fireControl(ctx, s.lane, "before "+c.ID)
	err := f.Run(ctx, stage)
	after := r.fireControl(ctx, s.lane, "after "+c.ID)
	r.concludeFlow(stage, err, [2]verdict.ControlState{before, after})
}

func (s *Stage) lease(ctx context.Context) (release func(), err error) {
	issuer, ok := s.run.engine.Tokens.(mockidp.Authority)
	if !ok {
		return nil, errNoAuthority
	}
	lease, err := issuer.Lease(ctx, leaseTime)
	if err != nil {
		return nil, fmt.Errorf("engine: lease the issuer: %w", err)
	}
	s.Issuer, s.Lease = issuer, lease.ID
	return func() { _ = issuer.Release(context.WithoutCancel(ctx), lease.ID) }, nil // it ends by itself otherwise
}

// concludeFlow makes one verdict of the steps': the worst. Steps that only
// measure count where nothing else was judged.
func (r *Run) concludeFlow(s *Stage, err error, around [2]verdict.ControlState) {
	var v verdict.Verdict
	for i := range s.shot.steps {
		step := &s.shot.steps[i]
		e := verdict.Evidence{Expect: step.Expect, Observed: step.Observed, Reach: step.Reach, Before: around[0], After: around[1]}
		step.verdict = heard(verdict.Judge(e), e, step.silent)
		r.note(s.shot, e)
		if i == 0 || outweighs(step.verdict, v) {
			v = step.verdict
			v.Detail = step.Title + ": " + v.Detail
		}
	}
	for _, extra := range s.verdicts {
		if extra.Outcome >= v.Outcome { // it says more than the answer that it was drawn from
			v = extra
		}
	}
	if err == nil && len(s.shot.steps)+len(s.verdicts) == 0 {
		err = errNothingSent
	}
	if err != nil && v.Outcome != verdict.Fail { // a hole that was shown stays shown
		v = stopped(err)
	}
	if len(s.shot.steps) > 0 {
		last := s.shot.steps[len(s.shot.steps)-1]
		s.shot.observed, s.shot.reach, s.shot.end = last.Observed, last.Reach, r.sequence.Add(1)
	}
	r.reportBetween(s.shot, v, &reports.Around{
		ID: s.shot.lane.control.ID(), Before: reports.ControlStateOf(around[0]), After: reports.ControlStateOf(around[1]),
	})
}

// outweighs reports whether a step's verdict takes the place of the one so far.
func outweighs(step, v verdict.Verdict) bool {
	switch {
	case step.Reason == verdict.Measured:
		return false
	case v.Reason == verdict.Measured:
		return true
	}
	return step.Outcome > v.Outcome
}

// errNothingSent says that a flow did nothing that could be judged.
var errNothingSent = errors.New("engine: the flow sent nothing")

// stopped is the verdict on a flow that could not go on.
func stopped(err error) verdict.Verdict {
	switch {
	case errors.Is(err, errBudget), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return unpaced(err)
	}
	return verdict.Because(verdict.HarnessFailed, err.Error())
}

// mostAlike is of how many steps of a flow that came to the same the exchanges
// are kept: a flood that fails fails a hundred times.
const mostAlike = 10

// stepResults are a flow's steps as the reports know them.
func (r *Run) stepResults(steps []Step) []reports.Step {
	type cameTo struct {
		reason verdict.Reason
		status int
	}
	var all []reports.Step
	alike := map[cameTo]int{}
	for _, s := range steps {
		out := r.stepResult(s)
		if s.verdict.Outcome != verdict.Pass && s.Observed.Sent != nil {
			to := cameTo{s.verdict.Reason, s.Observed.Status}
			if alike[to]++; alike[to] <= mostAlike {
				exchange := s.Observed.Record(r.redaction())
				out.Exchange = &exchange
			}
		}
		all = append(all, out)
	}
	return all
}

func (r *Run) stepResult(s Step) reports.Step {
	return reports.Step{
		Title: s.Title, Outcome: s.verdict.Outcome, Reason: s.verdict.Reason, Detail: r.told(s.verdict),
		Status: s.Observed.Status, Reached: reports.ReachOf(s.Reach),
	}
}
