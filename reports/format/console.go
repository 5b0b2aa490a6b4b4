package format

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/reports"
)

// Console writes a summary for a terminal, without colour: the answers to the
// two questions first, then why, then what else there is, then what to do.
func Console(w io.Writer, r *reports.Results) error { return ConsoleStyle{}.Render(w, r) }

// ConsoleStyle is how a summary looks. The zero value is plain text.
type ConsoleStyle struct {
	// Color makes it use the terminal's colours.
	Color bool
	// Findings bounds how many findings are told; 0 means 8, less than 0 all.
	Findings int
}

// Render writes the summary.
func (s ConsoleStyle) Render(w io.Writer, r *reports.Results) error {
	c := &console{style: s, r: r.Concluded()}
	c.answers()
	c.causes()
	c.findings()
	c.matrices()
	c.rest()
	c.repeats()
	c.learnt()
	c.hints()
	c.verdict()
	_, err := io.WriteString(w, c.text.String())
	return err
}

// lineWidth bounds what is quoted on one line.
const lineWidth = 160

// console is one summary being written.
type console struct {
	style ConsoleStyle
	r     *reports.Results
	text  strings.Builder
}

func (c *console) line(format string, a ...any) { fmt.Fprintf(&c.text, format+"\n", a...) }

// paint returns text in the colour of its tone, if there are colours.
func (c *console) paint(t Tone, text string) string {
	if !c.style.Color {
		return text
	}
	return paint(t, text)
}

