package mockidp

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// minted is one token, right or wrong on purpose.
func minted(t testing.TB, i *Issuer, r Recipe) string {
	t.Helper()
	tokens, err := i.Mint(t.Context(), []Recipe{r})
	if err != nil {
		t.Fatal(err)
	}
	return tokens[0]
}

// grantOf is testGrant, changed.
func grantOf(change func(*mint.Grant)) mint.Grant {
	g := testGrant()
	change(&g)
	return g
}

func userGrant() mint.Grant {
	return grantOf(func(g *mint.Grant) {
		g.Kind.Subject, g.Roles, g.Scopes = mint.SubjectUser, nil, []string{"DEV.Access", "DEV.Admin"}
	})
}

func graphGrant() mint.Grant {
	return grantOf(func(g *mint.Grant) { g.WellKnown, g.Audience, g.Roles, g.Kind = mint.Graph, "", nil, mint.Kind{} })
}

// introspecting is an issuer with the endpoint, and how to ask it with the
// worker's secret.
func introspecting(t testing.TB, profile Introspection, change func(*Config)) (*Issuer, func(tenant, query, token string) answer) {
	t.Helper()
	cfg := testConfig(t)
	cfg.Introspection = profile
	if change != nil {
		change(&cfg)
	}
	i := Start(t, cfg)
	return i, func(tenant, query, token string) answer {
		t.Helper()
		return post(t, i.URL()+"/"+tenant+"/introspect"+query, form("token", token, "client_id", worker, "client_secret", secret), nil)
	}
}

const inactive = `{"active":false}`

// TestIntrospectionProfiles is one row a token and a profile.
func TestIntrospectionProfiles(t *testing.T) {
	i, ask := introspecting(t, IntrospectNormalised, nil)
	app, user, graph := minted(t, i, Recipe{Grant: testGrant()}), minted(t, i, Recipe{Grant: userGrant()}), minted(t, i, Recipe{Grant: graphGrant()})
	v1 := minted(t, i, Recipe{Grant: grantOf(func(g *mint.Grant) { g.Kind.Version, g.Audience = mint.V1, "api://orders-uat" })})
	claims := func(token string) string {
		_, payload, err := mint.Decode(token)
		if err != nil {
			t.Fatal(err)
		}
		return `{"active":true,` + strings.TrimPrefix(string(payload.JSON()), "{")
	}
	for _, row := range []struct {
		name, query, token string
		status             int
		names              string // the members of an answer
		text               string // or all of it
		want               map[string]any
	}{
		{"normalised, daemon", "", app, 200, "active scope client_id token_type exp iat nbf sub aud iss jti", "", map[string]any{"active": true, "scope": "DEV.Access", "client_id": worker, "aud": apiV2, "token_type": "Bearer"}},
		{"normalised, user", "", user, 200, "active scope client_id username token_type exp iat nbf sub aud iss jti", "", map[string]any{"scope": "DEV.Access DEV.Admin", "client_id": worker}},
		{"normalised, v1", "", v1, 200, "active scope client_id token_type exp iat nbf sub aud iss jti", "", map[string]any{"client_id": worker, "aud": "api://orders-uat"}},
		{"normalised, Graph", "", graph, 200, "active scope client_id username token_type exp iat nbf sub aud iss jti", "", map[string]any{"client_id": worker}},
		{"chosen by query", "?profile=raw-claims", app, 200, "", claims(app), nil},
		{"raw claims, user", "?profile=raw-claims", user, 200, "", claims(user), nil},
		{"graph probe, Graph", "?profile=graph-probe", graph, 200, "", claims(graph), nil},
		{"graph probe, another", "?profile=graph-probe", app, 200, "", inactive, nil},
		{"inactive", "?profile=inactive", app, 200, "", inactive, nil},
		{"403", "?profile=403", app, 403, "", `{"error":"access_denied"}`, nil},
		{"500", "?profile=500", app, 500, "", `{"error":"server_error"}`, nil},
		{"a profile that is none", "?profile=x", app, 400, "error error_description error_codes timestamp trace_id correlation_id error_uri", "", map[string]any{"error": "invalid_request"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := ask(tenantA, row.query, row.token)
			if a.status != row.status || a.header.Get("Cache-Control") != "no-store, no-cache" || a.header.Get("Content-Type") != "application/json; charset=utf-8" {
				t.Errorf("%d %v", a.status, a.header)
			}
			if got := strings.Join(a.names, " "); row.names != "" && got != row.names || row.text != "" && a.text != row.text {
				t.Errorf("members %s of %s", got, a.text)
			}
			for name, want := range row.want {
				if a.json[name] != want {
					t.Errorf("%s: got %v, want %v", name, a.json[name], want)
				}
			}
		})
	}
}

