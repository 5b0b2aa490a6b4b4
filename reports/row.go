package reports

import (
	"cmp"
	"slices"

	"github.com/entraproof/entraproof/internal/verdict"
)

// Row is one scenario at one environment of one target, all its cases rolled
// up: what a Ginkgo spec and a line of a report stand for.
type Row struct {
	Target, Scenario, Environment string
	Title, Group, Severity        string
	// Outcome and Reason are those of Worst; a waived failure is a warn.
	Outcome Outcome
	Reason  Reason
	// Worst is the first of the worst cases.
	Worst *Case
	// Cases are all of them, sorted by id.
	Cases []*Case
}

// Rows returns the rows of all selected cases, sorted by target, scenario and
// environment. Extra cases are in none.
func (r *Results) Rows() []Row {
	byKey := map[[3]string][]*Case{}
	for i := range r.Cases {
		if c := &r.Cases[i]; !c.Extra {
			key := [3]string{c.Target, c.Scenario, c.Environment}
			byKey[key] = append(byKey[key], c)
		}
	}
	rows := make([]Row, 0, len(byKey))
	for _, cases := range byKey {
		rows = append(rows, rowOf(cases))
	}
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Scenario, b.Scenario), cmp.Compare(a.Environment, b.Environment))
	})
	return rows
}

func rowOf(cases []*Case) Row {
	slices.SortFunc(cases, func(a, b *Case) int { return compareCases(*a, *b) })
	worst := cases[0]
	for _, c := range cases[1:] {
		if c.Effective() > worst.Effective() {
			worst = c
		}
	}
	return Row{
		Target: worst.Target, Scenario: worst.Scenario, Environment: worst.Environment,
		Title: worst.Title, Group: worst.Group, Severity: worst.Severity,
		Outcome: worst.Effective(), Reason: worst.Reason,
		Worst: worst, Cases: cases,
	}
}

// Effective returns the outcome that counts: the worst of the case and of what
// its steps and repeats failed, could not run or left inconclusive. A waived
// failure is a warn. An outcome that this version does not know is an Error.
func (c *Case) Effective() Outcome {
	o := c.Grade()
	if o == Fail && c.Waived != nil {
		return Warn
	}
	return o
}

// Grade returns what Effective does, waived or not.
func (c *Case) Grade() Outcome {
	o := known(c.Outcome)
	for _, s := range c.Steps {
		o = worseThanSkipped(o, s.Outcome)
	}
	for _, s := range c.Repeats {
		o = worseThanSkipped(o, s.Outcome)
	}
	if o == Error && slices.ContainsFunc(c.Repeats, func(s Shot) bool { return s.Outcome == Fail }) {
		return Fail // one replica's hole is not undone by another that could not be reached
	}
	return o
}

// worseThanSkipped returns the worse of whole and part; a part that was merely
// not fired does not make its whole unfired.
func worseThanSkipped(whole, part Outcome) Outcome {
	if part = known(part); part <= Skipped {
		return whole
	}
	return max(whole, part)
}

// known returns o, or Error for a number beyond the ladder.
func known(o Outcome) Outcome { return min(o, Error) }

// WasFired reports whether a request of the case was sent or an observation of
// it judged.
func (c *Case) WasFired() bool {
	switch c.Grade() {
	case Pass, Warn, Fail:
		return true
	case Recorded, Inconclusive:
		return c.Form != "observe"
	case Error:
		return c.Status != 0
	case Unsupported, Skipped:
	}
	return false
}

// FalseAccept reports whether the gateway let something through that it must
// refuse, waived or not: the false positive.
func (c *Case) FalseAccept() bool {
	switch c.Reason {
	case verdict.ReachedUpstream, verdict.AcceptedForbidden, verdict.EnvironmentsNotSeparable, verdict.WithdrawnKeyTrusted:
		return c.Grade() == Fail
	case verdict.ClaimContradicted:
		return c.Grade() == Fail && c.letIn()
	case verdict.ReplicasDisagree:
		return c.Grade() == Fail && c.anyLetIn()
	default:
		return false
	}
}

// FalseReject reports whether the gateway refused what it must accept.
func (c *Case) FalseReject() bool {
	switch c.Reason {
	case verdict.RefusedGenuine, verdict.NewKeyNotTrusted:
		return c.Grade() == Fail
	default:
		return false
	}
}

// letIn reports whether the request arrived at the upstream, or was answered as
// a success where nothing tells.
func (c *Case) letIn() bool { return letIn(c.Reached, c.Status) }

func letIn(reached Reach, status int) bool {
	return reached == Reached || reached == Forwarded || reached == ReachUnknown && status >= 200 && status < 300
}

// anyLetIn reports whether one of several equal requests was let in.
func (c *Case) anyLetIn() bool {
	return slices.ContainsFunc(c.Repeats, func(s Shot) bool { return letIn(s.Reached, s.Status) })
}

func compareCases(a, b Case) int {
	return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.ID, b.ID))
}

// Add counts one more of outcome o.
func (n *Counts) Add(o Outcome) { *n.slot(o)++ }

// Of returns how many of outcome o there are.
func (n Counts) Of(o Outcome) int { return *n.slot(o) }

// Total returns how many there are in all.
func (n Counts) Total() int {
	return n.Pass + n.Recorded + n.Warn + n.Unsupported + n.Skipped + n.Inconclusive + n.Fail + n.Error
}

func (n *Counts) slot(o Outcome) *int {
	switch o {
	case Pass:
		return &n.Pass
	case Recorded:
		return &n.Recorded
	case Warn:
		return &n.Warn
	case Unsupported:
		return &n.Unsupported
	case Skipped:
		return &n.Skipped
	case Inconclusive:
		return &n.Inconclusive
	case Fail:
		return &n.Fail
	case Error:
	}
	return &n.Error
}

// CountCases returns how many selected cases have each outcome.
func (r *Results) CountCases() Counts {
	var n Counts
	for i := range r.Cases {
		if !r.Cases[i].Extra {
			n.Add(r.Cases[i].Effective())
		}
	}
	return n
}

// CountRows returns how many rows have each outcome.
func (r *Results) CountRows() Counts {
	var n Counts
	for _, row := range r.Rows() {
		n.Add(row.Outcome)
	}
	return n
}

// Worst returns the worst outcome of the selected cases; Error if there are
// none, because nothing seen is not success.
func (r *Results) Worst() Outcome {
	rows := r.Rows()
	if len(rows) == 0 {
		return Error
	}
	worst := Pass
	for _, row := range rows {
		worst = max(worst, row.Outcome)
	}
	return worst
}
