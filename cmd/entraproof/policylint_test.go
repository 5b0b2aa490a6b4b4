package main

import (
	"slices"
	"testing"

	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/scenarios"
)

// TestLintRows: each row that a rule names is in the catalogue, once; only what
// cannot be seen by a row names none. The severities are the catalogue's words.
func TestLintRows(t *testing.T) {
	t.Parallel()
	all, err := scenarios.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	rowless := []string{"expression-not-evaluated", "policy-not-known", "secret-in-file"}
	var words []string
	for _, s := range scenarios.Severities() {
		words = append(words, s.Name)
	}
	for _, r := range policy.LintRules() {
		for i, id := range r.Rows {
			if _, ok := all.ByID(id); !ok || slices.Contains(r.Rows[:i], id) {
				t.Errorf("%s: expected a row of the catalogue, once, got %s", r.ID, id)
			}
		}
		for i, id := range r.Proof {
			if _, ok := all.ByID(id); !ok || slices.Contains(r.Proof[:i], id) {
				t.Errorf("%s: expected a row of the catalogue as its proof, once, got %s", r.ID, id)
			}
		}
		if (len(r.Rows) == 0) != slices.Contains(rowless, r.ID) {
			t.Errorf("%s: expected rows, or to stand among those without, got %v", r.ID, r.Rows)
		}
		if !slices.Contains(words, string(r.Severity)) {
			t.Errorf("%s: expected a severity of the catalogue, got %s", r.ID, r.Severity)
		}
	}
}