// TestIntrospectionActive is one row a token that the tenant has issued, or has
// not.
func TestIntrospectionActive(t *testing.T) {
	i, ask := introspecting(t, IntrospectRaw, nil)
	good := minted(t, i, Recipe{Grant: testGrant()})
	stepped := func(steps string) string {
		return minted(t, i, Recipe{Grant: testGrant(), Steps: []byte(steps)})
	}
	second := Start(t, Config{Now: i.cfg.Now})
	for _, row := range []struct {
		name, tenant, token string
		active              bool
	}{
		{"genuine", tenantA, good, true},
		{"genuine, at common", "common", good, true},
		{"of an API's own key", tenantA, minted(t, i, Recipe{Grant: grantOf(func(g *mint.Grant) { g.Audience, g.AppKey = apiOwn, apiOwn })}), true},
		{"with a nonce in its header", tenantA, stepped(`[{set: {in: header, nonce: x}}]`), true},
		{"expires in a second", tenantA, stepped(`[{set: {exp: "${now + 1}"}}]`), true},
		{"expires now", tenantA, stepped(`[{set: {exp: "${now}"}}]`), false},
		{"expired", tenantA, minted(t, i, Recipe{Grant: grantOf(func(g *mint.Grant) { g.Age = mint.Expired })}), false},
		{"never expires", tenantA, stepped(`[{remove: [exp]}]`), false},
		{"exp is a text", tenantA, stepped(`[{set: {exp: "1893456000"}}]`), false},
		{"valid from now", tenantA, stepped(`[{set: {nbf: "${now}"}}]`), true},
		{"valid from the next second", tenantA, stepped(`[{set: {nbf: "${now + 1}"}}]`), false},
		{"of another tenant", tenantA, minted(t, i, Recipe{Grant: grantOf(func(g *mint.Grant) { g.Tenant = tenantB })}), false},
		{"of another tenant, there", tenantB, minted(t, i, Recipe{Grant: grantOf(func(g *mint.Grant) { g.Tenant = tenantB })}), true},
		{"of another tenant, at common", "common", minted(t, i, Recipe{Grant: grantOf(func(g *mint.Grant) { g.Tenant = tenantB })}), true},
		{"in another issuer's name", tenantA, stepped(`[{set: {iss: "https://issuer.example/"}}]`), false},
		{"without a tenant, at common", "common", stepped(`[{remove: [tid]}, {set: {iss: "https://login.microsoftonline.com//v2.0"}}]`), false},
		{"an id token", tenantA, minted(t, i, Recipe{Grant: grantOf(func(g *mint.Grant) { g.Token = mint.ID })}), false},
		{"a refresh token", tenantA, minted(t, i, Recipe{Grant: grantOf(func(g *mint.Grant) { g.Token = mint.Refresh })}), false},
		{"forged", tenantA, minted(t, i, Recipe{Grant: testGrant(), Forged: true}), false},
		{"of the other issuer's key", tenantA, stepped(`[{sign: {key: other-issuer}}]`), false},
		{"of another issuer", tenantA, minted(t, second, Recipe{Grant: testGrant()}), false},
		{"unsigned", tenantA, stepped(`[{sign: {alg: none}}]`), false},
		{"PS256", tenantA, stepped(`[{sign: {alg: PS256}}]`), false},
		{"under the sibling's kid", tenantA, stepped(`[{set: {in: header, kid: "` + i.current().next().KeyID() + `"}}]`), false},
		{"without kid", tenantA, stepped(`[{remove: {in: header, names: [kid]}}]`), false},
		{"one bit flipped", tenantA, stepped(`[{edit: {in: signature, flip: 9}}]`), false},
		{"claims edited", tenantA, stepped(`[{edit: {in: payload, set: {aud: x}}}]`), false},
		{"a list for a payload", tenantA, stepped(`[{text: {bytes: "[1]"}}]`), false},
		{"no token", tenantA, "abc", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := ask(row.tenant, "", row.token)
			if a.status != 200 || a.json["active"] != row.active || !row.active && a.text != inactive {
				t.Errorf("expected active %t, got %d %s", row.active, a.status, a.text)
			}
		})
	}
}

