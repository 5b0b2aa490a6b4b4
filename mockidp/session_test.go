package mockidp

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// failed is the error that the browser is sent away with.
func (b *browser) failed() (oauth, description string) {
	b.t.Helper()
	params, _, _ := b.arrived()
	return params.Get("error"), params.Get("error_description")
}

func (b *browser) signedIn(username string) *browser {
	b.t.Helper()
	b.open(mint.V2, asking())
	b.submit(username, "password", password)
	return b
}

// TestSession is what a browser that has signed in once does next.
func TestSession(t *testing.T) {
	c := converse(t, nil)
	for _, row := range []struct {
		name    string
		already []string
		ask     []string
		wait    time.Duration
		page    string // the title of the page that is shown
		oauth   string // the error that is sent; with neither, a code
		code    string
	}{
		{name: "nobody, silently", ask: []string{"prompt", "none"}, oauth: "login_required", code: "AADSTS50058: "},
		{name: "nobody", page: "Sign in"},
		{name: "somebody", already: []string{"alice"}},
		{name: "somebody, silently", already: []string{"alice"}, ask: []string{"prompt", "none"}},
		{name: "somebody, for a day", already: []string{"alice"}, ask: []string{"prompt", "none"}, wait: 23 * time.Hour},
		{name: "somebody, after a day", already: []string{"alice"}, ask: []string{"prompt", "none"}, wait: 24 * time.Hour, oauth: "login_required", code: "AADSTS50058: "},
		{name: "somebody, again", already: []string{"alice"}, ask: []string{"prompt", "login"}, page: "Sign in"},
		{name: "somebody, by choice", already: []string{"alice"}, ask: []string{"prompt", "select_account"}, page: "Sign in"},
		{name: "somebody, asked for consent", already: []string{"alice"}, ask: []string{"prompt", "consent"}, page: "Permissions requested"},
		{name: "the one hinted at", already: []string{"alice"}, ask: []string{"login_hint", "ALICE@contoso.example"}},
		{name: "not the one hinted at", already: []string{"alice"}, ask: []string{"login_hint", "bob@contoso.example"}, page: "Sign in"},
		{name: "not the one hinted at, silently", already: []string{"alice"}, ask: []string{"login_hint", "bob@contoso.example", "prompt", "none"}, oauth: "login_required", code: "AADSTS50058: "},
		{name: "two, undecided", already: []string{"alice", "bob"}, page: "Sign in"},
		{name: "two, one hinted at", already: []string{"alice", "bob"}, ask: []string{"login_hint", "alice@contoso.example"}},
		{name: "silently without consent", already: []string{"alice"}, ask: []string{"prompt", "none", "client_id", native, "redirect_uri", "http://localhost/in", "scope", "api://orders.dev/DEV.Admin"}, oauth: "consent_required", code: "AADSTS65001: "},
		{name: "an unknown prompt", ask: []string{"prompt", "dance"}, oauth: "invalid_request", code: "AADSTS90023: "},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := c.on(t).browser()
			for _, name := range row.already {
				b.open(mint.V2, asking("prompt", "login"))
				b.submit(name+"@contoso.example", "password", password)
			}
			c.clock.advance(row.wait)
			a := b.open(mint.V2, asking(row.ask...))
			switch {
			case row.page != "":
				if a.status != http.StatusOK || !strings.Contains(a.text, "<h1>"+row.page+"</h1>") {
					t.Errorf("expected the page %q, got %d %s %s", row.page, a.status, a.header.Get("Location"), a.text)
				}
			case row.oauth != "":
				if oauth, description := b.failed(); oauth != row.oauth || !strings.HasPrefix(description, row.code) {
					t.Errorf("expected %s %s, got %s %s", row.oauth, row.code, oauth, description)
				}
			default:
				if params, _, _ := b.arrived(); params.Get("code") == "" {
					t.Errorf("expected a code, got %v", params)
				}
			}
		})
	}
}

