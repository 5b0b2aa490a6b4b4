package mockidp

import (
	"context"
	"encoding/base64"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// TestBadInput is one row a request that no client sends: Entra's own error,
// never a status of 500 and more, and nothing of ours in the text.
func TestBadInput(t *testing.T) {
	c := converse(t, nil)
	const tokens, codes = "/oauth2/v2.0/token", "/oauth2/v2.0/devicecode"
	good := form("grant_type", "client_credentials", "client_id", worker, "client_secret", secret, "scope", apiV2+"/.default").Encode()
	usual := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	with := func(name, text string) http.Header {
		h := usual.Clone()
		h.Set(name, text)
		return h
	}
	for _, row := range []struct {
		name, path, body string
		header           http.Header
		status, code     int
	}{
		{"as it should be", tokens, good, usual, 200, 0},
		{"with a character set", tokens, good, with("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"), 200, 0},
		{"nothing", tokens, "", usual, 400, 900144},
		{"noise", tokens, "\x00\xff\xfe%00", usual, 400, 900144},
		{"half an escape", tokens, good + "&x=%zz", usual, 400, 9002313},
		{"a semicolon", tokens, good + ";x=1", usual, 400, 9002313},
		{"a parameter twice", tokens, good + "&scope=" + apiV1, usual, 400, 9002313},
		{"the client twice", tokens, good + "&client_id=" + worker, usual, 400, 9002313},
		{"JSON", tokens, `{"grant_type":"client_credentials"}`, with("Content-Type", "application/json"), 400, 900144},
		{"a form for files", tokens, good, with("Content-Type", "multipart/form-data; boundary=x"), 400, 900144},
		{"no type", tokens, good, http.Header{}, 400, 900144},
		{"half a type", tokens, good, with("Content-Type", ";;"), 400, 900144},
		{"an unknown grant", tokens, "grant_type=" + strings.Repeat("a", 1000), usual, 400, 70003},
		{"1 MB", tokens, "scope=" + strings.Repeat("x", 1<<20), usual, 400, 9002313},
		{"1 MB of nothing", tokens, strings.Repeat("&", 1<<20), usual, 400, 9002313},
		{"100 kB of header", tokens, good, with("X-Much", strings.Repeat("x", 100_000)), 400, -1},
		{"100 kB of cookies", tokens, good, with("Cookie", sessionCookie+"="+strings.Repeat("x", 100_000)), 400, -1},
		{"Basic that is no base64", tokens, strings.Replace(good, "client_secret", "x", 1), with("Authorization", "Basic !!!"), 401, 7000216},
		{"Basic without colon", tokens, strings.Replace(good, "client_secret", "x", 1), with("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(worker))), 401, 7000216},
		{"Basic with half an escape", tokens, "grant_type=client_credentials&scope=" + apiV2 + "/.default", with("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(worker+":%zz"))), 401, 7000215},
		{"Basic that is no text", tokens, "grant_type=client_credentials&scope=" + apiV2 + "/.default", with("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("\xff\xfe:\x00"))), 400, 700038},
		{"a resource that is none", tokens, strings.Replace(good, url.QueryEscape(apiV2), "%3A%3A", 1), usual, 400, 500011},
		{"claims that are no JSON", tokens, good + "&claims=%7B", usual, 400, 9002313},
		{"a device that says nothing", codes, "", usual, 400, 900144},
		{"a device that says it twice", codes, "client_id=" + native + "&scope=User.Read&scope=User.Read", usual, 400, 9002313},
		{"a device with 1 MB", codes, "scope=" + strings.Repeat("x", 1<<20), usual, 400, 9002313},
		{"sign-in with noise", "/login", "\x00%zz", usual, 200, 9002313},
		{"sign-in with 1 MB", "/login", "ctx=" + strings.Repeat("x", 1<<20), usual, 200, 9002313},
		{"authorize with 1 MB", "/oauth2/v2.0/authorize", "state=" + strings.Repeat("x", 1<<20), usual, 200, 9002313},
		{"authorize with a semicolon", "/oauth2/v2.0/authorize?a;b", "", usual, 200, 9002313},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.i.URL()+"/"+tenantA+row.path, strings.NewReader(row.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header = row.header
			a := do(t, client(t), r)
			got := codeOf(a)
			if row.code == -1 && strings.Contains(a.text, "Request Too Long") {
				got = -1
			}
			if row.status == http.StatusOK && row.code != 0 && strings.Contains(a.text, "AADSTS9002313: ") {
				got = 9002313
			}
			if a.status != row.status || got != row.code {
				t.Errorf("expected %d AADSTS%d, got %d %.300s", row.status, row.code, a.status, a.text)
			}
			for _, ours := range []string{"goroutine", ".go:", "mockidp", "panic"} {
				if strings.Contains(a.text, ours) && row.path != "/login" {
					t.Errorf("%q is in %.300s", ours, a.text)
				}
			}
		})
	}
}

// unserved is an issuer that answers without a network.
func unserved(f testing.TB) *Issuer {
	f.Helper()
	cfg := delegatedConfig(f)
	cfg.Rand = rand.NewChaCha8([32]byte{2})
	i, err := New(cfg)
	if err != nil {
		f.Fatal(err)
	}
	return i
}

// tokenSeeds are bodies as clients send them, and the ways in which they go
// wrong.
func tokenSeeds() []string {
	return []string{
		"client_id=" + worker + "&client_info=1&client_secret=" + url.QueryEscape(secret) + "&grant_type=client_credentials&scope=" + url.QueryEscape(apiV2+"/.default openid offline_access profile"),
		"client_info=1&grant_type=client_credentials&scope=openid+profile+offline_access+" + url.QueryEscape("api://orders.dev/.default") + "&client_id=" + worker + "&client_secret=x",
		"grant_type=client_credentials&client_id=" + certified + "&client_assertion_type=" + url.QueryEscape(assertionType) + "&client_assertion=eyJhbGciOiJQUzI1NiJ9.e30.AA&scope=x/.default",
		"grant_type=client_credentials&resource=" + url.QueryEscape("https://management.azure.com/") + "&client_id=" + worker + "&client_secret=" + url.QueryEscape(secret),
		"grant_type=password&client_id=" + native + "&username=alice%40contoso.example&password=" + url.QueryEscape(password) + "&scope=" + url.QueryEscape("api://orders.dev/DEV.Access openid profile offline_access") + "&client_info=1",
		"grant_type=password&client_id=" + native + "&username=alice%40contoso.example&password=" + url.QueryEscape(password) + "&resource=api%3A%2F%2Forders-uat",
		"grant_type=refresh_token&client_id=" + native + "&refresh_token=1.AXQ.abc&scope=User.Read",
		"grant_type=authorization_code&client_id=" + web + "&code=1.AXQ.abc&redirect_uri=" + url.QueryEscape(webURI) + "&code_verifier=" + verifier,
		"grant_type=" + url.QueryEscape(grantOnBehalfOf) + "&client_id=" + apiV2 + "&client_secret=" + url.QueryEscape(secret) + "&assertion=e30.e30.AA&requested_token_use=on_behalf_of&scope=User.Read",
		"grant_type=" + url.QueryEscape(grantDevice) + "&client_id=" + native + "&device_code=1.AXQ.abc&code=1.AXQ.abc",
		"grant_type=device_code&client_id=" + native + "&device_code=",
		"client_id=" + native + "&scope=User.Read+openid",
		"grant_type=client_credentials&claims=%7B%22access_token%22%3A%7B%22xms_cc%22%3A%7B%22values%22%3A%5B%22CP1%22%5D%7D%7D%7D&client_id=" + worker + "&client_secret=" + url.QueryEscape(secret) + "&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default",
		"", "&&&", "grant_type", "grant_type=%zz", "scope=//&scope=//", "grant_type=client_credentials;client_id=" + worker,
	}
}

// FuzzToken posts bodies to the token endpoints and the device endpoint: what is
// not answered with tokens is answered with one of Entra's errors.
func FuzzToken(f *testing.F) {
	seeds := tokenSeeds()
	if len(seeds) != 19 {
		f.Fatalf("expected 19 seeds, got %d", len(seeds))
	}
	for _, s := range seeds {
		f.Add(s, "Basic "+base64.StdEncoding.EncodeToString([]byte(worker+":"+url.QueryEscape(secret))), "")
		f.Add(s, "", "https://spa.example")
	}
	i := unserved(f)
	f.Fuzz(func(t *testing.T, body, authorization, origin string) {
		for _, path := range []string{"/" + tenantA + "/oauth2/v2.0/token", "/common/oauth2/token", "/" + tenantA + "/oauth2/v2.0/devicecode"} {
			r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, path, strings.NewReader(body))
			r.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Authorization": {authorization}, "Origin": {origin}}
			w := httptest.NewRecorder()
			i.ServeHTTP(w, r)
			text := w.Body.String()
			ok := strings.Contains(text, `"access_token":"`) || strings.Contains(text, `"user_code":"`)
			if w.Code >= 500 || (w.Code == http.StatusOK) != ok || !ok && !strings.Contains(text, `"error_codes":[`) && !strings.Contains(text, "Request Too Long") {
				t.Errorf("%s, %q: %d %s", path, body, w.Code, text)
			}
		}
	})
}

// FuzzAuthorize opens the authorize endpoints of both versions, signed in or
// not: nobody is ever sent anywhere but to a registered redirect URI.
func FuzzAuthorize(f *testing.F) {
	seeds := []string{
		asking().Encode(), asking("prompt", "none").Encode(), asking("response_type", "code id_token", "response_mode", "form_post").Encode(),
		asking("client_id", native, "redirect_uri", "http://localhost:49152/in").Encode(), asking("client_id", spa, "redirect_uri", spaURI, "code_challenge", challenged(), "code_challenge_method", "S256").Encode(),
		asking("resource", "api://orders-uat", "scope", "-").Encode(), asking("redirect_uri", "https://evil.example/").Encode(), asking("redirect_uri", webURI+"@evil.example").Encode(),
		asking("state", `"><script>alert(1)</script>`).Encode(), asking("scope", "//.default api:// ::").Encode(), "client_id=" + web, "", "&&;", "%zz",
	}
	if len(seeds) != 14 {
		f.Fatalf("expected 14 seeds, got %d", len(seeds))
	}
	for _, s := range seeds {
		f.Add(s, true)
		f.Add(s, false)
	}
	i := unserved(f)
	cookie := i.sealer.seal(sessionPurpose, ssoSession{ID: tenantB, Users: []ssoUser{{"alice@contoso.example", i.cfg.Now()}}})
	registered := []string{webURI, spaURI, "https://web.example/script", "http://localhost/in", "msal0d2c://auth"}
	f.Fuzz(func(t *testing.T, query string, here bool) {
		for _, path := range []string{"/oauth2/v2.0/authorize", "/oauth2/authorize", "/oauth2/v2.0/logout"} {
			r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/"+tenantA+path, nil)
			r.URL.RawQuery = query
			if here {
				r.AddCookie(&http.Cookie{Name: sessionCookie, Value: cookie})
			}
			w := httptest.NewRecorder()
			i.ServeHTTP(w, r)
			if w.Code != http.StatusOK && w.Code != http.StatusFound {
				t.Errorf("%s?%s: %d %s", path, query, w.Code, w.Body)
			}
			to := w.Header().Get("Location")
			known := to == ""
			for _, uri := range registered {
				known = known || strings.HasPrefix(to, uri+"?") || strings.HasPrefix(to, uri+"#") || to == uri
			}
			if at, err := url.Parse(to); !known && (err != nil || at.Hostname() != "localhost" || at.Path != "/in") {
				t.Errorf("%s?%s: sent to %s", path, query, to)
			}
			if strings.Contains(w.Body.String(), "<script>alert") {
				t.Errorf("%s?%s: %s", path, query, w.Body)
			}
		}
	})
}

// FuzzAssertion reads assertions of clients and users: what is none is refused.
func FuzzAssertion(f *testing.F) {
	by := newIdentity(f)
	now := newClock().Now()
	claims := map[string]any{"aud": "https://login.microsoftonline.com/" + tenantA + "/oauth2/v2.0/token", "iss": certified, "sub": certified, "nbf": now.Unix(), "exp": float64(now.Unix()) + 599.25}
	seeds := []string{
		by.sign(f, jose.PS256, by.thumbprint(), claims), by.sign(f, jose.RS256, map[string]any{"x5t": "AAAA"}, claims), by.sign(f, jose.RS256, map[string]any{"kid": "+/=="}, claims),
		by.sign(f, jose.HS256, nil, claims), by.sign(f, jose.PS256, nil, map[string]any{"aud": []string{exchangeAudience}, "iss": outside, "sub": branch, "exp": now.Add(time.Minute).Unix()}),
		by.sign(f, jose.PS256, nil, map[string]any{"exp": 1e300, "nbf": -1e300, "aud": []string{}}), "e30.e30.AA", "..", "", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJSUzI1NiJ9.W10.AA",
	}
	if len(seeds) != 12 {
		f.Fatalf("expected 12 seeds, got %d", len(seeds))
	}
	for _, s := range seeds {
		f.Add(s)
	}
	i := unserved(f)
	client := ClientRegistration{ID: certified, Certificates: []string{by.pem()}, Federated: []FederatedCredential{{Issuer: outside, Subject: branch, JWKS: by.jwks(f)}}}
	f.Fuzz(func(t *testing.T, text string) {
		q := &request{tenant: i.directory.Load().named(tenantA)}
		r := &tokenRequest{request: q, issuer: i, endpoint: mint.V2, known: i.directory.Load(), now: now, client: registered[ClientRegistration]{"certified", client}}
		r.form = form("client_assertion_type", assertionType, "client_assertion", text)
		if p := r.checkAssertion(); p == nil && text != seeds[0] && text != seeds[4] {
			a, _ := readAssertion(text)
			if a == nil || !signedBy(a.object, by.key.Public()) {
				t.Errorf("believed: %s", text)
			}
		}
		if claims, p := r.readUserAssertion(text); p == nil {
			t.Errorf("believed as a user's: %s", claims.JSON())
		}
	})
}
