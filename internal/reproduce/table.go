package reproduce

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/reports"
)

// add puts the column of one set-up into the table, and its story.
func (p *program) add(name string, cases []reports.Case, summary engine.Summary) {
	story := Story{Setup: name}
	for i, o := range p.oracle {
		want := ""
		if outcome, ok := o.At(name); ok && p.table.compared() {
			want = outcome.String()
		}
		cell := cellOf(want, o.Scenario, cases)
		row := &p.table.Rows[i]
		row.Cells = append(row.Cells, cell)
		switch {
		case cell.Got == reports.Fail.String() && row.Control:
			story.RejectedKinds = append(story.RejectedKinds, row.Kind)
			story.Refusal = refusal(cell, scenario(cases, o.Scenario))
		case cell.Got == reports.Fail.String():
			story.FalsePositives = append(story.FalsePositives, row.Scenario)
		}
	}
	if len(summary.Causes) > 0 {
		story.Cause = summary.Causes[0].Sentence
	}
	p.table.Stories = append(p.table.Stories, story)
}

// scenario gives the cases of one row.
func scenario(cases []reports.Case, id string) []reports.Case {
	return slices.DeleteFunc(slices.Clone(cases), func(c reports.Case) bool { return c.Scenario != id })
}

// refusal is a refusal's status with the gateway's own words, such as
// 403 {"error":"Invalid Client"}.
func refusal(cell Cell, cases []reports.Case) string {
	for _, c := range cases {
		if c.Exchange != nil && c.Exchange.Body != "" {
			return fmt.Sprintf("%d %s", cell.Status, strings.TrimSpace(c.Exchange.Body))
		}
	}
	return strconv.Itoa(cell.Status)
}

// cellOf is the worst of a row's cases that differs from the oracle, else the
// first by id: which pair of environments was judged first must not show.
func cellOf(want, scenario string, cases []reports.Case) Cell {
	cell := Cell{Want: want, Got: reports.Error.String()}
	var worst *reports.Case
	for i, c := range cases {
		if c.Scenario == scenario && (worst == nil || worseThan(want, c, *worst)) {
			worst = &cases[i]
			cell = Cell{Want: want, Got: word(c.Outcome), Status: c.Status, Reason: c.Reason}
		}
	}
	return cell
}

// worseThan reports whether a case says more against the oracle than b.
func worseThan(want string, a, b reports.Case) bool {
	aAgrees, bAgrees := word(a.Outcome) == want, word(b.Outcome) == want
	switch {
	case aAgrees != bAgrees:
		return bAgrees
	case !aAgrees && a.Outcome != b.Outcome:
		return a.Outcome > b.Outcome
	}
	return a.ID < b.ID
}

// word is the oracle's word for an outcome: a policy says 401 or 403 as it
// does, so warn is a pass.
func word(o reports.Outcome) string {
	if o == reports.Warn {
		o = reports.Pass
	}
	return o.String()
}

// Differing are the cells that are not as the oracle says, as scenario at
// set-up.
func (t *Table) Differing() []string {
	var all []string
	for _, row := range t.Rows {
		for i, c := range row.Cells {
			if !c.Agrees() {
				all = append(all, fmt.Sprintf("%s at %s: expected %s, got %s (%s)", row.Scenario, t.Setups[i], c.Want, c.Got, c.Reason))
			}
		}
	}
	return all
}

// Differing runs every set-up and names the cells that are not as the oracle
// says.
func Differing(ctx context.Context) ([]string, error) {
	t, err := Run(ctx, Options{})
	if err != nil {
		return nil, err
	}
	return t.Differing(), nil
}

// ExitCode is 0 where every cell is as the oracle says, 3 where one could not
// be run, else 1. What the outcomes are does not count.
func (t *Table) ExitCode() int {
	code := 0
	for _, row := range t.Rows {
		for _, c := range row.Cells {
			switch {
			case c.Got == c.Want:
			case c.Got == reports.Error.String() && code == 0:
				code = 3
			case c.Got != reports.Error.String() && !c.Agrees():
				code = 1
			}
		}
	}
	return code
}

// JSON writes the table as data.
func (t *Table) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(t)
}

// Write writes the table and what it shows for a reader.
func (t *Table) Write(w io.Writer) error {
	var b strings.Builder
	t.writeTable(&b)
	b.WriteString("\n  pass          a genuine token accepted; a forbidden one refused, between accepted genuine ones\n")
	b.WriteString("  fail          a genuine token refused; a forbidden one accepted: the false positive\n")
	b.WriteString("  inconclusive  refused like every genuine token of its kind, which proves nothing\n")
	for _, s := range t.Stories {
		s.write(&b)
	}
	t.writeAgreement(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (t *Table) writeTable(b *strings.Builder) {
	tw := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(tw, "scenario\tkind\t%s\n", strings.Join(t.Setups, "\t")) // a strings.Builder takes all
	for _, row := range t.Rows {
		cells := []string{row.Scenario, row.Kind}
		for _, c := range row.Cells {
			cells = append(cells, c.text())
		}
		_, _ = fmt.Fprintln(tw, strings.Join(cells, "\t")) // as above
	}
	_ = tw.Flush() // as above
}

// text is the cell as the table shows it; a star marks one that is not as the
// oracle says.
func (c Cell) text() string {
	if !c.Agrees() {
		return c.Got + "*"
	}
	return c.Got
}

func (s Story) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n%s\n", s.Setup)
	switch n := len(s.RejectedKinds); {
	case n > 0:
		fmt.Fprintf(b, "  genuine tokens refused with %s: %s\n", s.Refusal, strings.Join(s.RejectedKinds, ", "))
		if s.Cause != "" {
			fmt.Fprintf(b, "  because %s\n", s.Cause)
		}
	default:
		b.WriteString("  genuine tokens of every kind accepted\n")
	}
	if len(s.FalsePositives) == 0 {
		b.WriteString("  no false positive\n")
		return
	}
	fmt.Fprintf(b, "  false positives: %s\n", strings.Join(s.FalsePositives, ", "))
}

// compared reports whether the oracle is about the model that ran.
func (t *Table) compared() bool { return t.OIDCModel != gateway.Documented }

func (t *Table) writeAgreement(b *strings.Builder) {
	if !t.compared() {
		fmt.Fprintf(b, "\nThe OIDC policy's model: %s. It asks an introspection endpoint, which answered by\nthe profile %s, and where there is a shim by %s.\nNothing is compared: the oracle is about %s.\n",
			t.OIDCModel, t.Introspection, mockidp.IntrospectNormalised, gateway.LocalClaims)
		return
	}
	fmt.Fprintf(b, "\nThe OIDC policy's model: %s. It reads the token itself.\n", t.OIDCModel)
	cells := len(t.Rows) * len(t.Setups)
	differing := t.Differing()
	if len(differing) == 0 {
		fmt.Fprintf(b, "All %d cells are as the oracle says.\n", cells)
		return
	}
	slices.Sort(differing)
	fmt.Fprintf(b, "%d of %d cells differ from the oracle:\n", len(differing), cells)
	for _, d := range differing {
		fmt.Fprintf(b, "  %s\n", d)
	}
}
