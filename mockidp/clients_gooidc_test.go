package mockidp_test

import (
	"context"
	"errors"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// goOIDC validates access and id tokens with go-oidc; the one that goes over
// HTTP is got with golang.org/x/oauth2.
func goOIDC(t *testing.T, s *stage) []report {
	t.Helper()
	var all reports
	ctx := oidc.ClientContext(t.Context(), s.http)
	providers := map[string]*oidc.Provider{
		"v1": s.provider(ctx, t, "/"+tenant, s.issuer.Issuers(tenant).V1),
		"v2": s.provider(ctx, t, "/"+tenant+"/v2.0", s.issuer.Issuers(tenant).V2),
	}
	asking := clientcredentials.Config{
		ClientID: worker, ClientSecret: secret, TokenURL: providers["v2"].Endpoint().TokenURL, Scopes: []string{devScope}, AuthStyle: oauth2.AuthStyleInParams,
	}
	got, err := asking.Token(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range append([]presented{{Check: "over HTTP", Token: got.AccessToken, Version: "v2", Audience: ordersDev}}, s.presented...) {
		token, err := providers[p.Version].VerifierContext(ctx, &oidc.Config{ClientID: p.Audience}).Verify(ctx, p.Token)
		all = append(all, goOIDCReport(t, p.Check, token, err))
	}
	asking.ClientSecret = "wrong"
	_, err = asking.Token(ctx)
	var refusal *oauth2.RetrieveError
	if !errors.As(err, &refusal) {
		t.Fatalf("expected a RetrieveError, got %v", err)
	}
	all.add("wrong secret", "", err, "RetrieveError")
	return all
}

// provider reads a discovery document whose issuer is not under its own URL, as
// with Entra (entra-tokens 2.5).
func (s *stage) provider(ctx context.Context, t *testing.T, path, issuer string) *oidc.Provider {
	t.Helper()
	p, err := oidc.NewProvider(oidc.InsecureIssuerURLContext(ctx, issuer), s.url()+path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func goOIDCReport(t *testing.T, name string, token *oidc.IDToken, err error) report {
	t.Helper()
	r := report{Check: name}
	var expired *oidc.TokenExpiredError
	switch {
	case errors.As(err, &expired):
		r.Error, r.Text = "TokenExpiredError", err.Error()
	case err != nil:
		r.Error, r.Text = "error", err.Error() // the library has no type for the others
	default:
		if err := token.Claims(&r.Claims); err != nil {
			t.Fatal(err)
		}
	}
	return r
}