// TestSessionOfTheRevoked: whose tokens were revoked has to sign in again, and
// so has whoever was removed.
func TestSessionOfTheRevoked(t *testing.T) {
	c := converse(t, nil)
	b := c.browser().signedIn("alice@contoso.example")
	c.clock.advance(time.Minute)
	d := c.i.directory.Load().Directory
	alice := d.Users["alice"]
	alice.TokensValidFrom = c.clock.Now()
	d.Users = map[string]User{"alice": alice}
	c.i.directory.Store(d.snapshot())
	if a := b.open(mint.V2, asking()); !strings.Contains(a.text, "<h1>Sign in</h1>") {
		t.Errorf("revoked: %d %s", a.status, a.header.Get("Location"))
	}
	d.Users = map[string]User{}
	c.i.directory.Store(d.snapshot())
	if a := b.open(mint.V2, asking()); !strings.Contains(a.text, "Nobody has an account") {
		t.Errorf("removed: %d %s %s", a.status, a.header.Get("Location"), a.text)
	}
}

// TestSessionCookie: scripts do not see it, other sites only over TLS, and what
// was made for another purpose is none.
func TestSessionCookie(t *testing.T) {
	c := converse(t, nil)
	cookie := func(a answer) string {
		for _, line := range a.header.Values("Set-Cookie") {
			if strings.HasPrefix(line, sessionCookie+"=") {
				return line
			}
		}
		return ""
	}
	b := c.browser()
	b.open(mint.V2, asking())
	ctx := url.Values{}
	if _, fields := b.forms(); len(fields) > 0 {
		ctx = fields[0]
	}
	if line := cookie(b.submit("alice@contoso.example", "password", password)); !strings.HasSuffix(line, "; Path=/; HttpOnly; SameSite=Lax") || strings.Contains(line, "alice") {
		t.Errorf("over HTTP: %s", line)
	}
	secure := c.browser()
	secure.http.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: c.i.RootCAs(), MinVersion: tls.VersionTLS12}
	secure.send(http.MethodGet, c.i.TLSURL()+"/"+tenantA+"/oauth2/v2.0/authorize?"+asking().Encode(), nil)
	if line := cookie(secure.submit("bob@contoso.example")); !strings.HasSuffix(line, "; Path=/; HttpOnly; Secure; SameSite=None") {
		t.Errorf("over TLS: %s", line)
	}
	for name, text := range map[string]string{"a flow": ctx.Get("ctx"), "nothing": "", "noise": "AAAA", "a signature": "a.b.c"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.i.URL()+"/"+tenantA+"/oauth2/v2.0/authorize?"+asking("prompt", "none").Encode(), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.AddCookie(&http.Cookie{Name: sessionCookie, Value: text})
		fresh := c.browser()
		fresh.page = do(t, fresh.http, r)
		if oauth, _ := fresh.failed(); oauth != "login_required" {
			t.Errorf("%s as a session: %s", name, oauth)
		}
	}
}

