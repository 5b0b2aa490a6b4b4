package selftest

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// proveStrict fires every row at strict, then each refusal at its two mutants.
func (p *prover) proveStrict(ctx context.Context) error {
	p.say("every row at strict")
	noted := &refusals{seen: map[string][]gateway.Check{}}
	cases, err := p.benches[0].fire(ctx, p.firing, lab.Setup{Name: "strict", Report: noted.note}, func(scenarios.Case) bool { return true })
	if err != nil {
		return err
	}
	sets, failed := map[string]*experiment{}, map[string]bool{}
	for _, c := range cases {
		row := p.row(c.Scenario)
		row.Strict = max(row.Strict, c.Outcome)
		switch {
		case p.proof.Part && c.Form == "observe" && c.Reason == verdict.NothingObserved:
			row.Unseen = true
		case c.Outcome > reports.Warn, letThrough(c):
			p.proof.problem("%s: expected pass on strict, got %s (%s) %s", c.ID, c.Outcome, c.Reason, c.Detail)
		case refusalRow(c):
			failed[c.Scenario] = !p.plan(sets, c, noted.seen[c.ID]) || failed[c.Scenario]
		default:
			row.Proven = true
		}
	}
	return p.experiment(ctx, sets, failed)
}

// refusalRow reports whether a case asks for a refusal that one request
// proves. Flows and observers are proven by the mutants that name them.
func refusalRow(c reports.Case) bool {
	return c.Form == "request" && strings.HasPrefix(c.Expected, "refuse")
}

// letThrough reports whether a case failed its gateway. Where a row tolerates an
// acceptance with a warning, that is what strict must not do and a mutant must.
func letThrough(c reports.Case) bool {
	return c.Outcome == reports.Fail || c.Reason == verdict.AcceptedLeniently
}

// experiment is strict lacking a set of checks, and the cases that must be let
// through, or refused, by it.
type experiment struct {
	lacks         []string
	through, held []string
}

// plan adds a case to its two mutants, and reports whether there are such.
func (p *prover) plan(sets map[string]*experiment, c reports.Case, refused []gateway.Check) bool {
	var names, others []string
	for _, check := range refused {
		names = append(names, check.Name)
		if check.Guards != c.Guards {
			others = append(others, check.Name)
		}
	}
	names, others = sortedSet(names), sortedSet(others)
	row := p.row(c.Scenario)
	row.RefusedBy = sortedSet(append(row.RefusedBy, names...))
	if len(names) == 0 {
		p.proof.problem("%s: strict answered %d, and none of its checks did: HTTP itself refuses it, or the row's bytes do not name the case (X-Entraproof-Run: ${run}, X-Entraproof-Case: ${case})", c.ID, c.Status)
		return false
	}
	if len(names) == len(others) {
		p.proof.problem("%s guards %s, and no such check of strict refuses it; refused by %s", c.ID, c.Guards, strings.Join(names, ", "))
		return false
	}
	experimentOf(sets, names).through = append(experimentOf(sets, names).through, c.ID)
	experimentOf(sets, others).held = append(experimentOf(sets, others).held, c.ID)
	return true
}

func experimentOf(sets map[string]*experiment, lacks []string) *experiment {
	key := strings.Join(lacks, ",")
	if sets[key] == nil {
		sets[key] = &experiment{lacks: lacks}
	}
	return sets[key]
}

func sortedSet(words []string) []string {
	slices.Sort(words)
	return slices.Compact(words)
}

// experiment fires the two mutants of every refusal; failed are the rows of which
// a case has none.
func (p *prover) experiment(ctx context.Context, sets map[string]*experiment, failed map[string]bool) error {
	var shots []shot
	for _, key := range sortedKeys(sets) {
		e := sets[key]
		shots = append(shots, shot{name: "refusals at strict without " + key, setup: lab.Setup{Name: "strict", Lacks: e.lacks}, keep: func(c scenarios.Case) bool {
			return slices.Contains(e.through, c.ID) || slices.Contains(e.held, c.ID)
		}})
	}
	if err := p.fireAll(ctx, shots); err != nil {
		return err
	}
	for i, key := range sortedKeys(sets) {
		p.checkAll(sets[key], shots[i].cases, failed)
	}
	for i := range p.proof.Rows {
		row := &p.proof.Rows[i]
		row.Proven = !failed[row.Scenario] && (row.Proven || len(row.RefusedBy) > 0)
	}
	return nil
}

// checkAll checks what was fired at a mutant, and that nothing is missing.
func (p *prover) checkAll(e *experiment, cases []reports.Case, failed map[string]bool) {
	fired := map[string]bool{}
	for _, c := range cases {
		fired[c.ID] = true
		p.check(e, c, failed)
	}
	for _, id := range slices.Concat(e.through, e.held) {
		if !fired[id] {
			scenario, _, _ := strings.Cut(id, "/")
			failed[scenario] = true
			p.proof.problem("%s was not fired at strict without %s", id, strings.Join(e.lacks, ", "))
		}
	}
}

func (p *prover) check(e *experiment, c reports.Case, failed map[string]bool) {
	lacks := strings.Join(e.lacks, ", ")
	if slices.Contains(e.through, c.ID) && !letThrough(c) {
		failed[c.Scenario] = true
		p.proof.problem("%s: strict without %s must let it through, got %s (%s) %s", c.ID, lacks, c.Outcome, c.Reason, c.Detail)
	}
	if slices.Contains(e.held, c.ID) && (c.Outcome > reports.Warn || letThrough(c)) {
		failed[c.Scenario] = true
		p.proof.problem("%s: %s alone must refuse it (strict without %s), got %s (%s) %s", c.ID, c.Guards, lacks, c.Outcome, c.Reason, c.Detail)
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
