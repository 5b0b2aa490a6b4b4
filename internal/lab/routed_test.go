package lab

import (
	"net/http"
	"testing"

	"github.com/entraproof/entraproof/mockidp"
)

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

// TestRoutedNowhere: nobody answers at the placeholder of the documentation, and
// Entra has no more than it has.
func TestRoutedNowhere(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		reason, asked string
		want          int // 0: no answer
	}{
		{"placeholder", "http://your-jwks-service.example:80/base/path", 0},
		{"no-introspection", "https://login.microsoftonline.com/T/oauth2/v2.0/introspect", http.StatusNotFound},
		{"no-such-keys", "https://sts.windows.net/T/keys.json", http.StatusNotFound},
		{"keys", "https://login.microsoftonline.com/T/discovery/v2.0/keys", http.StatusOK},
		{"metadata", "https://login.microsoftonline.com/T/v2.0/.well-known/openid-configuration", http.StatusOK},
		{"mirror", "https://keys.example/jwks.json", http.StatusOK},
		{"shim", "https://shim.example/introspect", http.StatusOK},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, row.asked, nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := routed{&mockidp.Issuer{}, "T", answering{}}.RoundTrip(request)
			got := 0
			if err == nil {
				got = response.StatusCode
				_ = response.Body.Close()
			}
			if got != row.want {
				t.Errorf("expected %d, got %d (%v)", row.want, got, err)
			}
		})
	}
}

// answering is an issuer that has everything.
type answering struct{}

func (answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
}
