package engine

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp/mint"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

const (
	// refusalsPerControl is after how many refusals a control is due (design 5.1).
	refusalsPerControl = 25
	// equalAnswers settle readiness; readyAttempts bound the wait for them.
	equalAnswers  = 3
	readyAttempts = 12
)

// lane is a control with its shots, and the cases that wait for the next one.
type lane struct {
	control scenarios.Control
	grant   func(ctx context.Context) (token string, err error)
	// build makes the request of one shot, which has an id of its own: the echo
	// is asked what it saw of this one and not of those before.
	build func(token, id string) (probe.Wire, error)
	// leads: it is the first of its route, whose readiness it settles.
	leads bool
	// settled is closed when the answers have settled.
	settled chan struct{}
	// cases is how many may still lean on it.
	cases atomic.Int64

	mu       sync.Mutex
	fires    int
	shots    []controlShot
	waiting  []*shot
	refusals int
	// shown is set once the exchange of an accepted shot has been kept.
	shown bool
	// decoded and claims are the control's token as it was read last.
	decoded string
	claims  value.Value
}

// controlShot is one firing of a control, between two numbers of the run's
// sequence.
type controlShot struct {
	start, end uint64
	state      verdict.ControlState
	observed   probe.Observation
}

// claimsOf decodes the control's token, once for all cases that are compared
// with it.
func (l *lane) claimsOf(token string) (value.Value, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.decoded != token {
		_, claims, err := mint.Decode(token)
		if err != nil {
			return claims, err
		}
		l.decoded, l.claims = token, claims
	}
	return l.claims, nil
}

// keep leaves a fired case with the lane and reports whether a control is due.
func (l *lane) keep(s *shot) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, s)
	if s.reach.Arrived() {
		return false
	}
	l.refusals++
	if l.refusals < refusalsPerControl {
		return false
	}
	l.refusals = 0
	return true
}

// shotID names the next shot.
func (l *lane) shotID() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fires++
	return l.control.ID() + "/shot-" + strconv.Itoa(l.fires)
}

// firstAccepted reports, once, that no exchange of an accepted shot was kept.
func (l *lane) firstAccepted() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := !l.shown
	l.shown = true
	return first
}

// state is what the last shot came to.
func (l *lane) state() verdict.ControlState {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.shots) == 0 {
		return verdict.None
	}
	return l.shots[len(l.shots)-1].state
}

// last is what came back for the last shot.
func (l *lane) last() probe.Observation {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.shots) == 0 {
		return probe.Observation{}
	}
	return l.shots[len(l.shots)-1].observed
}

// fired notes a shot and gives the cases that it makes judgeable.
func (l *lane) fired(c controlShot) []*shotBetween {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shots = append(l.shots, c)
	slices.SortFunc(l.shots, func(a, b controlShot) int { return int(a.start) - int(b.start) })
	var ready []*shotBetween
	l.waiting = slices.DeleteFunc(l.waiting, func(s *shot) bool {
		between, ok := l.around(s)
		if ok {
			ready = append(ready, between)
		}
		return ok
	})
	return ready
}

// shotBetween is a case with the controls on both sides.
type shotBetween struct {
	shot          *shot
	before, after verdict.ControlState
}

// around finds the nearest shots wholly before and wholly after a case.
func (l *lane) around(s *shot) (*shotBetween, bool) {
	b := &shotBetween{shot: s}
	for _, c := range l.shots {
		if c.end < s.start {
			b.before = c.state
		}
		if c.start > s.end {
			b.after = c.state
			return b, true
		}
	}
	return b, false
}

// left takes the cases that still wait.
func (l *lane) left() []*shotBetween {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []*shotBetween
	for _, s := range l.waiting {
		b, _ := l.around(s)
		all = append(all, b)
	}
	l.waiting = nil
	return all
}

// openLanes makes a lane for every control that a case may lean on and begins to
// fire it until the answer is settled; when all are, the causes are named. Cases
// are fired meanwhile, which is why lanes open in their order; the group that it
// gives is done when all this is.
func (r *Run) openLanes(ctx context.Context, cases []*scenarios.Case) *sync.WaitGroup {
	var all []scenarios.Control
	led := map[[3]string]bool{}
	for _, c := range cases {
		for _, choice := range c.Choices {
			if r.lanes[choice.Control] == nil {
				l := r.newLane(choice.Control)
				route := [3]string{l.control.Gateway, l.control.Replica, l.control.Route}
				l.leads, led[route] = !led[route], true
				r.lanes[choice.Control] = l
				all = append(all, choice.Control)
			}
			r.lanes[choice.Control].cases.Add(1)
		}
	}
	r.tokens.prefetch(ctx, r.grantsOf(cases, all))
	var opening sync.WaitGroup
	opening.Go(func() {
		r.each(all, func(c scenarios.Control) {
			defer close(r.lanes[c].settled)
			r.settleReadiness(ctx, r.lanes[c])
		})
		r.nameCauses(ctx)
	})
	return &opening
}

func compareControls(a, b scenarios.Control) int {
	return slices.Compare([]string{a.ID(), a.Gateway, a.Client}, []string{b.ID(), b.Gateway, b.Client})
}