// paint puts text into the colour of its tone (ECMA-48 SGR).
func paint(t Tone, text string) string {
	code := "2"
	switch t {
	case Good:
		code = "32"
	case Bad:
		code = "1;31"
	case Unsure:
		code = "33"
	case Quiet:
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (c *console) answers() {
	for _, q := range c.r.Questions() {
		c.line("%-23s%s%s", q.Name, c.paint(toneOfAnswer(q.Answer), fmt.Sprintf("%-13s", q.State)), q.Text)
		for _, note := range q.Notes {
			c.line("%36s%s", "", oneLine(note, 2*lineWidth))
		}
	}
	if len(c.r.LeftOpen) > 0 {
		c.line("left open by declaration: %s", c.r.LeftOpenText())
	}
	if c.r.Unfinished() {
		c.line("%s", c.paint(Bad, fmt.Sprintf("the run did not finish: %d of %d cases judged",
			c.r.Counts.Total(), c.r.Selection.Selected)))
	}
}

func (c *console) causes() {
	if len(c.r.Causes) > 0 {
		c.line("")
	}
	for _, g := range causeGroups(c.r) {
		c.line("cause: %s: %s (%s)", g.Where, oneLine(g.Sentence, lineWidth), g.Certainty)
		if g.Remedy != "" {
			c.line("hint: %s", oneLine(g.Remedy, lineWidth))
		}
	}
}

func (c *console) findings() {
	all := c.r.Findings()
	shown := all
	if limit := c.limit(); limit >= 0 && len(all) > limit {
		shown = all[:limit]
	}
	switch {
	case len(all) == 0:
		return
	case len(shown) < len(all):
		c.line("\nfindings, the worst %d of %d:", len(shown), len(all))
	default:
		c.line("\nfindings:")
	}
	for _, f := range shown {
		c.finding(f)
	}
}

func (c *console) limit() int {
	if c.style.Findings == 0 {
		return 8
	}
	return c.style.Findings
}

func (c *console) finding(f reports.Finding) {
	what := sortOf(f)
	if f.Waived {
		what += ", waived"
	}
	first := f.Cases[0]
	c.line("  %s %s  %s", c.paint(Bad, fmt.Sprintf("%-8s", f.Severity)), f.Scenario, placesText(f.Cases))
	c.line("    %s", oneLine(f.Title, lineWidth))
	c.line("    %s: %s", what, sentence(f.Reason))
	c.line("    expected %s; %s%s", oneLine(first.Expected, lineWidth), observed(first), kindSuffix(f.Cases))
	if first.Detail != "" {
		c.line("    %s", oneLine(first.Detail, lineWidth))
	}
	if first.Waived != nil {
		c.line("    waived until %s: %s", first.Waived.Expires, oneLine(first.Waived.Reason, lineWidth))
	}
	if hint := remedy(f); hint != "" && len(c.r.CausesOf(f)) == 0 {
		c.line("    hint: %s", hint)
	}
	if first.Command != "" {
		c.line("    again: %s", oneLine(first.Command, 4*lineWidth))
	}
}

func (c *console) matrices() {
	for _, m := range Matrices(c.r) {
		if len(m.Rows) < 2 {
			continue
		}
		c.line("\nminted for × presented to, %s:", m.Target)
		c.matrix(m)
	}
}

// matrix writes one table: a cell is a mark and a word, good or bad by where it
// stands.
func (c *console) matrix(m Matrix) {
	width := make([]int, len(m.To))
	first := 0
	for i, to := range m.To {
		width[i] = runes(to)
		for _, row := range m.Rows {
			width[i] = max(width[i], runes(row.Cells[i].Word)+2)
			first = max(first, runes(row.From))
		}
	}
	head := []string{padded("", first)}
	for i, to := range m.To {
		head = append(head, padded(to, width[i]))
	}
	c.line("  %s", strings.TrimRight(strings.Join(head, "  "), " "))
	for _, row := range m.Rows {
		cells := []string{padded(row.From, first)}
		for i, cell := range row.Cells {
			text := padded(cell.Tone.Mark()+" "+cell.Word, width[i])
			if i == len(row.Cells)-1 {
				text = strings.TrimRight(text, " ")
			}
			cells = append(cells, c.paint(cell.Tone, text))
		}
		c.line("  %s", strings.Join(cells, "  "))
	}
}

// rest says what the cases came to that failed in nothing.
func (c *console) rest() {
	c.line("\n%s: %s", reports.Plural(c.r.Counts.Total(), "case"), countsText(c.r.Counts))
	tallies := c.r.Tallies()
	width := 0
	for _, t := range tallies {
		width = max(width, runes(string(t.Reason)))
	}
	for _, t := range tallies {
		c.line("  %s %4d  %s  %s", c.paint(toneOf(t.Outcome), fmt.Sprintf("%-12s", t.Outcome)),
			len(t.Cases), padded(string(t.Reason), width), sentence(t.Reason))
		if first := t.Cases[0]; first.Detail != "" && tellsMore(first) {
			c.line("    %s: %s", first.ID, oneLine(first.Detail, lineWidth))
		}
	}
	if n := waived(c.r); n > 0 {
		c.line("  %s waived", reports.Plural(n, "failure"))
	}
	if n, names := criticalsOwed(c.r); n > 0 {
		c.line("  %s not judged: %s", reports.Plural(n, "critical row"), oneLine(names, 2*lineWidth))
	}
}

// tellsMore reports whether the detail of a case says what its reason does not:
// what went wrong, or what is missing where no line of supports is at stake.
func tellsMore(c *reports.Case) bool {
	return c.Outcome == reports.Error || c.Outcome == reports.Skipped && c.Declare == ""
}

// waived returns how many failures are waived.
func waived(r *reports.Results) int {
	n := 0
	for _, f := range r.Findings() {
		if f.Waived {
			n += len(f.Cases)
		}
	}
	return n
}

// criticalsOwed names the critical rows that stand in the way of a 0, with
// their environments.
func criticalsOwed(r *reports.Results) (n int, names string) {
	at := map[string][]string{}
	for _, o := range r.Obligations {
		if o.What == reports.CriticalOwed && !o.Settled() {
			at[o.Scenario] = append(at[o.Scenario], o.Environment)
			n++
		}
	}
	var parts []string
	for _, scenario := range slices.Sorted(maps.Keys(at)) {
		parts = append(parts, scenario+" at "+strings.Join(at[scenario], ", "))
	}
	return n, strings.Join(parts, "; ")
}

// repeats says what a run that repeats can still miss.
func (c *console) repeats() {
	text := c.r.RepeatText()
	if text == "" {
		return
	}
	c.line("\n%s", text)
	if each := c.r.OneByOne(); len(each) > 0 {
		c.line("addressed one by one, so that none is missed: %s", oneLine(strings.Join(each, ", "), lineWidth))
	}
}

// learnt is what the target files can declare after this run.
func (c *console) learnt() {
	for _, s := range learntOf(c.r.Supports) {
		c.line("\nlearnt of %s, to paste into its file if it is meant so:", s.Target)
		for line := range strings.Lines(supportsText(s)) {
			c.line("  %s", strings.TrimSuffix(line, "\n"))
		}
	}
}

func (c *console) hints() {
	for _, w := range c.r.Waivers {
		if w.Unused() {
			c.line("hint: the waiver of %s covers nothing any more: remove it", w.ID)
		}
	}
	for _, d := range c.r.Declarations() {
		c.line("hint: `%s` in the target file declares %s away", oneLine(d.Line, lineWidth), reports.Plural(d.Cases, "case"))
	}
}

func (c *console) verdict() {
	c.line("\n%s", identity(c.r))
	c.line("%s", c.paint(toneOfExit(c.r.ExitCode), fmt.Sprintf("exit %d: %s", c.r.ExitCode, reports.ExitMeaning(c.r.ExitCode))))
}
