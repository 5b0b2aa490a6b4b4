package engine_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
)

const flowRow = "- {id: my-flow, guards: state, source: real, kind: flow, base: v2 app home, expect: refuse 401}\n"

// TestFlow: a flow's steps are judged between two controls of its own, the
// worst counts, and what it cannot go on with is told as what it is.
func TestFlow(t *testing.T) {
	t.Parallel()
	type do = func(ctx context.Context, s *engine.Stage) error
	send := func(expect verdict.Expectation, good bool) do {
		return func(ctx context.Context, s *engine.Stage) error {
			token := s.Token
			if !good {
				token = "nothing"
			}
			_, err := s.Do(ctx, "a step", expect, engine.Send{Token: token})
			return err
		}
	}
	both := func(steps ...do) do {
		return func(ctx context.Context, s *engine.Stage) error {
			for _, step := range steps {
				if err := step(ctx, s); err != nil {
					return err
				}
			}
			return nil
		}
	}
	after := func(n int) func(visit) {
		return func(v visit) {
			if v.control() && v.N > n {
				v.refuse(http.StatusUnauthorized)
				return
			}
			careful(v)
		}
	}
	rows := []struct {
		name   string
		run    do
		script func(visit)
		want   verdict.Reason
		steps  int
	}{
		{"accepted and refused", both(send(engine.Accept(), true), send(engine.Refuse(401), false)), careful, verdict.AcceptedAsRequired, 2},
		{"the worst counts", both(send(engine.Accept(), false), send(engine.Refuse(401), false)), careful, verdict.RefusedGenuine, 2},
		{"the worst counts, wherever it stands", both(send(engine.Refuse(401), false), send(engine.Accept(), false)), careful, verdict.RefusedGenuine, 2},
		{"let in", send(engine.Refuse(401), true), careful, verdict.ReachedUpstream, 1},
		{"control lost after it", send(engine.Refuse(401), false), after(4), verdict.ControlLost, 1},
		{"controls refused", send(engine.Refuse(401), false), after(0), verdict.ControlRefused, 1},
		{"concluded", func(_ context.Context, s *engine.Stage) error {
			s.Conclude(verdict.KeyFetchesUnbounded, "many")
			return nil
		}, careful, verdict.KeyFetchesUnbounded, 0},
		{"required afterwards", func(ctx context.Context, s *engine.Stage) error {
			_, err := s.Do(ctx, "measured", verdict.Expectation{Measure: "x"}, engine.Send{Token: "nothing"})
			s.Require(engine.Accept())
			return err
		}, careful, verdict.RefusedGenuine, 1},
		{"cannot go on", func(context.Context, *engine.Stage) error { return errors.New("lost my way") }, careful, verdict.HarnessFailed, 0},
		{"cannot go on, but showed a hole", both(send(engine.Refuse(401), true), func(context.Context, *engine.Stage) error { return errors.New("lost my way") }), careful, verdict.ReachedUpstream, 1},
		{"did nothing", func(context.Context, *engine.Stage) error { return nil }, careful, verdict.HarnessFailed, 0},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tt.script, devOnly()...)
			w.plan.Flows = []engine.Flow{{ID: "my-flow", Run: tt.run}}
			w.run(flowRow)
			w.want("my-flow/dev", tt.want)
			c := w.cases["my-flow/dev"]
			if len(c.Steps) != tt.steps || c.Form != "flow" {
				t.Errorf("expected %d steps of a flow, got %d of a %s", tt.steps, len(c.Steps), c.Form)
			}
			var when []string
			for _, s := range w.controls["control/dev/v2-app"] {
				when = append(when, s.When)
			}
			if when[3] != "before my-flow/dev" || when[4] != "after my-flow/dev" {
				t.Errorf("expected controls around the flow, got %v", when)
			}
		})
	}
}

