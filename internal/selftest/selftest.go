// Package selftest proves the harness: that every judged row passes on the
// strict gateway, that every refusal row can fail, that every planted defect is
// found, and that the article's set-ups give what the oracle says (design 5.9).
//
// The package may import everything up to internal/flows, and
// internal/gateway's list of checks and mutants through internal/lab's set-ups.
package selftest

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// Options say how to prove.
type Options struct {
	// Catalogue is what is proven; the zero Catalogue means the built-in one.
	Catalogue scenarios.Catalogue
	// Selection narrows what is fired; the zero Selection means everything that
	// judges: the profiles full and aftercare.
	// A part proves its own rows, and of the mutants those that its rows name.
	Selection scenarios.Selection
	// Mutants are the planted defects; nil: all of the emulator's.
	Mutants []gateway.Mutant
	// Differing runs the article's set-ups and names the cells that are not as
	// the oracle says: internal/reproduce, which stands beside this package.
	// Without it the proof is not complete, and says so.
	Differing func(context.Context) ([]string, error)
	// Progress is told what happens; nil if nobody watches.
	Progress func(string)
}

// Proof is what was shown, row by row and mutant by mutant.
type Proof struct {
	Rows    []RowProof    `json:"rows"`
	Mutants []MutantProof `json:"mutants"`
	Checks  []CheckProof  `json:"checks,omitempty"`
	// Part: a selection of the rows, not the whole catalogue. The set-ups are
	// not run, nor mutants that none of the rows names.
	Part bool `json:"part,omitempty"`
	// Problems are what contradicts the proof; none in a green run.
	Problems []string `json:"problems,omitempty"`
}

// RowProof is what is shown of one row.
type RowProof struct {
	Scenario string          `json:"scenario"`
	Guards   string          `json:"guards"`
	Strict   reports.Outcome `json:"strict"`
	// Where is what the target says otherwise than the default one where the row
	// is proven; empty: the default target.
	Where string `json:"where,omitempty"`
	// RefusedBy are the checks of strict that refuse the row in one of its
	// forms, sorted.
	RefusedBy []string `json:"refused_by,omitempty"`
	// Proven: the mutant that lacks all of them lets the row through, and the
	// one that has only the guard's refuses it.
	Proven bool `json:"proven"`
	// Unseen: an observer that had nothing to look at, in a part of the
	// catalogue.
	Unseen bool `json:"unseen,omitempty"`
	// FailedBy are the mutants that fail the row, sorted.
	FailedBy []string `json:"failed_by,omitempty"`
}

// MutantProof is what is shown of one planted defect.
type MutantProof struct {
	Name   string `json:"name"`
	Guards string `json:"guards"`
	// Kills are the rows that fail it, sorted.
	Kills []string `json:"kills,omitempty"`
	// Counts: it fails at most half of the rows, so that it proves something.
	Counts bool `json:"counts"`
	// Unloaded: none of the rows that name it is in the catalogue.
	Unloaded bool `json:"unloaded,omitempty"`
}

// ExitCode is 0 where nothing contradicts the proof, else 1.
func (p *Proof) ExitCode() int {
	if len(p.Problems) > 0 {
		return 1
	}
	return 0
}

func (p *Proof) problem(format string, args ...any) {
	p.Problems = append(p.Problems, fmt.Sprintf(format, args...))
}

// prover is one proof under way.
type prover struct {
	options Options
	firing  firing
	benches []*bench
	rows    []scenarios.Scenario
	proof   *Proof
	say     func(string)
	saying  sync.Mutex
}

// Run proves. The error is a failure to run at all; what contradicts is in the
// Proof.
func Run(ctx context.Context, o Options) (*Proof, error) {
	p, err := newProver(o)
	if err != nil {
		return nil, err
	}
	defer p.close()
	for _, step := range []func(context.Context) error{p.proveStrict, p.proveMutants, p.proveSelf, p.proveOracle} {
		if err := step(ctx); err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("selftest: stopped: %w", err)
		}
	}
	slices.Sort(p.proof.Problems)
	return p.proof, nil
}

