package mockidp

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/entraproof/entraproof/mockidp/mint"
)

func form(pairs ...string) url.Values {
	f := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	return f
}

// TestTokenSuccess is one row a request that gets a token: the version is the
// registration's, the audience as asked for in v1 and the app id in v2.
func TestTokenSuccess(t *testing.T) {
	i := Start(t, testConfig(t))
	good := form("grant_type", "client_credentials", "client_id", worker, "client_secret", secret)
	for _, row := range []struct {
		name, endpoint, resource string
		basic                    bool
		ver, aud, roles          string
		graph                    bool
		day                      bool // Microsoft's own resources give a day (entra-tokens 1.5)
	}{
		{name: "v2 API at v2", endpoint: "v2", resource: "api://orders.dev/.default", ver: "2.0", aud: apiV2, roles: "[DEV.Access]"},
		{name: "v2 API at v1", endpoint: "v1", resource: "api://orders.dev", ver: "2.0", aud: apiV2, roles: "[DEV.Access]"},
		{name: "v1 API at v2", endpoint: "v2", resource: "api://orders-uat/.default", ver: "1.0", aud: "api://orders-uat"},
		{name: "v1 API at v1", endpoint: "v1", resource: "api://orders-uat", ver: "1.0", aud: "api://orders-uat"},
		{name: "v1 API by GUID", endpoint: "v2", resource: apiV1 + "/.default", ver: "1.0", aud: apiV1},
		{name: "v1 API by api:// and GUID", endpoint: "v1", resource: "api://" + apiV1, ver: "1.0", aud: "api://" + apiV1},
		{name: "v1 keeps the slash", endpoint: "v2", resource: "api://orders-uat//.default", ver: "1.0", aud: "api://orders-uat/"},
		{name: "basic", endpoint: "v2", resource: apiV2 + "/.default", basic: true, ver: "2.0", aud: apiV2, roles: "[DEV.Access]"},
		{name: "with what MSAL Go adds", endpoint: "v2", resource: apiV2 + "/.default openid offline_access profile", ver: "2.0", aud: apiV2, roles: "[DEV.Access]"},
		{name: "for the client itself", endpoint: "v2", resource: worker + "/.default", ver: "2.0", aud: worker},
		{name: "Graph", endpoint: "v2", resource: "https://graph.microsoft.com/.default", ver: "1.0", aud: "https://graph.microsoft.com", graph: true},
		{name: "Resource Manager", endpoint: "v1", resource: "https://management.azure.com/", ver: "1.0", aud: "https://management.azure.com/", day: true},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := form("grant_type", good.Get("grant_type"), "client_id", worker, "client_secret", secret)
			path, want := "/oauth2/v2.0/token", "token_type expires_in ext_expires_in access_token"
			if row.endpoint == "v1" {
				path, want = "/oauth2/token", "token_type expires_in ext_expires_in expires_on not_before resource access_token"
				f.Set("resource", row.resource)
			} else {
				f.Set("scope", row.resource)
			}
			var basic func(*http.Request)
			if row.basic {
				f.Del("client_id")
				f.Del("client_secret")
				basic = func(r *http.Request) { r.SetBasicAuth(url.QueryEscape(worker), url.QueryEscape(secret)) }
			}
			a := post(t, i.URL()+"/"+tenantA+path, f, basic)
			if a.status != 200 || strings.Join(a.names, " ") != want {
				t.Fatalf("%d %s", a.status, a.text)
			}
			life := 3599
			if row.day {
				life = 86399
			}
			seconds := any(float64(life))
			if row.endpoint == "v1" {
				seconds = strconv.Itoa(life)
			}
			if a.json["expires_in"] != seconds || a.json["ext_expires_in"] != seconds || a.header.Get("Cache-Control") != "no-store, no-cache" {
				t.Errorf("expires_in %v, %v", a.json["expires_in"], a.header)
			}
			token := a.json["access_token"].(string)
			_, payload, err := mint.Decode(token)
			if err != nil {
				t.Fatal(err)
			}
			if payload.GetText("ver") != row.ver || payload.GetText("aud") != row.aud || payload.GetText("tid") != tenantA {
				t.Errorf("payload %s", payload.JSON())
			}
			roles, _ := payload.Get("roles")
			if got := strings.NewReplacer(`"`, "", "null", "").Replace(string(roles.JSON())); got != row.roles {
				t.Errorf("roles %s, want %s", got, row.roles)
			}
			if uti, id := payload.GetText("uti"), a.header.Get("x-ms-request-id"); uti != utiOf(t, id) {
				t.Errorf("uti %s, want %s of %s", uti, utiOf(t, id), id)
			}
			if err := verify(t, i, token); (err != nil) != row.graph {
				t.Errorf("verified by the key set: %v", err)
			}
		})
	}
}

