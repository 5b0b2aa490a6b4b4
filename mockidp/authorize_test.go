package mockidp

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// browser follows no redirect, keeps cookies and knows forms: what a person sees
// of the issuer, without a window.
type browser struct {
	*conversation
	http *http.Client
	at   string // where the page came from
	page answer
}

func (c *conversation) browser() *browser {
	c.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		c.t.Fatal(err)
	}
	h := client(c.t)
	h.Jar = jar
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{conversation: c, http: h}
}

func (b *browser) send(method, at string, body url.Values) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, at, strings.NewReader(body.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	b.at, b.page = at, do(b.t, b.http, r)
	return b.page
}

// authorizePath is the authorize endpoint of a version.
func authorizePath(v mint.Version) string {
	if v == mint.V1 {
		return "/oauth2/authorize"
	}
	return "/oauth2/v2.0/authorize"
}

// open goes to the authorize endpoint of tenant A.
func (b *browser) open(v mint.Version, params url.Values) answer {
	b.t.Helper()
	return b.send(http.MethodGet, b.i.URL()+"/"+tenantA+authorizePath(v)+"?"+params.Encode(), nil)
}

var (
	formPattern  = regexp.MustCompile(`(?s)<form method="post" action="([^"]*)">(.*?)</form>`)
	inputPattern = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
)

// forms are the forms of the page: where each leads, and its hidden fields.
func (b *browser) forms() (targets []string, fields []url.Values) {
	for _, f := range formPattern.FindAllStringSubmatch(b.page.text, -1) {
		hidden := url.Values{}
		for _, input := range inputPattern.FindAllStringSubmatch(f[2], -1) {
			hidden.Set(html.UnescapeString(input[1]), html.UnescapeString(input[2]))
		}
		targets, fields = append(targets, html.UnescapeString(f[1])), append(fields, hidden)
	}
	return targets, fields
}

// submit posts the form whose hidden username is the given one; empty: the
// first form. More fields are what a person fills in.
func (b *browser) submit(username string, pairs ...string) answer {
	b.t.Helper()
	targets, all := b.forms()
	for n, fields := range all {
		if username != "" && fields.Get("username") != username {
			continue
		}
		for name, values := range form(pairs...) {
			fields[name] = values
		}
		base, err := url.Parse(b.at)
		if err != nil {
			b.t.Fatal(err)
		}
		to, err := base.Parse(targets[n])
		if err != nil {
			b.t.Fatal(err)
		}
		return b.send(http.MethodPost, to.String(), fields)
	}
	b.t.Fatalf("no form for %q on the page: %d %s", username, b.page.status, b.page.text)
	return answer{}
}

// arrived are the parameters that the browser is sent away with, by the mode
// that they came in.
func (b *browser) arrived() (params url.Values, mode, to string) {
	b.t.Helper()
	location := b.page.header.Get("Location")
	before, text, found := strings.Cut(location, "#")
	mode = modeFragment
	if !found {
		before, text, found = strings.Cut(location, "?")
		mode = modeQuery
	}
	if !found {
		targets, fields := b.forms()
		if len(targets) == 0 {
			b.t.Fatalf("sent nowhere: %d %s", b.page.status, b.page.text)
		}
		return fields[0], modeFormPost, targets[0]
	}
	params, err := url.ParseQuery(text)
	if err != nil {
		b.t.Fatal(err)
	}
	return params, mode, before
}

const verifier = "the-verifier-of-the-test-with-enough-characters-0123456789"

// challenged is the verifier as a challenge (RFC 7636 4.2).
func challenged() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// asking is an authorize request of the web client, changed by pairs; "-" takes
// a parameter away.
func asking(pairs ...string) url.Values {
	f := form("client_id", web, "redirect_uri", webURI, "response_type", "code", "scope", "api://orders.dev/DEV.Access openid profile offline_access", "state", "st ate&1", "nonce", "n-1")
	for n := 0; n < len(pairs); n += 2 {
		if f.Set(pairs[n], pairs[n+1]); pairs[n+1] == "-" {
			f.Del(pairs[n])
		}
	}
	return f
}

