package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
	"github.com/entraproof/entraproof/suites"
)

// labRunOptions are what the verb lab run is given.
type labRunOptions struct {
	labOptions
	recipes      []lab.Recipe
	modes        []string
	profile      string
	allowMissing bool
	ids          []string
	parallel     int
	out          string
	format       string
}

// labParallel is how many gateways are judged at once unless told otherwise.
const labParallel = 4

// matrixRows are, as a profile, the rows of the gateway's matrix.
const matrixRows = "matrix"

const labRunLong = `run starts each named gateway in each mode, judges it with the rows whose outcomes
are kept of it, and
compares every outcome with the matrix that is kept of the gateway, and the answers
with what the mode is about:

  broken          genuine tokens are refused, and the cause names client_id
  leaky           other environments' tokens are let in
  fixed-audience  both questions are answered: fixed and closed
  fixed-scope     both questions are answered, for users; daemons are not admitted

With another version of a program than the matrix was made with, what differs is only
a warning.

Exit codes: 0 every gateway gave in every mode what it must, 1 one did not, 3 one
could not be run; a missing program is one unless --allow-missing.`

func (p *program) labRunVerb() *cobra.Command {
	var o labRunOptions
	cmd := &cobra.Command{
		Use: "run GATEWAY...|all", Short: "judge real gateways, misconfigured and mended", Long: labRunLong,
		Example: "  entraproof lab run all\n" +
			"  entraproof lab run envoy --mode leaky --id 'aud-*'\n" +
			"  entraproof lab run haproxy --mode leaky --out results/lab\n" +
			"  entraproof lab run all --container",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.read(args); err != nil {
				return err
			}
			return p.labRun(cmd.Context(), o)
		},
	}
	o.register(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&o.modes, "mode", modeNames(), "only this mode; may be given again")
	f.StringVar(&o.profile, "profile", matrixRows, "the rows to judge with: "+joined(append([]string{matrixRows}, scenarios.ProfileNames()...)))
	f.StringSliceVar(&o.ids, "id", nil, "only rows with this id, where * stands for anything; may be given again")
	f.BoolVar(&o.allowMissing, "allow-missing", false, "leave out gateways whose program is not on this machine")
	f.IntVar(&o.parallel, "parallel", labParallel, "how many are judged at once, each with an issuer of its own: much of the time is spent waiting")
	f.StringVar(&o.out, "out", "", "a folder for journal, results and reports of each, in GATEWAY-MODE")
	formatFlag(cmd, &o.format)
	return cmd
}

// read checks the flags and finds the recipes.
func (o *labRunOptions) read(names []string) error {
	problems := []error{checkFormat(o.format), o.validate()}
	if o.parallel < 1 {
		problems = append(problems, misused("", "--parallel %d: expected at least 1", o.parallel))
	}
	for _, m := range o.modes {
		problems = append(problems, checkWord("--mode", m, modeNames()))
	}
	var err error
	o.recipes, err = recipesNamed(names)
	problems = append(problems, err)
	return errors.Join(problems...)
}

// whole reports whether a run fires all that a matrix holds.
func (o labRunOptions) whole() bool {
	return o.profile == matrixRows && len(o.ids) == 0 && slices.Equal(o.environments, labEnvironments())
}

func (o labRunOptions) selection(m lab.Matrix) suites.Selection {
	switch {
	case len(o.ids) > 0:
		return suites.Selection{Profile: "full", IDs: o.ids}
	case o.profile == matrixRows:
		return m.Selection()
	}
	return suites.Selection{Profile: o.profile}
}

// labRun judges every gateway in every mode.
func (p *program) labRun(ctx context.Context, o labRunOptions) (err error) {
	engine, closeEngine, err := p.openEngine(ctx, o.labOptions)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeEngine()) }()
	report := labReport{p: p, format: o.format}
	var cases []labCase
	for _, r := range o.recipes {
		if err := p.findProgram(ctx, o.labOptions, r); err != nil {
			report.missing(err, o.allowMissing)
			continue
		}
		for _, m := range o.modes {
			cases = append(cases, labCase{recipe: r, mode: lab.Mode(m)})
		}
	}
	judging := labJudging{p: p, o: o, cases: cases, open: func() (*lab.Stand, error) { return p.openStand(ctx, "", engine) }}
	err = judging.each(ctx, func(c labCase, f labFinding) error {
		report.add(f)
		if ctx.Err() != nil {
			return fmt.Errorf("lab run: stopped at %s: %w", c.name(), context.Cause(ctx))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return report.end()
}

// labCase is one gateway in one mode.
type labCase struct {
	recipe lab.Recipe
	mode   lab.Mode
	matrix lab.Matrix
}

func (c labCase) name() string { return c.recipe.Name + "-" + string(c.mode) }

// labJudge starts the gateways, judges them and says what was found.
func (p *program) labJudge(ctx context.Context, stand *lab.Stand, o labRunOptions, c labCase) labFinding {
	var err error
	if c.matrix, err = lab.ReviewedMatrix(c.recipe.Name); err != nil {
		return brokenFinding(c, err)
	}
	up, err := stand.Start(ctx, lab.Order{Recipe: c.recipe, Mode: c.mode, Environments: o.environments})
	if err != nil {
		return brokenFinding(c, labFailed(err))
	}
	results, err := p.labSuite(ctx, up, o, c)
	if err = errors.Join(err, up.Stop()); results == nil || err != nil {
		return brokenFinding(c, err)
	}
	f := findingOf(c, results)
	f.startedAs(up)
	f.notKept(c.matrix.NotKept(results))
	f.compared(c.matrix.Compare(c.mode, results, o.whole()), up.Tried())
	return f
}

func (p *program) labSuite(ctx context.Context, up *lab.Gateways, o labRunOptions, c labCase) (*reports.Results, error) {
	cfg := suites.Config{
		Targets: []*suites.Target{up.Target}, Stand: up.Stand, Selection: o.selection(c.matrix), Tool: tool(),
		Command: fmt.Sprintf("entraproof lab run %s --mode %s%s", c.recipe.Name, c.mode, o.containerFlags()),
	}
	if o.out != "" {
		cfg.Out = filepath.Join(o.out, c.name())
	}
	session, err := suites.NewSession(cfg)
	if err != nil {
		return nil, runFailed(err)
	}
	results, err := session.Run(ctx)
	if err != nil || o.out == "" {
		return results, err
	}
	return results, p.writeReports(cfg.Out, results)
}
