// Package reproduce runs the rows of the oracle at the article's set-ups, in
// one process: issuer, emulated gateways and echo. It shows the 403 Invalid
// Client and the false positive, what each fix closes, and whether all of it is
// as the oracle says.
//
// The package may import everything up to internal/flows.
package reproduce

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// Options say what to reproduce.
type Options struct {
	// Setups are names of the oracle's columns; none: all eight.
	Setups []string
	// OIDCModel is that of the OIDC policy; empty: local-claims, the oracle's. In
	// the documented model Introspection is the provider's profile, empty:
	// raw-claims, and what comes of it is shown, not compared.
	OIDCModel     string
	Introspection mockidp.Introspection
	// Progress is told what happens; nil if nobody watches.
	Progress func(string)
	// Engine takes a clock and our own key; nil: the defaults.
	Engine *engine.Engine
}

// Table is the outcome of every row at every set-up, beside the oracle's.
type Table struct {
	// OIDCModel is the model of the OIDC policy that ran, and Introspection the
	// provider's profile where it asked one.
	OIDCModel     string                `json:"oidc_model"`
	Introspection mockidp.Introspection `json:"introspection,omitempty"`

	Setups []string `json:"setups"`
	Rows   []Row    `json:"rows"`
	// Stories are what each set-up shows, in the order of Setups.
	Stories []Story `json:"stories"`
}

// Row is one scenario, bound to one kind of token.
type Row struct {
	Scenario string `json:"scenario"`
	Title    string `json:"title"`
	Kind     string `json:"kind"`
	Control  bool   `json:"control"`
	Cells    []Cell `json:"cells"`
}

// Cell is one row at one set-up.
type Cell struct {
	// Want is the oracle's word, Got ours; where they differ for one pair of
	// environments only, that one counts. Want is empty where nothing is compared:
	// then the worst pair counts.
	Want string `json:"want,omitempty"`
	Got  string `json:"got"`
	// Status is the gateway's answer, 0 where there was none.
	Status int `json:"status,omitempty"`
	// Reason is the code behind Got.
	Reason reports.Reason `json:"reason"`
}

// Agrees reports whether the cell is as the oracle says, or is not compared.
func (c Cell) Agrees() bool { return c.Want == "" || c.Want == c.Got }

// Story is what one set-up shows.
type Story struct {
	Setup string `json:"setup"`
	// RejectedKinds are the kinds of genuine token that are refused, Refusal
	// with what, and Cause why.
	RejectedKinds []string `json:"rejected_kinds,omitempty"`
	Refusal       string   `json:"refusal,omitempty"`
	Cause         string   `json:"cause,omitempty"`
	// FalsePositives are the rows that are let in and must not be.
	FalsePositives []string `json:"false_positives,omitempty"`
}

// SetupNames are the oracle's columns.
func SetupNames() ([]string, error) {
	rows, err := scenarios.Oracle()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, c := range rows[0].Cells {
		names = append(names, c.Setup)
	}
	return names, nil
}

// Run fires every row at every set-up. The error is a failure of the harness;
// outcomes that differ from the oracle are in the table.
func Run(ctx context.Context, o Options) (*Table, error) {
	p, err := prepare(o)
	if err != nil {
		return nil, err
	}
	world, err := lab.NewEmbedded(p.target)
	if err != nil {
		return nil, err
	}
	defer world.Close()
	p.engine.Tokens, p.engine.Seen = world.Issuer, world.Seen
	for _, name := range p.setups {
		if err := p.run(ctx, world, name); err != nil {
			return nil, err
		}
	}
	return p.table, nil
}

// program is what the set-ups share.
type program struct {
	options Options
	setups  []string
	oracle  []scenarios.OracleRow
	rows    []scenarios.Scenario
	probes  []scenarios.Scenario
	pins    map[string]mint.Kind
	target  *targets.File
	engine  *engine.Engine
	say     func(string)
	table   *Table
}

func prepare(o Options) (*program, error) {
	oracle, err := scenarios.Oracle()
	if err != nil {
		return nil, err
	}
	catalogue, err := scenarios.Builtin()
	if err != nil {
		return nil, err
	}
	all, err := SetupNames()
	if err != nil {
		return nil, err
	}
	p := &program{options: o, oracle: oracle, pins: map[string]mint.Kind{}, target: targets.Default(), engine: o.Engine, say: o.Progress, setups: o.Setups}
	if len(p.setups) == 0 {
		p.setups = all
	}
	for _, name := range p.setups {
		if !slices.Contains(all, name) {
			return nil, &UnknownSetupError{Name: name, Known: all}
		}
	}
	if p.engine == nil {
		p.engine = &engine.Engine{}
	}
	if p.say == nil {
		p.say = func(string) {}
	}
	return p, p.choose(catalogue)
}

// UnknownSetupError is a name that is no column of the oracle.
type UnknownSetupError struct {
	Name  string
	Known []string
}

// Error names the known ones.
func (e *UnknownSetupError) Error() string {
	return fmt.Sprintf("reproduce: the oracle has no set-up %q: expected one of %s", e.Name, strings.Join(e.Known, ", "))
}

// choose takes the oracle's rows out of the catalogue, each bound to its kind.
func (p *program) choose(catalogue scenarios.Catalogue) error {
	p.table = &Table{Setups: p.setups, OIDCModel: cmp.Or(p.options.OIDCModel, gateway.LocalClaims)}
	if !p.table.compared() {
		p.table.Introspection = cmp.Or(p.options.Introspection, mockidp.IntrospectRaw)
	}
	for _, o := range p.oracle {
		row, ok := catalogue.ByID(o.Scenario)
		if !ok {
			return fmt.Errorf("reproduce: the catalogue lacks the oracle's row %s", o.Scenario)
		}
		p.rows = append(p.rows, row)
		p.pins[row.ID] = o.Kind
		p.table.Rows = append(p.table.Rows, Row{
			Scenario: row.ID, Title: row.Title, Kind: o.Kind.String(), Control: strings.HasPrefix(row.ID, "ctl-"),
		})
	}
	probes, err := catalogue.Select(scenarios.Selection{Profile: "probe"})
	p.probes = probes
	return err
}

// run fires the rows at one set-up and adds its column.
func (p *program) run(ctx context.Context, world *lab.Embedded, name string) error {
	target, stop, err := world.Serve(lab.Setup{Name: name, OIDCModel: p.table.OIDCModel, Introspection: p.table.Introspection})
	if err != nil {
		return err
	}
	defer stop()
	p.say(name)
	results := &engine.Memory{}
	x := scenarios.Expansion{Target: target, Pins: p.pins}
	probes := x
	probes.EachKind, probes.Pins = true, nil
	run := p.engine.Start(ctx, engine.Plan{
		Expansion: x, Cases: x.Expand(p.rows), Probes: probes.Expand(p.probes), Run: "reproduce-" + name, Sink: results, Unwaited: true,
	})
	summary, err := run.End()
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("reproduce: stopped at %s: %w", name, err)
	}
	p.add(name, results.Cases(), summary)
	return nil
}