// TestAuthorizeAnswers is one row a response type and mode, of both versions.
func TestAuthorizeAnswers(t *testing.T) {
	c := converse(t, nil)
	for _, row := range []struct {
		name         string
		version      mint.Version
		ask          []string
		mode, fields string
	}{
		{"code", mint.V2, nil, modeQuery, "code session_state state"},
		{"code in the fragment", mint.V2, []string{"response_mode", "fragment"}, modeFragment, "code session_state state"},
		{"code, posted", mint.V2, []string{"response_mode", "form_post", "client_info", "1"}, modeFormPost, "client_info code session_state state"},
		{"code without state", mint.V2, []string{"state", "-"}, modeQuery, "code session_state"},
		{"id token", mint.V2, []string{"response_type", "id_token", "scope", "openid"}, modeFragment, "id_token session_state state"},
		{"code and id token", mint.V2, []string{"response_type", "code id_token"}, modeFragment, "code id_token session_state state"},
		{"code and id token, posted", mint.V2, []string{"response_type", "id_token code", "response_mode", "form_post"}, modeFormPost, "code id_token session_state state"},
		{"token", mint.V2, []string{"response_type", "token"}, modeFragment, "access_token expires_in scope session_state state token_type"},
		{"id token and token", mint.V2, []string{"response_type", "id_token token"}, modeFragment, "access_token expires_in id_token scope session_state state token_type"},
		{"v1 code", mint.V1, []string{"resource", "api://orders-uat", "scope", "-"}, modeQuery, "code session_state state"},
		{"v1 code and id token", mint.V1, []string{"resource", "api://orders-uat", "scope", "-", "response_type", "code id_token"}, modeFragment, "code id_token session_state state"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := c.on(t).browser()
			if a := b.open(row.version, asking(row.ask...)); a.status != http.StatusOK || !strings.Contains(a.text, "<h1>Sign in</h1>") {
				t.Fatalf("%d %s", a.status, a.text)
			}
			b.submit("alice@contoso.example", "password", password)
			params, mode, to := b.arrived()
			var names []string
			for name := range sorted(params) {
				names = append(names, name)
			}
			if mode != row.mode || to != webURI || strings.Join(names, " ") != row.fields {
				t.Fatalf("%s to %s: %s", mode, to, names)
			}
			if row.mode != modeFormPost && b.page.status != http.StatusFound {
				t.Errorf("status %d", b.page.status)
			}
			if params.Has("state") && params.Get("state") != "st ate&1" {
				t.Errorf("state %q", params.Get("state"))
			}
			c.checkTokens(t, row.version, params)
		})
	}
}

// checkTokens looks at what came by way of the browser and redeems the code.
func (c *conversation) checkTokens(t *testing.T, v mint.Version, params url.Values) {
	t.Helper()
	if params.Has("id_token") {
		_, p, err := mint.Decode(params.Get("id_token"))
		if err != nil || p.GetText("nonce") != "n-1" || p.GetText("aud") != web || p.GetText("ver") != string(v[1:])+".0" {
			t.Errorf("id token %s: %v", p.JSON(), err)
		}
		hash := func(text string) string {
			if text == "" {
				return ""
			}
			sum := sha256.Sum256([]byte(text))
			return base64.RawURLEncoding.EncodeToString(sum[:16])
		}
		if p.GetText("c_hash") != hash(params.Get("code")) || p.GetText("at_hash") != hash(params.Get("access_token")) {
			t.Errorf("hashes of %s", p.JSON())
		}
		if err := verify(t, c.i, params.Get("id_token")); err != nil {
			t.Error(err)
		}
	}
	if params.Has("access_token") {
		_, p, err := mint.Decode(params.Get("access_token"))
		if err != nil || p.GetText("aud") != apiV2 || p.GetText("azpacr") != "0" || p.GetText("scp") != "DEV.Access" || params.Get("scope") != "api://orders.dev/DEV.Access" {
			t.Errorf("access token %s of scope %s: %v", p.JSON(), params.Get("scope"), err)
		}
	}
	if !params.Has("code") {
		return
	}
	a := c.token(v, tenantA, form("grant_type", "authorization_code", "client_id", web, "client_secret", secret, "code", params.Get("code"), "redirect_uri", webURI), nil)
	if a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.text)
	}
	p, id := payload(t, a, "access_token"), payload(t, a, "id_token")
	if p.GetText("azpacr")+p.GetText("appidacr") != "1" || id.GetText("nonce") != "n-1" || id.GetText("c_hash") != "" || a.json["refresh_token"] == nil {
		t.Errorf("redeemed: %s, id token %s", a.text, id.JSON())
	}
}

// code signs alice in and gives the code.
func (c *conversation) code(pairs ...string) string {
	c.t.Helper()
	b := c.browser()
	b.open(mint.V2, asking(pairs...))
	b.submit("alice@contoso.example", "password", password)
	params, _, _ := b.arrived()
	if params.Get("code") == "" {
		c.t.Fatalf("no code: %d %s %v", b.page.status, b.page.text, params)
	}
	return params.Get("code")
}

