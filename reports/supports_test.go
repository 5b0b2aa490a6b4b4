package reports_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/reports"
)

// TestSupports holds the text that a run ends with: a line where one value
// explains every answer of every environment, a comment elsewhere; a target
// each, and nothing that could leave its line.
func TestSupports(t *testing.T) {
	t.Parallel()
	r := sample()
	r.Learnt = []reports.Learnt{
		{Target: "orders", Environment: "uat", Key: "kid-required", Value: "false", Says: "Without kid the published keys are tried."},
		{Target: "orders", Environment: "dev", Key: "kid-required", Value: "false", Says: "Without kid the published keys are tried."},
		{Target: "orders", Environment: "dev", Key: "tid-required", Value: "true", Says: "x"},
		{Target: "orders", Environment: "uat", Key: "tid-required", Value: "false", Says: "y"},
		{Target: "orders", Environment: "dev", Key: "client-claim", Open: []string{"azp", "first-present"}},
		{Target: "orders", Environment: "dev", Key: "iat-checked"},
		{Target: "billing", Environment: "dev", Key: "jwks\ninjected: true", Value: "static\nx: y", Says: "a\nb"},
	}
	want := []reports.Supports{
		{Target: "billing", Lines: 1, YAML: "supports:\n  jwks injected: true: static x: y # a b\n"},
		{Target: "orders", Lines: 1, YAML: `supports:
  # client-claim: azp or first-present
  # iat-checked: no value explains the answers
  kid-required: false # Without kid the published keys are tried.
  # tid-required: the gateways differ: dev true; uat false
`},
	}
	if diff := cmp.Diff(want, r.Concluded().Supports); diff != "" {
		t.Error(diff)
	}
}
