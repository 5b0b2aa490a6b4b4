package lab

import "testing"

// TestRoutedPaths: any tenant's address of Entra's is that of the tenant, and any
// other address a copy of its key set.
func TestRoutedPaths(t *testing.T) {
	t.Parallel()
	for asked, want := range map[string]string{
		"/common/discovery/v2.0/keys":                          "/T/discovery/v2.0/keys",
		"/7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40/discovery/keys": "/T/discovery/keys",
		"/TENANT/v2.0/.well-known/openid-configuration":        "/T/v2.0/.well-known/openid-configuration",
		"/T/introspect": "/T/introspect",
		"/base/path":    "/T/discovery/v2.0/keys",
		"/jwks.json":    "/T/discovery/v2.0/keys",
		"":              "/T/discovery/v2.0/keys",
	} {
		if got := (routed{tenant: "T"}).path(asked); got != want {
			t.Errorf("%q: expected %s, got %s", asked, want, got)
		}
	}
}
