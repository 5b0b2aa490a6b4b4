package mockidp

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// onBehalf asks as the DEV API in the name of its caller; pairs change the
// request, "-" takes a parameter away.
func (c *conversation) onBehalf(v mint.Version, tenant, assertion string, pairs ...string) answer {
	f := form("grant_type", grantOnBehalfOf, "client_id", apiV2, "client_secret", secret, "requested_token_use", "on_behalf_of", "assertion", assertion, "scope", "api://orders-uat/UAT.Access")
	if v == mint.V1 {
		f.Set("resource", "api://orders-uat")
	}
	for n := 0; n < len(pairs); n += 2 {
		if f.Set(pairs[n], pairs[n+1]); pairs[n+1] == "-" {
			f.Del(pairs[n])
		}
	}
	return c.token(v, tenant, f, nil)
}

// minted is a token of the management side.
func (c *conversation) minted(change func(*mint.Grant)) string {
	c.t.Helper()
	g := mint.Grant{
		Tenant: tenantA, Kind: mint.Kind{Version: mint.V2, Subject: mint.SubjectUser}, Audience: apiV2, Client: mint.Client{ID: native},
		Scopes: []string{"DEV.Access"}, User: c.i.directory.Load().Users["alice"].in(tenantA),
	}
	if change != nil {
		change(&g)
	}
	token, err := c.i.Token(c.t.Context(), g)
	if err != nil {
		c.t.Fatal(err)
	}
	return token
}

