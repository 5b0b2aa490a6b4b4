package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp"
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