// each runs f for all controls with the target's concurrency.
func (r *Run) each(all []scenarios.Control, f func(scenarios.Control)) {
	limit := make(chan struct{}, r.concurrency())
	var group sync.WaitGroup
	for _, c := range all {
		limit <- struct{}{}
		group.Go(func() {
			defer func() { <-limit }()
			f(c)
		})
	}
	group.Wait()
}

// settleReadiness fires a control until equalAnswers in a row are equal. A
// gateway that fetches keys or wakes up may refuse the first one, which then
// proves nothing; a verdict is never repeated. Readiness is settled once (design
// 5.4): where another control of the route sees to it, one that is let in at once
// has shown what it is for.
func (r *Run) settleReadiness(ctx context.Context, l *lane) {
	var fired []*shot
	var verdicts []verdict.Verdict
	equal := 0
	for len(fired) < readyAttempts && equal < equalAnswers && ctx.Err() == nil {
		s := &shot{lane: l}
		r.slots <- struct{}{}
		verdicts = append(verdicts, r.shootControl(ctx, s))
		<-r.slots
		if fired = append(fired, s); len(fired) > 1 && s.state != fired[len(fired)-2].state {
			equal = 0
		}
		equal++
		r.takeControl(s)
		if len(fired) == 1 && !l.leads && s.state == verdict.Accepted {
			break
		}
	}
	for i, s := range fired {
		when := "start"
		if equal >= equalAnswers && i < len(fired)-equal {
			when, s.state = "before it settled", verdict.None
		}
		r.reportControl(l, s, r.controlResult(s, verdicts[i], when))
	}
}

// leave takes a case from the lanes that it might have leaned on, once it is
// fired, and closes those that it was the last of.
func (r *Run) leave(ctx context.Context, c *scenarios.Case) {
	for i := range c.Choices {
		if l := r.lanes[c.Choices[i].Control]; l.cases.Add(-1) == 0 {
			r.slots <- struct{}{}
			r.closeLane(ctx, l)
			<-r.slots
		}
	}
}

// closeLanes closes the lanes that are still open.
func (r *Run) closeLanes(ctx context.Context) {
	var all []scenarios.Control
	for c, l := range r.lanes {
		if l.cases.Load() > 0 {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, compareControls)
	r.each(all, func(c scenarios.Control) { r.closeLane(ctx, r.lanes[c]) })
}

// closeLane fires a control a last time and judges what is left.
func (r *Run) closeLane(ctx context.Context, l *lane) {
	r.fireControl(ctx, l, "end")
	for _, b := range l.left() {
		b.shot.cut = ctx.Err() != nil
		r.settle(b.shot, b.before, b.after)
	}
}

// fireControl fires a control once, reports the shot and judges the cases that
// waited for it.
func (r *Run) fireControl(ctx context.Context, l *lane, when string) verdict.ControlState {
	s := &shot{lane: l}
	v := r.shootControl(ctx, s)
	r.reportControl(l, s, r.controlResult(s, v, when))
	r.takeControl(s)
	return s.state
}

// takeControl puts a shot into its lane and judges the cases that waited for
// it; one that was never sent counts for nothing.
func (r *Run) takeControl(s *shot) {
	if s.state == verdict.None {
		return
	}
	for _, b := range s.lane.fired(controlShot{s.start, s.end, s.state, s.observed}) {
		r.settle(b.shot, b.before, b.after)
	}
}

// controlResult is a shot as the reports know it.
func (r *Run) controlResult(s *shot, v verdict.Verdict, when string) reports.Shot {
	return reports.Shot{
		When: when, Outcome: v.Outcome, Reason: v.Reason, Detail: r.told(v), Status: s.observed.Status,
		Fault: s.observed.Fault, Reached: reports.ReachOf(s.reach), State: reports.ControlStateOf(s.state),
	}
}

// shootControl fires and judges. What cannot be made proves nothing; what was
// never sent, or was broken off by the end of the run, is no shot at all.
func (r *Run) shootControl(ctx context.Context, s *shot) verdict.Verdict {
	s.state = verdict.Unproven
	s.start = r.sequence.Add(1)
	defer func() { s.end = r.sequence.Add(1) }()
	id := s.lane.shotID()
	token, err := s.lane.grant(ctx)
	if err != nil {
		if ctx.Err() != nil {
			s.state = verdict.None
		}
		return *unmade(&sourceError{err})
	}
	if s.wire, err = s.lane.build(token, id); err != nil {
		return verdict.Because(verdict.RequestNotBuilt, err.Error())
	}
	if err := r.pace.wait(ctx); err != nil {
		s.state = verdict.None
		return unpaced(err)
	}
	s.observed = r.prober.Fire(ctx, s.wire)
	if ctx.Err() != nil && s.observed.Fault != probe.NoFault {
		s.state = verdict.None
		return verdict.Because(verdict.Interrupted, "")
	}
	s.reach, s.seen, _ = r.reachOf(ctx, s.observed, id)
	var v verdict.Verdict
	s.state, v = verdict.JudgeControl(s.observed, s.reach)
	return v
}

// gatewayName is "i/n" where an environment has several addresses.
func replicaName(number, of int) string {
	if of < 2 {
		return ""
	}
	return strconv.Itoa(number) + "/" + strconv.Itoa(of)
}
