package reports

import (
	"fmt"

	"github.com/entraproof/entraproof/internal/verdict"
)

// criticalsOwed returns an obligation for each selected critical row that the
// target does not declare away as a whole.
func (s scope) criticalsOwed() []Obligation {
	var all []Obligation
	for _, row := range s.rows {
		if row.Severity == "critical" && !row.declaredAway() {
			all = append(all, criticalOwed(row))
		}
	}
	return all
}

func criticalOwed(row Row) Obligation {
	o := Obligation{
		Name: fmt.Sprintf("critical/%s/%s", row.Scenario, row.Environment), Target: row.Target, What: CriticalOwed,
		Environment: row.Environment, Scenario: row.Scenario, State: Met, Owed: true,
	}
	missing, waived := row.unjudged()
	if missing == nil {
		return o
	}
	o.Waived = waived
	o.State, o.Why = Unproven, string(missing.Reason)
	if missing.Grade() == Skipped {
		o.State = NotTested
	}
	return o
}

// unjudged returns the worst case that says nothing about the gateway, nil if
// there is none, and whether all such cases are waived. A mutation that changes
// nothing leaves nothing to judge, unless it is all there is.
func (row Row) unjudged() (worst *Case, waived bool) {
	judged := false
	for _, c := range row.Cases {
		judged = judged || c.Grade().Judged()
	}
	waived = true
	for _, c := range row.Cases {
		grade := c.Grade()
		if grade.Judged() || grade == Unsupported || judged && c.Reason == verdict.NothingToChange {
			continue
		}
		waived = waived && c.Waived != nil
		if worst == nil || grade > worst.Grade() {
			worst = c
		}
	}
	return worst, waived
}

func (row Row) declaredAway() bool {
	for _, c := range row.Cases {
		if c.Grade() != Unsupported {
			return false
		}
	}
	return true
}
