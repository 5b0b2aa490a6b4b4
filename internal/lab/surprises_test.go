package lab

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// surprise is what one line of a table in docs/gateways.md says of one row: of
// an attempt, or of a row of the catalogue, whose outcome the matrix has.
type surprise struct {
	row      string
	mode     Mode
	observed string
}

// attempted are those that are fired here.
func attempted(all []surprise) []surprise {
	return slices.DeleteFunc(slices.Clone(all), func(s surprise) bool {
		return !slices.ContainsFunc(attempts(), func(a attempt) bool { return a.row == s.row })
	})
}

// TestGatewaysAnswerAsTheDocumentSays fires what docs/gateways.md tells of and
// compares the outcome with what stands there.
func TestGatewaysAnswerAsTheDocumentSays(t *testing.T) {
	tables := surprises(t)
	for _, r := range Recipes() {
		for _, m := range Modes() {
			rows := ofMode(attempted(tables[r.Name]), m)
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
			if told[row.row] = true; !known[row.row] && !matrixSays(t, r.Name, row) {
				t.Errorf("%s: %s: expected an attempt or a row of the matrix with %q in mode %s", r.Name, row.row, row.observed, row.mode)
			}
			if id := row.row + " " + string(row.mode); known[row.row] && seen[row.row] || seen[id] {
				t.Errorf("%s: %s: told twice", r.Name, row.row)
			} else {
				seen[row.row], seen[id] = true, true
			}
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

// matrixSays reports whether some case of the row has that outcome in the matrix.
func matrixSays(t *testing.T, gateway string, s surprise) bool {
	t.Helper()
	m, err := ReviewedMatrix(gateway)
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(m.Lines, func(l MatrixLine) bool { return l.Row == s.row && l.Cells[s.mode] == s.observed })
}

// TestSurprisesAreExplained: whoever wonders about a cell of the table of
// differences finds a sentence about that row.
func TestSurprisesAreExplained(t *testing.T) {
	t.Parallel()
	var all []Matrix
	for _, r := range Recipes() {
		all = append(all, must(ReviewedMatrix(r.Name)))
	}
	tables := surprises(t)
	explained := func(gateway, row string) bool {
		return slices.ContainsFunc(tables[gateway], func(s surprise) bool {
			id, _, _ := strings.Cut(s.row, ":")
			return id == row
		})
	}
	count := 0
	for _, d := range Contrasts(all) {
		for gateway, cell := range d.Cells {
			if !cell.Surprising {
				continue
			}
			if count++; !explained(gateway, d.Row) {
				t.Errorf("%s: %s in %v: %s: no sentence says why", gateway, d.Row, d.Modes, cell.Text)
			}
		}
	}
	if count < 30 {
		t.Errorf("expected at least 30 surprising cells, got %d", count)
	}
}

// TestContrasts: what is worth telling, and what of it surprises.
func TestContrasts(t *testing.T) {
	t.Parallel()
	matrix := func(gateway string, cells map[Mode]string) Matrix {
		return Matrix{Gateway: gateway, Lines: []MatrixLine{{Row: "row", Cases: "*", Cells: cells}}}
	}
	for name, row := range map[string]struct {
		mode       Mode
		cells      [3]string
		told       bool
		surprising [3]bool
	}{
		"all alike":                    {FixedAudience, [3]string{"accepted", "accepted", "accepted"}, false, [3]bool{}},
		"another status":               {FixedAudience, [3]string{"refused 401", "refused 400", "refused 401"}, true, [3]bool{}},
		"one fails":                    {Leaky, [3]string{"refused 401", "accepted, fail", "refused 401"}, true, [3]bool{false, true, false}},
		"all fail where they may":      {Leaky, [3]string{"accepted, fail", "accepted, fail", "accepted, fail"}, false, [3]bool{}},
		"all fail where none should":   {FixedScope, [3]string{"accepted, fail", "accepted, fail", "accepted, fail"}, true, [3]bool{true, true, true}},
		"one passes among failures":    {Leaky, [3]string{"accepted, fail", "refused 401", "accepted, fail"}, true, [3]bool{}},
		"not judged":                   {FixedScope, [3]string{"unsupported", "unsupported", "unsupported"}, false, [3]bool{}},
		"not fired":                    {FixedScope, [3]string{"skipped", "skipped", "skipped"}, false, [3]bool{}},
		"an observer fails":            {FixedScope, [3]string{"pass", "fail", "pass"}, true, [3]bool{false, true, false}},
		"nothing is proven by broken":  {Broken, [3]string{"refused 401, fail", "accepted", "accepted"}, false, [3]bool{}},
		"one is not as sure as others": {FixedScope, [3]string{"refused 403, warn", "refused 401", "refused 401"}, true, [3]bool{true, false, false}},
	} {
		found := Contrasts([]Matrix{
			matrix("a", map[Mode]string{row.mode: row.cells[0]}), matrix("b", map[Mode]string{row.mode: row.cells[1]}), matrix("c", map[Mode]string{row.mode: row.cells[2]}),
		})
		if (len(found) == 1) != row.told {
			t.Errorf("%s: expected told %t, got %+v", name, row.told, found)
			continue
		}
		for i, gateway := range []string{"a", "b", "c"} {
			if row.told && found[0].Cells[gateway].Surprising != row.surprising[i] {
				t.Errorf("%s: %s: expected surprising %t, got %+v", name, gateway, row.surprising[i], found[0])
			}
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
		rows, quoted := strings.CutPrefix(cells[0], "| `")
		if !quoted || len(cells) != 5 {
			continue
		}
		for row := range strings.SplitSeq(strings.TrimSuffix(rows, "`"), "`, `") {
			tables[gateway] = append(tables[gateway], surprise{row, Mode(cells[1]), cells[2]})
		}
	}
	return tables
}