// utiOf writes a request id as uti does: 16 bytes, the first three groups of
// the GUID in little-endian order (entra-tokens 0, line 10).
func utiOf(t testing.TB, id string) string {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
	if err != nil || len(b) != 16 {
		t.Fatalf("request id %s: %v", id, err)
	}
	for _, group := range [][]byte{b[:4], b[4:6], b[6:8]} {
		slices.Reverse(group)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// verify checks a token with go-jose against the key set that is served.
func verify(t *testing.T, i *Issuer, token string) error {
	t.Helper()
	var set jose.JSONWebKeySet
	for _, jwk := range fetch(t, i.JWKSURL(tenantA, mint.V1)).json["keys"].([]any) {
		var key jose.JSONWebKey
		text, err := json.Marshal(jwk)
		if err != nil {
			t.Fatal(err)
		}
		if err := key.UnmarshalJSON(text); err != nil {
			t.Fatal(err)
		}
		set.Keys = append(set.Keys, key)
	}
	object, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return err
	}
	_, err = object.Verify(set)
	return err
}

// TestTokenErrors is one row a request that Entra refuses: number, OAuth error
// and status belong together.
func TestTokenErrors(t *testing.T) {
	i := Start(t, testConfig(t))
	good := form("grant_type", "client_credentials", "client_id", worker, "client_secret", secret, "scope", apiV2+"/.default")
	for _, row := range []struct {
		name   string
		set    []string
		tenant string
		v1     bool
		method string
		basic  string
		code   int
		oauth  string
		status int
		noURI  bool
	}{
		{name: "wrong secret", set: []string{"client_secret", "wrong"}, code: 7000215, oauth: "invalid_client", status: 401},
		{name: "wrong secret by basic", set: []string{"client_secret", "-"}, basic: "wrong", code: 7000215, oauth: "invalid_client", status: 401},
		{name: "no credential", set: []string{"client_secret", "-"}, code: 7000216, oauth: "invalid_client", status: 401},
		{name: "empty secret", set: []string{"client_secret", ""}, code: 7000215, oauth: "invalid_client", status: 401},
		{name: "public client", set: []string{"client_id", public}, code: 700025, oauth: "invalid_client", status: 401},
		{name: "assertion", set: []string{"client_secret", "-", "client_assertion", "e30.e30.x"}, code: 700027, oauth: "invalid_client", status: 401},
		{name: "unknown client", set: []string{"client_id", tenantB}, code: 700016, oauth: "unauthorized_client", status: 400},
		{name: "client of zeros", set: []string{"client_id", "00000000-0000-0000-0000-000000000000"}, code: 700038, oauth: "unauthorized_client", status: 400, noURI: true},
		{name: "client is no GUID", set: []string{"client_id", "worker"}, code: 700038, oauth: "unauthorized_client", status: 400, noURI: true},
		{name: "no client", set: []string{"client_id", "-"}, code: 900144, oauth: "invalid_request", status: 400},
		{name: "no grant", set: []string{"grant_type", "-"}, code: 900144, oauth: "invalid_request", status: 400},
		{name: "unknown grant", set: []string{"grant_type", "magic"}, code: 70003, oauth: "unsupported_grant_type", status: 400, noURI: true},
		{name: "scope without default", set: []string{"scope", apiV2 + "/DEV.Access"}, code: 1002012, oauth: "invalid_scope", status: 400},
		{name: "no scope", set: []string{"scope", "-"}, code: 90014, oauth: "invalid_request", status: 400},
		{name: "two resources", set: []string{"scope", apiV2 + "/.default " + apiV1 + "/.default"}, code: 28000, oauth: "invalid_scope", status: 400},
		{name: "unknown resource", set: []string{"scope", "api://nobody/.default"}, code: 500011, oauth: "invalid_resource", status: 400},
		{name: "resource at v2", set: []string{"resource", apiV2}, code: 901002, oauth: "invalid_request", status: 400},
		{name: "no resource at v1", v1: true, code: 900144, oauth: "invalid_request", status: 400},
		{name: "common", tenant: "common", code: 50059, oauth: "invalid_request", status: 400},
		{name: "too long a body", set: []string{"scope", strings.Repeat("x", maxForm)}, code: 9002313, oauth: "invalid_request", status: 400},
		{name: "wrong verb", method: http.MethodGet, code: 900561, oauth: "invalid_request", status: 405},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := url.Values{}
			for name := range good {
				f.Set(name, good.Get(name))
			}
			for n := 0; n < len(row.set); n += 2 {
				f.Set(row.set[n], row.set[n+1])
				if row.set[n+1] == "-" {
					f.Del(row.set[n])
				}
			}
			tenant, path := tenantA, "/oauth2/v2.0/token"
			if row.tenant != "" {
				tenant = row.tenant
			}
			if row.v1 {
				path = "/oauth2/token"
			}
			a := post(t, i.URL()+"/"+tenant+path, f, func(r *http.Request) {
				r.Header.Set("client-request-id", tenantB)
				r.Header.Set("return-client-request-id", "true")
				if row.method != "" {
					r.Method = row.method
				}
				if row.basic != "" {
					r.SetBasicAuth(worker, row.basic)
				}
			})
			want := "error error_description error_codes timestamp trace_id correlation_id error_uri"
			if row.noURI {
				want = strings.TrimSuffix(want, " error_uri")
			}
			if a.status != row.status || a.json["error"] != row.oauth || strings.Join(a.names, " ") != want {
				t.Fatalf("%d %s", a.status, a.text)
			}
			if codes := a.json["error_codes"].([]any); len(codes) != 1 || codes[0] != float64(row.code) {
				t.Errorf("codes %v", codes)
			}
			description := a.json["error_description"].(string)
			if !strings.HasPrefix(description, fmt.Sprintf("AADSTS%d: ", row.code)) || strings.Contains(description, "\n") ||
				!strings.HasSuffix(description, " Trace ID: "+a.header.Get("x-ms-request-id")+" Correlation ID: "+tenantB+" Timestamp: 2026-11-23 10:00:00Z") {
				t.Errorf("description %s", description)
			}
			if a.json["trace_id"] != a.header.Get("x-ms-request-id") || a.json["correlation_id"] != tenantB || a.header.Get("client-request-id") != tenantB {
				t.Errorf("ids %s %v", a.text, a.header)
			}
			if strings.Contains(a.text, secret) || strings.Contains(a.text, "wrong") {
				t.Errorf("a secret in the answer: %s", a.text)
			}
			if row.status == 405 && (a.header.Get("Allow") != "POST, OPTIONS" || !strings.Contains(a.text, "only accepts POST requests")) {
				t.Errorf("Allow %q", a.header.Get("Allow"))
			}
		})
	}
}

