package lab

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp"
)

// TestBuiltInDirectoryHasTheEmbeddedTarget: whoever serves the issuer without a
// directory finds in the built-in one everything that the embedded target
// names, with the same ids.
func TestBuiltInDirectoryHasTheEmbeddedTarget(t *testing.T) {
	builtIn, target := mockidp.DefaultDirectory(), IssuerConfig(targets.Default()).Directory
	for id := range target.Tenants {
		if _, ok := builtIn.Tenants[id]; !ok {
			t.Errorf("tenant %s is not there", id)
		}
	}
	for name, want := range target.APIs {
		got := builtIn.APIs[name]
		for _, scope := range targets.Default().APIs[slices.IndexFunc(targets.Default().APIs, func(a *targets.API) bool { return a.Name == name })].Scopes {
			if _, ok := got.Scopes[scope]; !ok {
				t.Errorf("%s has no scope %s", name, scope)
			}
		}
		got.Scopes, got.GroupMembershipClaims = nil, ""
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("API %s (-target +built-in):\n%s", name, diff)
		}
	}
	for name, want := range target.Clients {
		got := builtIn.Clients[name]
		got.Secrets = nil
		if len(want.Roles) == 0 {
			want.Roles = nil
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("client %s (-target +built-in):\n%s", name, diff)
		}
	}
	if len(target.APIs) != 7 || len(target.Clients) != 9 {
		t.Errorf("expected 7 APIs and 9 clients, got %d and %d", len(target.APIs), len(target.Clients))
	}
}