// TestFlowKeepsExchanges: of a flood that fails the first ten exchanges are
// kept, and of what comes to something else its own.
func TestFlowKeepsExchanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, careful, devOnly()...)
	w.plan.Flows = []engine.Flow{{ID: "my-flow", Run: func(ctx context.Context, s *engine.Stage) error {
		for i := range 25 {
			expect, token := engine.Accept(), "nothing"
			if i == 20 {
				expect, token = engine.Refuse(401), s.Token
			}
			if _, err := s.Do(ctx, "a step", expect, engine.Send{Token: token}); err != nil {
				return err
			}
		}
		return nil
	}}}
	w.run(flowRow)
	var kept []int
	for i, step := range w.cases["my-flow/dev"].Steps {
		if step.Exchange != nil {
			kept = append(kept, i)
		}
	}
	if diff := cmp.Diff([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 20}, kept); diff != "" {
		t.Error(diff)
	}
}

// TestFlowStopped: Ctrl-C and a spent budget are told as such.
func TestFlowStopped(t *testing.T) {
	t.Parallel()
	two := func(ctx context.Context, s *engine.Stage) error {
		for range 2 {
			if _, err := s.Do(ctx, "a step", engine.Refuse(401), engine.Send{Token: "nothing"}); err != nil {
				return err
			}
		}
		return nil
	}
	w := newWorld(t, careful, append(devOnly(), "{concurrency: 4}", "{budget: 5}")...)
	w.plan.Flows = []engine.Flow{{ID: "my-flow", Run: two}}
	w.run(flowRow)
	w.want("my-flow/dev", verdict.BudgetSpent)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w = newWorld(t, careful, devOnly()...)
	w.plan.Flows = []engine.Flow{{ID: "my-flow", Run: func(ctx context.Context, s *engine.Stage) error {
		cancel()
		return two(ctx, s)
	}}}
	w.runIn(ctx, flowRow)
	w.want("my-flow/dev", verdict.Interrupted)
}

// TestFlowUnknown: a row of kind flow without a value of its id is the
// harness's failure.
func TestFlowUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, careful, devOnly()...)
	w.run(flowRow)
	w.want("my-flow/dev", verdict.HarnessFailed)
}

// TestFlowLease: a flow that changes the issuer holds a lease while it runs and
// gives it back; without one it is skipped by name (design 7.7).
func TestFlowLease(t *testing.T) {
	t.Parallel()
	w := newWorld(t, careful, devOnly()...)
	issuer := w.ownIssuer()
	ran := false
	w.plan.Flows = []engine.Flow{{ID: "my-flow", ChangesIssuer: true, Run: func(ctx context.Context, s *engine.Stage) error {
		ran = true
		if _, err := issuer.Lease(ctx, time.Minute); err == nil {
			t.Error("expected the lease to be held during the flow")
		}
		if s.Issuer == nil || s.Lease == "" {
			t.Error("expected the issuer and the lease on the stage")
		}
		_, err := s.Do(ctx, "a step", engine.Accept(), engine.Send{Token: s.Token})
		return err
	}}}
	w.run(flowRow)
	w.want("my-flow/dev", verdict.AcceptedAsRequired)
	if _, err := issuer.Lease(t.Context(), time.Minute); err != nil || !ran {
		t.Fatalf("expected the lease released, got %v", err)
	}
	ran, w.twice = false, nil
	w.cases = map[string]reports.Case{}
	w.run(flowRow)
	w.want("my-flow/dev", verdict.LeaseMissing)
	if ran {
		t.Error("expected the flow not to run")
	}
	w.twice, w.cases = nil, map[string]reports.Case{}
	w.engine = &engine.Engine{Tokens: fixed{w.source}, Own: w.engine.Own, Seen: w.seen}
	w.run(flowRow)
	w.want("my-flow/dev", verdict.LeaseMissing)
}

// fixed is a source that cannot be changed, as the real tenant.
type fixed struct{ engine.Source }
