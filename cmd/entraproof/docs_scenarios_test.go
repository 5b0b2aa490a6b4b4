package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// pagesNote stands at the head of every page that is made of the catalogue.
const pagesNote = "<!-- Made of the catalogue by TestDocScenarios; -update writes it anew. -->\n\n"

// TestDocScenarios: docs/scenarios has a page for every group of the catalogue,
// docs/coverage.md what the rows stand for, as the catalogue says it today.
// -update writes them anew and removes pages of no group, before TestDocs, which
// runs in parallel, reads the pages.
func TestDocScenarios(t *testing.T) {
	c := catalogueDocs{t: t, byGroup: map[string][]scenarios.Scenario{}, files: map[string][]string{}}
	all, err := scenarios.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	if c.standards, err = scenarios.Standards(); err != nil {
		t.Fatal(err)
	}
	c.all = all
	for _, s := range all.All() {
		c.byGroup[s.Group] = append(c.byGroup[s.Group], s)
	}
	pages := c.pages()
	for name, want := range pages {
		c.compare(name, want)
	}
	there, err := filepath.Glob(filepath.Join(root, "docs/scenarios/*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range there {
		if pages["scenarios/"+filepath.Base(name)] != "" {
			continue
		}
		if !*update {
			t.Errorf("%s: a page of no group", name)
		} else if err := os.Remove(name); err != nil {
			t.Error(err)
		}
	}
}

// catalogueDocs makes the pages of the catalogue.
type catalogueDocs struct {
	t         *testing.T
	all       scenarios.Catalogue
	byGroup   map[string][]scenarios.Scenario
	standards []scenarios.Standard
	files     map[string][]string
}

// lines are those of a file of rows, by its name in positions.
func (c *catalogueDocs) lines(name string) []string {
	if c.files[name] == nil {
		source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			c.t.Fatal(err)
		}
		c.files[name] = strings.Split(string(source), "\n")
	}
	return c.files[name]
}

// compare holds a page of docs against what it should be.
func (c *catalogueDocs) compare(name, want string) {
	c.t.Helper()
	path := filepath.Join(root, "docs", filepath.FromSlash(name))
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			c.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			c.t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		c.t.Errorf("%v (-update writes it)", err)
		return
	}
	if string(got) == want {
		return
	}
	for i, line := range strings.Split(want, "\n") {
		if have := lineOf(string(got), i); have != line {
			c.t.Errorf("docs/%s:%d: expected %q, got %q (-update writes it anew)", name, i+1, line, have)
			return
		}
	}
	c.t.Errorf("docs/%s: lines too many (-update writes it anew)", name)
}

func lineOf(text string, i int) string {
	lines := strings.Split(text, "\n")
	if i >= len(lines) {
		return "nothing"
	}
	return lines[i]
}

// pages are the texts by name below docs.
func (c *catalogueDocs) pages() map[string]string {
	pages := map[string]string{"scenarios/README.md": c.index(), "coverage.md": c.coverage()}
	for _, g := range scenarios.Groups() {
		if len(c.byGroup[g.Code]) > 0 {
			pages["scenarios/"+g.File+".md"] = c.group(g)
		}
	}
	return pages
}

// group is the page of one group: the head of its file, then each row.
func (c *catalogueDocs) group(g scenarios.Group) string {
	rows := c.byGroup[g.Code]
	var b strings.Builder
	fmt.Fprintf(&b, "# %s (%s)\n\n%s%s\n\n", g.Title, g.Code, pagesNote, headOf(c.lines("scenarios/catalog/"+g.File+".yaml")))
	fmt.Fprintf(&b, "%s of [the catalogue](README.md). `entraproof run --target FILE --group %s` judges them, `entraproof scenarios show ID` shows one.\n\n", reports.Plural(len(rows), "row"), g.Code)
	b.WriteString("| row | severity | expects |\n|---|---|---|\n")
	for _, s := range rows {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s |\n", s.ID, s.ID, s.Severity, expectText(s))
	}
	for _, s := range rows {
		c.row(&b, s)
	}
	return b.String()
}

// headOf is the comment at the head of a file of rows.
func headOf(lines []string) string {
	var words []string
	for _, line := range lines {
		text, comment := strings.CutPrefix(line, "#")
		if !comment {
			break
		}
		words = append(words, strings.TrimSpace(text))
	}
	return strings.TrimSpace(strings.Join(words, " "))
}

// row is a row with why it is there, how it is made and what it asks for.
func (c *catalogueDocs) row(b *strings.Builder, s scenarios.Scenario) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n", s.ID, cell(s.Title))
	fmt.Fprintf(b, "- **Expects** %s; guards %s; %s\n", expectText(s), s.Guards, s.Severity)
	if s.Kind == scenarios.Data {
		fmt.Fprintf(b, "- **Starts from** %s (source %s)\n", baseText(s.Base), s.Source)
	}
	if text := differs(s); text != "" {
		fmt.Fprintf(b, "- **Differs** %s\n", text)
	}
	if len(s.References) > 0 {
		fmt.Fprintf(b, "- **Why** %s\n", strings.Join(c.why(s), "; "))
	}
	fmt.Fprintf(b, "\n```yaml\n%s\n```\n", sourceOf(s, c.lines(filepath.ToSlash(s.Pos.File))))
}

// expectText is what a row asks for.
func expectText(s scenarios.Scenario) string {
	switch {
	case s.Demands != "":
		return cell(s.Demands)
	case s.Kind == scenarios.Observe:
		return "what its observer says"
	case s.Kind == scenarios.Flow:
		return "what its flow says"
	}
	var all []string
	for _, v := range s.Effective() {
		if text := v.Scenario.Expect.Text(); !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return strings.Join(all, " or, by variant, ")
}

// differs says in words what differs from an accepted request, and where.
func differs(s scenarios.Scenario) string {
	text := cell(s.Mutation)
	if s.Place != "" && s.Place != "hdr" && s.Place != "–" {
		text = strings.TrimPrefix(text+", in "+cell(s.Place), ", ")
	}
	return text
}

// cell is a text that can stand in a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// why are the references of a row, with what the crosswalk says of their
// sections.
func (c *catalogueDocs) why(s scenarios.Scenario) []string {
	var all []string
	for _, ref := range s.References {
		text := cell(ref)
		var says []string
		for _, standard := range c.standards {
			for _, section := range standard.Sections(scenarios.Scenario{References: []string{ref}}) {
				for _, e := range standard.Entries {
					if e.Section == section {
						says = append(says, e.Says)
					}
				}
			}
		}
		if len(says) > 0 {
			text += " (*" + cell(strings.Join(says, "; ")) + "*)"
		}
		all = append(all, text)
	}
	return all
}

// sourceOf is a row as it stands in its file, without comments after it.
func sourceOf(s scenarios.Scenario, lines []string) string {
	first := s.Pos.Line - 1
	last := first + 1
	for last < len(lines) && !strings.HasPrefix(lines[last], "- ") {
		last++
	}
	for last > first+1 && (strings.TrimSpace(lines[last-1]) == "" || strings.HasPrefix(lines[last-1], "#")) {
		last--
	}
	return strings.Join(lines[first:last], "\n")
}
