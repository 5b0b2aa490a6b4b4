package engine

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/reports"
)

// TestLearnt holds what answers say about a capability: the one value that
// explains them all, those that they leave open, or none.
func TestLearnt(t *testing.T) {
	t.Parallel()
	says := func(key, value string) string {
		c, ok := targets.CapabilityOf(key)
		if !ok {
			t.Fatalf("expected the capability %s", key)
		}
		if value == "" {
			return c.Says
		}
		return c.Sentence(value)
	}
	saw := func(key, row string, accepted bool) sight { return sight{"dev", key, row, row + "/dev", accepted} }
	table := []struct {
		name   string
		sights []sight
		value  string
		open   []string
	}{
		{"a boolean", []sight{saw("kid-required", "kid-missing-many-keys", true)}, "false", nil},
		{"the other way", []sight{saw("kid-required", "kid-missing-many-keys", false)}, "true", nil},
		{"a row that a value excepts", []sight{saw("client-claim", "client-azp-only-in-v1", true), saw("client-claim", "client-appid-only-in-v2", false)}, "azp", nil},
		{"one row leaves two open", []sight{saw("client-claim", "client-azp-only-in-v1", true)}, "", []string{"azp", "first-present"}},
		{"a row of a user's own", []sight{saw("audience-arrays", "mine", true)}, "true", nil},
		{"answers that contradict each other", []sight{saw("kid-required", "kid-missing-many-keys", true), saw("kid-required", "kid-missing-single-key", false)}, "", nil},
		{"a list", []sight{saw("algorithms", "alg-eddsa-unexpected", false)}, "[RS256]", nil},
		{"a length", []sight{saw("jwks-timeout", "jwks-slow", false)}, "", []string{"less than 30s"}},
		{"the word of a length", []sight{saw("longest-lifetime", "exp-milliseconds", true)}, "none", nil},
		{"a word or a length", []sight{saw("longest-lifetime", "exp-ten-years", true)}, "", []string{"none", "87600h or more"}},
	}
	for _, tt := range table {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			key := tt.sights[0].key
			want := reports.Learnt{Target: "orders", Environment: "dev", Key: key, Value: tt.value, Open: tt.open}
			word := tt.value
			if word == "[RS256]" {
				word = "RS256"
			}
			want.Says = says(key, word)
			for _, s := range tt.sights {
				want.From = append(want.From, s.id)
			}
			got := learnt("orders", tt.sights)
			if len(got) != 1 {
				t.Fatalf("expected one capability, got %+v", got)
			}
			got[0].From, want.From = slices.Sorted(slices.Values(got[0].From)), slices.Sorted(slices.Values(want.From))
			if len(got[0].Open) == 0 {
				got[0].Open = nil
			}
			if diff := cmp.Diff(want, got[0]); diff != "" {
				t.Error(diff)
			}
		})
	}
}
