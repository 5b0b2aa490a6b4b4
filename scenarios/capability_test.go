package scenarios

import (
	"slices"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/targets"
)

// undecided are the rows of the reference that say "either" and that no
// capability decides: only their conditions count.
func undecided() []string {
	return []string{"auth-two-headers-upstream-view", "fmt-proto-pollution", "auth-connection-names-it"}
}

// TestCapabilitiesDecide holds the capabilities against the reference: each of
// its "either" rows is decided by one, and no other row is. That a row names
// its own capability, TestEitherNamesItsCapability holds.
func TestCapabilitiesDecide(t *testing.T) {
	t.Parallel()
	var want, got []string
	for _, r := range referenceRows(t) {
		if strings.HasPrefix(r[4], "E") && !slices.Contains(undecided(), r[0]) {
			want = append(want, r[0])
		}
	}
	for _, c := range targets.Capabilities() {
		got = append(got, c.Decides...)
	}
	slices.Sort(want)
	slices.Sort(got)
	for _, id := range want {
		if !slices.Contains(got, id) {
			t.Errorf("%s: the reference says either, and no capability decides it", id)
		}
	}
	for _, id := range got {
		if !slices.Contains(want, id) {
			t.Errorf("%s: a capability decides it, and the reference does not say either", id)
		}
	}
}

// TestEitherNamesItsCapability holds that a built-in row leaves its verdict to
// the capability that names it, and to no other.
func TestEitherNamesItsCapability(t *testing.T) {
	t.Parallel()
	deciding := map[string]string{}
	for _, c := range targets.Capabilities() {
		for _, id := range c.Decides {
			deciding[id] = c.Key
		}
	}
	for _, s := range builtinRows(t).All() {
		for _, v := range s.Effective() {
			if key := v.Scenario.Expect.Either; key != deciding[s.ID] {
				t.Errorf("%s: expected %s: either %q, got %q", s.Pos, s.ID, deciding[s.ID], key)
			}
		}
	}
}
