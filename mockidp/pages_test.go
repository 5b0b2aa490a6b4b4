package mockidp

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// TestAuthorizeErrorsOnThePage is one row an error that may not leave the page:
// nobody is sent anywhere before client and redirect URI are known.
func TestAuthorizeErrorsOnThePage(t *testing.T) {
	c := converse(t, func(cfg *Config) {
		d := cfg.Directory
		d.Clients["several"] = ClientRegistration{ID: "5e4e0000-0000-4000-8000-0000000000c9", RedirectURIs: RedirectURIs{Web: []string{webURI, "http://app.example/in"}}, Tenants: []string{tenantA}}
		d.Clients["disabled"] = ClientRegistration{ID: "d15a0000-0000-4000-8000-0000000000ca", Disabled: true}
	})
	for _, row := range []struct {
		name, tenant string
		ask          []string
		more         string
		code         string
	}{
		{name: "another redirect URI", ask: []string{"redirect_uri", "https://evil.example/"}, code: "AADSTS50011: "},
		{name: "a slash more", ask: []string{"redirect_uri", webURI + "/"}, code: "AADSTS50011: "},
		{name: "in another case", ask: []string{"redirect_uri", strings.ToUpper(webURI)}, code: "AADSTS50011: "},
		{name: "a port more", ask: []string{"redirect_uri", "https://app.example:8443/signed-in"}, code: "AADSTS50011: "},
		{name: "another path on loopback", ask: []string{"client_id", native, "redirect_uri", "http://localhost:4711/else"}, code: "AADSTS50011: "},
		{name: "a port more, without TLS", ask: []string{"client_id", "5e4e0000-0000-4000-8000-0000000000c9", "redirect_uri", "http://app.example:8080/in"}, code: "AADSTS50011: "},
		{name: "no redirect URI of several", ask: []string{"client_id", "5e4e0000-0000-4000-8000-0000000000c9", "redirect_uri", "-"}, code: "AADSTS900971: "},
		{name: "no redirect URI registered", ask: []string{"client_id", listing}, code: "AADSTS900971: "},
		{name: "no client", ask: []string{"client_id", "-"}, code: "AADSTS900144: "},
		{name: "a client that is no GUID", ask: []string{"client_id", "web"}, code: "AADSTS700038: "},
		{name: "an unknown client", ask: []string{"client_id", tenantB}, code: "AADSTS700016: "},
		{name: "a disabled client", ask: []string{"client_id", "d15a0000-0000-4000-8000-0000000000ca"}, code: "AADSTS7000112: "},
		{name: "one tenant's client at common", tenant: "common", ask: []string{"client_id", "5e4e0000-0000-4000-8000-0000000000c9"}, code: "AADSTS50194: "},
		{name: "an unknown tenant", tenant: "99999999-0000-4000-8000-000000000000", code: "AADSTS90002: "},
		{name: "no tenant", tenant: "contoso", code: "AADSTS900023: "},
		{name: "a parameter twice", more: "&state=2", code: "AADSTS9002313: "},
		{name: "half a byte", more: "&x=%zz", code: "AADSTS9002313: "},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := c.on(t).browser()
			tenant := tenantA
			if row.tenant != "" {
				tenant = row.tenant
			}
			a := b.send(http.MethodGet, c.i.URL()+"/"+tenant+"/oauth2/v2.0/authorize?"+asking(row.ask...).Encode()+row.more, nil)
			if a.status != http.StatusOK || a.header.Get("Location") != "" || !strings.Contains(a.text, row.code) || !strings.Contains(a.text, "Request Id: "+a.header.Get("x-ms-request-id")) {
				t.Errorf("expected %s on the page, got %d %s %s", row.code, a.status, a.header.Get("Location"), a.text)
			}
			if a.header.Get("Content-Type") != "text/html; charset=utf-8" || a.header.Get("Cache-Control") != "no-store, no-cache" {
				t.Errorf("header %v", a.header)
			}
		})
	}
}

