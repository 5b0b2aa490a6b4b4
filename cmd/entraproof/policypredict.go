package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/internal/predict"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/reports/format"
)

// exportOptions are what the verbs are given that emulate an export.
type exportOptions struct {
	files        []string
	target       string
	environments []string
	versions     string
	profile      string
	introspect   string
	oidcModel    string
	switches     []string
}

// predictOptions are what the verb policy predict is given.
type predictOptions struct {
	exportOptions
	selection selectionFlags
	public    bool
	out       string
	format    string
}

// predictingMemory is how much memory there may be before garbage is collected
// more often than is usual: exports come by the hundred.
const predictingMemory = 240 << 20

const policyPredictLong = `predict emulates the policies of an export and fires the catalogue at them in this
process: what is let in that must be refused, what is refused that must be let in,
the parameter that each of it comes from, and the smallest change that closes it,
tried by firing again. Then come the matrix and the answers, as run prints them.

A FILE is a Flex or Omni local mode YAML, the JSON of API Manager, or Terraform.
Instances whose names differ in their environment only (orders-dev, orders-uat) are
predicted together: each one's tokens are presented to the others.

Without --target a target is made of what the export says: tenant, audiences, scopes
and roles. What had to be assumed is printed. With --target, --environment dev=NAME
says which instance stands before which environment, where the names do not.

What is not known of the product is a switch; each verdict that hangs on one is
counted. --switch sets it.

Exit codes: 0 it conforms, 1 a case failed, 2 wrong usage or an export that cannot be
read, 3 it could not be predicted, 4 something is inconclusive or was not shown, or
some requests meet no policy that looks at a token: --public-routes says that these
are meant for everybody.`

func (p *program) policyPredictVerb() *cobra.Command {
	var o predictOptions
	cmd := &cobra.Command{
		Use: "predict FILE...", Short: "the verdicts that an export would get", Long: policyPredictLong,
		Example: "  entraproof policy predict orders.yaml\n" +
			"  entraproof policy predict orders-dev.json orders-uat.json --out prediction\n" +
			"  entraproof policy predict export.json --target staging.yaml --environment dev=orders-dev\n" +
			"  entraproof policy predict orders.yaml --profile witness --switch unknown-key-id=refetched --format json",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, chosen := p.lookup("GOMEMLIMIT"); !chosen {
				debug.SetMemoryLimit(predictingMemory)
			}
			o.files = args
			options, err := p.planPredict(o)
			if err != nil {
				return err
			}
			return p.predict(cmd.Context(), o, options)
		},
	}
	o.exportOptions.register(cmd)
	o.selection.register(cmd, "full")
	f := cmd.Flags()
	f.BoolVar(&o.public, "public-routes", false, "requests that meet no policy are meant for everybody, such as those for a health check")
	f.StringVar(&o.out, "out", "", "a folder for results and reports; left out: none are written")
	f.StringVar(&o.format, "format", asText, "what is written to standard output: text, or "+joined(format.Names()))
	return cmd
}

func (o *exportOptions) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.target, "target", "", "the target file that says what each environment should admit")
	f.StringSliceVar(&o.environments, "environment", nil, "ENVIRONMENT=INSTANCE; may be given again")
	f.StringVar(&o.versions, "token-versions", "", "1, 2 or 1,2: what the registrations issue, where there is no target; left out: what the export expects")
	f.StringVar(&o.profile, "gateway-profile", "", "the gateway: "+joined(gateway.Profiles())+"; left out: what the form of the document tells")
	f.StringSliceVar(&o.switches, "switch", nil, "NAME=VALUE of something that is not known of the product; may be given again")
	oidcModelFlag(cmd, &o.oidcModel)
	introspectFlag(cmd, &o.introspect, "the profile of what a documented OIDC policy asks; without: raw-claims")
}

// planPredict reads everything and checks all of it at once.
func (p *program) planPredict(o predictOptions) (predict.Options, error) {
	options, err := p.readExport(o.exportOptions)
	problems := []error{err}
	if o.format != asText {
		problems = append(problems, checkWord("--format", o.format, append([]string{asText}, format.Names()...)))
	}
	options.Catalogue, err = o.selection.catalogue()
	problems = append(problems, err)
	if err == nil {
		_, err = options.Catalogue.Select(o.selection.Selection)
		problems = append(problems, wrongUsage(err, "entraproof scenarios list shows what there is"))
	}
	options.Selection, options.Public = o.selection.Selection, o.public
	options.Tool, options.Command = tool(), o.command()
	options.Exchanges = o.out != "" || o.format == "html"
	return options, errors.Join(problems...)
}

// readExport reads the files, the target and the switches.
func (p *program) readExport(o exportOptions) (predict.Options, error) {
	options := predict.Options{Environments: map[string]string{}, Introspection: mockidp.Introspection(o.introspect)}
	problems := checkIntrospect(o.oidcModel, o.introspect)
	var err error
	options.Instances, err = p.readPolicies(o.files)
	problems = append(problems, err)
	if o.target != "" {
		options.Target, err = targets.Load(o.target, p.lookup)
		problems = append(problems, wrongUsage(err, ""))
	}
	for _, text := range o.environments {
		environment, instance, ok := strings.Cut(text, "=")
		if !ok || environment == "" || instance == "" {
			problems = append(problems, misused("", "--environment: expected ENVIRONMENT=INSTANCE, got %q", text))
		}
		options.Environments[environment] = instance
	}
	options.Versions, err = tokenVersions(o.versions)
	problems = append(problems, err, o.setSwitches(&options.Switches))
	return options, errors.Join(problems...)
}

