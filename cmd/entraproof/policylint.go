package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/reports"
)

// asSARIF is the format of code scanning.
const asSARIF = "sarif"

// lintOptions are what the verb policy lint is given.
type lintOptions struct {
	files      []string
	rules      []string
	severities []string
	failOn     string
	format     string
	fix, write bool
	list       bool
}

const policyLintLong = `lint reads policy documents and says what is wrong with them: where, why, which
rows of the catalogue show it, and what to do in the console's own words. Nothing is
sent, and nothing in a file is executed.

A FILE is local mode YAML of Flex or Omni Gateway, the JSON of API Manager, or
Terraform. Give the files of all environments at once: what two of them share is a
finding as well.

--fix prints the changes that can be told as a unified diff, and writes nothing;
with --write the files are changed. Findings then go to standard error.

Exit codes: 0 no finding that is as bad as --fail-on, 1 at least one, 2 wrong usage
or a file that cannot be read. With --write those findings count that are left.`

func (p *program) policyLintVerb() *cobra.Command {
	var o lintOptions
	cmd := &cobra.Command{
		Use: "lint FILE...", Short: "what is wrong with policy documents, and how to mend it", Long: policyLintLong,
		Example: "  entraproof policy lint orders-dev.yaml orders-uat.yaml\n" +
			"  entraproof policy lint export.json --fix | patch -p1\n" +
			"  entraproof policy lint main.tf --format sarif > lint.sarif\n" +
			"  entraproof policy lint --rules --severity critical",
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			o.files = args
			rules, err := o.check()
			switch {
			case err != nil:
				return err
			case o.list:
				return p.listLintRules(rules, o.format)
			}
			return p.lint(o, rules)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.rules, "rule", nil, "only this rule; may be given again")
	f.StringSliceVar(&o.severities, "severity", nil, "only this severity: "+joined(policy.Severities()))
	f.StringVar(&o.failOn, "fail-on", string(policy.Medium), "the least severity that gives exit code 1")
	f.StringVar(&o.format, "format", asText, "text, json or sarif")
	f.BoolVar(&o.fix, "fix", false, "print the changes that can be told as a unified diff")
	f.BoolVar(&o.write, "write", false, "with --fix: change the files")
	f.BoolVar(&o.list, "rules", false, "list the rules instead")
	return cmd
}

// check looks at all flags at once, and chooses the rules.
func (o lintOptions) check() ([]policy.LintRule, error) {
	problems := []error{checkWord("--format", o.format, []string{asText, asJSON, asSARIF}), checkWord("--fail-on", o.failOn, severityWords())}
	var ids []string
	for _, r := range policy.LintRules() {
		ids = append(ids, r.ID)
	}
	for _, id := range o.rules {
		problems = append(problems, checkWord("--rule", id, ids))
	}
	for _, s := range o.severities {
		problems = append(problems, checkWord("--severity", s, severityWords()))
	}
	switch {
	case o.list && len(o.files) > 0:
		problems = append(problems, misused("", "--rules: expected no file, got %s", o.files[0]))
	case o.list && (o.fix || o.format == asSARIF):
		problems = append(problems, misused("", "--rules: expected neither --fix nor --format sarif"))
	case !o.list && len(o.files) == 0:
		problems = append(problems, misused("usage: entraproof policy lint FILE...", "expected a file, got none"))
	case o.write && !o.fix:
		problems = append(problems, misused("add --fix", "--write: expected --fix with it"))
	case o.fix && o.format != asText:
		problems = append(problems, misused("", "--fix: expected no --format, for it prints a diff"))
	}
	chosen := slices.DeleteFunc(policy.LintRules(), func(r policy.LintRule) bool {
		return len(o.rules) > 0 && !contains(o.rules, r.ID) || len(o.severities) > 0 && !contains(o.severities, string(r.Severity))
	})
	err := errors.Join(problems...)
	if err == nil && len(chosen) == 0 {
		err = misused("entraproof policy lint --rules lists them", "no rule is of --rule and --severity both")
	}
	return chosen, err
}

// lint reads the files, tells what is found, and makes the changes.
func (p *program) lint(o lintOptions, rules []policy.LintRule) error {
	files, err := policyFiles(o.files)
	if err != nil {
		return err
	}
	instances, err := policy.Read(files, policy.ReadOptions{Lookup: p.lookup})
	if err != nil {
		return wrongUsage(err, "")
	}
	found := policy.Lint(instances, rules)
	switch o.format {
	case asJSON:
		err = printJSON(p.out, findingViews(found, files))
	case asSARIF:
		err = writeSARIF(p.out, found, files, rules)
	default:
		if found, err = p.tellLint(o, found, files, rules); err == nil {
			p.sumUp(found, instances)
		}
	}
	return errors.Join(err, o.outcome(found))
}

// lintFiles reads documents and holds them against rules.
func (p *program) lintFiles(files []policy.File, rules []policy.LintRule) ([]policy.Finding, error) {
	instances, err := policy.Read(files, policy.ReadOptions{Lookup: p.lookup})
	if err != nil {
		return nil, wrongUsage(err, "")
	}
	return policy.Lint(instances, rules), nil
}

// tellLint writes findings for people, and the diff where it was asked for. It
// returns the findings that count.
func (p *program) tellLint(o lintOptions, found []policy.Finding, files []policy.File, rules []policy.LintRule) ([]policy.Finding, error) {
	to := p.out
	if o.fix {
		to = p.err
	}
	for _, f := range found {
		writeFinding(to, f)
	}
	if !o.fix {
		return found, nil
	}
	mended, err := policy.Mend(files, policy.ReadOptions{Lookup: p.lookup}, rules)
	if err != nil {
		return found, err
	}
	writeDiff(p.out, files, mended)
	if !o.write {
		return found, nil
	}
	if err := writeFiles(files, mended); err != nil {
		return found, err
	}
	return p.lintFiles(mended, rules)
}

// outcome is 1 where a finding is as bad as --fail-on.
func (o lintOptions) outcome(found []policy.Finding) error {
	if slices.ContainsFunc(found, func(f policy.Finding) bool { return f.Severity.AtLeast(policy.Severity(o.failOn)) }) {
		return outcome(reports.ExitDoesNotConform)
	}
	return nil
}

// sumUp counts the findings by severity, and says what was passed over.
func (p *program) sumUp(found []policy.Finding, instances []policy.Instance) {
	if text := policy.BystanderText(instances); text != "" {
		fmt.Fprintln(p.err, text)
	}
	var counts []string
	for _, s := range policy.Severities() {
		n := 0
		for _, f := range found {
			if f.Severity == s {
				n++
			}
		}
		if n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, s))
		}
	}
	text := reports.Plural(len(found), "finding")
	if len(counts) > 0 {
		text += ": " + strings.Join(counts, ", ")
	}
	fmt.Fprintln(p.err, text)
}

// policyFiles reads files, and tells all that cannot be read.
func policyFiles(names []string) ([]policy.File, error) {
	var files []policy.File
	var problems []error
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			hint := ""
			if errors.Is(err, syscall.EISDIR) {
				hint = "give the files in it"
			}
			problems = append(problems, wrongUsage(err, hint))
		}
		files = append(files, policy.File{Name: filepath.ToSlash(name), Bytes: text})
	}
	return files, errors.Join(problems...)
}
