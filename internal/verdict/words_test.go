package verdict_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/verdict"
)

func TestOutcomeLadder(t *testing.T) {
	want := []string{"pass", "recorded", "warn", "unsupported", "skipped", "inconclusive", "fail", "error"}
	var got []string
	for i, o := range verdict.Outcomes() {
		got = append(got, o.String())
		for j, other := range verdict.Outcomes() {
			if worst := verdict.Worst(o, other); worst != verdict.Outcomes()[max(i, j)] {
				t.Errorf("worst of %s and %s: got %s", o, other, worst)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOutcomeJSON(t *testing.T) {
	for _, o := range verdict.Outcomes() {
		b, err := json.Marshal(o)
		if err != nil || string(b) != `"`+o.String()+`"` {
			t.Errorf("%s: got %s, %v", o, b, err)
		}
		var back verdict.Outcome
		if err := json.Unmarshal(b, &back); err != nil || back != o {
			t.Errorf("%s: got %s, %v", o, back, err)
		}
	}
	var o verdict.Outcome
	if err := json.Unmarshal([]byte(`"passed"`), &o); err == nil {
		t.Error("an unknown word is taken")
	}
	if _, err := json.Marshal(verdict.Error + 1); err == nil {
		t.Error("an unknown number is written")
	}
	if got := (verdict.Error + 1).String(); got != "outcome(8)" {
		t.Errorf("got %s", got)
	}
}

func TestOutcomeJudged(t *testing.T) {
	for _, o := range verdict.Outcomes() {
		want := o == verdict.Pass || o == verdict.Warn || o == verdict.Fail
		if o.Judged() != want {
			t.Errorf("%s: expected %t", o, want)
		}
	}
}

func TestReasonsAreAClosedSet(t *testing.T) {
	kebab := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	sentences := map[string]verdict.Reason{}
	all := verdict.Reasons()
	if len(all) < 60 || !slices.IsSorted(all) {
		t.Errorf("%d reasons, sorted %t", len(all), slices.IsSorted(all))
	}
	for _, r := range all {
		s := r.Sentence()
		if !kebab.MatchString(string(r)) || !r.Known() {
			t.Errorf("%q is no kebab-case code", r)
		}
		if s == "" || !strings.HasSuffix(s, ".") || strings.ToUpper(s[:1]) != s[:1] {
			t.Errorf("%s: no sentence: %q", r, s)
		}
		if twin, ok := sentences[s]; ok {
			t.Errorf("%s and %s share a sentence", r, twin)
		}
		sentences[s] = r
	}
	if r := verdict.Reason("made-up"); r.Known() || r.Sentence() != "" || r.Outcome() != verdict.Error {
		t.Errorf("an unknown reason is known: %s", r.Outcome())
	}
}

// Every outcome has reasons, and the reasons of issue and design have the
// outcome that they say.
func TestReasonsMeanOneOutcome(t *testing.T) {
	want := map[verdict.Outcome][]verdict.Reason{
		verdict.Pass:         {verdict.RefusedAsRequired, verdict.AcceptedAsRequired},
		verdict.Recorded:     {verdict.Measured, verdict.NotDeclared, verdict.CalloutUnprovable},
		verdict.Warn:         {verdict.WeakAcceptance, verdict.RefusedWithToleratedStatus, verdict.AcceptedLeniently},
		verdict.Unsupported:  {verdict.LeftOpenByDeclaration, verdict.DeclaredUnsupported},
		verdict.Skipped:      {verdict.NothingToChange, verdict.MissingAccount, verdict.Filtered, verdict.LeaseMissing},
		verdict.Inconclusive: {verdict.NoControl, verdict.ControlLost, verdict.ControlRefused, verdict.RateLimited, verdict.ClockSkewed},
		verdict.Fail:         {verdict.ReachedUpstream, verdict.EnvironmentsNotSeparable, verdict.RefusedGenuine},
		verdict.Error:        {verdict.RouteNotProven, verdict.Interrupted, verdict.ConnectionRefused},
	}
	for outcome, reasons := range want {
		for _, r := range reasons {
			if r.Outcome() != outcome {
				t.Errorf("%s: expected %s, got %s", r, outcome, r.Outcome())
			}
		}
	}
	if len(want) != len(verdict.Outcomes()) {
		t.Error("an outcome has no reason")
	}
}

func TestVerdictWorse(t *testing.T) {
	pass, warn := verdict.Because(verdict.RefusedAsRequired, "a"), verdict.Because(verdict.WeakRefusal, "b")
	other := verdict.Because(verdict.AcceptedLeniently, "c")
	if got := pass.Worse(warn); got != warn {
		t.Errorf("got %+v", got)
	}
	if got := warn.Worse(pass); got != warn {
		t.Errorf("got %+v", got)
	}
	if got := warn.Worse(other); got != warn {
		t.Errorf("of equals the first stays: got %+v", got)
	}
}

func TestStatesHaveWords(t *testing.T) {
	b, err := json.Marshal([]any{none, yes, no, dead, verdict.ControlState(9), unknown, away, forwarded, reached, verdict.Reach(9)})
	want := `["none","accepted","refused","unproven","unproven","unknown","not-reached","forwarded","reached","reached"]`
	if err != nil || string(b) != want {
		t.Errorf("got %s, %v", b, err)
	}
}
