package suites_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/suites"
)

// TestLearnsWhatIsNotDeclared runs a row that a capability decides: undeclared
// it is recorded and the run ends with the line to paste; with that line
// declared it passes; declared the other way it contradicts the claim.
func TestLearnsWhatIsNotDeclared(t *testing.T) {
	t.Parallel()
	const row = "kid-missing-many-keys"
	for _, tt := range []struct {
		name, declared string
		outcome        verdict.Outcome
		reason         verdict.Reason
		yaml           []string
	}{
		{"undeclared", "", verdict.Recorded, verdict.NotDeclared, []string{"supports:\n  kid-required: true # A token without kid is refused.\n"}},
		{"as it is", "true", verdict.Pass, verdict.RefusedAsRequired, nil},
		{"otherwise", "false", verdict.Fail, verdict.ClaimContradicted, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			target := targets.Default()
			target.Supports = slices.DeleteFunc(slices.Clone(target.Supports), func(d targets.Declaration) bool { return d.Key == "kid-required" })
			if tt.declared != "" {
				target.Supports = append(target.Supports, targets.Declaration{Key: "kid-required", Value: tt.declared})
			}
			r := run(t, suites.Config{Targets: []*suites.Target{target}, Selection: suites.Selection{IDs: []string{row, "ctl-v?-app-only"}}})
			for _, c := range r.Cases {
				if c.Scenario == row && (c.Outcome != tt.outcome || c.Reason != tt.reason) {
					t.Errorf("%s: expected %s, %s, got %s, %s (%s)", c.ID, tt.outcome, tt.reason, c.Outcome, c.Reason, c.Detail)
				}
			}
			var yaml []string
			for _, s := range r.Supports {
				yaml = append(yaml, s.YAML)
			}
			if diff := cmp.Diff(tt.yaml, yaml); diff != "" {
				t.Error(diff)
			}
		})
	}
}