// TestCodeRedemption is one row a way to redeem a code: right, and wrong in one
// thing each.
func TestCodeRedemption(t *testing.T) {
	c := converse(t, func(cfg *Config) {
		other := cfg.Directory.Clients["worker"]
		other.RedirectURIs.Web = []string{webURI}
		cfg.Directory.Clients["worker"] = other
	})
	spaAsk := []string{"client_id", spa, "redirect_uri", spaURI, "scope", "api://orders.dev/Shared.Access openid offline_access", "code_challenge", challenged(), "code_challenge_method", "S256"}
	spaRedeem := []string{"client_id", spa, "client_secret", "-", "redirect_uri", spaURI, "code_verifier", verifier}
	nativeAsk := []string{"client_id", native, "redirect_uri", "http://localhost:49152/in"}
	for _, row := range []struct {
		name        string
		ask, redeem []string
		tenant      string
		origin      string
		wait        time.Duration
		twice       bool
		code        int
	}{
		{name: "plain and simple"},
		{name: "in its last second", wait: codeLife - time.Second},
		{name: "too late", wait: codeLife, code: 70008},
		{name: "twice", twice: true, code: 54005},
		{name: "at common", tenant: "common"},
		{name: "in another tenant", tenant: tenantB, code: 700005},
		{name: "by another client", redeem: []string{"client_id", worker}, code: 70000},
		{name: "to another redirect URI", redeem: []string{"redirect_uri", webURI + "/"}, code: 500112},
		{name: "without redirect URI", redeem: []string{"redirect_uri", "-"}, code: 900144},
		{name: "without secret", redeem: []string{"client_secret", "-"}, code: 7000218},
		{name: "with a wrong secret", redeem: []string{"client_secret", "wrong"}, code: 7000215},
		{name: "without code", redeem: []string{"code", "-"}, code: 900144},
		{name: "no code at all", redeem: []string{"code", "nonsense"}, code: 9002313},
		{name: "a code of our dreams", redeem: []string{"code", "1.AXQ.dream"}, code: 70008},
		{name: "by a script", origin: "https://app.example", code: 9002326},
		{name: "S256", ask: []string{"code_challenge", challenged(), "code_challenge_method", "S256"}, redeem: []string{"code_verifier", verifier}},
		{name: "plain", ask: []string{"code_challenge", verifier, "code_challenge_method", "plain"}, redeem: []string{"code_verifier", verifier}},
		{name: "plain unless it says so", ask: []string{"code_challenge", verifier}, redeem: []string{"code_verifier", verifier}},
		{name: "S256, another verifier", ask: []string{"code_challenge", challenged(), "code_challenge_method", "S256"}, redeem: []string{"code_verifier", verifier + "x"}, code: 501481},
		{name: "S256, the challenge for a verifier", ask: []string{"code_challenge", challenged(), "code_challenge_method", "S256"}, redeem: []string{"code_verifier", challenged()}, code: 501481},
		{name: "S256, no verifier", ask: []string{"code_challenge", challenged(), "code_challenge_method", "S256"}, code: 501481},
		{name: "plain, another verifier", ask: []string{"code_challenge", verifier}, redeem: []string{"code_verifier", verifier + "x"}, code: 50148},
		{name: "a verifier of nothing", redeem: []string{"code_verifier", verifier}, code: 50148},
		{name: "scope left empty", redeem: []string{"scope", " "}, code: 28003},
		{name: "scope of two APIs", redeem: []string{"scope", "api://orders.dev/DEV.Access api://orders-uat/UAT.Access"}, code: 28000},
		{name: "scope of no API", redeem: []string{"scope", "/DEV.Access"}, code: 28002},
		{name: "resource at v2", redeem: []string{"resource", apiV2}, code: 901002},
		{name: "of a script", ask: spaAsk, redeem: spaRedeem, origin: "https://spa.example"},
		{name: "of a script, without origin", ask: spaAsk, redeem: spaRedeem, code: 9002327},
		{name: "of a script, from elsewhere", ask: spaAsk, redeem: spaRedeem, origin: "https://evil.example", code: 9002326},
		{name: "of a script, with a secret", ask: spaAsk, redeem: append([]string{"client_secret", secret}, spaRedeem[:2]...), origin: "https://spa.example", code: 700025},
		{name: "of a program on any port", ask: nativeAsk, redeem: []string{"client_id", native, "client_secret", "-", "redirect_uri", "http://localhost:49152/in"}},
		{name: "of a program, with a secret", ask: nativeAsk, redeem: []string{"client_id", native, "redirect_uri", "http://localhost:49152/in"}, code: 700025},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := c.on(t)
			f := form("grant_type", "authorization_code", "client_id", web, "client_secret", secret, "code", c.code(row.ask...), "redirect_uri", webURI)
			for n := 0; n < len(row.redeem); n += 2 {
				if f.Set(row.redeem[n], row.redeem[n+1]); row.redeem[n+1] == "-" {
					f.Del(row.redeem[n])
				}
			}
			tenant := tenantA
			if row.tenant != "" {
				tenant = row.tenant
			}
			c.clock.advance(row.wait)
			withOrigin := func(r *http.Request) {
				if row.origin != "" {
					r.Header.Set("Origin", row.origin)
				}
			}
			a := c.token(mint.V2, tenant, f, withOrigin)
			if row.twice {
				a = c.token(mint.V2, tenant, f, withOrigin)
			}
			if got := codeOf(a); got != row.code || (row.code == 0) != (a.status == http.StatusOK) {
				t.Errorf("expected AADSTS%d, got %d %s", row.code, a.status, a.text)
			}
			script := row.origin == "https://spa.example" || row.code == 9002326 // who is refused as a script reads why
			if got := a.header.Get("Access-Control-Allow-Origin"); (got == "*") != script {
				t.Errorf("Access-Control-Allow-Origin %q", got)
			}
		})
	}
}

