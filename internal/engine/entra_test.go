package engine_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
)

const entraTarget = `
version: 1
name: real
tenant: {id: 7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40}
tokens: {entra: {authority: "%AUTHORITY%"}}
apis:
  orders: {app-id: 6e740000-0d0e-4a10-8001-0123456789d2, uris: [api://orders.dev], version: 2, scopes: [DEV.Access], roles: [DEV.Access]}
environments:
  dev: {api: orders, gateways: [{url: "http://127.0.0.1:1"}], routes: {home: GET /ping}}
clients:
  worker: {id: 0d2c0000-0001-4c11-8000-00000000d001, credential: {secret: "${WORKER_SECRET}"}, contracts: [dev], granted: [dev]}
accepted: echo
`

// TestEntra asks an authority for tokens as the real tenant is asked: with the
// vendor's own client library, a secret, and a key set that tells no alg.
func TestEntra(t *testing.T) {
	issuer := mockidp.Start(t, mockidp.Config{
		Directory: mockidp.Directory{
			APIs: map[string]mockidp.API{
				"orders": {AppID: "6e740000-0d0e-4a10-8001-0123456789d2", URIs: []string{"api://orders.dev"}, Version: mint.V2, Roles: []string{"DEV.Access"}},
			},
			Clients: map[string]mockidp.ClientRegistration{
				"worker": {ID: "0d2c0000-0001-4c11-8000-00000000d001", Secrets: []mockidp.Secret{{Value: "worker secret"}}, Roles: map[string][]string{"orders": {"DEV.Access"}}},
			},
		},
	})
	target, err := targets.Parse("real.yaml", []byte(replaced(entraTarget, "%AUTHORITY%", issuer.TLSURL())), func(string) (string, bool) { return "worker secret", true })
	if err != nil {
		t.Fatal(err)
	}
	source := engine.NewEntra(target)
	transport := &http.Transport{TLSClientConfig: trusting(issuer)}
	t.Cleanup(transport.CloseIdleConnections)
	source.HTTP = &http.Client{Transport: transport}
	grant := mint.Grant{
		Tenant: target.Tenant.ID, Kind: mint.Kind{Version: mint.V2, Subject: mint.SubjectApp},
		Audience: target.APIs[0].AppID, Client: mint.Client{ID: target.Clients[0].ID},
	}
	tokens, err := source.Genuine(t.Context(), []mint.Grant{grant})
	if err != nil {
		t.Fatal(err)
	}
	_, claims, err := mint.Decode(tokens[0])
	if err != nil {
		t.Fatal(err)
	}
	if got := claims.GetText("azp") + " " + claims.GetText("aud"); got != target.Clients[0].ID+" "+target.APIs[0].AppID {
		t.Errorf("expected the client's token for the API, got %s", claims.JSON())
	}
	keys, err := source.Keys(t.Context(), target.Tenant.ID)
	if err != nil || len(keys) < 2 || keys[0].PEM == "" || keys[0].CertificatePEM == "" {
		t.Errorf("expected at least two keys with PEM and certificate, got %d, %v", len(keys), err)
	}
	grant.Kind.Subject = mint.SubjectUser
	if _, err := source.Genuine(t.Context(), []mint.Grant{grant}); err == nil {
		t.Error("expected no user token without a refresh token")
	}
}

// TestEntraUser: a user's token is asked for with the refresh token of the user
// whom the grant names, and says what the client can handle.
func TestEntraUser(t *testing.T) {
	t.Parallel()
	var asked url.Values
	authority := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm() // what cannot be read is not in it
		asked = r.PostForm
		_, _ = io.WriteString(w, `{"access_token":"given"}`)
	}))
	t.Cleanup(authority.Close)
	target, err := targets.Parse("real.yaml", []byte(replaced(entraTarget, "%AUTHORITY%", authority.URL)), func(string) (string, bool) { return "worker secret", true })
	if err != nil {
		t.Fatal(err)
	}
	target.Users = []targets.User{{Name: "alice", RefreshToken: "of alice"}, {Name: "gale", RefreshToken: "of gale"}}
	for name, row := range map[string]struct {
		grant           mint.Grant
		refresh, claims string
	}{
		"anybody":       {mint.Grant{}, "of alice", ""},
		"by name":       {mint.Grant{User: mint.User{Name: "gale"}}, "of gale", ""},
		"a CAE client":  {mint.Grant{Capabilities: []string{"cp1"}}, "of alice", `{"access_token":{"xms_cc":{"values":["cp1"]}}}`},
		"nobody called": {mint.Grant{User: mint.User{Name: "robin"}}, "", ""},
	} {
		asked = nil
		row.grant.Tenant, row.grant.Kind = target.Tenant.ID, mint.Kind{Version: mint.V2, Subject: mint.SubjectUser}
		row.grant.Audience, row.grant.Client.ID = target.APIs[0].AppID, target.Clients[0].ID
		_, err := engine.NewEntra(target).Genuine(t.Context(), []mint.Grant{row.grant})
		if (err == nil) != (row.refresh != "") || asked.Get("refresh_token") != row.refresh || asked.Get("claims") != row.claims {
			t.Errorf("%s: expected the refresh token %q and claims %q, got %v and %v", name, row.refresh, row.claims, asked, err)
		}
	}
}

func replaced(text, old, by string) string { return strings.ReplaceAll(text, old, by) }

func trusting(issuer *mockidp.Issuer) *tls.Config {
	return &tls.Config{RootCAs: issuer.RootCAs(), MinVersion: tls.VersionTLS12}
}
