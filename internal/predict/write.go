package predict

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/reports"
)

// Write says what is open and what closes it; what a run says of the same
// outcomes stands in Results.
func (p *Prediction) Write(w io.Writer) error {
	t := &text{p: p}
	t.head()
	if p.Results != nil {
		t.rejects()
		t.accepts()
		t.closes()
		t.open()
		t.hangs()
	}
	_, err := io.WriteString(w, t.String())
	return err
}

// text is a prediction being written.
type text struct {
	strings.Builder
	p *Prediction
}

func (t *text) line(format string, a ...any) { fmt.Fprintf(t, format+"\n", a...) }

func (t *text) head() {
	for _, m := range t.p.Subject.Members {
		t.line("predicted: %s %s as environment %s, gateway profile %s", m.Instance.At, m.Instance.Name, m.Environment, t.p.Switches.Value("profile"))
	}
	if r := t.p.Subject.Route; r != nil {
		t.line("  at %s %s, which meets other policies than the routes above", r.Method, r.Path)
	}
	if t.p.Problem != nil {
		for line := range strings.SplitSeq(t.p.Problem.Error(), "\n") {
			t.line("  %s", line)
		}
		return
	}
	for _, requests := range t.p.Everybody {
		t.line("  open to everybody: %s", requests)
	}
	for _, a := range t.p.Assumed {
		t.line("  assumed: %s", a)
	}
	if text := policy.BystanderText(t.p.Subject.chains()); text != "" {
		t.line("  %s", text)
	}
	for _, a := range t.p.Left {
		t.line("  left open: %s", a)
	}
}

// failing are the failed cases of one sort.
func (p *Prediction) failing(sort func(*reports.Case) bool) []reports.Case {
	var all []reports.Case
	for i := range p.Results.Cases {
		if c := &p.Results.Cases[i]; sort(c) {
			all = append(all, *c)
		}
	}
	return all
}

func (t *text) rejects() {
	all := t.p.failing((*reports.Case).FalseReject)
	t.line("false rejects: %s", countOf(all, "of genuine tokens refused"))
	at := map[string][]reports.Case{}
	for _, c := range all {
		at[t.about(c)] = append(at[t.about(c)], c)
	}
	for _, cause := range slices.Sorted(maps.Keys(at)) {
		t.line("  %s", cause)
		t.rows("", at[cause])
	}
}

func countOf(cases []reports.Case, what string) string {
	if len(cases) == 0 {
		return "none"
	}
	return reports.Plural(len(cases), "case") + " " + what
}

// about is the parameter that a case comes from.
func (t *text) about(c reports.Case) string {
	if causes := t.p.causesOf(c); len(causes) > 0 {
		return causes[0].String()
	}
	return "no parameter is about it"
}

func (t *text) accepts() {
	t.line("false accepts: %s", countOf(t.p.failing((*reports.Case).FalseAccept), "let in that must be refused"))
}

func (t *text) closes() {
	if len(t.p.Closed) > 0 {
		t.line("what closes them, the smallest change of each:")
	}
	for _, c := range t.p.Closed {
		absent := ""
		if !t.p.Subject.causeOf(c.Change).Set {
			absent = " (left out there)"
		}
		t.line("  %s: %s%s", c.At, c.String(), absent)
		t.line("    in the console: %s", c.Console())
		if len(c.Accepts) > 0 {
			t.rows(fmt.Sprintf("fired again, %s refused: ", reports.Plural(len(c.Accepts), "case")), c.Accepts)
		}
		if len(c.Rejects) > 0 {
			t.rows(fmt.Sprintf("fired again, %s accepted: ", reports.Plural(len(c.Rejects), "case")), c.Rejects)
		}
		if len(c.Opens) > 0 {
			t.line("    behind it: %s let in that the refusal hid; predict the changed export", reports.Plural(len(c.Opens), "case"))
		}
	}
	if all := t.p.Together; all != nil {
		held := "every genuine token that was accepted still is"
		if !all.Controls {
			held = "but genuine tokens are refused that were accepted"
		}
		t.line("  all changes at once: %d of %d closed, %s", all.Closed, all.Of, held)
	}
}

// open are the cases that nothing closes, by the parameter or the check that they
// are about.
func (t *text) open() {
	if len(t.p.Open) == 0 {
		return
	}
	by := map[string][]reports.Case{}
	for _, c := range t.p.Open {
		key := c.Guards + ": " + t.about(c)
		by[key] = append(by[key], c)
	}
	t.line("closed by no change that was tried: %s", reports.Plural(len(t.p.Open), "case"))
	for _, key := range slices.Sorted(maps.Keys(by)) {
		t.line("  %s", key)
		t.rows("", by[key])
	}
}

// hangs names the switches that verdicts hang on.
func (t *text) hangs() {
	for _, row := range gateway.SwitchTable() {
		ids := t.p.Hangs[row.Name]
		if row.Decides != gateway.DecidesVerdict || len(ids) == 0 {
			continue
		}
		t.line("hangs on --switch %s=%s: %s. %s (mulesoft-policies.md %s)", row.Name, t.p.Switches.Value(row.Name), reports.Plural(len(ids), "case"), row.Sentence, row.Source)
	}
}

// textWidth is how long a line of rows becomes.
const textWidth = 150

// rows are the rows of cases by id, each once, over as many lines as they need.
func (t *text) rows(before string, cases []reports.Case) {
	const margin = "    "
	line := margin + before
	for i, id := range t.named(cases) {
		switch {
		case i == 0:
		case len(line)+len(id) > textWidth:
			t.line("%s,", line)
			line = margin + "  "
		default:
			line += ", "
		}
		line += id
	}
	t.line("%s", line)
}

// named are the rows of cases, each with the environments where there are several.
func (t *text) named(cases []reports.Case) []string {
	at := map[string][]string{}
	for _, c := range cases {
		if !slices.Contains(at[c.Scenario], c.Environment) {
			at[c.Scenario] = append(at[c.Scenario], c.Environment)
		}
	}
	var all []string
	for _, id := range slices.Sorted(maps.Keys(at)) {
		if len(t.p.Subject.Members) > 1 {
			slices.Sort(at[id])
			id += " (" + strings.Join(at[id], ", ") + ")"
		}
		all = append(all, id)
	}
	return all
}
