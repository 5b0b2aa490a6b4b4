package mockidp

import (
	"net/http"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// asGraph asks a Graph resource with an Authorization header; none where it is
// empty.
func asGraph(t *testing.T, i *Issuer, path, authorization string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, i.URL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	return do(t, client(t), r)
}

// TestGraph is one row a token that Graph takes.
func TestGraph(t *testing.T) {
	cfg := testConfig(t)
	cfg.Directory.Tenants = map[string]Tenant{strings.ToUpper(tenantA): {Domains: []string{"orders.example", "orders.test"}}, tenantB: {}}
	i := Start(t, cfg)
	user := minted(t, i, Recipe{Grant: graphGrant()})
	app := minted(t, i, Recipe{Grant: grantOf(func(g *mint.Grant) { g.WellKnown, g.Audience, g.Scopes = mint.Graph, graphAppID, nil })})
	_, payload, err := mint.Decode(user)
	if err != nil {
		t.Fatal(err)
	}
	context := func(rest string) string { return `{"@odata.context":"` + i.URL() + "/v1.0/$metadata" + rest }
	organization := context(`#organization","value":[{"id":"` + tenantA + `","tenantType":"AAD","verifiedDomains":[{"name":"orders.example","isDefault":true},{"name":"orders.test","isDefault":false}]}]}`)
	for _, row := range []struct {
		name, path, token string
		status            int
		text              string
	}{
		{"me", "/v1.0/me", user, 200, context(`#users/$entity","displayName":"` + payload.GetText("name") + `","givenName":"` + payload.GetText("given_name") + `","surname":"` + payload.GetText("family_name") +
			`","mail":null,"userPrincipalName":"` + payload.GetText("upn") + `","id":"` + payload.GetText("oid") + `"}`)},
		{"organization of a user", "/v1.0/organization", user, 200, organization},
		{"organization of a daemon, by app id", "/v1.0/organization", app, 200, organization},
		{"root", "/v1.0", app, 200, context(`","value":[{"name":"me","url":"me"},{"name":"organization","url":"organization"}]}`)},
		{"a slash behind the audience", "/v1.0", minted(t, i, Recipe{Grant: grantOf(func(g *mint.Grant) { g.WellKnown, g.Audience = mint.Graph, "https://graph.microsoft.com/" })}), 200, context(`","value":[{"name":"me","url":"me"},{"name":"organization","url":"organization"}]}`)},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := asGraph(t, i, row.path, "Bearer "+row.token)
			if a.status != row.status || a.text != row.text {
				t.Errorf("%d %s\nexpected %s", a.status, a.text, row.text)
			}
			if a.header.Get("request-id") == "" || a.header.Get("x-ms-ests-server") != "" || len(a.header.Values("Set-Cookie")) != 0 || a.header.Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("headers of another service: %v", a.header)
			}
		})
	}
	if a := asGraph(t, i, "/v1.0/me", "Bearer "+app); a.status != 400 || a.json["error"].(map[string]any)["message"] != "/me request is only valid with delegated authentication flow." {
		t.Errorf("a daemon has no me: %d %s", a.status, a.text)
	}
}

// TestGraphRefuses is one row a token that Graph does not take, with its words.
func TestGraphRefuses(t *testing.T) {
	i := Start(t, testConfig(t))
	named := testConfig(t) // the same keys
	named.Issuers = OwnIssuers
	graph := minted(t, i, Recipe{Grant: graphGrant()})
	stepped := func(steps string) string {
		return "Bearer " + minted(t, i, Recipe{Grant: graphGrant(), Steps: []byte(steps)})
	}
	const (
		empty, malformed    = "Access token is empty.", "Access token is malformed."
		lifetime, audience  = "Lifetime validation failed, the token is expired.", "Access token validation failure. Invalid audience."
		signature           = "Access token validation failure. Invalid signature."
		unauthorized, realm = "InvalidAuthenticationToken", `Bearer realm="", authorization_uri="`
	)
	for _, row := range []struct{ name, authorization, message string }{
		{"none", "", empty},
		{"another scheme", "Basic " + graph, empty},
		{"the scheme only", "Bearer ", empty},
		{"no JWT", "Bearer abc", malformed},
		{"of another API", "Bearer " + minted(t, i, Recipe{Grant: testGrant()}), audience},
		{"of Resource Manager", "Bearer " + minted(t, i, Recipe{Grant: grantOf(func(g *mint.Grant) { g.WellKnown, g.Audience, g.Kind = mint.ARM, "", mint.Kind{} })}), audience},
		{"expired", "Bearer " + minted(t, i, Recipe{Grant: grantOf(func(g *mint.Grant) {
			g.WellKnown, g.Audience, g.Kind, g.Age = mint.Graph, "", mint.Kind{}, mint.Expired
		})}), lifetime},
		{"with its nonce hashed, as a generic validator takes it", stepped(`[{edit: {in: header, set: {nonce: "${token.header.nonce | sha256}"}}}]`), signature},
		{"signed as any other API's", stepped(`[{set: {x: 1}}]`), signature},
		{"one bit flipped", stepped(`[{edit: {in: signature, flip: 9}}]`), signature},
		{"in another issuer's name", "Bearer " + minted(t, Start(t, named), Recipe{Grant: graphGrant()}), signature},
		{"forged", "Bearer " + minted(t, i, Recipe{Grant: graphGrant(), Forged: true}), signature},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := asGraph(t, i, "/v1.0/me", row.authorization)
			problem, _ := a.json["error"].(map[string]any)
			inner, _ := problem["innerError"].(map[string]any)
			if a.status != 401 || problem["code"] != unauthorized || problem["message"] != row.message {
				t.Errorf("%d %s", a.status, a.text)
			}
			if inner["request-id"] != a.header.Get("request-id") || inner["date"] != strings.TrimSuffix(testTime, "Z") || !strings.HasPrefix(a.header.Get("WWW-Authenticate"), realm+i.URL()) {
				t.Errorf("%v, %v", inner, a.header)
			}
		})
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, i.URL()+"/v1.0/me", nil)
	if err != nil {
		t.Fatal(err)
	}
	if a := do(t, client(t), r); a.status != 200 || a.text != "" || a.header.Get("Access-Control-Allow-Headers") != "Authorization" {
		t.Errorf("OPTIONS: %d %v %s", a.status, a.header, a.text)
	}
}
