package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/scenarios"
)

// TestDocGenerated: the tables that are made of the code are what the code
// makes. -update writes them anew, before TestDocs, which runs in parallel, reads
// the pages.
func TestDocGenerated(t *testing.T) {
	for _, row := range []struct{ page, name, want string }{
		{"writing-a-scenario.md", "words", wordTables()},
		{"target-file.md", "supports", supportsTable()},
		{"exit-codes.md", "reasons", reasonsTable()},
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
