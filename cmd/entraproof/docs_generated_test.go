package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/scenarios"
)

// TestDocGenerated: the tables that are made of the code are what the code
// makes. -update writes them anew, before TestDocs, which runs in parallel, reads
// the pages.
func TestDocGenerated(t *testing.T) {
	gateways := reviewed(t)
	for _, row := range []struct{ page, name, want string }{
		{"writing-a-scenario.md", "words", wordTables()},
		{"target-file.md", "supports", supportsTable()},
		{"exit-codes.md", "reasons", reasonsTable()},
		{"management.md", "misbehaviours", misbehavioursTable()},
		{"policy-lint.md", "lint rules", lintRulesTable(t)},
		{"gateways.md", "outcomes", outcomesTable(gateways)},
		{"gateways-differences.md", "differences", differencesTable(gateways)},
	} {
		text := docText(t, row.page)
		before, rest, found := strings.Cut(text, "<!-- generated: "+row.name+" -->\n")
		got, after, ended := strings.Cut(rest, "<!-- end -->")
		if !found || !ended {
			t.Errorf("%s: expected a generated part %s", row.page, row.name)
			continue
		}
		if got == row.want {
			continue
		}
		if !*update {
			t.Errorf("%s: %s differs from what the code makes (-update writes it anew):\n%s", row.page, row.name, row.want)
			continue
		}
		text = before + "<!-- generated: " + row.name + " -->\n" + row.want + "<!-- end -->" + after
		if err := os.WriteFile(filepath.Join(root, "docs", row.page), []byte(text), 0o600); err != nil {
			t.Error(err)
		}
	}
}

// lintRulesTable is every rule of policy lint, with links to the rows that show
// what it is about.
func lintRulesTable(t *testing.T) string {
	t.Helper()
	all, err := scenarios.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, g := range scenarios.Groups() {
		files[g.Code] = g.File
	}
	var text strings.Builder
	text.WriteString("| rule | severity | says | why | fix | shown by | about it as well |\n|---|---|---|---|---|---|---|\n")
	linked := func(ids []string) string {
		var rows []string
		for _, id := range ids {
			if row, ok := all.ByID(id); ok { // TestLintRows is about the rest
				rows = append(rows, fmt.Sprintf("[%s](scenarios/%s.md#%s)", id, files[row.Group], id))
			}
		}
		return strings.Join(rows, ", ")
	}
	for _, r := range policy.LintRules() {
		shown := linked(r.Proof)
		switch {
		case r.ProofFlags != "":
			shown += " with `" + r.ProofFlags + "`"
		case shown == "":
			shown = "nothing: " + cell(r.Unshown)
		}
		more := slices.DeleteFunc(slices.Clone(r.Rows), func(id string) bool { return slices.Contains(r.Proof, id) })
		fmt.Fprintf(&text, "| `%s` | %s | %s | %s | %s | %s | %s |\n", r.ID, r.Severity, r.Effect, cell(r.Why), cell(r.Fix), shown, linked(more))
	}
	return text.String()
}

// misbehavioursTable is the table of what the issuer can be made to do wrong.
func misbehavioursTable() string {
	var text strings.Builder
	text.WriteString("| name | what it does | where, unless told otherwise | parameters |\n|---|---|---|---|\n")
	for _, k := range mockidp.Misbehaviours() {
		where := "-"
		if k.Path != "" {
			where = "`" + k.Path + "`"
		}
		var parameters []string
		for _, p := range k.Parameters {
			parameter := "`" + p.Name + "`: " + p.Means
			if p.Max != 0 {
				parameter += fmt.Sprintf(", %d to %d", p.Min, p.Max)
			}
			if p.Usual != nil {
				parameter += fmt.Sprintf("; usually `%v`", p.Usual)
			}
			parameters = append(parameters, parameter)
		}
		fmt.Fprintf(&text, "| `%s` | %s | %s | %s |\n", k.Name, k.Does, where, strings.Join(parameters, "<br>"))
	}
	return text.String()
}

