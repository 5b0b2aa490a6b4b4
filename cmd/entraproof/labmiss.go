package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/reports"
)

// startedAs notes how the gateways came up.
func (f *labFinding) startedAs(up *lab.Gateways) {
	f.Warnings = up.Warnings()
	for _, took := range up.Ready {
		f.ReadyMS = append(f.ReadyMS, took.Round(time.Millisecond).Milliseconds())
	}
}

// compared notes what differs from the matrix. With another version of the
// program than the matrix was made with it does not count.
func (f *labFinding) compared(differ []lab.Difference, tried bool) {
	f.Differences = differ
	f.AsExpected = f.AsExpected && (len(differ) == 0 || !tried)
}

// notKept notes rows that were fired and have no line in the matrix.
func (f *labFinding) notKept(rows []string) {
	if len(rows) > 0 {
		f.Warnings = append(f.Warnings, fmt.Sprintf("%d rows are not in the matrix of %s, their outcomes are compared with nothing", len(rows), f.Gateway))
	}
}

// misses are what a mode must show and the results do not, as far as the
// selection reaches: what the modes are about stands in the package lab.
func misses(m lab.Mode, r *reports.Results, f labFinding) []string {
	var all []string
	expect := func(holds bool, format string, a ...any) {
		if !holds {
			all = append(all, fmt.Sprintf(format, a...))
		}
	}
	answer := func(question, what, got, want string) {
		unmet := func(o reports.Obligation) bool { return o.State != reports.Met }
		good := want == reports.Fixed || want == reports.Closed
		// A part of the pairs or kinds answers nothing, and may be all as it must.
		partly := good && got == reports.AnswerNotTested && !slices.ContainsFunc(reached(r, what), unmet)
		expect(got == want || partly || len(reached(r, what)) == 0, "%s: expected %s, got %s", question, want, got)
	}
	invalid := func(want string) {
		answer("403 Invalid Client", reports.ControlOwed, r.Answers.InvalidClient.State, want)
	}
	cross := func(want string) {
		answer("cross-environment", reports.PairOwed, r.Answers.CrossEnvironment.State, want)
	}
	switch m {
	case lab.Broken:
		invalid(reports.NotFixed)
		expect(len(f.FalseRejects) > 0 || !demandsAcceptance(r), "expected false rejects, got none")
		named := slices.ContainsFunc(r.Causes, func(c reports.Cause) bool { return c.Reads == "client_id" })
		expect(named || len(reached(r, reports.ControlOwed)) == 0, "expected a cause that names client_id, got %q", f.Causes)
	case lab.Leaky:
		invalid(reports.Fixed)
		cross(reports.Open)
		expect(len(f.FalseAccepts) > 0 || len(reached(r, reports.PairOwed)) == 0, "expected false accepts, got none")
	case lab.FixedAudience, lab.FixedScope:
		invalid(reports.Fixed)
		cross(reports.Closed)
	}
	return all
}

// reached are the obligations of one sort that the selection reaches.
func reached(r *reports.Results, what string) []reports.Obligation {
	return slices.DeleteFunc(slices.Clone(r.Obligations), func(o reports.Obligation) bool { return o.What != what || !o.Owed })
}

// demandsAcceptance reports whether a row was fired that must be let in.
func demandsAcceptance(r *reports.Results) bool {
	return slices.ContainsFunc(r.Cases, func(c reports.Case) bool { return !c.Extra && c.Expected == "accept" })
}

// text is the finding for a reader.
func (f labFinding) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", f.Gateway, f.Mode)
	for _, line := range [][2]string{
		{"could not be judged", lines(strings.Split(f.Broke, "\n"))},
		{"403 Invalid Client", f.InvalidClient},
		{"cross-environment", f.CrossEnvironment},
		{"cause", lines(f.Causes)},
		{"false rejects", some(f.FalseRejects)},
		{"false accepts", some(f.FalseAccepts)},
		{"left open", f.LeftOpen},
		{"not as the mode says", strings.Join(f.Misses, "; ")},
		{"differs from matrix", lines(f.differences())},
	} {
		if line[1] != "" {
			fmt.Fprintf(&b, "  %-21s%s\n", line[0], line[1])
		}
	}
	b.WriteString("\n")
	return b.String()
}

// differences are a line each.
func (f labFinding) differences() []string {
	var all []string
	for _, d := range f.Differences {
		all = append(all, fmt.Sprintf("%s (%s): expected %q, got %q", d.Row, d.Cases, d.Expected, d.Got))
	}
	return all
}

// lines stand below each other in the second column.
func lines(all []string) string {
	for i, line := range all {
		all[i] = oneLine(line)
	}
	return strings.Join(all, "\n"+strings.Repeat(" ", 23))
}

// some is a list for a line: its length, and all names.
func some(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("%d: %s", len(names), joined(names))
}
