package reports

import (
	"cmp"
	"slices"
)

// obligations returns what a green run owes (design.md §5), sorted by target
// and name. What the selection does not reach is there too, not owed; a shard
// owes nothing, because only the merge sees the whole.
func (r *Results) obligations() []Obligation {
	all := []Obligation{}
	for i := range r.Targets {
		s := r.scopeOf(&r.Targets[i])
		all = append(all, s.controlsOwed()...)
		all = append(all, s.pairsOwed()...)
		all = append(all, s.criticalsOwed()...)
	}
	for i := range all {
		all[i].Owed = all[i].Owed && r.Selection.Shard == ""
	}
	slices.SortFunc(all, func(a, b Obligation) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// scope is one target with its own selected cases and its controls.
type scope struct {
	target   *Target
	cases    []*Case
	controls []*Control
	rows     []Row
	cross    bool // the selection holds a row that answers the second question
}

func (r *Results) scopeOf(t *Target) scope {
	s := scope{target: t, cross: r.Selection.Cross}
	for _, row := range r.Rows() {
		if row.Target == t.Name {
			s.rows = append(s.rows, row)
			s.cases = append(s.cases, row.Cases...)
		}
	}
	for _, c := range s.cases {
		s.cross = s.cross || c.Cross
	}
	for i := range r.Controls {
		if c := &r.Controls[i]; c.Target == t.Name {
			s.controls = append(s.controls, c)
		}
	}
	return s
}

// where returns the cases for which keep holds.
func (s scope) where(keep func(*Case) bool) []*Case {
	var kept []*Case
	for _, c := range s.cases {
		if keep(c) {
			kept = append(kept, c)
		}
	}
	return kept
}

// gateways returns the environments that have a gateway.
func (t *Target) gateways() []Environment {
	var envs []Environment
	for _, e := range t.Environments {
		if e.HasGateway {
			envs = append(envs, e)
		}
	}
	return envs
}

// Settled reports whether the obligation stands in no one's way: met, waived,
// or not owed.
func (o Obligation) Settled() bool { return o.State == Met || o.Waived || !o.Owed }