// TestAuthorizeErrorsSent is one row an error that the client gets to see, in
// the mode that it asked for.
func TestAuthorizeErrorsSent(t *testing.T) {
	c := converse(t, func(cfg *Config) {
		n := cfg.Directory.Clients["native"]
		n.RedirectURIs.Public = append(n.RedirectURIs.Public, "https://native.example/?a=b")
		cfg.Directory.Clients["native"] = n
	})
	spaAsk := func(pairs ...string) []string {
		return append([]string{"client_id", spa, "redirect_uri", spaURI}, pairs...)
	}
	for _, row := range []struct {
		name    string
		version mint.Version
		ask     []string
		oauth   string
		code    string
		mode    string
	}{
		{name: "no response type", ask: []string{"response_type", "-"}, oauth: "invalid_request", code: "AADSTS900144: "},
		{name: "an unknown response type", ask: []string{"response_type", "code magic"}, oauth: "unsupported_response_type", code: "AADSTS70005: "},
		{name: "id token without openid", ask: []string{"response_type", "id_token", "scope", "api://orders.dev/DEV.Access"}, oauth: "unsupported_response_type", code: "AADSTS70005: ", mode: modeFragment},
		{name: "id token without nonce", ask: []string{"response_type", "code id_token", "nonce", "-"}, oauth: "invalid_request", code: "AADSTS90014: ", mode: modeFragment},
		{name: "id token that is not enabled", ask: []string{"client_id", native, "redirect_uri", "msal0d2c://auth", "response_type", "id_token"}, oauth: "unsupported_response_type", code: "AADSTS700054: ", mode: modeFragment},
		{name: "token that is not enabled", ask: spaAsk("response_type", "token"), oauth: "unsupported_response_type", code: "AADSTS700051: ", mode: modeFragment},
		{name: "tokens in the query", ask: []string{"response_type", "id_token", "response_mode", "query"}, oauth: "invalid_request", code: "AADSTS70007: ", mode: modeFragment},
		{name: "an unknown mode", ask: []string{"response_mode", "carrier_pigeon"}, oauth: "invalid_request", code: "AADSTS70007: "},
		{name: "no scope", ask: []string{"scope", "-"}, oauth: "invalid_request", code: "AADSTS900144: "},
		{name: "resource at v2", ask: []string{"resource", apiV2}, oauth: "invalid_request", code: "AADSTS901002: "},
		{name: "malformed scope", ask: []string{"scope", "api://orders.dev"}, oauth: "invalid_scope", code: "AADSTS70011: "},
		{name: "default beside others", ask: []string{"scope", "api://orders.dev/.default api://orders.dev/DEV.Access"}, oauth: "invalid_scope", code: "AADSTS70011: "},
		{name: "a short challenge", ask: []string{"code_challenge", "short"}, oauth: "invalid_request", code: "AADSTS501491: "},
		{name: "an unknown method", ask: []string{"code_challenge", verifier, "code_challenge_method", "S512"}, oauth: "invalid_request", code: "AADSTS9002313: "},
		{name: "a script without challenge", ask: spaAsk(), oauth: "invalid_request", code: "AADSTS9002325: "},
		{name: "claims that are no JSON", ask: []string{"claims", "{"}, oauth: "invalid_request", code: "AADSTS9002313: "},
		{name: "posted", ask: []string{"scope", "-", "response_mode", "form_post"}, oauth: "invalid_request", code: "AADSTS900144: ", mode: modeFormPost},
		{name: "in the fragment", ask: []string{"scope", "-", "response_mode", "fragment"}, oauth: "invalid_request", code: "AADSTS900144: ", mode: modeFragment},
		{name: "an unknown scope, silently", ask: []string{"scope", "api://orders.dev/DEV.Nothing", "prompt", "none"}, oauth: "invalid_scope", code: "AADSTS70011: "},
		{name: "an unknown API, silently", ask: []string{"scope", "api://nobody/Read", "prompt", "none"}, oauth: "invalid_resource", code: "AADSTS500011: "},
		{name: "an API that is elsewhere, silently", ask: []string{"scope", apiAway + "/Away.Read", "prompt", "none"}, oauth: "invalid_client", code: "AADSTS650052: "},
		{name: "v1, an unknown API, silently", version: mint.V1, ask: []string{"resource", "api://nobody", "prompt", "none"}, oauth: "invalid_resource", code: "AADSTS500011: "},
		{name: "not assigned, silently", ask: []string{"scope", apiGrid + "/Grid.Read", "prompt", "none"}, oauth: "interaction_required", code: "AADSTS50105: "},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := c.on(t).browser()
			b.signedIn("bob@contoso.example")
			v := mint.V2
			if row.version != "" {
				v = row.version
			}
			a := b.open(v, asking(row.ask...))
			params, mode, _ := b.arrived()
			want := row.mode
			if want == "" {
				want = modeQuery
			}
			description := params.Get("error_description")
			if params.Get("error") != row.oauth || !strings.HasPrefix(description, row.code) || mode != want || params.Get("state") != "st ate&1" {
				t.Errorf("expected %s %s by %s, got %v by %s", row.oauth, row.code, want, params, mode)
			}
			if !strings.Contains(description, " Trace ID: "+a.header.Get("x-ms-request-id")+" ") || params.Has("code") {
				t.Errorf("description %s", description)
			}
		})
	}
	b := c.browser().signedIn("bob@contoso.example")
	b.open(mint.V2, asking("client_id", native, "redirect_uri", "https://native.example/?a=b", "scope", "User.Read"))
	if at := b.page.header.Get("Location"); !strings.HasPrefix(at, "https://native.example/?a=b&code=1.") {
		t.Errorf("a redirect URI with a query: %s", at)
	}
}