// setSwitches takes the flags that have a switch of their own as well.
func (o exportOptions) setSwitches(s *gateway.Switches) error {
	var problems []error
	s.OIDCModel = o.oidcModel
	if o.profile != "" {
		problems = append(problems, checkWord("--gateway-profile", o.profile, gateway.Profiles()))
		s.Profile = o.profile
	}
	for _, text := range o.switches {
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			problems = append(problems, misused("", "--switch: expected NAME=VALUE, got %q", text))
			continue
		}
		problems = append(problems, wrongUsage(s.Set(name, value), ""))
	}
	return errors.Join(problems...)
}

// tokenVersions reads --token-versions.
func tokenVersions(text string) ([]mint.Version, error) {
	known := map[string][]mint.Version{"": nil, "1": {mint.V1}, "2": {mint.V2}, "1,2": {mint.V2, mint.V1}, "2,1": {mint.V2, mint.V1}}
	versions, ok := known[text]
	if !ok {
		return nil, misused("", "--token-versions: expected 1, 2 or 1,2, got %q", text)
	}
	return versions, nil
}

// readPolicies makes API instances of the files.
func (p *program) readPolicies(names []string) ([]policy.Instance, error) {
	files, err := policyFiles(names)
	if err != nil {
		return nil, err
	}
	instances, err := policy.Read(files, policy.ReadOptions{Lookup: p.lookup})
	return instances, wrongUsage(err, "")
}

// command is how the export is predicted again; the id of a row is appended.
func (o predictOptions) command() string {
	words := []string{"entraproof policy predict"}
	for _, name := range o.files {
		words = append(words, shellWord(name))
	}
	for _, f := range []struct{ flag, value string }{{"--target", o.target}, {"--token-versions", o.versions}, {"--gateway-profile", o.profile}} {
		if f.value != "" {
			words = append(words, f.flag+" "+shellWord(f.value))
		}
	}
	if o.public {
		words = append(words, "--public-routes")
	}
	for _, text := range o.environments {
		words = append(words, "--environment "+shellWord(text))
	}
	for _, text := range o.switches {
		words = append(words, "--switch "+shellWord(text))
	}
	return strings.Join(words, " ")
}

// predict predicts every subject and writes each as it is known.
func (p *program) predict(ctx context.Context, o predictOptions, options predict.Options) error {
	steps := steps{p: p, plain: o.format != asText && len(options.Instances) > 1} // a text tells it by itself
	defer steps.end()
	all := predict.Collected{KeepResults: o.out != "" || o.format != asText && o.format != asJSON, KeepEntries: o.format == asJSON}
	n := 0
	err := predict.Run(ctx, options, func(one *predict.Prediction) error {
		n++
		all.Add(one)
		steps.end()
		write := p.tellAside
		if o.format == asText {
			write = p.writePrediction
		}
		err := write(one)
		steps.say(fmt.Sprintf("predicted %d: %s", n, one.Subject.Name))
		return err
	})
	var unmapped *predict.UnmappedError
	if errors.As(err, &unmapped) {
		return wrongUsage(unmapped, "")
	}
	if err != nil {
		return err
	}
	if err := p.leavePrediction(o, &all); err != nil {
		return err
	}
	return came(all.ExitCode())
}

// writePrediction writes one subject for people.
func (p *program) writePrediction(one *predict.Prediction) error {
	if err := one.Write(p.out); err != nil || one.Results == nil {
		return err
	}
	fmt.Fprintln(p.out)
	if err := (format.ConsoleStyle{Findings: findingsShown}).Render(p.out, one.Results); err != nil {
		return err
	}
	if code := one.ExitCode(); code != one.Results.ExitCode {
		fmt.Fprintf(p.out, "exit %d: what is open to everybody no row has judged; --public-routes says that it is meant to be\n", code)
	}
	return nil
}

// findingsShown is how many findings stand in full below the list of all of them.
const findingsShown = 3

// tellAside says on standard error what some reports have no place for: that there
// is none, and what is open to everybody.
func (p *program) tellAside(one *predict.Prediction) error {
	if one.Problem != nil {
		fmt.Fprintf(p.err, "%s\n", one.Problem)
	}
	for _, requests := range one.Everybody {
		fmt.Fprintf(p.err, "%s: open to everybody: %s\n", one.Subject.Name, requests)
	}
	return nil
}

// leavePrediction writes the reports of all subjects together.
func (p *program) leavePrediction(o predictOptions, all *predict.Collected) error {
	if o.format == asJSON {
		if err := all.JSON(p.out); err != nil {
			return err
		}
	} else if f, ok := format.Named(o.format); ok {
		if err := f.Render(p.out, all.Results()); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	}
	if o.out == "" {
		return nil
	}
	if err := os.MkdirAll(o.out, 0o750); err != nil {
		return fmt.Errorf("the folder of the reports: %w", err)
	}
	results := all.Results()
	fmt.Fprintf(p.err, "reports: %s\n", o.out)
	return errors.Join(results.WriteFile(filepath.Join(o.out, reports.ResultsFile)), p.writeReports(o.out, results))
}