// wordTables are the closed lists that rows choose from.
func wordTables() string {
	var text strings.Builder
	for _, list := range []struct {
		name  string
		words []scenarios.Word
	}{
		{"guards", scenarios.Guards()},
		{"source", scenarios.Sources()},
		{"severity", scenarios.Severities()},
		{"marks", scenarios.Marks()},
	} {
		fmt.Fprintf(&text, "| %s | |\n|---|---|\n", list.name)
		for _, w := range list.words {
			fmt.Fprintf(&text, "| `%s` | %s |\n", w.Name, w.Says)
		}
		text.WriteByte('\n')
	}
	return text.String()
}

// reasonsTable is every reason, in the order of outcomes.
func reasonsTable() string {
	var text strings.Builder
	text.WriteString("| outcome | reason | in words |\n|---|---|---|\n")
	for _, o := range verdict.Outcomes() {
		for _, r := range verdict.Reasons() {
			if r.Outcome() == o {
				fmt.Fprintf(&text, "| %s | `%s` | %s |\n", o, r, r.Sentence())
			}
		}
	}
	return text.String()
}

// reviewed are the matrices of the real gateways.
func reviewed(t *testing.T) []lab.Matrix {
	t.Helper()
	var all []lab.Matrix
	for _, r := range lab.Recipes() {
		m, err := lab.ReviewedMatrix(r.Name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

// outcomesTable is what a whole run says of each gateway in each mode.
func outcomesTable(all []lab.Matrix) string {
	var text strings.Builder
	text.WriteString("| gateway | mode |")
	for _, l := range all[0].Answers {
		text.WriteString(" " + l.Row + " |")
	}
	text.WriteString("\n|---|---|" + strings.Repeat("---|", len(all[0].Answers)) + "\n")
	for _, m := range all {
		for _, mode := range lab.Modes() {
			fmt.Fprintf(&text, "| `%s` | %s |", m.Gateway, mode)
			for _, l := range m.Answers {
				text.WriteString(" " + l.Cells[mode] + " |")
			}
			text.WriteByte('\n')
		}
	}
	return text.String()
}

// differencesTable has a line for each row whose outcome is not the same, or
// not a pass, everywhere. What surprises is set in bold.
func differencesTable(all []lab.Matrix) string {
	var text strings.Builder
	text.WriteString("| row | modes |")
	for _, m := range all {
		text.WriteString(" " + m.Gateway + " |")
	}
	text.WriteString("\n|---|---|" + strings.Repeat("---|", len(all)) + "\n")
	for _, d := range lab.Contrasts(all) {
		row := "`" + d.Row + "`"
		if d.Cases != "*" {
			row += " " + d.Cases
		}
		var modes []string
		for _, m := range d.Modes {
			modes = append(modes, string(m))
		}
		fmt.Fprintf(&text, "| %s | %s |", row, strings.Join(modes, ", "))
		for _, m := range all {
			cell := d.Cells[m.Gateway]
			if cell.Surprising {
				cell.Text = "**" + cell.Text + "**"
			}
			text.WriteString(" " + cell.Text + " |")
		}
		text.WriteByte('\n')
	}
	return text.String()
}

// supportsTable is what a target can declare.
func supportsTable() string {
	var text strings.Builder
	text.WriteString("| key | values | says | otherwise told by |\n|---|---|---|---|\n")
	for _, c := range targets.Capabilities() {
		fmt.Fprintf(&text, "| `%s` | %s | %s | %s |\n", c.Key, valuesOf(c), c.Says, c.Found)
	}
	return text.String()
}

// valuesOf are the values that a capability can have.
func valuesOf(c targets.Capability) string {
	var all []string
	for _, v := range c.Known() {
		all = append(all, "`"+v+"`")
	}
	switch {
	case c.Type == targets.DurationType:
		all = append(all, "a length such as `30s`")
	case c.Type == targets.NumberType:
		all = append(all, "a number")
	case c.Type == targets.WordsType:
		all = append([]string{"a list"}, all...)
	}
	if c.Other != nil {
		all = append(all, "any other word")
	}
	return strings.Join(all, ", ")
}
