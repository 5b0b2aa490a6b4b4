package mint

import "testing"

// mostAllocations is how many pieces of memory a token of an application may
// cost, its signature included. What is above it is garbage, which the issuer's
// CPU time per token pays for.
const mostAllocations = 48

// TestAllocations guards the memory that one minted token costs.
func TestAllocations(t *testing.T) {
	for _, v := range []Version{V1, V2} {
		t.Run(string(v), func(t *testing.T) {
			g := allocated(v)
			if got := testing.AllocsPerRun(50, func() { issue(t, g) }); got > mostAllocations {
				t.Errorf("expected at most %d allocations a token, got %.0f", mostAllocations, got)
			}
		})
	}
}

// BenchmarkToken is one token of an application from its grant to its text.
func BenchmarkToken(b *testing.B) {
	g := allocated(V2)
	issue(b, g) // makes the keys
	b.ReportAllocs()
	for b.Loop() {
		issue(b, g)
	}
}

// allocated is what client_credentials grants.
func allocated(v Version) Grant {
	g := testGrant()
	g.Kind, g.Roles = Kind{v, SubjectApp}, []string{"DEV.Access"}
	return g
}
