package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/reports"
)

// labFinding is what one gateway in one mode was found to do.
type labFinding struct {
	Gateway string `json:"gateway"`
	Mode    string `json:"mode"`
	// AsExpected is what Misses says in one word.
	AsExpected bool `json:"as_expected"`
	// Misses are what the mode must show and did not.
	Misses           []string `json:"misses,omitempty"`
	InvalidClient    string   `json:"invalid_client,omitempty"`
	CrossEnvironment string   `json:"cross_environment,omitempty"`
	// Causes say why genuine tokens are refused.
	Causes       []string `json:"causes,omitempty"`
	FalseRejects []string `json:"false_rejects,omitempty"`
	FalseAccepts []string `json:"false_accepts,omitempty"`
	LeftOpen     string   `json:"left_open,omitempty"`
	ExitCode     int      `json:"exit_code"`
	// Broke is why it could not be judged.
	Broke string `json:"broke,omitempty"`

	err error
}

func findingOf(c labCase, r *reports.Results) labFinding {
	f := labFinding{
		Gateway: c.recipe.Name, Mode: string(c.mode), ExitCode: r.ExitCode, LeftOpen: r.LeftOpenText(),
		InvalidClient:    r.Answers.InvalidClient.State + ": " + r.Answers.InvalidClient.Text,
		CrossEnvironment: r.Answers.CrossEnvironment.State + ": " + r.Answers.CrossEnvironment.Text,
	}
	for _, cause := range r.Causes {
		if text := fmt.Sprintf("%s (%s)", cause.Sentence, cause.Certainty); !contains(f.Causes, text) {
			f.Causes = append(f.Causes, text)
		}
	}
	for _, found := range r.Findings() {
		switch {
		case found.FalseReject:
			f.FalseRejects = append(f.FalseRejects, found.Scenario)
		case found.FalseAccept:
			f.FalseAccepts = append(f.FalseAccepts, found.Scenario)
		}
	}
	f.Misses = misses(c.mode, r, f)
	f.AsExpected = len(f.Misses) == 0
	return f
}

// misses are what a mode must show and the results do not: what the modes are
// about stands in the package lab.
func misses(m lab.Mode, r *reports.Results, f labFinding) []string {
	var all []string
	expect := func(holds bool, format string, a ...any) {
		if !holds {
			all = append(all, fmt.Sprintf(format, a...))
		}
	}
	answer := func(question, got, want string) {
		expect(got == want, "%s: expected %s, got %s", question, want, got)
	}
	invalid, cross := r.Answers.InvalidClient.State, r.Answers.CrossEnvironment.State
	switch m {
	case lab.Broken:
		answer("403 Invalid Client", invalid, reports.NotFixed)
		expect(len(f.FalseRejects) > 0, "expected false rejects, got none")
		named := slices.ContainsFunc(r.Causes, func(c reports.Cause) bool { return c.Reads == "client_id" })
		expect(named, "expected a cause that names client_id, got %q", f.Causes)
	case lab.Leaky:
		answer("403 Invalid Client", invalid, reports.Fixed)
		answer("cross-environment", cross, reports.Open)
		expect(len(f.FalseAccepts) > 0, "expected false accepts, got none")
	case lab.FixedAudience, lab.FixedScope:
		answer("403 Invalid Client", invalid, reports.Fixed)
		answer("cross-environment", cross, reports.Closed)
	}
	return all
}

// labReport prints findings as they come and remembers the worst.
type labReport struct {
	p      *program
	format string
	all    []labFinding
	differ bool
	broke  []error
}

// missing notes a gateway whose program is not here.
func (r *labReport) missing(err error, allowed bool) {
	told := labFailed(err)
	if allowed {
		r.p.tell(told)
		return
	}
	r.broke = append(r.broke, told)
}

func (r *labReport) add(f labFinding) {
	r.all = append(r.all, f)
	r.differ = r.differ || (f.Broke == "" && !f.AsExpected)
	if f.err != nil {
		r.broke = append(r.broke, fmt.Errorf("%s %s: %w", f.Gateway, f.Mode, f.err))
	}
	if r.format != asJSON {
		fmt.Fprint(r.p.out, f.text())
	}
}

// end is the exit code: a gateway that differs counts before one that could not
// be run.
func (r *labReport) end() error {
	if r.format == asJSON {
		if err := printJSON(r.p.out, r.all); err != nil {
			return err
		}
	}
	err := errors.Join(r.broke...)
	switch {
	case r.differ:
		return errors.Join(err, outcome(reports.ExitDoesNotConform))
	case err == nil && len(r.all) == 0:
		return &failure{exitCouldNotRun, errors.New("no gateway was judged"), "entraproof lab list names the commands that add them"}
	}
	return err
}

// text is the finding for a reader.
func (f labFinding) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", f.Gateway, f.Mode)
	for _, line := range [][2]string{
		{"could not be judged", oneLine(f.Broke)},
		{"403 Invalid Client", f.InvalidClient},
		{"cross-environment", f.CrossEnvironment},
		{"cause", strings.Join(f.Causes, "\n"+strings.Repeat(" ", 23))},
		{"false rejects", some(f.FalseRejects)},
		{"false accepts", some(f.FalseAccepts)},
		{"left open", f.LeftOpen},
		{"not as the mode says", strings.Join(f.Misses, "; ")},
	} {
		if line[1] != "" {
			fmt.Fprintf(&b, "  %-21s%s\n", line[0], line[1])
		}
	}
	b.WriteString("\n")
	return b.String()
}

// some is a list for a line: its length, and all names.
func some(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("%d: %s", len(names), joined(names))
}