// TestIntrospectionRetired: a key that has left the set vouches for nothing, and
// one that was published under a lease does.
func TestIntrospectionRetired(t *testing.T) {
	i, ask := introspecting(t, IntrospectRaw, nil)
	before := minted(t, i, Recipe{Grant: testGrant()})
	for range 2 {
		if _, err := i.Rotate(t.Context(), RotateRequest{Publish: true, Sign: true, Retire: true}); err != nil {
			t.Fatal(err)
		}
	}
	if a := ask(tenantA, "", before); a.text != inactive {
		t.Errorf("of a retired key: %s", a.text)
	}
	if a := ask(tenantA, "", minted(t, i, Recipe{Grant: testGrant()})); a.json["active"] != true {
		t.Errorf("of the new key: %s", a.text)
	}
}

// TestIntrospectionCaller is one row a way to ask, and what it comes to.
func TestIntrospectionCaller(t *testing.T) {
	withSecrets, _ := introspecting(t, IntrospectInactive, func(c *Config) {
		c.Directory.Clients["off"] = ClientRegistration{ID: tenantB, Secrets: []Secret{{Value: secret}}, Disabled: true}
	})
	without, _ := introspecting(t, IntrospectInactive, func(c *Config) { c.Directory.Clients = map[string]ClientRegistration{"public": {ID: public}} })
	basic := func(id, secret string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret)) }
	}
	plain := func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }
	for _, row := range []struct {
		name   string
		issuer *Issuer
		form   url.Values
		change func(*http.Request)
		status int
		code   float64
	}{
		{"secret in the body", withSecrets, form("token", "x", "client_id", worker, "client_secret", secret), nil, 200, 0},
		{"secret as HTTP Basic", withSecrets, form("token", "x"), basic(worker, secret), 200, 0},
		{"a hint is passed over", withSecrets, form("token", "x", "token_type_hint", "access_token", "client_id", worker, "client_secret", secret), nil, 200, 0},
		{"wrong secret", withSecrets, form("token", "x", "client_id", worker, "client_secret", "wrong"), nil, 401, 7000215},
		{"wrong secret as HTTP Basic", withSecrets, form("token", "x"), basic(worker, "wrong"), 401, 7000215},
		{"right in the body, wrong as HTTP Basic", withSecrets, form("token", "x", "client_id", worker, "client_secret", secret), basic(worker, "wrong"), 401, 7000215},
		{"no secret", withSecrets, form("token", "x", "client_id", worker), nil, 401, 7000218},
		{"nothing", withSecrets, form("token", "x"), nil, 401, 7000218},
		{"a client without secrets", withSecrets, form("token", "x", "client_id", public, "client_secret", "x"), nil, 401, 7000215},
		{"a client that is none", withSecrets, form("token", "x", "client_id", tenantA, "client_secret", secret), nil, 401, 700016},
		{"disabled", withSecrets, form("token", "x", "client_id", tenantB, "client_secret", secret), nil, 401, 7000112},
		{"nobody has a secret", without, form("token", "x", "client_id", "any", "client_secret", "thing"), nil, 200, 0},
		{"nobody has a secret, none given", without, form("token", "x", "client_id", "any"), nil, 401, 7000218},
		{"credentials before the token", withSecrets, form("client_id", worker), nil, 401, 7000218},
		{"no token", withSecrets, form("client_id", worker, "client_secret", secret), nil, 400, 900144},
		{"token twice", withSecrets, url.Values{"token": {"x", "y"}, "client_id": {worker}, "client_secret": {secret}}, nil, 400, 9002313},
		{"another content type", withSecrets, form("token", "x"), func(r *http.Request) { basic(worker, secret)(r); plain(r) }, 400, 900144},
		{"1 MB", withSecrets, form("token", strings.Repeat("x", 1<<20)), basic(worker, secret), 400, 9002313},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := post(t, row.issuer.URL()+"/"+tenantA+"/introspect", row.form, row.change)
			codes, _ := a.json["error_codes"].([]any)
			if a.status != row.status || row.code != 0 && (len(codes) != 1 || codes[0] != row.code) || row.status == 200 && a.text != inactive {
				t.Errorf("%d %s", a.status, a.text)
			}
			if challenge := a.header.Get("WWW-Authenticate"); (challenge == `Basic realm="introspection"`) != (row.status == 401) || row.status == 401 && a.json["error"] != "invalid_client" {
				t.Errorf("challenge %q, error %v", challenge, a.json["error"])
			}
		})
	}
}

