package engine

import (
	"testing"

	"github.com/entraproof/entraproof/mockidp/mint"
	"github.com/entraproof/entraproof/scenarios"
)

// TestStatesFirst: cases with a state of the key set come first, one state after
// the other; the rest stays in order.
func TestStatesFirst(t *testing.T) {
	t.Parallel()
	ec, ed := mint.KeySet{Keys: []mint.KeySpec{{Name: "ec", Type: "EC"}}}, mint.KeySet{Keys: []mint.KeySpec{{Name: "ed", Type: "OKP"}}}
	var cases []*scenarios.Case
	for _, c := range []struct {
		id    string
		state mint.KeySet
	}{{"a", mint.KeySet{}}, {"b", ed}, {"c", ec}, {"d", mint.KeySet{}}, {"e", ed}} {
		cases = append(cases, &scenarios.Case{ID: c.id, Scenario: &scenarios.Scenario{Issuer: c.state}})
	}
	order := ""
	for _, c := range statesFirst(cases) {
		order += c.ID
	}
	if order != "becad" {
		t.Errorf("expected the order becad, got %s", order)
	}
}
