package selftest

import (
	"context"
	"slices"

	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// proveMutants fires every row at every planted defect: each must fail a row,
// and the rows that name it must fail it. A flow waits for things to happen, and
// is fired only at the defects that name it.
func (p *prover) proveMutants(ctx context.Context) error {
	for _, m := range p.options.Mutants {
		if p.proof.Part && len(p.named(m)) == 0 {
			continue
		}
		p.say("every row at the mutant " + m.Name)
		cases, err := p.fire(ctx, lab.Setup{Name: "strict", Lacks: m.Lacks, Softens: m.Softens}, func(c scenarios.Case) bool {
			return c.Scenario.Kind != scenarios.Flow || slices.Contains(m.Rows, c.Scenario.ID)
		})
		if err != nil {
			return err
		}
		p.judge(m, cases)
	}
	return nil
}

func (p *prover) judge(m gateway.Mutant, cases []reports.Case) {
	proof := MutantProof{Name: m.Name, Guards: m.Guards}
	for _, c := range cases {
		if letThrough(c) {
			proof.Kills = append(proof.Kills, c.Scenario)
		}
	}
	proof.Kills = sortedSet(proof.Kills)
	if m.Guards == "state" {
		// What else a remembered verdict or connection opens depends on the
		// order of the requests, and that on the scheduler.
		proof.Kills = slices.DeleteFunc(proof.Kills, func(id string) bool { return !slices.Contains(m.Rows, id) })
	}
	proof.Counts = p.proof.Part || 2*len(proof.Kills) <= len(p.rows)
	for _, id := range proof.Kills {
		row := p.row(id)
		row.FailedBy = append(row.FailedBy, m.Name)
	}
	named := p.named(m)
	proof.Unloaded = len(named) == 0
	p.complain(m, proof, named)
	p.proof.Mutants = append(p.proof.Mutants, proof)
}

// named are the rows that name a mutant, of those that are fired.
func (p *prover) named(m gateway.Mutant) []string {
	return slices.DeleteFunc(slices.Clone(m.Rows), func(id string) bool {
		return !slices.ContainsFunc(p.proof.Rows, func(r RowProof) bool { return r.Scenario == id && !r.Unseen })
	})
}

func (p *prover) complain(m gateway.Mutant, proof MutantProof, named []string) {
	if !proof.Counts {
		p.proof.problem("mutant %s fails %d of %d rows: it proves nothing", m.Name, len(proof.Kills), len(p.rows))
	}
	for _, id := range named {
		if !slices.Contains(proof.Kills, id) {
			p.proof.problem("mutant %s (%s) is not failed by %s, which names it", m.Name, m.Sentence, id)
		}
	}
	if len(proof.Kills) == 0 && !proof.Unloaded {
		p.proof.problem("mutant %s (%s): no row fails it", m.Name, m.Sentence)
	}
}

// proveOracle runs the article's set-ups.
func (p *prover) proveOracle(ctx context.Context) error {
	if p.proof.Part {
		return nil
	}
	if p.options.Differing == nil {
		p.proof.problem("oracle: nobody ran the set-ups")
		return nil
	}
	p.say("the article's set-ups against the oracle")
	differing, err := p.options.Differing(ctx)
	if err != nil {
		return err
	}
	for _, d := range differing {
		p.proof.problem("oracle: %s", d)
	}
	return nil
}
