package verdict_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/internal/verdict"
)

// TestReflected: a text that the answer must not hold fails the case whatever the
// status, and is looked for in every header field.
func TestReflected(t *testing.T) {
	t.Parallel()
	e := expect(t, `{refuse: 401, answer: {no-header-value: ["${tenant.id}", never]}}`)
	if refs := e.Refs(); !slices.Equal(refs, []string{"tenant.id"}) {
		t.Errorf("expected the placeholder, got %v", refs)
	}
	texts, err := e.EvalAnswer(value.Map{"tenant.id": value.String("https://evil.example")})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"https://evil.example", "never"}, texts); diff != "" {
		t.Error(diff)
	}
	if _, err := e.EvalAnswer(value.Map{}); err == nil {
		t.Error("expected an error for a placeholder without value")
	}
	for field, want := range map[string]verdict.Reason{
		"*": verdict.RefusedAsRequired, "https://evil.example": verdict.HeaderValueReflected, "a, never": verdict.HeaderValueReflected,
	} {
		o := status(401)
		o.Header = []probe.Pair{{Name: "Vary", Value: "Origin"}, {Name: "Access-Control-Allow-Origin", Value: field}}
		v := verdict.Judge(verdict.Evidence{
			Expect: e, Unreflected: texts, Observed: o, Reach: verdict.NotReached, Before: verdict.Accepted, After: verdict.Accepted,
		})
		if v.Reason != want {
			t.Errorf("%s: expected %s, got %s", field, want, v.Reason)
		}
	}
}

// TestOwnAnswer: where nothing may arrive, a success of the gateway's own is the
// acceptance; elsewhere it is somebody else's.
func TestOwnAnswer(t *testing.T) {
	t.Parallel()
	for yaml, want := range map[string]verdict.Reason{
		"{accept: true, upstream: {reached: false}}": verdict.AcceptedAsRequired, "accept": verdict.AnsweredByAnother,
	} {
		e := expect(t, yaml)
		wanted, err := e.Upstream.Eval(value.Map{})
		if err != nil {
			t.Fatal(err)
		}
		v := verdict.Judge(verdict.Evidence{
			Expect: e, Wanted: wanted, Observed: status(204), Reach: verdict.NotReached, Before: verdict.Accepted, After: verdict.Accepted,
		})
		if v.Reason != want {
			t.Errorf("%s: expected %s, got %s", yaml, want, v.Reason)
		}
	}
}