// TestOnBehalfOf is one row an API that calls another one: what it may present,
// and what it may ask for.
func TestOnBehalfOf(t *testing.T) {
	c := converse(t, nil)
	first := c.signIn(mint.V2, "scope", "api://orders.dev/DEV.Access openid profile offline_access")
	access, _ := first.json["access_token"].(string)
	id, _ := first.json["id_token"].(string)
	user := func(name string) func(*mint.Grant) {
		return func(g *mint.Grant) { g.User = c.i.directory.Load().Users[name].in(tenantA) }
	}
	for _, row := range []struct {
		name      string
		version   mint.Version
		tenant    string
		assertion string
		ask       []string
		code      int
		oauth     string
		claims    bool
	}{
		{name: "as it comes", assertion: access},
		{name: "for all that is agreed", assertion: access, ask: []string{"scope", "api://orders-uat/.default"}},
		{name: "with more tokens", assertion: access, ask: []string{"scope", "api://orders-uat/UAT.Access openid profile offline_access"}},
		{name: "at v1", version: mint.V1, assertion: access},
		{name: "at common", tenant: "common", assertion: access},
		{name: "a token by management", assertion: c.minted(nil)},
		{name: "of somebody whom the directory does not know", assertion: c.minted(func(g *mint.Grant) { g.User = mint.User{} })},
		{name: "a v1 token by App ID URI", assertion: c.minted(func(g *mint.Grant) { g.Kind.Version, g.Audience, g.Resource = mint.V1, "api://orders.dev", apiV2 })},
		{name: "in another tenant", tenant: tenantB, assertion: access, code: 50013, oauth: "invalid_grant"},
		{name: "without secret", assertion: access, ask: []string{"client_secret", "-"}, code: 7000218, oauth: "invalid_client"},
		{name: "with a wrong secret", assertion: access, ask: []string{"client_secret", "wrong"}, code: 7000215, oauth: "invalid_client"},
		{name: "a public client", assertion: access, ask: []string{"client_id", native}, code: 700025, oauth: "invalid_client"},
		{name: "a public client, without secret", assertion: access, ask: []string{"client_id", native, "client_secret", "-"}, code: 7000218, oauth: "invalid_client"},
		{name: "without saying so", assertion: access, ask: []string{"requested_token_use", "-"}, code: 900144, oauth: "invalid_request"},
		{name: "without assertion", assertion: "-", ask: []string{"assertion", "-"}, code: 900144, oauth: "invalid_request"},
		{name: "no JWT", assertion: "nonsense", code: 50027, oauth: "invalid_request"},
		{name: "an id token", assertion: id, code: 240002, oauth: "invalid_request"},
		{name: "an id token of the API itself", assertion: c.minted(func(g *mint.Grant) { g.Token, g.Client.ID = mint.ID, apiV2 }), code: 240002, oauth: "invalid_request"},
		{name: "for another API", assertion: c.minted(func(g *mint.Grant) { g.Audience = apiV1 }), code: 500131, oauth: "invalid_grant"},
		{name: "an application's", assertion: c.minted(func(g *mint.Grant) { g.Kind.Subject, g.Scopes = mint.SubjectApp, nil }), code: 7000114, oauth: "invalid_grant"},
		{name: "expired", assertion: c.minted(func(g *mint.Grant) { g.Age = mint.Expired }), code: 500133, oauth: "invalid_grant"},
		{name: "forged", assertion: access[:strings.LastIndexByte(access, '.')] + ".c2ln", code: 50013, oauth: "invalid_grant"},
		{name: "by an API's own key", assertion: c.minted(func(g *mint.Grant) { g.AppKey = apiV2 }), code: 50013, oauth: "invalid_grant"},
		{name: "disabled", assertion: c.minted(user("dan")), code: 50057, oauth: "invalid_grant"},
		{name: "another factor is wanted", assertion: c.minted(user("mfa")), code: 50076, oauth: "invalid_grant", claims: true},
		{name: "blocked by policy", assertion: c.minted(user("conditional-access")), code: 53003, oauth: "invalid_grant", claims: true},
		{name: "not agreed to", assertion: access, ask: []string{"scope", apiV2 + "/DEV.Access"}, code: 65001, oauth: "invalid_grant"},
		{name: "nothing asked for", assertion: access, ask: []string{"scope", "-"}, code: 90014, oauth: "invalid_request"},
		{name: "two APIs", assertion: access, ask: []string{"scope", "api://orders-uat/UAT.Access User.Read"}, code: 700022, oauth: "invalid_request"},
		{name: "default beside others", assertion: access, ask: []string{"scope", "api://orders-uat/.default api://orders-uat/UAT.Access"}, code: 70011, oauth: "invalid_scope"},
		{name: "no API", assertion: access, ask: []string{"scope", "/UAT.Access"}, code: 700023, oauth: "invalid_request"},
		{name: "not assigned", assertion: c.minted(user("bob")), ask: []string{"scope", apiGrid + "/Grid.Read"}, code: 50105, oauth: "interaction_required"},
	} {
		t.Run(row.name, func(t *testing.T) {
			v, tenant := mint.V2, tenantA
			if row.version != "" {
				v = row.version
			}
			if row.tenant != "" {
				tenant = row.tenant
			}
			a := c.on(t).onBehalf(v, tenant, row.assertion, row.ask...)
			if row.code != 0 {
				if codeOf(a) != row.code || a.json["error"] != row.oauth || (a.json["claims"] != nil) != row.claims {
					t.Errorf("expected AADSTS%d %s, got %d %s", row.code, row.oauth, a.status, a.text)
				}
				return
			}
			p := payload(t, a, "access_token")
			if p.GetText("aud") != "api://orders-uat" || p.GetText("scp") != "UAT.Access" || p.GetText("appid") != apiV2 || p.GetText("appidacr") != "1" {
				t.Errorf("%s: %s", a.text, p.JSON())
			}
			_, before, err := mint.Decode(row.assertion)
			if err != nil || p.GetText("oid") != before.GetText("oid") || p.GetText("name") != before.GetText("name") {
				t.Errorf("on behalf of %s: %s", before.JSON(), p.JSON())
			}
			if wants := v == mint.V1 || slices.ContainsFunc(row.ask, func(s string) bool { return strings.Contains(s, offline) }); wants != (a.json["refresh_token"] != nil) || wants != (a.json["id_token"] != nil) {
				t.Errorf("members %v", a.names)
			}
		})
	}
}