// TestPagesAreSafe: whatever clients and people write comes out as text, nothing
// else may be loaded or framed, and the only script is ours.
func TestPagesAreSafe(t *testing.T) {
	const evil = `"><script>alert(1)</script>`
	c := converse(t, func(cfg *Config) {
		d := &cfg.Directory
		w := d.Clients["web"]
		delete(d.Clients, "web")
		d.Clients[evil] = w
		d.Consents = nil
		d.Users["evil"] = User{Username: `"><img@contoso.example`, Name: evil}
	})
	shown := 0
	check := func(name string, a answer, leadsTo string) {
		shown++
		policy := a.header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "form-action 'self'" + leadsTo + ";", "base-uri 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: %q is not in %s", name, want, policy)
			}
		}
		if strings.Contains(a.text, "<script>alert") || strings.Contains(a.text, "<img") || a.header.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: %v %s", name, a.header, a.text)
		}
		for _, element := range []string{"style", "script"} {
			for _, inline := range regexp.MustCompile(`(?s)<`+element+`>(.*?)</`+element+`>`).FindAllStringSubmatch(a.text, -1) {
				sum := sha256.Sum256([]byte(inline[1]))
				if !strings.Contains(policy, element+"-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") {
					t.Errorf("%s: the policy does not allow our own %s", name, element)
				}
			}
		}
		if strings.Contains(a.text, " style=") || strings.Contains(a.text, " on") && regexp.MustCompile(` on[a-z]+=`).MatchString(a.text) {
			t.Errorf("%s: inline style or handler: %s", name, a.text)
		}
		for _, want := range []string{`<html lang="en">`, "<title>", "<main>", "<h1>", "prefers-color-scheme: dark", `name="viewport"`} {
			if strings.Count(a.text, want) != 1 {
				t.Errorf("%s: expected %s once: %s", name, want, a.text)
			}
		}
		if inputs, labels := strings.Count(a.text, "<input ")-strings.Count(a.text, `<input type="hidden"`), strings.Count(a.text, "<label>"); inputs != labels {
			t.Errorf("%s: %d inputs, %d labels", name, inputs, labels)
		}
	}
	b := c.browser()
	check("sign-in", b.open(mint.V2, asking("state", evil, "response_mode", "form_post")), " https://app.example")
	check("sign-in again", b.submit("alice@contoso.example", "password", evil), " https://app.example")
	check("consent", b.submit("alice@contoso.example", "password", password), " https://app.example")
	check("posted", b.submit("", "answer", "accept"), " https://app.example")
	if params, _, _ := b.arrived(); params.Get("state") != evil {
		t.Errorf("state %q", params.Get("state"))
	}
	check("error", b.open(mint.V2, asking("redirect_uri", evil)), "")
	if a := b.open(mint.V2, asking("client_id", native, "redirect_uri", "msal0d2c://auth")); !strings.Contains(a.header.Get("Content-Security-Policy"), "form-action 'self' msal0d2c:;") {
		t.Errorf("a program's redirect URI: %s", a.header.Get("Content-Security-Policy"))
	}
	if shown != 5 {
		t.Errorf("%d pages looked at", shown)
	}
}

// TestAuthorizeByPost: the request may come as a form (OIDC Core 3.1.2.1).
func TestAuthorizeByPost(t *testing.T) {
	c := converse(t, nil)
	b := c.browser()
	b.send(http.MethodPost, c.i.URL()+"/"+tenantA+"/oauth2/v2.0/authorize", asking())
	b.submit("bob@contoso.example")
	if params, _, _ := b.arrived(); params.Get("code") == "" {
		t.Errorf("%d %s", b.page.status, b.page.text)
	}
	if a := b.send(http.MethodPut, c.i.URL()+"/"+tenantA+"/oauth2/v2.0/authorize", asking()); a.status != http.StatusMethodNotAllowed || codeOf(a) != 900561 || a.header.Get("Allow") != "GET, POST" {
		t.Errorf("PUT: %d %v %s", a.status, a.header, a.text)
	}
}

// TestBehindAPath: where a proxy puts something in front of the path, the forms
// still lead to the issuer.
func TestBehindAPath(t *testing.T) {
	c := converse(t, nil)
	b := c.browser()
	for v, want := range map[mint.Version]string{mint.V1: "/idp/" + tenantA + "/login", mint.V2: "/idp/" + tenantA + "/login"} {
		b.open(v, asking("resource", "-"))
		targets, _ := b.forms()
		base, _ := url.Parse("https://proxy.example/idp/" + tenantA + authorizePath(v))
		if at, err := base.Parse(targets[0]); err != nil || at.Path != want {
			t.Errorf("%s: the form leads to %s", v, at)
		}
	}
}

// TestManyPeople: a long list is cut, and then the name is written by hand.
func TestManyPeople(t *testing.T) {
	c := converse(t, func(cfg *Config) {
		for n := range mostShown + 1 {
			name := strings.Repeat("x", n+1)
			cfg.Directory.Users[name] = User{Username: name + "@contoso.example"}
		}
	})
	b := c.browser()
	a := b.open(mint.V2, asking("login_hint", "x@contoso.example"))
	targets, fields := b.forms()
	if len(targets) != mostShown+1 || fields[0].Get("username") != "x@contoso.example" || !strings.Contains(a.text, "<details open>") {
		t.Errorf("%d forms, first %v", len(targets), fields[0])
	}
}
