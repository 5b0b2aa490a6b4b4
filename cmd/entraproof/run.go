package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/reports/format"
	"github.com/entraproof/entraproof/suites"
)

// runOptions are what the verb run is given.
type runOptions struct {
	targets   []string
	selection selectionFlags
	waivers   string
	shard     string
	seed      int64
	repeat    int
	slow      bool
	dryRun    bool
	out       string
	format    string
	// summary is the file that GitHub shows as the step's summary, or empty.
	summary string
}

// mostRepeats is enough to miss one bad replica of a hundred in one run of
// twenty thousand.
const mostRepeats = 1000

const runLong = `run judges gateways that somebody else runs. The target file says where they are
and what they should admit; init writes a first one. Without --profile it takes
core, or core-keyless where tokens come from the real Entra.

The summary goes to standard error: the two answers, the causes, the worst
findings, what next. --format writes a report to standard output as well. The
folder --out (left out: results/NAME, NAME being the target's) gets results.ndjson
while the run goes on, and results.json, junit.xml, summary.md and report.html
when it ends. Where GITHUB_STEP_SUMMARY is set, the summary is added to it.

Ctrl-C ends the run in order, with reports of what was judged; a second one kills.

Exit codes: 0 it conforms, 1 a case failed, 2 wrong usage or configuration,
3 a case could not be run, 4 something is inconclusive or was not shown.`

func (p *program) runVerb() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use: "run --target FILE", Short: "judge gateways that somebody runs", Long: runLong,
		Example: "  entraproof run --target staging.yaml\n" +
			"  entraproof run --target staging.yaml --profile witness --dry-run\n" +
			"  entraproof run --target staging.yaml --id 'aud-*' --out results\n" +
			"  entraproof run --target staging.yaml --scenarios my-rows --waivers waivers.yaml --shard 1/4",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.summary, _ = p.lookup("GITHUB_STEP_SUMMARY")
			cfg, err := p.planRun(o)
			if err != nil {
				return err
			}
			p.warnOfMocks(cfg.Targets)
			if o.dryRun {
				return p.dryRun(cfg, o.format)
			}
			return p.judge(cmd.Context(), o, cfg)
		},
	}
	o.register(cmd)
	return cmd
}

func (o *runOptions) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringSliceVar(&o.targets, "target", nil, "the target file; may be given again for several targets")
	o.selection.register(cmd, "")
	f.StringVar(&o.waivers, "waivers", "", "the file of reviewed, expiring exceptions")
	f.StringVar(&o.shard, "shard", "", "run one part of several, such as 1/4")
	f.BoolVar(&o.slow, "slow", false, "take the rows that wait for minutes")
	f.IntVar(&o.repeat, "repeat", 1, "fire critical refusals so often, each time on a new connection: behind a balancer one replica may differ")
	f.Int64Var(&o.seed, "seed", 0, "the seed of an earlier run; 0 draws one")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would be fired and send nothing")
	f.StringVar(&o.out, "out", "", "the folder for journal, results and reports; left out: results/NAME")
	f.StringVar(&o.format, "format", "", "also write to standard output: "+joined(format.Names()))
}

// planRun reads the target files and checks everything at once.
func (p *program) planRun(o runOptions) (suites.Config, error) {
	cfg := suites.Config{
		Folders: o.selection.folders, Selection: o.selection.Selection, Waivers: o.waivers, Slow: o.slow, Seed: o.seed, Repeat: o.repeat,
		Tool: tool(), Command: o.command(),
	}
	problems := []error{o.validate()}
	for _, name := range o.targets {
		target, err := suites.LoadTarget(name, p.lookup)
		problems = append(problems, wrongUsage(err, ""))
		cfg.Targets = append(cfg.Targets, target)
	}
	_, err := o.selection.catalogue()
	problems = append(problems, err)
	cfg.Shard, err = readShard(o.shard)
	problems = append(problems, err)
	if err := errors.Join(problems...); err != nil {
		return cfg, err
	}
	if cfg.Out = o.out; cfg.Out == "" {
		cfg.Out = filepath.Join("results", folderName(cfg.Targets))
	}
	return cfg, nil
}

func (o runOptions) validate() error {
	var problems []error
	if len(o.targets) == 0 {
		problems = append(problems, misused("--target FILE; entraproof init writes a first one, entraproof reproduce needs none",
			"expected a target file, got none"))
	}
	if o.repeat < 1 || o.repeat > mostRepeats {
		problems = append(problems, misused("", "--repeat: expected 1 to %d, got %d", mostRepeats, o.repeat))
	}
	switch known := format.Names(); {
	case o.format == "" || (o.dryRun && o.format == asText):
	case o.dryRun:
		problems = append(problems, checkFormat(o.format))
	default:
		problems = append(problems, checkWord("--format", o.format, known))
	}
	return errors.Join(problems...)
}

