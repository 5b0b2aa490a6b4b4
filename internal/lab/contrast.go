package lab

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Contrast is a row whose outcome is not the same, or not a pass, at every
// gateway: one line of the table in docs/gateways.md.
type Contrast struct {
	Row, Cases string
	// Modes are those in which the cells are these.
	Modes []Mode
	// Cells are by gateway; none where the gateway has no such line.
	Cells map[string]ContrastCell
}

// ContrastCell is the outcome of one gateway.
type ContrastCell struct {
	Text string
	// Surprising: the verdict is not a pass, and the mode is meant to be mended
	// or most gateways get another verdict. Somebody has to say why.
	Surprising bool
}

// Contrasts compares the matrices of several gateways in every mode but
// [Broken], which refuses all genuine tokens and so proves nothing.
func Contrasts(all []Matrix) []Contrast {
	var found []Contrast
	for _, key := range lineKeys(all) {
		for _, mode := range Modes() {
			if mode == Broken {
				continue
			}
			d := contrastOf(key, mode, all)
			if !d.worthTelling() {
				continue
			}
			same := slices.IndexFunc(found, func(f Contrast) bool { return f.Row == d.Row && f.Cases == d.Cases && maps.Equal(f.Cells, d.Cells) })
			if same >= 0 {
				found[same].Modes = append(found[same].Modes, mode)
				continue
			}
			found = append(found, d)
		}
	}
	return found
}

// lineKeys are the rows and cases of all matrices, sorted.
func lineKeys(all []Matrix) [][2]string {
	var keys [][2]string
	for _, m := range all {
		for _, l := range m.Lines {
			keys = append(keys, [2]string{l.Row, l.Cases})
		}
	}
	slices.SortFunc(keys, func(a, b [2]string) int {
		return cmp.Or(strings.Compare(a[0], b[0]), strings.Compare(a[1], b[1]))
	})
	return slices.Compact(keys)
}

func contrastOf(key [2]string, mode Mode, all []Matrix) Contrast {
	d := Contrast{Row: key[0], Cases: key[1], Modes: []Mode{mode}, Cells: map[string]ContrastCell{}}
	verdicts := map[string]int{}
	for _, m := range all {
		for _, l := range m.Lines {
			if text := l.Cells[mode]; l.Row == d.Row && l.Cases == d.Cases && text != "" {
				d.Cells[m.Gateway] = ContrastCell{Text: text}
				verdicts[verdictOf(text)]++
			}
		}
	}
	most := 0
	for _, n := range verdicts {
		most = max(most, n)
	}
	for gateway, c := range d.Cells {
		v := verdictOf(c.Text)
		c.Surprising = !slices.Contains([]string{"", "recorded", "skipped", "unsupported"}, v) && (mode != Leaky || verdicts[v] < most)
		d.Cells[gateway] = c
	}
	return d
}

// verdictOf is the part of a cell after the answer; "" is a pass.
func verdictOf(cell string) string {
	answer, verdict, _ := strings.Cut(cell, ", ")
	switch {
	case answer == "pass":
		return ""
	case verdict == "" && !strings.HasPrefix(answer, "accepted") && !strings.HasPrefix(answer, "refused"):
		return answer // of what watches others' answers, or was not fired
	}
	return verdict
}

// worthTelling: something surprises, or the answers differ.
func (d Contrast) worthTelling() bool {
	var first string
	for _, c := range d.Cells {
		if c.Surprising || first != "" && c.Text != first {
			return true
		}
		first = c.Text
	}
	return false
}
