package lab

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/reports"
)

// Cell is what came of a case, in words that are the same on every machine and
// at every time: the answer, and the verdict where that is not a pass.
func Cell(c *reports.Case) string {
	verdict := c.Outcome.String()
	switch {
	case c.Outcome == reports.Unsupported, c.Outcome == reports.Skipped:
		return verdict
	case c.Outcome == reports.Error:
		return verdict + ": " + string(c.Reason)
	}
	answer := answerWords(c)
	switch {
	case answer == "":
		return verdict
	case c.Outcome == reports.Pass:
		return answer
	}
	return answer + ", " + verdict
}

// answerWords are empty for what watches the answers of others.
func answerWords(c *reports.Case) string {
	switch {
	case c.Form == "observe":
		return ""
	case c.Reached == reports.Reached && c.Status == 200:
		return "accepted"
	case c.Reached == reports.Reached:
		return fmt.Sprintf("accepted %d", c.Status)
	case c.Reached == reports.Forwarded:
		return fmt.Sprintf("forwarded, then refused %d", c.Status)
	case c.Status == 0:
		return "no answer"
	}
	return fmt.Sprintf("refused %d", c.Status)
}

// FoundMatrix is the matrix of what was found, each mode's in a run of its own.
func FoundMatrix(r Recipe, found map[Mode]*reports.Results) Matrix {
	m := Matrix{Gateway: r.Name, Tried: r.Version}
	rows := map[string][]outcomeOf{}
	answers := map[string]map[Mode]string{}
	for mode, results := range found {
		for _, a := range answersOf(results) {
			if answers[a[0]] == nil {
				answers[a[0]] = map[Mode]string{}
			}
			answers[a[0]][mode] = a[1]
		}
		for i := range results.Cases {
			if c := &results.Cases[i]; !c.Extra {
				rows[c.Scenario] = append(rows[c.Scenario], outcomeOf{caseWords(c), mode, Cell(c)})
			}
		}
	}
	for name, cells := range answers {
		m.Answers = append(m.Answers, MatrixLine{Row: name, Cases: answerCases, Cells: cells})
	}
	for row, all := range rows {
		m.Lines = append(m.Lines, linesOf(row, all)...)
	}
	slices.SortFunc(m.Answers, compareLines)
	slices.SortFunc(m.Lines, compareLines)
	return m
}

func compareLines(a, b MatrixLine) int {
	return cmp.Or(strings.Compare(a.Row, b.Row), strings.Compare(a.Cases, b.Cases))
}

// answersOf are the lines that a run ends with: they hold for a whole run only.
func answersOf(r *reports.Results) [][2]string {
	n := r.CountCases()
	return [][2]string{
		{"403 Invalid Client", r.Answers.InvalidClient.State + ": " + r.Answers.InvalidClient.Text},
		{"cross-environment", r.Answers.CrossEnvironment.State + ": " + r.Answers.CrossEnvironment.Text},
		{"verdicts", fmt.Sprintf("%d pass, %d fail, %d inconclusive, %d not judged", n.Pass+n.Warn, n.Fail, n.Inconclusive+n.Error, n.Recorded+n.Unsupported+n.Skipped)},
	}
}

// outcomeOf is a case of a row in a mode.
type outcomeOf struct {
	words []string // of its id, after the row
	mode  Mode
	cell  string
}

// caseWords are the words of a case's id after the row: the environment first.
func caseWords(c *reports.Case) []string {
	return strings.Split(strings.TrimPrefix(c.ID, c.Scenario+"/"), "/")
}

// sort of word in a case's id; a mask says which of them a line keeps.
const (
	detailWord = 1 << iota // kind of token and variant
	pairWord               // from-test
	placeWord              // the environment
)

func sortOfWord(i int, word string) int {
	switch {
	case i == 0:
		return placeWord
	case strings.HasPrefix(word, "from-"):
		return pairWord
	}
	return detailWord
}

// linesOf are as few lines as tell the outcomes of a row's cases.
func linesOf(row string, all []outcomeOf) []MatrixLine {
	for mask := range placeWord | pairWord | detailWord {
		if lines, ok := linesWith(row, all, mask); ok {
			return lines
		}
	}
	lines, _ := linesWith(row, all, placeWord|pairWord|detailWord)
	return lines
}

// linesWith has a line for each pattern of a mask; it reports false if two
// cases of one line and mode differ.
func linesWith(row string, all []outcomeOf, mask int) ([]MatrixLine, bool) {
	var lines []MatrixLine
	for _, o := range all {
		pattern := patternOf(o.words, mask)
		i := slices.IndexFunc(lines, func(l MatrixLine) bool { return l.Cases == pattern })
		if i < 0 {
			i = len(lines)
			lines = append(lines, MatrixLine{Row: row, Cases: pattern, Cells: map[Mode]string{}})
		}
		if other, told := lines[i].Cells[o.mode]; told && other != o.cell {
			return nil, false
		}
		lines[i].Cells[o.mode] = o.cell
	}
	return lines, true
}

func patternOf(words []string, mask int) string {
	if mask == 0 {
		return "*"
	}
	kept := slices.Clone(words)
	for i, word := range words {
		if sortOfWord(i, word)&mask == 0 {
			kept[i] = "*"
		}
	}
	return strings.Join(kept, "/")
}

// fits reports whether a case belongs to the line.
func (l MatrixLine) fits(words []string) bool {
	if l.Cases == "*" {
		return true
	}
	pattern := strings.Split(l.Cases, "/")
	if len(pattern) != len(words) {
		return false
	}
	for i, want := range pattern {
		if want != "*" && want != words[i] {
			return false
		}
	}
	return true
}
