package suites_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/scenarios"
	"github.com/entraproof/entraproof/suites"
)

// TestSameSeedSameResults: two whole runs with one seed, each with an issuer and
// gateways of its own, differ in nothing but the fields that the schema marks
// volatile. Rows that hold a gateway to a time are left out: a busy machine is
// slower than others.
func TestSameSeedSameResults(t *testing.T) {
	if testing.Short() {
		t.Skip("two whole runs")
	}
	t.Parallel()
	all, err := scenarios.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	rows := slices.DeleteFunc(all.All(), func(s scenarios.Scenario) bool { return s.Guards == "cost" })
	cfg := suites.Config{Selection: suites.Selection{IDs: ids(rows)}, Setup: "strict", Seed: 7, Out: t.TempDir()}
	first := stable(t, cfg)
	cfg.Out = t.TempDir()
	if diff := cmp.Diff(first, stable(t, cfg)); diff != "" {
		t.Error(diff)
	}
}

// stable runs and gives the results without what is volatile.
func stable(t *testing.T, cfg suites.Config) *suites.Results {
	t.Helper()
	results, err := run(t, cfg).Stable()
	if err != nil {
		t.Fatal(err)
	}
	if results.Selection.Fired < 1500 {
		t.Fatalf("expected a whole run, got %d cases fired", results.Selection.Fired)
	}
	return results
}