// TestSignInPage is one row somebody at the page.
func TestSignInPage(t *testing.T) {
	c := converse(t, nil)
	for _, row := range []struct {
		name, username, password string
		problem                  string // on the page; empty: signed in
	}{
		{"with a password", "alice@contoso.example", password, ""},
		{"with a wrong password", "alice@contoso.example", "wrong", "AADSTS50126: "},
		{"without a password that is needed", "alice@contoso.example", "", "AADSTS50126: "},
		{"without a password", "bob@contoso.example", "", ""},
		{"in other case", "BOB@Contoso.Example", "", ""},
		{"a guest", "grace@fabrikam.example", password, ""},
		{"nobody", "nobody@contoso.example", password, "AADSTS50034: "},
		{"disabled", "dan@contoso.example", password, "AADSTS50057: "},
		{"locked", "locked@contoso.example", password, "AADSTS50053: "},
		{"password expired", "password-expired@contoso.example", password, "AADSTS50055: "},
		{"blocked", "conditional-access@contoso.example", password, "AADSTS53003: "},
		{"on a wrong device", "device@contoso.example", password, "AADSTS53000: "},
		{"with another factor", "mfa@contoso.example", password, ""},
		{"enrolling", "mfa-enrolment@contoso.example", password, ""},
	} {
		b := c.browser()
		b.open(mint.V2, asking())
		targets, fields := b.forms()
		last := len(targets) - 1 // another account: a name that is written by hand
		fields[last].Set("username", row.username)
		fields[last].Set("password", row.password)
		base, _ := url.Parse(b.at)
		to, _ := base.Parse(targets[last])
		a := b.send(http.MethodPost, to.String(), fields[last])
		if row.problem == "" {
			if params, _, _ := b.arrived(); params.Get("code") == "" {
				t.Errorf("%s: %d %s", row.name, a.status, a.text)
			}
			continue
		}
		if a.status != http.StatusOK || !strings.Contains(a.text, `role="alert">`+row.problem) || a.header.Get("Location") != "" {
			t.Errorf("%s: expected %s on the page, got %d %s", row.name, row.problem, a.status, a.text)
		}
		if b.submit("bob@contoso.example"); b.page.status != http.StatusFound {
			t.Errorf("%s, then somebody else: %d %s", row.name, b.page.status, b.page.text)
		}
	}
}

// TestSignInAtCommon: a user goes to their own tenant, where the client must be.
func TestSignInAtCommon(t *testing.T) {
	c := converse(t, nil)
	for tenant, rows := range map[string]map[string]string{
		"common":        {"alice@contoso.example": tenantA, "grace@fabrikam.example": tenantB},
		"organizations": {"grace@fabrikam.example": tenantB},
	} {
		for username, want := range rows {
			b := c.browser()
			b.send(http.MethodGet, c.i.URL()+"/"+tenant+"/oauth2/v2.0/authorize?"+asking("scope", "api://orders-uat/.default openid").Encode(), nil)
			b.submit(username, "password", password)
			params, _, _ := b.arrived()
			a := c.token(mint.V2, tenant, form("grant_type", "authorization_code", "client_id", web, "client_secret", secret, "code", params.Get("code"), "redirect_uri", webURI), nil)
			if a.status != http.StatusOK {
				t.Errorf("%s at %s: %d %s", username, tenant, a.status, a.text)
				continue
			}
			if p := payload(t, a, "id_token"); p.GetText("tid") != want || p.GetText("iss") != "https://login.microsoftonline.com/"+want+"/v2.0" {
				t.Errorf("%s at %s: %s", username, tenant, p.JSON())
			}
		}
	}
}

// TestConsent is what people are asked, what comes of their answer, and that it
// is kept.
func TestConsent(t *testing.T) {
	c := converse(t, nil)
	ask := asking("client_id", native, "redirect_uri", "http://localhost/in", "scope", "api://orders.dev/DEV.Access api://orders.dev/Shared.Access")
	b := c.browser()
	b.open(mint.V2, ask)
	if a := b.submit("bob@contoso.example"); !strings.Contains(a.text, "<h1>Permissions requested</h1>") || !strings.Contains(a.text, "orders-dev: DEV.Access") || !strings.Contains(a.text, "bob@contoso.example") {
		t.Fatalf("bob is not asked: %d %s", a.status, a.text)
	}
	shown := b.page
	b.submit("", "answer", "cancel")
	if oauth, description := b.failed(); oauth != "access_denied" || !strings.HasPrefix(description, "AADSTS65004: ") {
		t.Errorf("declined: %s %s", oauth, description)
	}
	b.page, b.at = shown, c.i.URL()+"/"+tenantA+"/login"
	b.submit("", "answer", "accept")
	if params, _, _ := b.arrived(); params.Get("code") == "" {
		t.Errorf("accepted: %v", params)
	}
	if b.open(mint.V2, ask); b.page.status != http.StatusFound {
		t.Errorf("asked again: %s", b.page.text)
	}
	other := c.browser()
	other.open(mint.V2, ask)
	other.submit("grace@fabrikam.example", "password", password)
	if !strings.Contains(other.page.text, "<h1>Permissions requested</h1>") {
		t.Errorf("bob agreed for grace: %d %s", other.page.status, other.page.text)
	}
	stolen := c.browser().signedIn("grace@fabrikam.example")
	stolen.page, stolen.at = shown, c.i.URL()+"/"+tenantA+"/login"
	if a := stolen.submit("", "answer", "accept"); a.header.Get("Location") != "" || !strings.Contains(a.text, "AADSTS50089: ") {
		t.Errorf("somebody else's page in another session: %d %s", a.status, a.text)
	}
	elsewhere := c.browser().signedIn("bob@contoso.example")
	elsewhere.page, elsewhere.at = shown, c.i.URL()+"/"+tenantA+"/login"
	if a := elsewhere.submit("", "answer", "accept"); a.header.Get("Location") != "" || !strings.Contains(a.text, "AADSTS50089: ") {
		t.Errorf("bob's page in another session of bob's: %d %s", a.status, a.text)
	}
}

