package verdict

import "github.com/entraproof/entraproof/internal/probe"

// ControlState is what the nearest control on one side of a case came to.
type ControlState uint8

// None: no control was fired there. Accepted: a genuine token of the same kind
// opened the same route. Refused: it was refused, as the case may have been
// for the same reason. Unproven: its answer says nothing about the token.
const (
	None ControlState = iota
	Accepted
	Refused
	Unproven
)

// String returns the word for s.
func (s ControlState) String() string {
	return [...]string{"none", "accepted", "refused", "unproven"}[min(s, Unproven)]
}

// MarshalText writes the word for s.
func (s ControlState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// JudgeControl judges a genuine token on its own route. 404, 5xx or no answer
// show a route that leads nowhere: could not be run. Any other refusal is a
// result: it is the false reject.
func JudgeControl(o probe.Observation, reach Reach) (ControlState, Verdict) {
	detail := answerText(o)
	switch a := (Evidence{Observed: o}).received(classify(o, reach)); {
	case a == limited:
		return Unproven, Because(RateLimited, detail)
	case a == notFound, a == serverError, a == silent, a == neverTaken, a == foreign, o.Status == 404, o.Status >= 500:
		return Unproven, Because(RouteNotProven, detail)
	case a == opened && reach == ReachUnknown:
		return Accepted, Because(WeakAcceptance, detail)
	case a == opened:
		return Accepted, Because(AcceptedAsRequired, detail)
	}
	return Refused, Because(RefusedGenuine, detail)
}

// paired tells whether the controls on both sides give a refusal its meaning,
// and if not, why. A refusal counts only between two accepted ones.
func paired(before, after ControlState) (Verdict, bool) {
	either := func(s ControlState) bool { return before == s || after == s }
	detail := "controls: " + before.String() + " before, " + after.String() + " after"
	switch {
	case before == Accepted && after == Accepted:
		return Verdict{}, true
	case either(Accepted) && either(None):
		return Because(NoControl, detail), false
	case either(Accepted):
		return Because(ControlLost, detail), false
	case either(Refused):
		return Because(ControlRefused, detail), false
	case either(Unproven):
		return Because(ControlUnproven, detail), false
	}
	return Because(NoControl, detail), false
}