// TestRevoked: what was issued before the user's tokens were revoked is of no
// use, in every grant.
func TestRevoked(t *testing.T) {
	c := converse(t, nil)
	a := c.signIn(mint.V2, "scope", "api://orders.dev/DEV.Access offline_access")
	token, _ := a.json["refresh_token"].(string)
	access, _ := a.json["access_token"].(string)
	refresh := func() answer {
		return c.token(mint.V2, tenantA, form("grant_type", "refresh_token", "client_id", native, "refresh_token", token), nil)
	}
	c.clock.advance(time.Minute)
	d := c.i.directory.Load().Directory
	alice := d.Users["alice"]
	alice.TokensValidFrom = c.clock.Now()
	d.Users = map[string]User{"alice": alice}
	c.i.directory.Store(d.snapshot())
	if a := refresh(); codeOf(a) != 50173 || a.json["error"] != "invalid_grant" || a.json["suberror"] != "bad_token" {
		t.Errorf("refresh token: %d %s", a.status, a.text)
	}
	if a := c.onBehalf(mint.V2, tenantA, access); codeOf(a) != 50173 {
		t.Errorf("on behalf of: %d %s", a.status, a.text)
	}
	d.Users = map[string]User{"bob": d.Users["bob"]}
	c.i.directory.Store(d.snapshot())
	if a := refresh(); codeOf(a) != 50034 {
		t.Errorf("removed: %d %s", a.status, a.text)
	}
}

// device starts a device flow and gives its answer.
func (c *conversation) device(v mint.Version, tenant string, pairs ...string) answer {
	path, f := "/oauth2/v2.0/devicecode", form("client_id", native, "scope", "api://orders.dev/DEV.Access openid profile offline_access")
	if v == mint.V1 {
		path, f = "/oauth2/devicecode", form("client_id", native, "resource", "api://orders.dev")
	}
	for n := 0; n < len(pairs); n += 2 {
		if f.Set(pairs[n], pairs[n+1]); pairs[n+1] == "-" {
			f.Del(pairs[n])
		}
	}
	return post(c.t, c.i.URL()+"/"+tenant+path, f, nil)
}

// enterCode is a person who goes to the page that the device names.
func (b *browser) enterCode(a answer, typed string) {
	b.t.Helper()
	at, _ := a.json["verification_uri"].(string)
	if at == "" {
		at, _ = a.json["verification_url"].(string)
	}
	b.send(http.MethodGet, at, nil)
	b.submit("", "user_code", typed)
}

// TestDeviceCode goes through the device flow, under both names of the grant and
// at both versions.
func TestDeviceCode(t *testing.T) {
	c := converse(t, nil)
	for _, row := range []struct {
		name, tenant, grant, member string
		version                     mint.Version
		members                     string
	}{
		{"as the documents name it", tenantA, grantDevice, "device_code", mint.V2, "user_code device_code verification_uri expires_in interval message"},
		{"as MSAL Go and MSAL Node send it", "organizations", grantDeviceOld, "device_code", mint.V2, "user_code device_code verification_uri expires_in interval message"},
		{"as v1 clients send it", "common", grantDeviceOld, "code", mint.V1, "user_code device_code verification_url expires_in interval message"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := c.on(t)
			a := c.device(row.version, row.tenant)
			seconds, interval := any(float64(900)), any(float64(5))
			if row.version == mint.V1 {
				seconds, interval = "900", "5"
			}
			if a.status != http.StatusOK || strings.Join(a.names, " ") != row.members || a.json["expires_in"] != seconds || a.json["interval"] != interval {
				t.Fatalf("%d %s", a.status, a.text)
			}
			typed, _ := a.json["user_code"].(string)
			code, _ := a.json["device_code"].(string)
			if message, _ := a.json["message"].(string); len(typed) != 9 || !strings.Contains(message, "enter the code "+typed+" to authenticate") {
				t.Errorf("user code %q, message %q", typed, message)
			}
			poll := func() answer {
				return c.token(row.version, row.tenant, form("grant_type", row.grant, "client_id", native, row.member, code), nil)
			}
			if a := poll(); a.status != http.StatusBadRequest || codeOf(a) != 70016 || a.json["error"] != "authorization_pending" {
				t.Errorf("at first: %d %s", a.status, a.text)
			}
			b := c.browser()
			b.enterCode(a, strings.ToLower(typed[:3]+" "+typed[3:]))
			b.submit("alice@contoso.example", "password", password)
			if a := poll(); codeOf(a) != 70016 {
				t.Errorf("before she has agreed: %d %s", a.status, a.text)
			}
			if a := b.submit("", "answer", "accept"); !strings.Contains(a.text, "<h1>You have signed in</h1>") {
				t.Errorf("the page says %d %s", a.status, a.text)
			}
			tokens := poll()
			if tokens.status != http.StatusOK || tokens.json["refresh_token"] == nil || tokens.json["id_token"] == nil {
				t.Fatalf("in the end: %d %s", tokens.status, tokens.text)
			}
			if p := payload(t, tokens, "access_token"); p.GetText("name") != "Alice Andersson" || p.GetText("tid") != tenantA || p.GetText("azpacr") != "0" {
				t.Errorf("token %s", p.JSON())
			}
			if a := poll(); codeOf(a) != 54005 {
				t.Errorf("again: %d %s", a.status, a.text)
			}
			if b.enterCode(a, typed); !strings.Contains(b.page.text, "AADSTS90120: ") {
				t.Errorf("the code again: %s", b.page.text)
			}
		})
	}
}

