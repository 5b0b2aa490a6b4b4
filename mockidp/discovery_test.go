package mockidp

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// TestDiscovery is one row a document: where it is, and what it says.
func TestDiscovery(t *testing.T) {
	i := Start(t, testConfig(t))
	u := i.URL()
	for _, row := range []struct {
		name, path string
		want       map[string]any
	}{
		{"v2", "/" + tenantA + "/v2.0/.well-known/openid-configuration", map[string]any{
			"issuer": "https://login.microsoftonline.com/" + tenantA + "/v2.0", "jwks_uri": u + "/" + tenantA + "/discovery/v2.0/keys",
			"token_endpoint": u + "/" + tenantA + "/oauth2/v2.0/token", "authorization_endpoint": u + "/" + tenantA + "/oauth2/v2.0/authorize",
			"tenant_region_scope": "EU", "request_uri_parameter_supported": false,
		}},
		{"v1", "/" + tenantA + "/.well-known/openid-configuration", map[string]any{
			"issuer": "https://sts.windows.net/" + tenantA + "/", "jwks_uri": u + "/" + tenantA + "/discovery/keys",
			"token_endpoint": u + "/" + tenantA + "/oauth2/token", "microsoft_multi_refresh_token": true,
		}},
		{"any GUID is a tenant", "/" + tenantB + "/v2.0/.well-known/openid-configuration", map[string]any{"issuer": "https://login.microsoftonline.com/" + tenantB + "/v2.0"}},
		{"upper case", "/" + strings.ToUpper(tenantB) + "/v2.0/.well-known/openid-configuration", map[string]any{"issuer": "https://login.microsoftonline.com/" + tenantB + "/v2.0"}},
		{"common holds the literal", "/common/v2.0/.well-known/openid-configuration", map[string]any{
			"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0", "jwks_uri": u + "/common/discovery/v2.0/keys", "tenant_region_scope": nil,
		}},
		{"common v1", "/common/.well-known/openid-configuration", map[string]any{"issuer": "https://sts.windows.net/{tenantid}/"}},
		{"consumers", "/consumers/v2.0/.well-known/openid-configuration", map[string]any{"issuer": "https://login.microsoftonline.com/" + mint.ConsumerTenant + "/v2.0"}},
		{"appid", "/" + tenantA + "/v2.0/.well-known/openid-configuration?appid=" + apiOwn, map[string]any{"jwks_uri": u + "/" + tenantA + "/discovery/v2.0/keys?appid=" + apiOwn}},
		{"appid that is none", "/" + tenantA + "/v2.0/.well-known/openid-configuration?appid=x%22", map[string]any{"jwks_uri": u + "/" + tenantA + "/discovery/v2.0/keys"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := fetch(t, u+row.path)
			if a.status != http.StatusOK || a.header.Get("Cache-Control") != "max-age=86400, private" || a.header.Get("Content-Type") != "application/json; charset=utf-8" {
				t.Fatalf("%d %v %s", a.status, a.header, a.text)
			}
			version := mint.V1
			if strings.Contains(row.path, "/v2.0/") {
				version = mint.V2
			}
			if got := strings.Join(a.names, " "); got != strings.Join(memberOrder(version), " ") {
				t.Errorf("members %s", got)
			}
			for name, want := range row.want {
				if got := a.json[name]; got != want {
					t.Errorf("%s: got %v, want %v", name, got, want)
				}
			}
			for _, absent := range []string{"grant_types_supported", "code_challenge_methods_supported", "introspection_endpoint", "\\u0000", "\x00"} {
				if strings.Contains(a.text, absent) {
					t.Errorf("%q does not belong here: %s", absent, a.text)
				}
			}
		})
	}
}