func newProver(o Options) (*prover, error) {
	if o.Catalogue.Len() == 0 {
		builtin, err := scenarios.Builtin()
		if err != nil {
			return nil, err
		}
		o.Catalogue = builtin
	}
	if o.Mutants == nil {
		o.Mutants = gateway.Mutants()
	}
	rows, part, err := o.rows()
	if err != nil {
		return nil, err
	}
	target := targets.Default()
	target.OptIn = true // nobody is disturbed
	target.Tokens.Former = &targets.Mock{}
	p := &prover{
		options: o, firing: firing{target: target, worlds: worlds(target, rows), runs: &atomic.Int64{}},
		rows: rows, proof: &Proof{Part: part}, say: o.Progress,
	}
	if err := p.open(); err != nil {
		return nil, err
	}
	if p.say == nil {
		p.say = func(string) {}
	}
	for _, row := range rows {
		p.proof.Rows = append(p.proof.Rows, RowProof{Scenario: row.ID, Guards: row.Guards})
	}
	for _, w := range p.firing.worlds {
		for _, row := range w.rows {
			p.row(row.ID).Where = w.words()
		}
	}
	return p, nil
}

// rows are what is fired, and whether that is a part of the catalogue only.
func (o Options) rows() (rows []scenarios.Scenario, part bool, err error) {
	all, err := o.judging(scenarios.Selection{})
	if err != nil {
		return nil, false, err
	}
	rows, err = o.judging(o.Selection)
	return rows, len(rows) < len(all), err
}

// judging are the rows of a selection. Full, which is meant where no profile is
// named, has aftercare beside it: its rows stand apart because other runs have
// no former mock, and here there is one.
func (o Options) judging(s scenarios.Selection) ([]scenarios.Scenario, error) {
	s.Profile = cmp.Or(s.Profile, "full")
	rows, err := o.Catalogue.Select(s)
	if s.Profile != "full" {
		return rows, err
	}
	s.Profile = "aftercare"
	if apart, none := o.Catalogue.Select(s); none == nil {
		return slices.Concat(rows, apart), nil
	}
	return rows, err
}

// refusals are the checks that refused each case, by case id.
type refusals struct {
	mu   sync.Mutex
	seen map[string][]gateway.Check
}

func (r *refusals) note(refusal gateway.Refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen[refusal.Case] = append(r.seen[refusal.Case], refusal.Checks...)
}

// open makes the benches: one for each core, since a run that fires one request
// after the other keeps one busy.
func (p *prover) open() error {
	keys, signed := &lab.Keys{}, &lab.Signatures{}
	for range runtime.GOMAXPROCS(0) {
		b, err := newBench(p.firing.target, keys, signed)
		if err != nil {
			p.close()
			return err
		}
		p.benches = append(p.benches, b)
	}
	return nil
}

func (p *prover) close() {
	for _, b := range p.benches {
		b.close()
	}
}

// shot is a gateway and what is fired at it.
type shot struct {
	name  string // said when its turn comes
	setup lab.Setup
	keep  func(scenarios.Case) bool
	// drop tells results that nobody will look at; nil: none.
	drop  func(reports.Case) bool
	cases []reports.Case
}

// fireAll fires shots on all benches.
func (p *prover) fireAll(ctx context.Context, shots []shot) error {
	free := make(chan *bench, len(p.benches))
	for _, b := range p.benches {
		free <- b
	}
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(len(p.benches))
	for i := range shots {
		work.Go(func() (err error) {
			b := <-free
			defer func() { free <- b }()
			p.saying.Lock()
			p.say(shots[i].name)
			p.saying.Unlock()
			shots[i].cases, err = b.fire(ctx, p.firing, shots[i].setup, shots[i].keep)
			if shots[i].drop != nil {
				shots[i].cases = slices.Clone(slices.DeleteFunc(shots[i].cases, shots[i].drop))
			}
			return err
		})
	}
	return work.Wait()
}

func (p *prover) row(id string) *RowProof {
	i := slices.IndexFunc(p.proof.Rows, func(r RowProof) bool { return r.Scenario == id })
	return &p.proof.Rows[i]
}
