package predict

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/gateway"
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
	if t.p.Problem != nil {
		for line := range strings.SplitSeq(t.p.Problem.Error(), "\n") {
			t.line("  %s", line)
		}
	}
	for _, a := range t.p.Assumed {
		t.line("  assumed: %s", a)
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
	t.line("false rejects: %s of genuine tokens refused", reports.Plural(len(all), "case"))
	at := map[string][]reports.Case{}
	for _, c := range all {
		at[causeText(t.p.Causes[c.ID])] = append(at[causeText(t.p.Causes[c.ID])], c)
	}
	for _, cause := range slices.Sorted(maps.Keys(at)) {
		t.line("  %s", cause)
		t.line("    %s", rowsOf(at[cause]))
	}
}

func causeText(causes []Cause) string {
	if len(causes) == 0 {
		return "no policy refused it"
	}
	return causes[0].String()
}

func (t *text) accepts() {
	all := t.p.failing((*reports.Case).FalseAccept)
	t.line("false accepts: %s let in that must be refused", reports.Plural(len(all), "case"))
}

func (t *text) closes() {
	for _, c := range t.p.Closed {
		t.line("  %s %s: closed by %s", c.At, c.Key, c.String())
		t.line("    in the console: %s", c.Console())
		if len(c.Accepts) > 0 {
			t.line("    fired again: %s now refused: %s", reports.Plural(len(c.Accepts), "case"), rowsOf(c.Accepts))
		}
		if len(c.Rejects) > 0 {
			t.line("    fired again: %s now accepted: %s", reports.Plural(len(c.Rejects), "case"), rowsOf(c.Rejects))
		}
		if len(c.Opens) > 0 {
			t.line("    behind it: %s let in that this refusal hid; predict the changed export", reports.Plural(len(c.Opens), "case"))
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

func (t *text) open() {
	if len(t.p.Open) == 0 {
		return
	}
	by := map[string][]reports.Case{}
	for _, c := range t.p.Open {
		by[c.Guards] = append(by[c.Guards], c)
	}
	t.line("  closed by no parameter that was tried: %s", reports.Plural(len(t.p.Open), "case"))
	for _, guard := range slices.Sorted(maps.Keys(by)) {
		about := "no parameter is about it"
		if causes := t.p.causesOf(by[guard][0]); len(causes) > 0 {
			about = causes[0].String()
		}
		t.line("    %s (%s): %s", guard, about, rowsOf(by[guard]))
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

// rowsOf are the rows of cases by id, with the environments where there are
// several.
func rowsOf(cases []reports.Case) string {
	var ids []string
	for _, c := range cases {
		ids = append(ids, c.Scenario)
	}
	slices.Sort(ids)
	return strings.Join(slices.Compact(ids), ", ")
}