// TestDeviceCodeRefused is what comes of a no, of a wrong code and of time.
func TestDeviceCodeRefused(t *testing.T) {
	c := converse(t, nil)
	poll := func(a answer, pairs ...string) answer {
		code, _ := a.json["device_code"].(string)
		f := form("grant_type", grantDevice, "client_id", native, "device_code", code)
		for n := 0; n < len(pairs); n += 2 {
			if f.Set(pairs[n], pairs[n+1]); pairs[n+1] == "-" {
				f.Del(pairs[n])
			}
		}
		return c.token(mint.V2, tenantA, f, nil)
	}
	expect := func(what string, a answer, code int, oauth string) {
		t.Helper()
		if codeOf(a) != code || a.json["error"] != oauth || a.status/100 != 4 {
			t.Errorf("%s: expected AADSTS%d %s, got %d %s", what, code, oauth, a.status, a.text)
		}
	}
	a := c.device(mint.V2, tenantA)
	typed, _ := a.json["user_code"].(string)
	expect("no device code", poll(a, "device_code", "-"), 900144, "invalid_request")
	expect("an unknown device code", poll(a, "device_code", "1.AXQ.nonsense"), 70018, "bad_verification_code")
	expect("another client", poll(a, "client_id", spa), 70000, "invalid_grant")
	expect("a confidential client without secret", poll(a, "client_id", web), 7000218, "invalid_client")
	b := c.browser()
	if b.enterCode(a, "NONSENSE"); !strings.Contains(b.page.text, "AADSTS70018: ") {
		t.Errorf("a wrong user code: %s", b.page.text)
	}
	b.enterCode(a, typed)
	b.submit("bob@contoso.example")
	if b.submit("", "answer", "cancel"); !strings.Contains(b.page.text, "AADSTS65004: ") || b.page.header.Get("Location") != "" {
		t.Errorf("declined: %d %s", b.page.status, b.page.text)
	}
	expect("declined", poll(a), declinedCode, "authorization_declined")

	late := c.device(mint.V2, tenantA)
	c.clock.advance(deviceLife)
	expect("expired", poll(late), 70020, "expired_token")
	typed, _ = late.json["user_code"].(string)
	if b.enterCode(late, typed); !strings.Contains(b.page.text, "AADSTS70019: ") {
		t.Errorf("an expired user code: %s", b.page.text)
	}
	c.clock.advance(deviceLife)
	expect("forgotten", poll(late), 70018, "bad_verification_code")

	expect("no client", c.device(mint.V2, tenantA, "client_id", "-"), 900144, "invalid_request")
	expect("an unknown client", c.device(mint.V2, tenantA, "client_id", tenantB), 700016, "unauthorized_client")
	expect("no scope", c.device(mint.V2, tenantA, "scope", "-"), 90014, "invalid_request")
	expect("no resource", c.device(mint.V1, tenantA, "resource", "-"), 900144, "invalid_request")
	expect("two APIs", c.device(mint.V2, tenantA, "scope", "User.Read api://orders-uat/UAT.Access"), 700022, "invalid_request")
}

// TestDevicesAreBounded: whoever asks for codes without end makes the issuer no
// larger.
func TestDevicesAreBounded(t *testing.T) {
	c := converse(t, nil)
	for n := range mostDevices + 5 {
		c.i.devices.put(strings.Repeat("x", n), deviceGrant{}, c.clock.Now())
	}
	if got := c.i.devices.size(); got != mostDevices {
		t.Errorf("%d devices, expected %d", got, mostDevices)
	}
}

