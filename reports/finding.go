package reports

import (
	"cmp"
	"slices"
)

// Finding is one scenario that fails at one target for one reason, wherever it
// does.
type Finding struct {
	Target, Scenario, Title string
	Group, Severity, Guards string
	Reason                  Reason
	// FalseAccept is set when the gateway let something through: the false
	// positive.
	FalseAccept bool
	// Cross is set when it is another environment's token as its client gets
	// it: the hole that people come to ask about.
	Cross bool
	// FalseReject is set when the gateway refused what is genuine.
	FalseReject bool
	// Waived is set when all its cases are.
	Waived bool
	// Cases are the failures, sorted by id; never empty.
	Cases []*Case
}

// Findings returns all failures, the worst first: unwaived before waived, false
// accepts (of another environment's tokens above all) before false rejects
// before the rest, then by severity and id.
func (r *Results) Findings() []Finding {
	type key struct {
		target, scenario string
		reason           Reason
		waived           bool
	}
	at := map[key]int{}
	var all []Finding
	for i := range r.Cases {
		c := &r.Cases[i]
		if c.Extra || c.Grade() != Fail {
			continue
		}
		k := key{c.Target, c.Scenario, c.Reason, c.Waived != nil}
		if _, ok := at[k]; !ok {
			at[k] = len(all)
			all = append(all, newFinding(c))
		}
		f := &all[at[k]]
		f.Cases = append(f.Cases, c)
	}
	slices.SortStableFunc(all, compareFindings)
	return all
}

func newFinding(c *Case) Finding {
	return Finding{
		Target: c.Target, Scenario: c.Scenario, Title: c.Title, Group: c.Group, Severity: c.Severity, Guards: c.Guards,
		Reason: c.Reason, FalseAccept: c.FalseAccept(), FalseReject: c.FalseReject(), Waived: c.Waived != nil, Cross: c.Cross,
	}
}

func compareFindings(a, b Finding) int {
	return cmp.Or(
		setFirst(!a.Waived, !b.Waived),
		setFirst(a.FalseAccept, b.FalseAccept), setFirst(a.Cross, b.Cross), setFirst(a.FalseReject, b.FalseReject),
		cmp.Compare(severityRank(a.Severity), severityRank(b.Severity)),
		cmp.Compare(a.Scenario, b.Scenario), cmp.Compare(a.Target, b.Target), cmp.Compare(a.Reason, b.Reason),
	)
}

// setFirst orders what is set before what is not.
func setFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// Severities returns the severities, worst first.
func Severities() []string { return []string{"critical", "high", "medium", "low", "info"} }

// severityRank orders severities; an unknown one counts as the worst.
func severityRank(severity string) int { return max(0, slices.Index(Severities(), severity)) }

// Tally is how many cases have one outcome for one reason.
type Tally struct {
	Outcome Outcome
	Reason  Reason
	// Cases are they, sorted by id; never empty.
	Cases []*Case
}

// Tallies returns the cases that failed in nothing and yet are no pass, grouped
// by reason: the worst outcome first, then the most frequent reason.
func (r *Results) Tallies() []Tally {
	type key struct {
		outcome Outcome
		reason  Reason
	}
	at := map[key]int{}
	var all []Tally
	for i := range r.Cases {
		c := &r.Cases[i]
		o := c.Effective()
		if c.Extra || o == Pass || c.Grade() == Fail {
			continue
		}
		k := key{o, c.Reason}
		if _, ok := at[k]; !ok {
			at[k] = len(all)
			all = append(all, Tally{Outcome: o, Reason: c.Reason})
		}
		t := &all[at[k]]
		t.Cases = append(t.Cases, c)
	}
	slices.SortStableFunc(all, func(a, b Tally) int {
		return cmp.Or(cmp.Compare(b.Outcome, a.Outcome), cmp.Compare(len(b.Cases), len(a.Cases)), cmp.Compare(a.Reason, b.Reason))
	})
	return all
}

// CausesOf returns the causes that explain one of the finding's cases.
func (r *Results) CausesOf(f Finding) []Cause {
	if !f.FalseReject {
		return nil
	}
	var of []Cause
	for _, cause := range r.Causes {
		if slices.ContainsFunc(f.Cases, func(c *Case) bool {
			return c.Target == cause.Target && c.Environment == cause.Environment && c.Kind == cause.Kind
		}) {
			of = append(of, cause)
		}
	}
	return of
}

// Declarations returns the `supports:` lines that would declare away what is
// merely missing, with the number of cases each: sorted, without repeats.
func (r *Results) Declarations() []Declaration {
	count := map[string]int{}
	for i := range r.Cases {
		if c := &r.Cases[i]; c.Declare != "" && !c.Extra {
			count[c.Declare]++
		}
	}
	all := make([]Declaration, 0, len(count))
	for line, n := range count {
		all = append(all, Declaration{line, n})
	}
	slices.SortFunc(all, func(a, b Declaration) int { return cmp.Compare(a.Line, b.Line) })
	return all
}

// Declaration is a line for the target file.
type Declaration struct {
	// Line is what to write, e.g. "supports: {user-tokens: false}".
	Line string
	// Cases is how many cases it is about.
	Cases int
}
