package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp/mint"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// docText is the text of a page in docs.
func docText(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// tableUnder is the table that stands under a marker, without its head.
func tableUnder(text, marker string) [][]string {
	_, after, found := strings.Cut(text, "<!-- "+marker+" -->\n")
	if !found {
		return nil
	}
	var rows [][]string
	for line := range strings.Lines(after) {
		if !strings.HasPrefix(line, "|") {
			break
		}
		line = strings.ReplaceAll(strings.Trim(line, "| \n"), `\|`, "\x00")
		var cells []string
		for cell := range strings.SplitSeq(line, "|") {
			cells = append(cells, strings.ReplaceAll(strings.TrimSpace(cell), "\x00", "|"))
		}
		rows = append(rows, cells)
	}
	return rows[min(2, len(rows)):]
}

// span is the text of a cell that is one code span.
func span(cell string) string { return strings.Trim(cell, "`") }

var spans = regexp.MustCompile("`([^`\n]+)`")

// spansOf are the code spans of a page outside its blocks, and the words in
// them.
func spansOf(text string) map[string]bool {
	all := map[string]bool{}
	text = regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(text, "")
	for _, m := range spans.FindAllStringSubmatch(text, -1) {
		all[m[1]] = true
		for _, word := range regexp.MustCompile(`[A-Za-z0-9_-]+`).FindAllString(m[1], -1) {
			all[word] = true
		}
	}
	return all
}

// schemaKeys are the keys that the schema of rows has at a path.
func schemaKeys(t *testing.T, path ...string) []string {
	t.Helper()
	var node any
	if err := json.Unmarshal(scenarios.Schema(), &node); err != nil {
		t.Fatal(err)
	}
	for _, step := range append([]string{"items", "properties"}, path...) {
		switch n := node.(type) {
		case map[string]any:
			node = n[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil {
				t.Fatal(err)
			}
			node = n[i]
		}
	}
	members, ok := node.(map[string]any)
	if !ok {
		t.Fatalf("expected keys at %v, got %v", path, node)
	}
	var keys []string
	for key := range members {
		keys = append(keys, key)
	}
	return keys
}

// TestDocVocabulary: each table of words in writing-a-scenario.md holds exactly
// the words that rows are read with, and its examples are sound.
func TestDocVocabulary(t *testing.T) {
	t.Parallel()
	text := docText(t, "writing-a-scenario.md")
	for _, v := range []struct {
		name string
		keys []string
		row  string // a whole row around an example
	}{
		{"row", schemaKeys(t), `- {id: x, guards: audience, source: mock, expect: accept, %s}`},
		{"base", schemaKeys(t, "base", "oneOf", "1", "properties"), `- {id: x, guards: audience, source: mock, expect: accept, base: {%s}}`},
		{"steps", mint.StepNames(), `- {id: x, guards: audience, source: mock, expect: accept, token: [{%s}]}`},
		{"request", schemaKeys(t, "request", "properties"), `- {id: x, guards: audience, source: mock, expect: accept, request: {%s}}`},
		{"expect", schemaKeys(t, "expect", "oneOf", "1", "properties"), `- {id: x, guards: audience, source: mock, token: [{set: {jku: "${callout.host}"}}], expect: {%s}}`},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			var told []string
			for _, cells := range tableUnder(text, "vocabulary: "+v.name) {
				key, example := span(cells[0]), span(cells[len(cells)-1])
				told = append(told, key)
				if wrong := unsound(v.row, key, example); wrong != "" {
					t.Errorf("%s: %s: %s", key, example, wrong)
				}
			}
			if v.name != "steps" { // whose order is told
				slices.Sort(told)
				slices.Sort(v.keys)
			}
			if !slices.Equal(told, v.keys) {
				t.Errorf("expected the words\n%v, got\n%v", v.keys, told)
			}
		})
	}
}

// unsound says what is wrong with an example of a key. In the table of rows it
// replaces the key of the row around it.
func unsound(row, key, example string) string {
	inner := strings.TrimSuffix(strings.TrimPrefix(example, "{"), "}")
	if inner == example || !strings.Contains(inner, key) {
		return "expected the key between braces"
	}
	around := regexp.MustCompile(`\b`+regexp.QuoteMeta(key)+`: \w+, `).ReplaceAllString(row, "")
	if key == "kind" {
		around = row // base and row have such a key, the row around has none
	}
	if _, err := scenarios.Parse("x.yaml", []byte(fmt.Sprintf(around, inner))); err != nil {
		return err.Error()
	}
	return ""
}

// TestDocVocabularyRefuses plants examples that are not sound.
func TestDocVocabularyRefuses(t *testing.T) {
	t.Parallel()
	const row = `- {id: x, guards: audience, source: mock, expect: accept, token: [{%s}]}`
	for _, r := range []struct{ reason, key, example string }{
		{"not-the-key", "set", "{remove: [aud]}"},
		{"no-braces", "set", "set: {aud: x}"},
		{"unknown-placeholder", "set", `{set: {aud: "${home.audienc}"}}`},
		{"unknown-key", "edit", "{edit: {in: signature, flop: 0}}"},
	} {
		t.Run(r.reason, func(t *testing.T) {
			t.Parallel()
			if unsound(row, r.key, r.example) == "" {
				t.Error("expected a problem, got none")
			}
		})
	}
	if wrong := unsound(row, "set", "{set: {aud: x}}"); wrong != "" {
		t.Error(wrong)
	}
}

