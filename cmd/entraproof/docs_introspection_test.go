package main

import (
	"slices"
	"testing"

	"github.com/entraproof/entraproof/mockidp"
)

// TestDocProfiles: the page tells every profile of introspection, and none that
// there is not.
func TestDocProfiles(t *testing.T) {
	t.Parallel()
	var told, known []string
	for _, cells := range tableUnder(docText(t, "introspection.md"), "introspection profiles") {
		told = append(told, span(cells[0]))
	}
	for _, p := range mockidp.Introspections() {
		known = append(known, string(p))
	}
	if !slices.Equal(told, known) {
		t.Errorf("expected the profiles %v, got %v", known, told)
	}
}