// TestTenants is one row a tenant that cannot be had, in both kinds of place.
func TestTenants(t *testing.T) {
	cfg := testConfig(t)
	cfg.Directory.Tenants = map[string]Tenant{strings.ToUpper(tenantA): {Domains: []string{"Orders.example"}}}
	i := Start(t, cfg)
	for _, row := range []struct {
		name, tenant string
		code         float64
		metadata     string
		endpoint     string
	}{
		{"not listed", tenantB, 90002, "invalid_tenant", "invalid_request"},
		{"a domain nobody owns", "contoso.onmicrosoft.com", 90002, "invalid_tenant", "invalid_request"},
		{"no tenant at all", "contoso", 900023, "invalid_request", "invalid_request"},
	} {
		for path, want := range map[string]string{"/v2.0/.well-known/openid-configuration": row.metadata, "/discovery/keys": row.metadata, "/oauth2/token": row.endpoint, "/oauth2/v2.0/token": row.endpoint} {
			var a answer
			if strings.HasSuffix(path, "token") {
				a = post(t, i.URL()+"/"+row.tenant+path, nil, nil)
			} else {
				a = fetch(t, i.URL()+"/"+row.tenant+path)
			}
			if codes, _ := a.json["error_codes"].([]any); a.status != 400 || a.json["error"] != want || len(codes) != 1 || codes[0] != row.code {
				t.Errorf("%s, %s: %d %s", row.name, path, a.status, a.text)
			}
		}
	}
	if a := fetch(t, i.URL()+"/"+tenantA+"/discovery/keys"); a.status != 200 {
		t.Errorf("the listed tenant: %d", a.status)
	}
}

// TestKeySets is what entra-tokens 3.4 says of both sets.
func TestKeySets(t *testing.T) {
	i := Start(t, testConfig(t))
	for _, v := range []mint.Version{mint.V1, mint.V2} {
		a := fetch(t, i.JWKSURL(tenantA, v))
		keys, _ := a.json["keys"].([]any)
		if a.status != 200 || len(keys) != 2 || a.header.Get("Cache-Control") != "max-age=86400, private" {
			t.Fatalf("%s: %d %s", v, a.status, a.text)
		}
		for _, k := range keys {
			jwk := k.(map[string]any)
			if _, has := jwk["alg"]; has {
				t.Errorf("%s: a key has alg", v)
			}
			issuer, has := jwk["issuer"]
			if has != (v == mint.V2) || (has && issuer != "https://login.microsoftonline.com/{tenantid}/v2.0") {
				t.Errorf("%s: issuer %v", v, issuer)
			}
		}
		if other := fetch(t, i.JWKSURL(tenantB, v)); other.text != a.text {
			t.Errorf("%s: tenants do not share their keys", v)
		}
	}
	app := fetch(t, i.JWKSURL(tenantA, mint.V2)+"?appid="+apiOwn)
	if keys, _ := app.json["keys"].([]any); len(keys) != 1 || app.text == fetch(t, i.JWKSURL(tenantA, mint.V2)+"?appid="+apiV2).text {
		t.Errorf("app-specific keys: %s", app.text)
	}
	if keys, _ := fetch(t, i.URL()+"/entraproof/other-issuer/keys").json["keys"].([]any); len(keys) != 1 {
		t.Error("the other issuer's keys")
	}
}

