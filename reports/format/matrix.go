package format

import (
	"fmt"

	"github.com/entraproof/entraproof/reports"
)

// Tone is how good a thing is, for a reader's eye: renderers pick its colour.
type Tone string

// The tones.
const (
	Good   Tone = "good"
	Bad    Tone = "bad"
	Unsure Tone = "unsure"
	Quiet  Tone = "quiet"
)

// Mark returns the sign that stands for a tone where there is no colour.
func (t Tone) Mark() string {
	switch t {
	case Good:
		return "✓"
	case Bad:
		return "✗"
	case Unsure:
		return "?"
	case Quiet:
	}
	return "–"
}

// Matrix is what the gateways of one target do with genuine tokens: minted for
// (rows) × presented to (columns).
type Matrix struct {
	Target string
	To     []string
	Rows   []MatrixRow
}

// MatrixRow is one environment's tokens at every gateway.
type MatrixRow struct {
	From  string
	Cells []Cell
}

// Cell is what one gateway does with one environment's tokens.
type Cell struct {
	// Own is set on the diagonal, where acceptance is right.
	Own  bool
	Word string
	Tone Tone
	// Why says more, where there is more to say.
	Why string
}

// Matrices returns a matrix for each target that has a gateway.
func Matrices(r *reports.Results) []Matrix {
	var all []Matrix
	for i := range r.Targets {
		if m := matrixOf(r, &r.Targets[i]); len(m.To) > 0 {
			all = append(all, m)
		}
	}
	return all
}

func matrixOf(r *reports.Results, t *reports.Target) Matrix {
	m := Matrix{Target: t.Name}
	for _, e := range t.Environments {
		if e.HasGateway {
			m.To = append(m.To, e.Name)
		}
	}
	for _, from := range t.Environments {
		row := MatrixRow{From: from.Name}
		for _, to := range m.To {
			row.Cells = append(row.Cells, cellOf(r, t.Name, from.Name, to))
		}
		m.Rows = append(m.Rows, row)
	}
	return m
}

func cellOf(r *reports.Results, target, from, to string) Cell {
	if from == to {
		return ownCell(r, target, to)
	}
	for _, o := range r.Obligations {
		if o.What == reports.PairOwed && o.Target == target && o.MintedFor == from && o.Environment == to {
			return pairCell(o)
		}
	}
	return Cell{Word: "not tested", Tone: Quiet}
}

func pairCell(o reports.Obligation) Cell {
	c := Cell{Word: "not tested", Tone: Quiet, Why: o.Why}
	switch o.State {
	case reports.Met:
		c.Word, c.Tone = "refused", Good
		if len(o.By) > 0 {
			c.Why = "by " + o.Refuser()
		}
	case reports.Unmet:
		c.Word, c.Tone = "accepted", Bad
		if o.Waived {
			c.Word = "accepted, waived"
		}
	case reports.Unproven:
		c.Word, c.Tone = "unproven", Unsure
	}
	return c
}

// ownCell sums up the kinds of genuine token: refused as soon as one is.
func ownCell(r *reports.Results, target, env string) Cell {
	n, all := map[string]int{}, 0
	why := ""
	for _, o := range r.Obligations {
		if o.What != reports.ControlOwed || o.Target != target || o.Environment != env {
			continue
		}
		n[o.State]++
		all++
		if why == "" && o.Why != "" {
			why = reports.KindWord(o.Kind) + ": " + o.Why
		}
	}
	c := Cell{Own: true, Word: "not tested", Tone: Quiet, Why: why}
	switch {
	case n[reports.Unmet] > 0:
		c.Word, c.Tone = share("refused", n[reports.Unmet], all), Bad
	case n[reports.Unproven] > 0:
		c.Word, c.Tone = share("unproven", n[reports.Unproven], all), Unsure
	case n[reports.NotTested] > 0 && n[reports.Met] > 0:
		c.Word, c.Tone = share("accepted", n[reports.Met], all), Quiet
	case n[reports.Met] > 0:
		c.Word, c.Tone = "accepted", Good
	}
	return c
}

// share says how many kinds a word is true of, unless of all.
func share(word string, n, all int) string {
	if n == all {
		return word
	}
	return fmt.Sprintf("%s %d of %d", word, n, all)
}

// toneOf returns the tone of an outcome; an unknown one is bad.
func toneOf(o reports.Outcome) Tone {
	switch o {
	case reports.Pass:
		return Good
	case reports.Warn, reports.Inconclusive:
		return Unsure
	case reports.Recorded, reports.Unsupported, reports.Skipped:
		return Quiet
	case reports.Fail, reports.Error:
	}
	return Bad
}

// toneOfAnswer returns the tone of an answer's state.
func toneOfAnswer(a reports.Answer) Tone {
	switch a.State {
	case reports.Fixed, reports.Closed:
		return Good
	case reports.NotFixed, reports.Open:
		return Bad
	case reports.AnswerUnproven:
		return Unsure
	}
	return Quiet
}

// toneOfExit returns the tone of an exit code.
func toneOfExit(code int) Tone {
	switch code {
	case reports.ExitConforms:
		return Good
	case reports.ExitUnproven:
		return Unsure
	}
	return Bad
}
