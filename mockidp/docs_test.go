package mockidp_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// page is a page of the documentation.
func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// rowsUnder are the cells of the table that stands under a marker, without its
// head.
func rowsUnder(text, marker string) [][]string {
	_, after, _ := strings.Cut(text, "<!-- "+marker+" -->\n")
	var rows [][]string
	for line := range strings.Lines(after) {
		if !strings.HasPrefix(line, "|") {
			break
		}
		var cells []string
		for cell := range strings.SplitSeq(strings.Trim(line, "| \n"), "|") {
			cells = append(cells, strings.TrimSpace(cell))
		}
		rows = append(rows, cells)
	}
	return rows[min(2, len(rows)):]
}

// TestFidelityPage: the page has each of the twenty marks, with the row that
// shows it, and no test that does not exist.
func TestFidelityPage(t *testing.T) {
	text := page(t, "fidelity.md")
	var told, want []string
	for _, cells := range rowsUnder(text, "marks") {
		told = append(told, cells[0]+" "+cells[len(cells)-1])
	}
	for _, m := range marks() {
		want = append(want, strconv.Itoa(m.number)+" `TestFidelity/"+strings.ReplaceAll(m.name, " ", "_")+"`")
	}
	if len(want) != 20 || !slices.Equal(told, want) {
		t.Errorf("expected the marks\n%s, got\n%s", strings.Join(want, "\n"), strings.Join(told, "\n"))
	}
	for _, name := range namedTests(text) {
		if !testExists(t, name) {
			t.Errorf("the page names %s, which is no test of this package", name)
		}
	}
}

func namedTests(text string) []string {
	all := regexp.MustCompile(`\bTest[A-Z][A-Za-z0-9]*`).FindAllString(text, -1)
	slices.Sort(all)
	return slices.Compact(all)
}

// testExists reports whether a test of that name stands in this package.
func testExists(t *testing.T, name string) bool {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("expected tests, got %d files, %v", len(files), err)
	}
	return slices.ContainsFunc(files, func(file string) bool {
		source, err := os.ReadFile(file)
		return err == nil && strings.Contains(string(source), "\nfunc "+name+"(t *testing.T) {")
	})
}

// TestClientsPage: the page has every client, with the file that shows it, and
// no other.
func TestClientsPage(t *testing.T) {
	text := page(t, "clients.md")
	var told, want []string
	for _, table := range []string{"clients: tokens", "clients: validation"} {
		for _, cells := range rowsUnder(text, table) {
			m := regexp.MustCompile("^\\[`([a-z0-9-]+)`\\]\\(\\.\\./([^)]+)\\) ").FindStringSubmatch(cells[0])
			if m == nil {
				t.Fatalf("expected a client with the file that shows it, got %q", cells[0])
			}
			told = append(told, m[1])
		}
	}
	for _, c := range clients() {
		want = append(want, c.name)
	}
	slices.Sort(told)
	slices.Sort(want)
	if !slices.Equal(told, want) {
		t.Errorf("expected the clients\n%q, got\n%q", want, told)
	}
}

// TestPagesRefuse plants what the two tests above must find.
func TestPagesRefuse(t *testing.T) {
	if got := rowsUnder("<!-- x -->\n| a | b |\n|---|---|\n| 1 | `T` |\n\n| 2 | no |\n", "x"); len(got) != 1 || got[0][1] != "`T`" {
		t.Errorf("got %q", got)
	}
	if got := rowsUnder("| a |\n|---|\n| 1 |\n", "x"); len(got) != 0 {
		t.Errorf("without its marker: got %q", got)
	}
	if testExists(t, "TestOf"+"Nothing") || !testExists(t, "TestPagesRefuse") {
		t.Error("a test that is not there, or one that is")
	}
	if got := namedTests("`TestB/x` and `TestA`, not Testing"); !slices.Equal(got, []string{"TestA", "TestB"}) {
		t.Errorf("got %q", got)
	}
}
