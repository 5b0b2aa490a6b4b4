package reports

import (
	"fmt"
	"slices"

	"github.com/entraproof/entraproof/internal/verdict"
)

// pairsOwed returns an obligation for each ordered pair of environments, the
// second with a gateway. An environment that is alone owes one that nothing
// can meet: it cannot be shown to be closed.
func (s scope) pairsOwed() []Obligation {
	var all []Obligation
	for _, to := range s.target.gateways() {
		if len(s.target.Environments) == 1 {
			all = append(all, s.pairOwed(Environment{}, to))
		}
		for _, from := range s.target.Environments {
			if from.Name != to.Name {
				all = append(all, s.pairOwed(from, to))
			}
		}
	}
	return all
}

func (s scope) pairOwed(from, to Environment) Obligation {
	o := Obligation{
		Name: fmt.Sprintf("pair/%s→%s", from.Name, to.Name), Target: s.target.Name, What: PairOwed,
		MintedFor: from.Name, Environment: to.Name, Owed: s.cross,
	}
	cases := s.where(func(c *Case) bool {
		return c.Cross && c.Environment == to.Name && c.MintedFor == from.Name && from.Name != ""
	})
	o.State, o.Waived, o.Why = pairState(cases)
	switch {
	case o.State == Met:
		o.By, o.Isolated = s.refusedBy(cases, from.Name, to.Name)
	case len(cases) > 0:
	case from.Name == "":
		o.Why = "there is no other environment"
	case !from.Mintable:
		o.Why = "no token for " + from.Name + " can be had"
	default:
		o.Why = "no such case was run"
	}
	return o
}

// pairState returns what the pair's cases say together: one hole opens it, one
// inconclusive case leaves it unproven, and without a refusal it is untested.
func pairState(cases []*Case) (state string, waived bool, why string) {
	state, waived = NotTested, true
	for _, c := range cases {
		now := pairStateOf(c)
		if now == Unmet && c.Waived == nil {
			waived = false
		}
		if worseState(now, state) || why == "" && now != Met {
			why = c.why()
		}
		if worseState(now, state) {
			state = now
		}
	}
	if state == Met {
		why = ""
	}
	return state, state == Unmet && waived, why
}

func pairStateOf(c *Case) string {
	switch c.Grade() {
	case Fail:
		return Unmet
	case Pass, Warn:
		return Met
	case Unsupported, Skipped:
		return NotTested
	case Recorded, Inconclusive, Error:
	}
	return Unproven
}

// why says in a few words what became of the case.
func (c *Case) why() string {
	if c.Reason == verdict.EnvironmentsNotSeparable {
		return "nothing tells the two tokens apart: mend the registrations, not the gateway"
	}
	if c.Grade() == Fail {
		return joinSaid([]string{KindWord(c.Kind), answered(c.Status, string(c.Fault))})
	}
	return joinSaid([]string{KindWord(c.Kind), string(c.Reason)})
}

// refusedBy names the checks that refused the pair's tokens: the only one whose
// claims differ, or those that a row of their own isolates. Where neither
// holds, all of them, not isolated.
func (s scope) refusedBy(cases []*Case, from, to string) (by []string, isolated bool) {
	for _, c := range cases {
		by = append(by, c.By...)
	}
	by = sortedSet(by)
	if len(by) <= 1 {
		return by, len(by) == 1
	}
	var alone []string
	for _, c := range s.where(func(c *Case) bool { return isolates(c, from, to) }) {
		if slices.Contains(by, c.By[0]) {
			alone = append(alone, c.By[0])
		}
	}
	if len(alone) > 0 {
		return sortedSet(alone), true
	}
	return by, false
}

// isolates reports whether c was refused and differs from its control in one
// check's claims only, which are those of from: `aud-other-only`.
func isolates(c *Case, from, to string) bool {
	return !c.Cross && len(c.By) == 1 && c.Environment == to &&
		(c.Other == from || c.MintedFor == from) && c.Grade() <= Warn && c.Grade() != Recorded
}

func sortedSet(words []string) []string {
	words = slices.Clone(words)
	slices.Sort(words)
	return slices.Compact(words)
}
