package lab

import (
	"fmt"
	"slices"

	"github.com/entraproof/entraproof/reports"
)

// Difference is a cell that is not as the matrix has it.
type Difference struct {
	Row      string `json:"row"`
	Cases    string `json:"cases"`
	Mode     Mode   `json:"mode"`
	Expected string `json:"expected"`
	Got      string `json:"got"`
}

// String is the difference in one line.
func (d Difference) String() string {
	return fmt.Sprintf("differs from the matrix: %s (%s), mode %s: expected %q, got %q", d.Row, d.Cases, d.Mode, d.Expected, d.Got)
}

// Words for a cell that only one side has.
const (
	notInMatrix = "no such case"
	notFired    = "not fired"
)

// Compare returns what a run in a mode found otherwise than the matrix; rows
// whose outcomes are not kept are passed over. The answers, observers, and rows
// that were not fired or that a part cannot judge, are compared only where the run was a whole one:
// every row of the matrix and no other, the environments that it was made with.
func (m Matrix) Compare(mode Mode, r *reports.Results, whole bool) []Difference {
	var all []Difference
	fired := map[int]bool{}
	kept := m.Rows()
	for i := range r.Cases {
		c := &r.Cases[i]
		if _, ok := slices.BinarySearch(kept, c.Scenario); c.Extra || !ok || !whole && partial(c) {
			continue
		}
		at, d := m.CompareCase(mode, c)
		fired[at] = true
		if d != nil {
			all = append(all, *d)
		}
	}
	if whole {
		all = append(all, m.compareAnswers(mode, r)...)
		for i, l := range m.Lines {
			if cell := l.Cells[mode]; cell != "" && !fired[i] {
				all = append(all, Difference{l.Row, l.Cases, mode, cell, notFired})
			}
		}
	}
	return all
}

// partial reports whether a case comes out otherwise where only some of the
// environments are there: it looks at other cases, or lacks another gateway.
func partial(c *reports.Case) bool {
	return c.Outcome == reports.Skipped || c.Form == "observe" || c.Form == "flow" && c.Outcome == reports.Unsupported
}

// CompareCase compares one case. line is the number of its line in the mode, -1
// where the matrix has none.
func (m Matrix) CompareCase(mode Mode, c *reports.Case) (line int, d *Difference) {
	words, got := caseWords(c), Cell(c)
	line = slices.IndexFunc(m.Lines, func(l MatrixLine) bool { return l.Row == c.Scenario && l.Cells[mode] != "" && l.fits(words) })
	want := notInMatrix
	if line >= 0 {
		want = m.Lines[line].Cells[mode]
	}
	if want == got {
		return line, nil
	}
	return line, &Difference{c.Scenario, patternOf(words, placeWord|pairWord|detailWord), mode, want, got}
}

// NotKept are the rows of a run whose outcomes are not kept, sorted.
func (m Matrix) NotKept(r *reports.Results) []string {
	var ids []string
	kept := m.Rows()
	for _, c := range r.Cases {
		if _, ok := slices.BinarySearch(kept, c.Scenario); !ok && !c.Extra {
			ids = append(ids, c.Scenario)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (m Matrix) compareAnswers(mode Mode, r *reports.Results) []Difference {
	var all []Difference
	for _, a := range answersOf(r) {
		want := notInMatrix
		if i := slices.IndexFunc(m.Answers, func(l MatrixLine) bool { return l.Row == a[0] }); i >= 0 {
			want = m.Answers[i].Cells[mode]
		}
		if want != a[1] {
			all = append(all, Difference{a[0], answerCases, mode, want, a[1]})
		}
	}
	return all
}