// TestLogout ends the session, and sends the browser on to where a client's
// users come back to, and to nowhere else.
func TestLogout(t *testing.T) {
	c := converse(t, nil)
	id := c.minted(func(g *mint.Grant) { g.Token, g.Client.ID = mint.ID, web })
	for _, row := range []struct {
		name, path string
		params     url.Values
		to         string // empty: a page
	}{
		{"v2", "/oauth2/v2.0/logout", nil, ""},
		{"v1", "/oauth2/logout", nil, ""},
		{"with a way back", "/oauth2/v2.0/logout", form("post_logout_redirect_uri", webURI, "state", "a b"), webURI + "?state=a+b"},
		{"with a way back, v1", "/oauth2/logout", form("post_logout_redirect_uri", webURI), webURI},
		{"with a hint", "/oauth2/v2.0/logout", form("post_logout_redirect_uri", webURI, "id_token_hint", id), webURI},
		{"with another client's hint", "/oauth2/v2.0/logout", form("post_logout_redirect_uri", spaURI, "id_token_hint", id), ""},
		{"of a client", "/oauth2/v2.0/logout", form("post_logout_redirect_uri", spaURI, "client_id", spa), spaURI},
		{"to a stranger", "/oauth2/v2.0/logout", form("post_logout_redirect_uri", "https://evil.example/"), ""},
	} {
		b := c.browser().signedIn("alice@contoso.example")
		a := b.send(http.MethodGet, c.i.URL()+"/"+tenantA+row.path+"?"+row.params.Encode(), nil)
		if a.header.Get("Location") != row.to || (row.to == "") != strings.Contains(a.text, "<h1>You signed out of your account</h1>") {
			t.Errorf("%s: %d %q %s", row.name, a.status, a.header.Get("Location"), a.text)
		}
		b.open(mint.V2, asking("prompt", "none"))
		if oauth, _ := b.failed(); oauth != "login_required" {
			t.Errorf("%s: still signed in: %v", row.name, b.page.header)
		}
	}
}

// TestUserInfo tells about the user of a Graph token, at both places, and as
// much as its scopes allow.
func TestUserInfo(t *testing.T) {
	c := converse(t, nil)
	ask := func(method, path, token string) answer {
		r, err := http.NewRequestWithContext(t.Context(), method, c.i.URL()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		return do(t, client(t), r)
	}
	a := c.signIn(mint.V2, "scope", "openid profile email")
	token, _ := a.json["access_token"].(string)
	for _, path := range []string{"/oidc/userinfo", "/" + tenantA + "/openid/userinfo"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			got := ask(method, path, token)
			if got.status != http.StatusOK || strings.Join(got.names, " ") != "sub name family_name given_name picture email" || got.json["email"] != "alice@contoso.example" {
				t.Errorf("%s %s: %d %s", method, path, got.status, got.text)
			}
			if want := payload(t, a, "id_token").GetText("sub"); got.json["sub"] != want {
				t.Errorf("sub %v, in the id token %s", got.json["sub"], want)
			}
		}
	}
	token, _ = c.signIn(mint.V2, "scope", "openid").json["access_token"].(string)
	if got := ask(http.MethodGet, "/oidc/userinfo", token); strings.Join(got.names, " ") != "sub" {
		t.Errorf("with openid alone: %s", got.text)
	}
	token, _ = c.signIn(mint.V2, "scope", "api://orders.dev/DEV.Access").json["access_token"].(string)
	if got := ask(http.MethodGet, "/oidc/userinfo", token); got.status != http.StatusUnauthorized || got.header.Get("WWW-Authenticate") == "" {
		t.Errorf("another API's token: %d %s", got.status, got.text)
	}
	app := c.minted(func(g *mint.Grant) {
		g.Kind.Subject, g.WellKnown, g.Audience, g.Scopes = mint.SubjectApp, mint.Graph, "", nil
	})
	if got := ask(http.MethodGet, "/oidc/userinfo", app); got.status != http.StatusBadRequest {
		t.Errorf("an application's token: %d %s", got.status, got.text)
	}
}
