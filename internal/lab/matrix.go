package lab

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/scenarios"
)

// Matrix is what comes of every row at one gateway, mode by mode: the outcomes
// that were seen, whether or not they are what a row demands.
type Matrix struct {
	Gateway string
	// Tried is the version of the program with which they were seen.
	Tried string
	// Answers are the two questions' answers and the counts of a whole run.
	Answers []MatrixLine
	Lines   []MatrixLine
}

// MatrixLine is a row, or the cases of one that fit a pattern.
type MatrixLine struct {
	Row string
	// Cases is "*" for all of them, else the rest of their ids with a * for
	// every word that makes no difference: "*/v1", "uat/from-dev".
	Cases string
	// Cells are the outcomes by mode; none where the mode has no such case.
	Cells map[Mode]string
}

// answerCases marks a line of Answers in the file.
const answerCases = "answer"

//go:embed matrix
var matrixFolder embed.FS

// MatrixFile is where the matrix of a gateway is, below the module's root.
func MatrixFile(gateway string) string { return "internal/lab/" + matrixName(gateway) }

func matrixName(gateway string) string { return "matrix/" + gateway + ".golden" }

// ErrNoMatrix is wrapped by the error for a gateway whose outcomes nobody has
// written down.
var ErrNoMatrix = errors.New("has no matrix of outcomes")

// ReviewedMatrix is the matrix that is kept of a gateway.
func ReviewedMatrix(gateway string) (Matrix, error) {
	text, err := matrixFolder.ReadFile(matrixName(gateway))
	if errors.Is(err, fs.ErrNotExist) {
		return Matrix{}, fmt.Errorf("lab: %s %w", gateway, ErrNoMatrix)
	}
	if err != nil {
		return Matrix{}, fmt.Errorf("lab: the matrix of %s: %w", gateway, err)
	}
	return ParseMatrix(string(text))
}

// Rows are the ids of the rows whose outcomes are kept, sorted.
func (m Matrix) Rows() []string {
	ids := make([]string, 0, len(m.Lines))
	for _, l := range m.Lines {
		ids = append(ids, l.Row)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Selection is what lab run fires: the rows whose outcomes are kept.
func (m Matrix) Selection() scenarios.Selection {
	return scenarios.Selection{Profile: "full", IDs: m.Rows()}
}

// String writes the matrix as its file has it.
func (m Matrix) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s %s: what comes of every row in each mode\n", m.Gateway, m.Tried)
	b.WriteString("# A cell is the answer, and the verdict where that is not a pass. Written by:\n")
	fmt.Fprintf(&b, "# go test ./suites -args -lab %s -update\n\n", m.Gateway)
	table := [][]string{m.cells(MatrixLine{Row: "row", Cases: "cases"}, func(mode Mode) string { return string(mode) })}
	for _, l := range slices.Concat(m.Answers, m.Lines) {
		table = append(table, m.cells(l, func(mode Mode) string { return l.Cells[mode] }))
	}
	writeAligned(&b, table)
	return b.String()
}

func (m Matrix) cells(l MatrixLine, cell func(Mode) string) []string {
	all := []string{l.Row, l.Cases}
	for _, mode := range Modes() {
		all = append(all, cell(mode))
	}
	return all
}

// writeAligned writes columns between bars.
func writeAligned(b *strings.Builder, table [][]string) {
	widths := make([]int, len(table[0]))
	for _, line := range table {
		for i, cell := range line {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for _, line := range table {
		for i, cell := range line {
			b.WriteString("| " + cell + strings.Repeat(" ", widths[i]-len([]rune(cell))+1))
		}
		b.WriteString("|\n")
	}
}

// ParseMatrix reads what String wrote.
func ParseMatrix(text string) (Matrix, error) {
	var m Matrix
	var modes []Mode
	for line := range strings.Lines(text) {
		switch line = strings.TrimSpace(line); {
		case line == "":
		case strings.HasPrefix(line, "#"):
			if m.Gateway == "" {
				name, _, _ := strings.Cut(strings.TrimPrefix(line, "# "), ":")
				m.Gateway, m.Tried, _ = strings.Cut(name, " ")
			}
		default:
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			if err := m.take(cells, &modes); err != nil {
				return Matrix{}, err
			}
		}
	}
	return m, nil
}

// take adds one line of the table; the first names the modes.
func (m *Matrix) take(cells []string, modes *[]Mode) error {
	if *modes == nil {
		for _, name := range cells[min(2, len(cells)):] {
			mode, err := ParseMode(name)
			if err != nil {
				return fmt.Errorf("lab: the matrix of %s: %w", m.Gateway, err)
			}
			*modes = append(*modes, mode)
		}
		return nil
	}
	if len(cells) != len(*modes)+2 {
		return fmt.Errorf("lab: the matrix of %s: %s: expected %d cells, got %d", m.Gateway, cells[0], len(*modes)+2, len(cells))
	}
	l := MatrixLine{Row: cells[0], Cases: cells[1], Cells: map[Mode]string{}}
	for i, mode := range *modes {
		if cell := cells[i+2]; cell != "" {
			l.Cells[mode] = cell
		}
	}
	if l.Cases == answerCases {
		m.Answers = append(m.Answers, l)
		return nil
	}
	m.Lines = append(m.Lines, l)
	return nil
}
