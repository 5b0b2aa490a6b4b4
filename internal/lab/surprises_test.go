package lab

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// surprise is one line of a table in docs/gateways.md.
type surprise struct {
	row      string
	mode     Mode
	observed string
}

// TestGatewaysAnswerAsTheDocumentSays fires what docs/gateways.md tells of and
// compares the outcome with what stands there.
func TestGatewaysAnswerAsTheDocumentSays(t *testing.T) {
	tables := surprises(t)
	for _, r := range Recipes() {
		for _, m := range Modes() {
			rows := ofMode(tables[r.Name], m)
			if len(rows) == 0 {
				continue
			}
			t.Run(r.Name+"/"+string(m), func(t *testing.T) {
				g := newRig(t, r, m)
				if got := g.bearer(good().token(t, 0)); !got.Reached {
					t.Fatalf("a good token: %s %s", got.outcome(), got.Body)
				}
				for _, row := range rows {
					if got := fresh(row.row).fire(g); got.outcome() != row.observed {
						t.Errorf("%s: the document says %s, got %s %s", row.row, row.observed, got.outcome(), got.Body)
					}
				}
			})
		}
	}
}

// fresh makes an attempt anew: its times count from now.
func fresh(row string) attempt {
	all := attempts()
	return all[slices.IndexFunc(all, func(a attempt) bool { return a.row == row })]
}

func ofMode(rows []surprise, m Mode) []surprise {
	var list []surprise
	for _, r := range rows {
		if r.mode == m {
			list = append(list, r)
		}
	}
	return list
}

// TestDocumentAndAttemptsAgree has every line of the tables be an attempt and
// the other way round, and wants a dozen for each gateway.
func TestDocumentAndAttemptsAgree(t *testing.T) {
	told := map[string]bool{}
	known := map[string]bool{}
	for _, a := range attempts() {
		if known[a.row] {
			t.Errorf("%s: attempted twice", a.row)
		}
		known[a.row] = true
	}
	tables := surprises(t)
	for _, r := range Recipes() {
		if len(tables[r.Name]) < 12 {
			t.Errorf("%s: expected at least 12 surprises, got %d", r.Name, len(tables[r.Name]))
		}
		seen := map[string]bool{}
		for _, row := range tables[r.Name] {
			if told[row.row] = true; !known[row.row] {
				t.Errorf("%s: %s: nothing is fired for this line", r.Name, row.row)
			}
			if seen[row.row] {
				t.Errorf("%s: %s: told twice", r.Name, row.row)
			}
			seen[row.row] = true
			if _, err := ParseMode(string(row.mode)); err != nil {
				t.Errorf("%s: %s: %v", r.Name, row.row, err)
			}
		}
	}
	for row := range known {
		if !told[row] {
			t.Errorf("%s: attempted and not told", row)
		}
	}
}

// surprises reads the tables below the headings that name a gateway, in
// docs/gateways.md and its further pages.
func surprises(t *testing.T) map[string][]surprise {
	t.Helper()
	pages, err := filepath.Glob(filepath.Join("..", "..", "docs", "gateways*.md"))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, page := range pages {
		text.Write(must(os.ReadFile(page)))
	}
	tables := map[string][]surprise{}
	var gateway string
	for line := range strings.Lines(text.String()) {
		if heading, ok := strings.CutPrefix(line, "## "); ok {
			gateway = strings.ToLower(strings.TrimSpace(heading))
		}
		cells := strings.Split(strings.TrimSpace(line), " | ")
		row, quoted := strings.CutPrefix(cells[0], "| `")
		if quoted && len(cells) == 5 {
			tables[gateway] = append(tables[gateway], surprise{strings.TrimSuffix(row, "`"), Mode(cells[1]), cells[2]})
		}
	}
	return tables
}