// TestCodeOfManyAPIs: people agree to several APIs at once, the tokens are for
// one at a time.
func TestCodeOfManyAPIs(t *testing.T) {
	c := converse(t, nil)
	redeem := func(pairs ...string) answer {
		f := form("grant_type", "authorization_code", "client_id", web, "client_secret", secret, "redirect_uri", webURI,
			"code", c.code("scope", "api://orders-uat/UAT.Access openid api://orders.dev/DEV.Access"))
		for name, values := range form(pairs...) {
			f[name] = values
		}
		return c.token(mint.V2, tenantA, f, nil)
	}
	if p := payload(t, redeem(), "access_token"); p.GetText("aud") != "api://orders-uat" || p.GetText("scp") != "UAT.Access" {
		t.Errorf("the first: %s", p.JSON())
	}
	if p := payload(t, redeem("scope", "api://orders.dev/DEV.Access"), "access_token"); p.GetText("aud") != apiV2 || p.GetText("scp") != "DEV.Access" {
		t.Errorf("the second: %s", p.JSON())
	}
}

// TestSPARefresh: a script's refresh token ends after a day, however often it
// is used, and only a script redeems it.
func TestSPARefresh(t *testing.T) {
	c := converse(t, nil)
	script := func(r *http.Request) { r.Header.Set("Origin", "https://spa.example") }
	code := c.code("client_id", spa, "redirect_uri", spaURI, "scope", "api://orders.dev/Shared.Access offline_access", "code_challenge", challenged(), "code_challenge_method", "S256")
	a := c.token(mint.V2, tenantA, form("grant_type", "authorization_code", "client_id", spa, "code", code, "redirect_uri", spaURI, "code_verifier", verifier), script)
	refresh := func(change func(*http.Request)) answer {
		token, _ := a.json["refresh_token"].(string)
		return c.token(mint.V2, tenantA, form("grant_type", "refresh_token", "client_id", spa, "refresh_token", token), change)
	}
	if got := codeOf(refresh(nil)); got != 9002327 {
		t.Errorf("without an origin: AADSTS%d", got)
	}
	c.clock.advance(23 * time.Hour)
	if a = refresh(script); a.status != http.StatusOK || a.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Fatalf("after 23 hours: %d %s", a.status, a.text)
	}
	c.clock.advance(time.Hour)
	if got := codeOf(refresh(script)); got != 700084 {
		t.Errorf("after a day: AADSTS%d", got)
	}
}

// TestPreflight: a browser may ask before it posts.
func TestPreflight(t *testing.T) {
	c := converse(t, nil)
	a := c.token(mint.V2, tenantA, nil, func(r *http.Request) {
		r.Method = http.MethodOptions
		r.Header.Set("Access-Control-Request-Headers", "x-client-sku")
	})
	if a.status != http.StatusOK || a.text != "" || a.header.Get("Access-Control-Allow-Origin") != "*" || a.header.Get("Access-Control-Allow-Methods") != "POST, OPTIONS" || a.header.Get("Access-Control-Allow-Headers") != "x-client-sku" {
		t.Errorf("%d %v", a.status, a.header)
	}
}