// TestDocPlaceholders: the page tells every placeholder and every filter, and
// none that there is not.
func TestDocPlaceholders(t *testing.T) {
	t.Parallel()
	text := docText(t, "writing-a-scenario.md")
	var told []string
	for _, cells := range tableUnder(text, "placeholders") {
		for _, m := range regexp.MustCompile(`\$\{([^}]+)\}`).FindAllStringSubmatch(strings.Join(cells, " "), -1) {
			name, _, _ := strings.Cut(m[1], " |")
			told = append(told, name)
			if _, err := value.Parse("${" + strings.Replace(m[1], ".N", ".0", 1) + "}"); err != nil {
				t.Error(err)
			}
		}
	}
	for _, name := range value.PlaceholderNames() {
		if name = likened(name); !slices.Contains(told, name) && !strings.HasSuffix(name, ".b64") {
			t.Errorf("expected ${%s} to be told", name)
		}
	}
	var filters []string
	for _, cells := range tableUnder(text, "filters") {
		use := span(cells[0])
		filters = append(filters, strings.Fields(use)[0])
		if _, err := value.Parse("${token | " + strings.Replace(use, " n", " 1", 1) + "}"); err != nil {
			t.Error(err)
		}
	}
	slices.Sort(filters)
	if !slices.Equal(filters, value.FilterNames()) {
		t.Errorf("expected the filters %v, got %v", value.FilterNames(), filters)
	}
}

// likened is a placeholder as the page tells it: home for every environment,
// tenant for both owners of keys, token for the parts of all tokens, the long form of keys.
func likened(name string) string {
	name = regexp.MustCompile(`^(other|second)\.`).ReplaceAllString(name, "home.")
	name = regexp.MustCompile(`^(own|next)\.`).ReplaceAllString(name, "tenant.")
	name = regexp.MustCompile(`^sibling\b`).ReplaceAllString(name, "token")
	name = regexp.MustCompile(`^control\.`).ReplaceAllString(name, "token.")
	name = regexp.MustCompile(`^tenant\.(kid|pem|der|cert|jwk|jwk\.\*|file)$`).ReplaceAllString(name, "tenant.key.$1")
	return strings.NewReplacer("scopes.*", "scopes.N", ".*", ".NAME").Replace(name)
}

// TestDocKeys: each key that the readers of a file ask for is told on its page.
func TestDocKeys(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		page    string
		sources []string
		least   int
	}{
		{"target-file.md", []string{"internal/targets/load.go", "internal/targets/accounts.go"}, 30},
		{"exit-codes.md", []string{"suites/waiver.go"}, 5},
		{"writing-a-scenario.md", []string{"mockidp/mint/step_*.go", "internal/probe/step_*.go", "internal/verdict/upstream.go"}, 25},
	} {
		t.Run(row.page, func(t *testing.T) {
			t.Parallel()
			told, keys := spansOf(docText(t, row.page)), keysRead(t, row.sources)
			if len(keys) < row.least {
				t.Errorf("expected at least %d keys in %v, got %d", row.least, row.sources, len(keys))
			}
			for _, key := range keys {
				if !told[key] {
					t.Errorf("expected the key `%s` to be told", key)
				}
			}
		})
	}
}

// keysRead are the names that sources take from documents.
func keysRead(t *testing.T, sources []string) []string {
	t.Helper()
	var keys []string
	for _, pattern := range sources {
		names, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if key, ok := keyTaken(n); ok && !strings.HasSuffix(name, "_test.go") {
					keys = append(keys, key)
				}
				return true
			})
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// keyTaken is the name in a call of Take or Need.
func keyTaken(n ast.Node) (string, bool) {
	call, ok := n.(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return "", false
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || (f.Sel.Name != "Take" && f.Sel.Name != "Need") {
		return "", false
	}
	literal, ok := call.Args[0].(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", false
	}
	key, err := strconv.Unquote(literal.Value)
	return key, err == nil
}

// TestDocOutcomes: the pages tell the ladder of outcomes in its order, and the
// exit codes.
func TestDocOutcomes(t *testing.T) {
	t.Parallel()
	var told, known []string
	for _, cells := range tableUnder(docText(t, "exit-codes.md"), "outcomes") {
		told = append(told, cells[0])
	}
	ladder := []verdict.Outcome{verdict.Pass, verdict.Recorded, verdict.Warn, verdict.Unsupported, verdict.Skipped, verdict.Inconclusive, verdict.Fail, verdict.Error}
	for _, o := range ladder {
		known = append(known, o.String())
	}
	if !slices.Equal(told, known) || len(known) != len(verdict.Outcomes()) {
		t.Errorf("expected the outcomes %v, got %v", known, told)
	}
	var codes []string
	for _, cells := range tableUnder(docText(t, "exit-codes.md"), "exit codes") {
		codes = append(codes, strings.Trim(cells[1], "*"))
	}
	want := []int{reports.ExitWrongUsage, reports.ExitDoesNotConform, reports.ExitWrongUsage, reports.ExitCouldNotRun, reports.ExitUnproven, reports.ExitConforms}
	if got := fmt.Sprint(codes); got != fmt.Sprint(want) {
		t.Errorf("expected the codes %v, got %v", want, got)
	}
}