// TestAppKeyAtTokenEndpoint signs with the registration's own key.
func TestAppKeyAtTokenEndpoint(t *testing.T) {
	i := Start(t, testConfig(t))
	a := post(t, i.URL()+"/"+tenantA+"/oauth2/v2.0/token", form("grant_type", "client_credentials", "client_id", worker, "client_secret", secret, "scope", apiOwn+"/.default"), nil)
	header, _, err := mint.Decode(a.json["access_token"].(string))
	if err != nil {
		t.Fatal(err)
	}
	set := fetch(t, i.JWKSURL(tenantA, mint.V2)+"?appid="+apiOwn)
	if !strings.Contains(set.text, header.GetText("kid")) || strings.Contains(fetch(t, i.JWKSURL(tenantA, mint.V2)).text, header.GetText("kid")) {
		t.Errorf("signed by %s, the key set of the API is %s", header.GetText("kid"), set.text)
	}
}

// TestNothingSecretInTheLog searches the log of requests of all kinds.
func TestNothingSecretInTheLog(t *testing.T) {
	log := &logTo{}
	cfg := testConfig(t)
	cfg.Log = log.logger()
	i := Start(t, cfg)
	good := form("grant_type", "client_credentials", "client_id", worker, "client_secret", secret, "scope", apiV2+"/.default")
	a := post(t, i.URL()+"/"+tenantA+"/oauth2/v2.0/token?client_secret="+url.QueryEscape(secret), good, nil)
	token := a.json["access_token"].(string)
	good.Set("client_secret", "another-wrong-secret")
	post(t, i.URL()+"/"+tenantA+"/oauth2/v2.0/token", good, nil)
	c := NewClient(i.ManagementURL(), manager, client(t))
	if _, err := c.Genuine(t.Context(), nil); err == nil {
		t.Error("nothing minted without an error")
	}
	if _, err := c.Mint(t.Context(), []Recipe{{Grant: testGrant(), Steps: []byte(`[{"sign": {"alg": "HS256", "secret": "a-secret-in-a-step"}}, {"edit": {"in": "header", "flip": 99999}}]`)}}); err == nil {
		t.Error("a step beyond the end without an error")
	}
	fetch(t, i.URL()+"/callout/case?token="+token)
	text := log.String()
	if !strings.Contains(text, "aadsts=7000215") || !strings.Contains(text, "endpoint=/{tenant}/oauth2/v2.0/token") {
		t.Fatalf("the log does not tell what happened: %s", text)
	}
	for _, never := range []string{secret, url.QueryEscape(secret), "another-wrong-secret", "a-secret-in-a-step", manager, token, token[strings.LastIndexByte(token, '.')+1:]} {
		if strings.Contains(text, never) {
			t.Errorf("the log holds %q", never)
		}
	}
}
