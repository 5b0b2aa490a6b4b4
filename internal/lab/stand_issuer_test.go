package lab

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
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
		for scope := range want.Scopes {
			if _, ok := got.Scopes[scope]; !ok {
				t.Errorf("%s has no scope %s", name, scope)
			}
		}
		if len(want.Scopes) == 0 {
			t.Errorf("expected scopes of %s", name)
		}
		want.Scopes, got.Scopes, got.GroupMembershipClaims = nil, nil, ""
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

const servedTarget = `version: 1
name: served
tenant: {id: 7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40}
tokens: {mock: {url: "http://127.0.0.1:1", management: "http://127.0.0.1:2", token: "${T}"}}
apis:
  orders: {app-id: 6e740000-0d0e-4a10-8001-0123456789d2, uris: [api://orders.dev], version: 2, scopes: [DEV.Access, DEV.Admin]}
environments:
  dev: {api: orders, requires: {scopes: [DEV.Access, DEV.Extra], roles: [DEV.Role]}, gateways: [{url: "http://127.0.0.1:3"}], routes: {home: GET /ping}}
clients:
  worker: {id: 0d2c0000-0001-4c11-8000-00000000d001, credential: {secret: "${T}"}, contracts: [dev], granted: [dev]}
  stranger: {id: 91aa0000-0005-4c11-8000-00000000a005, credential: {secret: "${T}"}, contracts: [], granted: []}
`

// TestIssuerKnowsScopes: a user of an issuer that serves a target file gets the
// scopes of its registrations by way of the clients that hold them, and no
// others (entra-tokens 4.5).
func TestIssuerKnowsScopes(t *testing.T) {
	target, err := targets.Parse("served.yaml", []byte(servedTarget), func(string) (string, bool) { return "a secret", true })
	if err != nil {
		t.Fatal(err)
	}
	cfg := IssuerConfig(target)
	cfg.Directory.Users = map[string]mockidp.User{"bob": {Username: "bob@contoso.example", Password: "bob-password"}}
	issuer := mockidp.Start(t, cfg)
	for _, row := range []struct{ reason, client, scope, scp, refusal string }{
		{"granted", "worker", "DEV.Access", "DEV.Access", ""},
		{"required and not listed", "worker", "DEV.Extra", "DEV.Extra", ""},
		{"all that it holds", "worker", ".default", "DEV.Access DEV.Extra", ""},
		{"there is, not granted", "worker", "DEV.Admin", "", "AADSTS65001"},
		{"granted nothing", "stranger", "DEV.Access", "", "AADSTS65001"},
		{"there is none", "worker", "UAT.Access", "", "AADSTS70011"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			var answer struct {
				Access string `json:"access_token"`
				Error  string `json:"error_description"`
			}
			response, err := http.PostForm(issuer.URL()+"/"+target.Tenant.ID+"/oauth2/v2.0/token", url.Values{
				"grant_type": {"password"}, "username": {"bob@contoso.example"}, "password": {"bob-password"},
				"client_id": {clientNamed(target, row.client).ID}, "client_secret": {"a secret"}, "scope": {"api://orders.dev/" + row.scope},
			})
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
				t.Fatal(err)
			}
			if row.refusal != "" {
				if !strings.HasPrefix(answer.Error, row.refusal) {
					t.Errorf("expected %s, got %+v", row.refusal, answer)
				}
				return
			}
			_, claims, err := mint.Decode(answer.Access)
			if err != nil || claims.GetText("scp") != row.scp {
				t.Errorf("expected the scope %s, got %s, %+v, %v", row.scp, claims.JSON(), answer, err)
			}
		})
	}
}

func clientNamed(f *targets.File, name string) *targets.Client {
	for _, c := range f.Clients {
		if c.Name == name {
			return c
		}
	}
	return nil
}