// TestAdministratorsConsent: nobody at the page can agree to what is an
// administrator's.
func TestAdministratorsConsent(t *testing.T) {
	c := converse(t, nil)
	b := c.browser()
	b.open(mint.V2, asking("client_id", native, "redirect_uri", "http://localhost/in", "scope", "api://orders.dev/DEV.Admin"))
	a := b.submit("alice@contoso.example", "password", password)
	if !strings.Contains(a.text, "AADSTS90094: ") || strings.Contains(a.text, `value="accept"`) {
		t.Fatalf("%d %s", a.status, a.text)
	}
	b.submit("", "answer", "accept") // by hand
	if oauth, description := b.failed(); oauth != "access_denied" || !strings.HasPrefix(description, "AADSTS90094: ") {
		t.Errorf("%s %s", oauth, description)
	}
	web := c.browser().signedIn("alice@contoso.example")
	web.open(mint.V2, asking("scope", "api://orders.dev/DEV.Admin"))
	if params, _, _ := web.arrived(); params.Get("code") == "" {
		t.Errorf("an administrator has agreed: %v", params)
	}
}

// TestFlowEnds: a page that was left alone too long, that came from elsewhere,
// or that belongs to another tenant goes no further.
func TestFlowEnds(t *testing.T) {
	c := converse(t, nil)
	b := c.browser()
	b.open(mint.V2, asking())
	shown := b.page
	post := func(path, ctx string) answer {
		return b.send(http.MethodPost, c.i.URL()+path, form("ctx", ctx, "username", "bob@contoso.example", "answer", "accept"))
	}
	_, fields := b.forms()
	for _, row := range []struct{ name, path, ctx, want string }{
		{"of another tenant", "/" + tenantB + "/login", fields[0].Get("ctx"), "AADSTS9002313: "},
		{"of nobody", "/" + tenantA + "/login", "", "AADSTS50089: "},
		{"changed", "/" + tenantA + "/login", fields[0].Get("ctx")[1:], "AADSTS50089: "},
		{"consent before sign-in", "/" + tenantA + "/Consent/Set", fields[0].Get("ctx"), "AADSTS50089: "},
		{"no such tenant", "/contoso/login", fields[0].Get("ctx"), "AADSTS900023: "},
	} {
		if a := post(row.path, row.ctx); !strings.Contains(a.text, row.want) || a.header.Get("Location") != "" {
			t.Errorf("%s: expected %s, got %d %s", row.name, row.want, a.status, a.text)
		}
	}
	c.clock.advance(flowLife)
	b.page, b.at = shown, c.i.URL()+"/"+tenantA+"/oauth2/v2.0/authorize"
	if a := b.submit("bob@contoso.example"); !strings.Contains(a.text, "AADSTS50089: ") {
		t.Errorf("too late: %d %s", a.status, a.text)
	}
}