// TestIntrospectionPlace: off by default, never in discovery, of known tenants
// and by POST only; what it is asked stands in no log.
func TestIntrospectionPlace(t *testing.T) {
	off := Start(t, testConfig(t))
	ask := form("token", "a-token-to-be-kept", "client_id", worker, "client_secret", secret)
	if a := post(t, off.URL()+"/"+tenantA+"/introspect", ask, nil); a.status != 404 {
		t.Errorf("off: %d %s", a.status, a.text)
	}
	var log logTo
	on, _ := introspecting(t, IntrospectRaw, func(c *Config) { c.Log = log.logger() })
	for _, path := range []string{"/" + tenantA + "/v2.0/.well-known/openid-configuration", "/common/.well-known/openid-configuration"} {
		if a := fetch(t, on.URL()+path); a.status != 200 || strings.Contains(a.text, "introspect") {
			t.Errorf("%s: %d %s", path, a.status, a.text)
		}
	}
	if a := fetch(t, on.URL()+"/"+tenantA+"/introspect?token=x"); a.status != 405 || a.header.Get("Allow") != "POST" {
		t.Errorf("GET: %d %v", a.status, a.header)
	}
	if a := post(t, on.URL()+"/contoso/introspect", ask, nil); a.status != 400 || a.json["error"] != "invalid_request" {
		t.Errorf("no tenant: %d %s", a.status, a.text)
	}
	post(t, on.URL()+"/"+tenantA+"/introspect", ask, nil)
	if text := log.String(); !strings.Contains(text, "introspect") || strings.Contains(text, "a-token-to-be-kept") || strings.Contains(text, secret) {
		t.Errorf("log %s", text)
	}
	if _, err := New(Config{Introspection: "always"}); err == nil || !strings.Contains(err.Error(), `expected one of ["rfc7662-normalised"`) {
		t.Errorf("a profile that is none: %v", err)
	}
}

// TestIntrospectionSlow: it takes as long as it is told to, and ends when the
// caller is gone.
func TestIntrospectionSlow(t *testing.T) {
	const delay = 50 * time.Millisecond
	i, ask := introspecting(t, IntrospectSlow, func(c *Config) { c.IntrospectionDelay = delay })
	begin := time.Now()
	if a := ask(tenantA, "", minted(t, i, Recipe{Grant: testGrant()})); a.json["client_id"] != worker || time.Since(begin) < delay {
		t.Errorf("after %s: %d %s", time.Since(begin), a.status, a.text)
	}
	patient, _ := introspecting(t, IntrospectSlow, func(c *Config) { c.IntrospectionDelay = time.Hour })
	r := httptest.NewRequestWithContext(never(), http.MethodPost, "/"+tenantA+"/introspect", strings.NewReader(form("token", "x", "client_id", worker, "client_secret", secret).Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	patient.ServeHTTP(w, r)
	if text, _ := io.ReadAll(w.Body); len(text) > 0 {
		t.Errorf("expected nothing, got %s", text)
	}
	if got := (Config{}).complete().IntrospectionDelay; got != 15*time.Second {
		t.Errorf("by default %s", got)
	}
}

// FuzzIntrospection feeds bodies to the endpoint: whatever they are, the answer
// is Entra's error or a word on the token, and never a failure of ours.
func FuzzIntrospection(f *testing.F) {
	cfg := testConfig(f)
	cfg.Introspection, cfg.Addr, cfg.TLSAddr, cfg.ManagementAddr = IntrospectRaw, Off, Off, Off
	i, err := New(cfg)
	if err != nil {
		f.Fatal(err)
	}
	credentials := "&client_id=" + worker + "&client_secret=" + url.QueryEscape(secret)
	seeds := []string{"", "token=", "token=%", "token=a.b.c" + credentials, "token=x&token=y" + credentials, "token;x", credentials[1:], "\x00", strings.Repeat("a=b&", 500)}
	for _, g := range []mint.Grant{testGrant(), userGrant(), graphGrant()} {
		for _, steps := range []string{`[]`, `[{sign: {alg: none}}]`, `[{text: {bytes: "[1]"}}]`, `[{set: {exp: !raw "1e999"}}]`, `[{set: {in: header, nonce: 7}}]`, `[{add: {aud: x}}]`} {
			seeds = append(seeds, "token="+minted(f, i, Recipe{Grant: g, Steps: []byte(steps)})+credentials)
		}
	}
	if len(seeds) != 27 {
		f.Fatalf("expected 27 seeds, got %d", len(seeds))
	}
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/"+tenantA+"/introspect", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		i.ServeHTTP(w, r)
		text := w.Body.String()
		if w.Code != 200 && w.Code != 400 && w.Code != 401 || !strings.HasPrefix(text, `{"active":`) && !strings.HasPrefix(text, `{"error":`) {
			t.Errorf("%d %s", w.Code, text)
		}
	})
}
