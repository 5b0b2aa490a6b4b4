package engine

import (
	"context"
	"slices"

	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/scenarios"
)

// observe judges the rows that look at the answers of all others at their
// environment.
func (r *Run) observe(ctx context.Context, cases []*scenarios.Case) {
	observers := verdict.Observers()
	for _, c := range cases {
		i := slices.IndexFunc(observers, func(o verdict.Observer) bool { return o.ID == c.Scenario.ID })
		if i < 0 {
			r.report(&shot{c: c}, verdict.Because(verdict.HarnessFailed, "no observer has this id"))
			continue
		}
		v := observers[i].Observe(r.recordsOf(c.Home.Name))
		if ctx.Err() != nil && v.Outcome != verdict.Fail {
			v = verdict.Because(verdict.Interrupted, "") // what was never fired may have shown it
		}
		r.report(&shot{c: c}, v)
	}
}

// recordsOf are the records of an environment; observers do not change them.
func (r *Run) recordsOf(environment string) []verdict.Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clip(r.records[environment])
}
