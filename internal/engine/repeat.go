package engine

import (
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
)

// repeated gathers the verdicts on equal requests of one case, which a balancer
// may send to different replicas, until all are there.
type repeated struct {
	mu   sync.Mutex
	of   int
	done []judged
}

// judged is one of several equal requests with its verdict.
type judged struct {
	shot   *shot
	v      verdict.Verdict
	around *reports.Around
}

// repeats gives the shots of a prepared case: itself, and for a critical
// refusal as many equal ones as the plan wants, each with an id and a
// connection of its own.
func (r *Run) repeats(s *shot) []*shot {
	if r.plan.Repeat < 2 || !s.c.Repeats() {
		return []*shot{s}
	}
	group := &repeated{of: r.plan.Repeat}
	all := make([]*shot, 0, group.of)
	for n := range group.of {
		again := *s
		again.group, again.number = group, n+1
		if err := r.makeRequest(&again); err != nil {
			return []*shot{s} // it could be made once, so this is not reached
		}
		again.wire.Fresh = true
		all = append(all, &again)
	}
	return all
}

// id names the shot in the request, so that the echo tells it from its equals.
func (s *shot) id() string {
	if s.number < 2 {
		return s.c.ID
	}
	return s.c.ID + "/repeat-" + strconv.Itoa(s.number)
}

// gather keeps a verdict and gives all of them when the last one is there.
func (g *repeated) gather(j judged) ([]judged, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.done = append(g.done, j)
	if len(g.done) < g.of {
		return nil, false
	}
	slices.SortFunc(g.done, func(a, b judged) int { return a.shot.number - b.shot.number })
	return g.done, true
}

// decide gives the one that stands for all: the worst, but that a failure
// counts more than what could not be run. Where some were let in and some were
// not, the replicas disagree.
func decide(all []judged) judged {
	worst := all[0]
	in := 0
	for _, j := range all {
		if letIn(j) {
			in++
		}
		if rank(j.v.Outcome) > rank(worst.v.Outcome) {
			worst = j
		}
	}
	if in > 0 && in < len(all) && worst.v.Outcome == verdict.Fail {
		worst.v = verdict.Because(verdict.ReplicasDisagree, fmt.Sprintf("let in %d times of %d", in, len(all)))
	}
	return worst
}

// rank orders outcomes: what a gateway did wrong is not outweighed by a request
// that could not be sent.
func rank(o verdict.Outcome) int {
	if o == verdict.Fail {
		return int(verdict.Error) + 1
	}
	return int(o)
}

// letIn reports whether a request that must be refused was let in.
func letIn(j judged) bool {
	return j.v.Outcome == verdict.Fail && (j.shot.reach.Arrived() || j.v.Reason == verdict.AcceptedForbidden)
}

// reportRepeated reports a case when all its equal requests are judged.
func (r *Run) reportRepeated(j judged) {
	all, last := j.shot.group.gather(j)
	if !last {
		return
	}
	worst := decide(all)
	out := r.result(worst.shot, worst.v)
	out.Control = worst.around
	for _, j := range all {
		out.Repeats = append(out.Repeats, r.repeatResult(j, len(all)))
	}
	if r.keeps(worst.shot, worst.v) {
		exchange := worst.shot.observed.Record(r.redaction(worst.shot.genuine, worst.shot.sibling, worst.shot.control))
		out.Exchange = &exchange
	}
	r.hand(worst.shot, out)
}

// repeatResult is one of several equal requests as the reports know it.
func (r *Run) repeatResult(j judged, of int) reports.Shot {
	o := j.shot.observed
	out := reports.Shot{
		When: fmt.Sprintf("repeat %d of %d", j.shot.number, of), Outcome: j.v.Outcome, Reason: j.v.Reason, Detail: r.told(j.v),
		Status: o.Status, Fault: o.Fault, Reached: reports.ReachOf(j.shot.reach),
	}
	if j.v.Outcome != verdict.Pass && o.Sent != nil {
		exchange := o.Record(r.redaction(j.shot.genuine, j.shot.sibling, j.shot.control))
		out.Exchange = &exchange
	}
	if o.Fault != probe.NoFault {
		out.Address = o.Address
	}
	return out
}
