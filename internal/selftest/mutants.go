package selftest

import (
	"context"
	"fmt"
	"slices"

	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// proveMutants fires rows at every planted defect: each must fail a row, and the
// rows that name it must fail it.
func (p *prover) proveMutants(ctx context.Context) error {
	var mutants []gateway.Mutant
	var shots []shot
	for _, m := range p.options.Mutants {
		if p.proof.Part && len(p.named(m)) == 0 {
			continue
		}
		mutants = append(mutants, m)
		shots = append(shots, shot{
			name:  fmt.Sprintf("mutant %d of %d: %s", len(mutants), len(p.options.Mutants), m.Name),
			setup: lab.Setup{Name: "strict", Lacks: m.Lacks, Softens: m.Softens}, keep: firedAt(m),
			drop: func(c reports.Case) bool { return !letThrough(c) },
		})
	}
	if err := p.fireAll(ctx, shots); err != nil {
		return err
	}
	for i, m := range mutants {
		p.judge(m, shots[i].cases)
	}
	return nil
}

// firedAt tells what is fired at a mutant: everything, but what waits, watches
// all the others or must be alone only where it names the mutant, and, unless it
// waits, where the mutant breaks what it guards.
func firedAt(m gateway.Mutant) func(scenarios.Case) bool {
	return func(c scenarios.Case) bool {
		row := c.Scenario
		named := slices.Contains(m.Rows, row.ID)
		switch {
		case row.Kind != scenarios.Data:
			return named
		case row.Serial || !row.Issuer.Empty() || c.Expect.NoCallout || c.Expect.Next:
			return named || row.Guards == m.Guards
		}
		return true
	}
}

func (p *prover) judge(m gateway.Mutant, cases []reports.Case) {
	proof := MutantProof{Name: m.Name, Guards: m.Guards}
	for _, c := range cases {
		// A connection that broke is the machine's doing, unless the mutant is named
		// for it.
		broke := c.Fault != probe.NoFault && !slices.Contains(m.Rows, c.Scenario)
		if letThrough(c) && !broke {
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