// TestOtherIssuerSharesKeyIDs: a key that a state adds has its kid at the other
// issuer, too, where it means that issuer's key.
func TestOtherIssuerSharesKeyIDs(t *testing.T) {
	i := Start(t, testConfig(t))
	lease, err := i.Lease(t.Context(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := i.KeySet(t.Context(), lease.ID, mint.KeySet{Keys: []mint.KeySpec{{Name: "twin", KeyID: "shared"}}}); err != nil {
		t.Fatal(err)
	}
	moduli := func(address string) map[any]any {
		all := map[any]any{}
		keys, _ := fetch(t, address).json["keys"].([]any)
		for _, k := range keys {
			jwk, _ := k.(map[string]any)
			all[jwk["kid"]] = jwk["n"]
		}
		return all
	}
	ours, theirs := moduli(i.JWKSURL(tenantA, mint.V2)), moduli(i.URL()+"/entraproof/other-issuer/keys")
	if len(theirs) != 2 || ours["shared"] == nil || theirs["shared"] == nil || ours["shared"] == theirs["shared"] {
		t.Errorf("expected two keys of two issuers under one kid, got %v and %v", ours, theirs)
	}
}

// TestPEMFiles exports keys and certificates by kid.
func TestPEMFiles(t *testing.T) {
	i := Start(t, testConfig(t))
	keys, err := i.Keys(t.Context(), tenantA)
	if err != nil || len(keys) != 2 {
		t.Fatal(keys, err)
	}
	for _, k := range keys {
		if a := fetch(t, i.URL()+"/"+tenantA+"/discovery/keys/"+k.FileName); a.text != k.PEM || a.header.Get("Content-Type") != "application/x-pem-file" {
			t.Errorf("%s: %d %s", k.Name, a.status, a.text)
		}
		if a := fetch(t, i.URL()+"/"+tenantA+"/discovery/keys/"+k.KeyID+".crt"); a.text != k.CertificatePEM {
			t.Errorf("%s: %d %s", k.Name, a.status, a.text)
		}
	}
	for _, path := range []string{"/" + tenantA + "/discovery/keys/none.pem", "/nothing", "/", "/" + tenantA + "//keys"} {
		if a := fetch(t, i.URL()+path); a.status != 404 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	if a := fetch(t, i.URL()+"/entraproof/authority.pem"); a.text != i.AuthorityPEM() {
		t.Errorf("authority: %s", a.text)
	}
}

// TestTLS serves the same over TLS, and names itself as it was reached.
func TestTLS(t *testing.T) {
	cfg := testConfig(t)
	cfg.Hosts = []string{"issuer.example"}
	i := Start(t, cfg)
	c := client(t)
	c.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: i.RootCAs(), MinVersion: tls.VersionTLS12}
	path := "/" + tenantA + "/v2.0/.well-known/openid-configuration"
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, i.TLSURL()+path, nil)
	if a := do(t, c, r); a.json["jwks_uri"] != i.TLSURL()+"/"+tenantA+"/discovery/v2.0/keys" {
		t.Errorf("over TLS: %s", a.text)
	}
	c.Transport.(*http.Transport).TLSClientConfig.ServerName = "issuer.example"
	r, _ = http.NewRequestWithContext(t.Context(), http.MethodGet, i.TLSURL()+path, nil)
	r.Host = "issuer.example:8443"
	if a := do(t, c, r); a.json["token_endpoint"] != "https://issuer.example:8443/"+tenantA+"/oauth2/v2.0/token" {
		t.Errorf("as issuer.example: %s", a.text)
	}
	r.Host = `x"y`
	if a := do(t, c, r); a.status != 400 {
		t.Errorf("a host that breaks out: %d %s", a.status, a.text)
	}
}

// TestOwnIssuers names the issuer after itself, and after the public URL where
// one is given.
func TestOwnIssuers(t *testing.T) {
	cfg := testConfig(t)
	cfg.Issuers = OwnIssuers
	i := Start(t, cfg)
	a := fetch(t, i.URL()+"/"+tenantA+"/v2.0/.well-known/openid-configuration")
	if want := i.URL() + "/" + tenantA + "/v2.0"; a.json["issuer"] != want || i.Issuers(tenantA).V2 != want {
		t.Errorf("issuer %v, want %s", a.json["issuer"], want)
	}
	if keys := fetch(t, i.JWKSURL(tenantA, mint.V2)).text; !strings.Contains(keys, i.URL()+"/{tenantid}/v2.0") {
		t.Errorf("keys' issuer: %s", keys)
	}
	cfg.PublicURL = "https://issuer.staging.example/"
	i = Start(t, cfg)
	a = fetch(t, i.URL()+"/"+tenantA+"/.well-known/openid-configuration")
	if a.json["issuer"] != "https://issuer.staging.example/"+tenantA+"/" || a.json["jwks_uri"] != "https://issuer.staging.example/"+tenantA+"/discovery/keys" {
		t.Errorf("with a public URL: %s", a.text)
	}
}

// TestDiscoveryNamesRoutes says that every endpoint that discovery names and
// the mock has is a route.
func TestDiscoveryNamesRoutes(t *testing.T) {
	seen := 0
	for _, r := range routes() {
		if r.member == "" {
			continue
		}
		seen++
		doc := string(discoveryDocuments(Variations{})[r.version])
		if want := `"` + r.member + `":"` + openBase + strings.ReplaceAll(r.path, "{tenant}", openTenant); !strings.Contains(doc, want) {
			t.Errorf("%s does not name %s", r.version, r.path)
		}
	}
	if seen != 12 {
		t.Errorf("%d routes are named by discovery, want 12", seen)
	}
}