// readShard reads i/n.
func readShard(text string) (suites.Shard, error) {
	if text == "" {
		return suites.Shard{}, nil
	}
	first, second, _ := strings.Cut(text, "/")
	i, err := strconv.Atoi(first)
	n, err2 := strconv.Atoi(second)
	if err := errors.Join(err, err2); err != nil || i < 1 || i > n {
		return suites.Shard{}, misused("write 1/4, 2/4, 3/4 and 4/4 for four parts", "--shard: expected i/n with i from 1 to n, got %q", text)
	}
	return suites.Shard{Index: i, Count: n}, nil
}

// folderName is the name of the only target, or of all of them, as a folder.
func folderName(all []*suites.Target) string {
	if len(all) != 1 {
		return "several-targets"
	}
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", r) {
			return r
		}
		return '-'
	}, all[0].Name)
	return strings.TrimLeft(name, ".-") + strings.Repeat("target", max(0, 1-len(strings.TrimLeft(name, ".-"))))
}

// command is how the same target is run again; the id of a row is appended.
func (o runOptions) command() string {
	words := []string{"entraproof run"}
	for _, t := range o.targets {
		words = append(words, "--target "+shellWord(t))
	}
	for _, s := range o.selection.folders {
		words = append(words, "--scenarios "+shellWord(s))
	}
	return strings.Join(words, " ")
}

// shellWord quotes a word that a shell would take apart.
func shellWord(word string) string {
	if strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// judge runs it and leaves the reports. What the results bear is the exit code,
// unless they could not be written.
func (p *program) judge(ctx context.Context, o runOptions, cfg suites.Config) error {
	progress := format.NewProgress(p.err, p.terminal)
	cfg.Begin = func(h suites.Header) {
		fmt.Fprintf(p.err, "run %s, seed %d: %s\n", h.Run.ID, h.Run.Seed, reports.Plural(h.Selection.Selected, "case"))
		progress.Start(h.Selection.Selected)
	}
	cfg.Progress = progress.Case
	results, err := suites.Run(ctx, cfg)
	engine.CollectUsually()
	progress.End()
	if results == nil {
		return runFailed(err)
	}
	err = errors.Join(err, p.leave(o, cfg.Out, results))
	if err != nil {
		return errors.Join(runFailed(err), failedAs(results.ExitCode))
	}
	return came(results.ExitCode)
}

// failedAs keeps a proven hole the exit code although a report could not be
// written.
func failedAs(code int) error {
	if code == reports.ExitDoesNotConform {
		return outcome(code)
	}
	return nil
}

// runFailed tells wrong usage from what could not be run.
func runFailed(err error) error {
	var usage *suites.UsageError
	var inUse *suites.InUseError
	var nothing *suites.NothingSelectedError
	switch {
	case errors.As(err, &inUse):
		return wrongUsage(usageCause(err), "wait for it, or name another folder with --out")
	case errors.As(err, &nothing):
		return wrongUsage(usageCause(err), "entraproof scenarios list shows what there is")
	case errors.As(err, &usage):
		return wrongUsage(usage.Err, "")
	}
	return err
}

// usageCause is what a UsageError wraps, else the error itself.
func usageCause(err error) error {
	var usage *suites.UsageError
	if errors.As(err, &usage) {
		return usage.Err
	}
	return err
}

// leave writes the reports of a run: the summary for people, a format on
// standard output, the files, the step summary.
func (p *program) leave(o runOptions, out string, results *suites.Results) error {
	problems := []error{p.writeReports(out, results)}
	if o.format != "console" {
		problems = append(problems, p.summarize(results))
	}
	if f, ok := format.Named(o.format); ok {
		problems = append(problems, f.Render(p.out, results))
	}
	if o.summary != "" {
		problems = append(problems, appendReport(o.summary, "markdown", results))
	}
	fmt.Fprintf(p.err, "reports: %s\n", out)
	return errors.Join(problems...)
}

// summarize writes the summary for people.
func (p *program) summarize(results *suites.Results) error {
	_, plain := p.lookup("NO_COLOR")
	return format.ConsoleStyle{Color: p.terminal && !plain}.Render(p.err, results)
}

// writeReports writes every format that has a file; the results themselves are
// there already.
func (p *program) writeReports(out string, results *suites.Results) error {
	var problems []error
	for _, f := range format.Formats() {
		if f.File != "" && f.File != reports.ResultsFile {
			problems = append(problems, writeReport(filepath.Join(out, f.File), f, results))
		}
	}
	return errors.Join(problems...)
}

// appendReport adds a report to a file that others write to as well.
func appendReport(name, formatName string, results *suites.Results) error {
	f, ok := format.Named(formatName)
	if !ok {
		return fmt.Errorf("there is no format %s", formatName)
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644) //nolint:gosec // CI reads it
	if err != nil {
		return fmt.Errorf("the step summary: %w", err)
	}
	return errors.Join(f.Render(file, results), file.Close())
}

// tool is this program, as results name it.
func tool() suites.Tool {
	v := built()
	return suites.Tool{Name: "entraproof", Version: v.Version, Commit: v.Revision}
}
