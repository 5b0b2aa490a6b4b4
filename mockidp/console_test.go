package mockidp

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// visitor is somebody with a browser's cookies.
type visitor struct {
	t      *testing.T
	issuer *Issuer
	http   *http.Client
}

func newVisitor(t *testing.T, i *Issuer) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := client(t)
	c.Jar = jar
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &visitor{t, i, c}
}

// signedIn is a visitor who has shown the management token.
func signedIn(t *testing.T, i *Issuer) *visitor {
	t.Helper()
	v := newVisitor(t, i)
	if a := v.post("sign-in", url.Values{"token": {manager}}, nil); a.status != http.StatusSeeOther || a.header.Get("Location") != consolePath {
		t.Fatalf("sign in: expected to be sent to the console, got %d %s", a.status, a.header.Get("Location"))
	}
	return v
}

func (v *visitor) get(path string) answer {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.issuer.ManagementURL()+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return do(v.t, v.http, r)
}

// post sends a form as a browser does, from the console's own page unless header
// says otherwise.
func (v *visitor) post(page string, form url.Values, header map[string]string) answer {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.issuer.ConsoleURL()+page, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for name, text := range header {
		if r.Header.Set(name, text); text == "" {
			r.Header.Del(name)
		}
	}
	return do(v.t, v.http, r)
}

func defaultIssuer(t *testing.T, change func(*Config)) *Issuer {
	t.Helper()
	cfg := testConfig(t)
	cfg.Directory = DefaultDirectory()
	if change != nil {
		change(&cfg)
	}
	return Start(t, cfg)
}

// consolePages are the pages that need a session.
func pagesOfConsole() []string {
	return []string{"", "mint", "requests"}
}

// TestConsoleNeedsASession: without the cookie nothing is shown and nothing is
// made; the bearer token is for the API, the cookie is not.
func TestConsoleNeedsASession(t *testing.T) {
	i := defaultIssuer(t, nil)
	stranger := newVisitor(t, i)
	for _, page := range pagesOfConsole() {
		a := stranger.get(consolePath + page)
		if a.status != http.StatusSeeOther || a.header.Get("Location") != consolePath+"sign-in" || strings.Contains(a.text, "orders-dev") {
			t.Errorf("%q: expected the way to the form, got %d %s", page, a.status, a.text)
		}
	}
	if a := stranger.post("mint", url.Values{"api": {"orders-dev"}}, nil); a.status != http.StatusUnauthorized || strings.Contains(a.text, "eyJ") {
		t.Errorf("mint: expected 401 and no token, got %d", a.status)
	}
	bearer := map[string]string{"Authorization": "Bearer " + manager}
	if a := stranger.post("mint", url.Values{"api": {"orders-dev"}}, bearer); a.status != http.StatusUnauthorized {
		t.Errorf("mint with a bearer token: expected 401, got %d", a.status)
	}
	known := signedIn(t, i)
	for _, page := range pagesOfConsole() {
		if a := known.get(consolePath + page); a.status != http.StatusOK {
			t.Errorf("%q with a session: expected 200, got %d", page, a.status)
		}
	}
	if a := known.get("/keys"); a.status != http.StatusUnauthorized {
		t.Errorf("the API with a session: expected 401, got %d", a.status)
	}
}

// TestConsoleSignIn is one row a token that is shown.
func TestConsoleSignIn(t *testing.T) {
	i := defaultIssuer(t, nil)
	for _, row := range []struct {
		reason string
		form   url.Values
		want   int
	}{
		{"right", url.Values{"token": {manager}}, http.StatusSeeOther},
		{"wrong", url.Values{"token": {"wrong"}}, http.StatusUnauthorized},
		{"prefix", url.Values{"token": {manager[:8]}}, http.StatusUnauthorized},
		{"longer", url.Values{"token": {manager + "x"}}, http.StatusUnauthorized},
		{"empty", url.Values{"token": {""}}, http.StatusUnauthorized},
		{"none", nil, http.StatusUnauthorized},
		{"second-one-right", url.Values{"token": {"wrong", manager}}, http.StatusUnauthorized},
	} {
		t.Run(row.reason, func(t *testing.T) {
			v := newVisitor(t, i)
			a := v.post("sign-in", row.form, nil)
			cookie := a.header.Get("Set-Cookie")
			if a.status != row.want || (cookie != "") != (row.want == http.StatusSeeOther) || strings.Contains(a.text+cookie, manager) {
				t.Errorf("expected %d, got %d with cookie %q", row.want, a.status, cookie)
			}
			if inside := v.get(consolePath).status == http.StatusOK; inside != (row.want == http.StatusSeeOther) {
				t.Errorf("expected to be inside %t, got %t", row.want == http.StatusSeeOther, inside)
			}
		})
	}
	v := newVisitor(t, i)
	if a := v.post("sign-in?token="+url.QueryEscape(manager), nil, nil); a.status != http.StatusUnauthorized || a.header.Get("Set-Cookie") != "" {
		t.Error("a token in the URL opened a session")
	}
}

// TestConsoleCookie: for this console's paths, out of reach of scripts and other
// sites, over TLS alone where there is TLS.
func TestConsoleCookie(t *testing.T) {
	for _, secure := range []bool{false, true} {
		i := defaultIssuer(t, func(c *Config) { c.ManagementTLS = secure })
		v := newVisitor(t, i)
		trust(v.http, i)
		a := v.post("sign-in", url.Values{"token": {manager}}, nil)
		cookies := (&http.Response{Header: a.header}).Cookies()
		if len(cookies) != 1 {
			t.Fatalf("expected one cookie, got %d", len(cookies))
		}
		c := cookies[0]
		_, port, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(i.ManagementURL(), "https://"), "http://"), ":")
		if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != consolePath || c.Secure != secure || c.Name != "entraproof-console-"+port || len(c.Value) < 26 {
			t.Errorf("TLS %t: got %s", secure, a.header.Get("Set-Cookie"))
		}
	}
}

// TestConsoleSessionEnds: by signing out, and by itself.
func TestConsoleSessionEnds(t *testing.T) {
	clock := newClock()
	i := defaultIssuer(t, func(c *Config) { c.Now = clock.Now })
	out, late, other := signedIn(t, i), signedIn(t, i), signedIn(t, i)
	at, _ := url.Parse(i.ConsoleURL())
	before := out.http.Jar.Cookies(at)
	if a := out.post("sign-out", nil, nil); a.status != http.StatusSeeOther || len(out.http.Jar.Cookies(at)) != 0 {
		t.Errorf("expected the cookie to be taken back, got %d %v", a.status, out.http.Jar.Cookies(at))
	}
	out.http.Jar.SetCookies(at, before)
	if a := out.get(consolePath); a.status != http.StatusSeeOther {
		t.Errorf("signed out: expected the old cookie to open nothing, got %d", a.status)
	}
	clock.advance(sessionLife - time.Second)
	if a := late.get(consolePath); a.status != http.StatusOK {
		t.Errorf("a second before the end: got %d", a.status)
	}
	clock.advance(time.Second)
	if a := other.get(consolePath); a.status != http.StatusSeeOther {
		t.Errorf("at the end: got %d", a.status)
	}
}

// TestConsoleSessionsAreBounded: the one that ends first makes room.
func TestConsoleSessionsAreBounded(t *testing.T) {
	t.Parallel()
	s := sessions{open: map[string]session{}}
	now := newClock().Now()
	first := s.begin(now)
	var last string
	for n := range maxSessions {
		last = s.begin(now.Add(time.Duration(n+1) * time.Second))
	}
	if len(s.open) != maxSessions || s.holds(first, now) || !s.holds(last, now) {
		t.Errorf("expected %d sessions without the first, got %d, first %t, last %t", maxSessions, len(s.open), s.holds(first, now), s.holds(last, now))
	}
	if s.begin(now.Add(2 * sessionLife)); len(s.open) != 1 {
		t.Errorf("expected what is over to be forgotten, got %d", len(s.open))
	}
}

// TestConsoleOtherSites: what another site's page sends is refused, signed in or
// not.
func TestConsoleOtherSites(t *testing.T) {
	i := defaultIssuer(t, nil)
	host := strings.TrimPrefix(i.ManagementURL(), "http://")
	for _, row := range []struct {
		reason string
		header map[string]string
		passes bool
	}{
		{"own-page", nil, true},
		{"no-browser", map[string]string{"Sec-Fetch-Site": ""}, true},
		{"by-the-address-bar", map[string]string{"Sec-Fetch-Site": "none"}, true},
		{"own-origin", map[string]string{"Sec-Fetch-Site": "", "Origin": "http://" + host}, true},
		{"other-site", map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
		{"same-site-other-origin", map[string]string{"Sec-Fetch-Site": "same-site"}, false},
		{"other-origin", map[string]string{"Sec-Fetch-Site": "", "Origin": "https://evil.example"}, false},
		{"other-port", map[string]string{"Sec-Fetch-Site": "", "Origin": "http://127.0.0.1:1"}, false},
		{"origin-null", map[string]string{"Sec-Fetch-Site": "", "Origin": "null"}, false},
	} {
		t.Run(row.reason, func(t *testing.T) {
			v := signedIn(t, i)
			a := v.post("mint", firstForm(i), row.header)
			if made := strings.Contains(a.text, "eyJ"); made != row.passes || (a.status == http.StatusForbidden) == row.passes {
				t.Errorf("mint: expected a token %t, got %d", row.passes, a.status)
			}
			if a := v.post("sign-out", nil, row.header); (a.status == http.StatusSeeOther) != row.passes {
				t.Errorf("sign out: got %d", a.status)
			}
			stranger := newVisitor(t, i)
			if a := stranger.post("sign-in", url.Values{"token": {manager}}, row.header); (a.status == http.StatusSeeOther) != row.passes {
				t.Errorf("sign in: got %d", a.status)
			}
		})
	}
}

// firstForm is the form as it opens, sent as it is.
func firstForm(i *Issuer) url.Values {
	c := i.directory.Load().firstChoice("orders-dev")
	return url.Values{"api": {c.API}, "client": {c.Client}, "tenant": {c.Tenant}, "subject": {c.Subject}, "age": {c.Age}, "asked": {c.Asked}, "do": {"mint"}}
}

// TestConsoleHeaders: nothing but the listener's own files is let in, and no
// answer is kept.
func TestConsoleHeaders(t *testing.T) {
	i := defaultIssuer(t, nil)
	v := signedIn(t, i)
	for _, page := range append(pagesOfConsole(), "sign-in", "nowhere", "console.css") {
		h := v.get(consolePath + page).header
		if got := h.Get("Content-Security-Policy"); got != "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'" {
			t.Errorf("%q: policy %q", page, got)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "same-origin" || h.Get("Cross-Origin-Opener-Policy") != "same-origin" {
			t.Errorf("%q: got %v", page, h)
		}
		if want := map[bool]string{true: "no-cache", false: "no-store"}[page == "console.css"]; h.Get("Cache-Control") != want {
			t.Errorf("%q: expected %s, got %q", page, want, h.Get("Cache-Control"))
		}
	}
	for _, page := range []string{"", "mint", "requests"} {
		text := v.get(consolePath + page).text
		for _, never := range []string{" style=", "<style", " onclick=", "://fonts", "<iframe"} {
			if strings.Contains(text, never) {
				t.Errorf("%q holds %q", page, never)
			}
		}
		for _, m := range regexp.MustCompile(`(?:src|href|action)="([^"#][^"]*)"`).FindAllStringSubmatch(text, -1) {
			own := strings.HasPrefix(m[1], consolePath)
			if document := strings.HasPrefix(m[1], i.URL()) && strings.HasSuffix(m[1], "openid-configuration"); !own && !document {
				t.Errorf("%q points at %s", page, m[1])
			}
		}
	}
}

// TestConsoleWay: a browser that asks for the listener is shown the way; whoever
// brings a bearer token is not.
func TestConsoleWay(t *testing.T) {
	i := defaultIssuer(t, nil)
	v := newVisitor(t, i)
	for _, path := range []string{"/", "/console"} {
		if a := v.get(path); a.status != http.StatusSeeOther || a.header.Get("Location") != consolePath {
			t.Errorf("%s: got %d %s", path, a.status, a.header.Get("Location"))
		}
	}
	for _, path := range []string{"/consoles", "/consol", "/keys"} {
		if a := v.get(path); a.status != http.StatusUnauthorized {
			t.Errorf("%s: expected 401, got %d", path, a.status)
		}
	}
	if a := fetch(t, i.URL()+consolePath); a.status != http.StatusNotFound {
		t.Errorf("the public listener: expected no console, got %d", a.status)
	}
	if got := (&Issuer{}).ConsoleURL(); got != "" {
		t.Errorf("expected no console without a listener, got %q", got)
	}
}

// TestConsoleShowsNoSecret looks for every secret of the directory and the
// issuer on every page.
func TestConsoleShowsNoSecret(t *testing.T) {
	log := &logTo{}
	i := defaultIssuer(t, func(c *Config) { c.Log = log.logger() })
	v := signedIn(t, i)
	newVisitor(t, i).post("sign-in", url.Values{"token": {"a wrong token"}}, nil)
	var texts []string
	for _, page := range pagesOfConsole() {
		texts = append(texts, v.get(consolePath+page).text)
	}
	minted := v.post("mint", firstForm(i), nil).text
	texts = append(texts, minted, log.String())
	if !strings.Contains(minted, "eyJ") || !strings.Contains(texts[0], "worker-dev") {
		t.Fatal("the pages show nothing: the search proves nothing")
	}
	secrets := []string{manager, "a wrong token", "PRIVATE KEY"}
	for _, r := range DefaultDirectory().Clients {
		for _, s := range r.Secrets {
			secrets = append(secrets, s.Value)
		}
	}
	for _, u := range DefaultDirectory().Users {
		if u.Password != "" {
			secrets = append(secrets, u.Password)
		}
	}
	if len(secrets) < 10 {
		t.Fatalf("expected at least 10 secrets, got %d", len(secrets))
	}
	for _, s := range secrets {
		if slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, s) }) {
			t.Errorf("a page shows %q", s)
		}
	}
	if strings.Contains(log.String(), "eyJ") {
		t.Error("the log holds a token")
	}
}

// TestConsoleOverview: what is registered is there.
func TestConsoleOverview(t *testing.T) {
	i := defaultIssuer(t, nil)
	visit(t, i)
	text := signedIn(t, i).get(consolePath).text
	for _, must := range []string{
		"makes any token", "https://sts.windows.net/{tenantid}/", "7 registrations for 13 clients and 4 users", "api://orders-v1.uat",
		`<code>DEV.Admin</code> <span class="small soft">admin consent`, `href="/console/mint?api=orders-dev"`, "nothing: a public client", "1 secret",
		"alice@contoso.example", "a guest from", "! disabled", "AADSTS7000215", "2 of the last 5 requests refused", "✓ signs", "fabrikam.example", i.URL(),
	} {
		if !strings.Contains(text, must) {
			t.Errorf("the page lacks %q", must)
		}
	}
	lease, err := i.Lease(t.Context(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for _, never := range []string{"under a lease", "Wrong on purpose"} {
		if strings.Contains(text, never) {
			t.Errorf("the page says %q of a sound issuer", never)
		}
	}
	if err := i.Misbehave(t.Context(), lease.ID, []Misbehaviour{{Name: "slow", Path: KeySetPaths}}); err != nil {
		t.Fatal(err)
	}
	text = signedIn(t, i).get(consolePath).text
	for _, must := range []string{"under a lease until 10:01:00 UTC", "Wrong on purpose:</b> slow at <code>/{tenant}/discovery/{rest...}"} {
		if !strings.Contains(text, must) {
			t.Errorf("under a lease the page lacks %q", must)
		}
	}
}

// TestConsoleEmptyIssuer: an issuer without a directory has a console, too.
func TestConsoleEmptyIssuer(t *testing.T) {
	i := defaultIssuer(t, func(c *Config) { c.Directory = Directory{} })
	v := signedIn(t, i)
	text := v.get(consolePath).text
	for _, must := range []string{"any audience can be minted", "Nothing was asked of it yet", "any GUID"} {
		if !strings.Contains(text, must) {
			t.Errorf("the page lacks %q", must)
		}
	}
	a := v.post("mint", url.Values{"tenant": {tenantA}, "audience": {"api://free"}, "version": {"v1"}, "client": {worker}, "subject": {"app"}, "roles": {"A B"}}, nil)
	if a.status != http.StatusOK || !strings.Contains(a.text, "No API is registered") || !strings.Contains(a.text, "[&#34;A&#34;,&#34;B&#34;]") {
		t.Errorf("expected a token, got %d %s", a.status, a.text)
	}
}

// TestConsoleRequests: the list is whole, its first part short, and both name
// the client.
func TestConsoleRequests(t *testing.T) {
	i := defaultIssuer(t, nil)
	for range shownRequests {
		visit(t, i)
	}
	v := signedIn(t, i)
	rows := func(page string) int { return strings.Count(v.get(consolePath+page).text, "<time ") }
	for page, want := range map[string]int{"": shownRequests, "requests": 5 * shownRequests} {
		if got := rows(page); got != want {
			t.Errorf("%q: expected %d rows, got %d", page, want, got)
		}
	}
	text := v.get(consolePath + "requests").text
	if !strings.Contains(text, "<td>worker-dev</td>") || !strings.Contains(text, "/7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40/oauth2/v2.0/token") {
		t.Errorf("expected client and tenant by name, got %s", text)
	}
	for status, want := range map[int]string{200: "good ✓", 302: "good ✓", 401: "unsure !", 500: "bad ✗"} {
		if q := (requestView{Request: Request{Status: status}}); q.Tone()+" "+q.Mark() != want {
			t.Errorf("%d: expected %s, got %s %s", status, want, q.Tone(), q.Mark())
		}
	}
}

// hostile is a name that ends elements and attributes where it is written
// without care.
const hostile = `"><img src=x onerror="window.broken=1"></option></select><script>window.broken=1</script>' ${now} {{.}}` + "\u202e"

// hostileDirectory has such names wherever a name is free.
func hostileDirectory() Directory {
	return Directory{
		APIs: map[string]API{hostile: {
			AppID: apiV2, URIs: []string{`api://orders/'"><script>window.broken=1</script>`}, Version: mint.V2,
			Roles: []string{hostile}, OptionalClaims: []string{"idtyp"},
		}},
		Clients: map[string]ClientRegistration{hostile: {ID: worker, Secrets: []Secret{{Value: secret}}, Roles: map[string][]string{hostile: {hostile}}}},
	}
}

// TestConsoleKeepsHostileNamesInside: they are shown, and stay texts.
func TestConsoleKeepsHostileNamesInside(t *testing.T) {
	i := defaultIssuer(t, func(c *Config) { c.Directory = hostileDirectory() })
	r, _ := http.NewRequestWithContext(t.Context(), "BREW'`", i.URL()+"/"+tenantA+"/discovery/keys", nil)
	do(t, client(t), r)
	v := signedIn(t, i)
	form := url.Values{
		"api": {hostile}, "client": {hostile}, "tenant": {tenantA}, "subject": {"app"}, "set-name": {hostile}, "set-value": {`"` + "a</code><script>" + `"`},
		"roles": {`<script>`}, "url": {`http://gateway.example/'"><script>`},
	}
	pages := []string{v.post("mint", form, nil).text, v.post("mint", url.Values{"api": {hostile + "x"}, "steps": {"</textarea><script>"}}, nil).text}
	for _, page := range pagesOfConsole() {
		pages = append(pages, v.get(consolePath+page).text)
	}
	shown := 0
	for n, text := range pages {
		shown += strings.Count(text, "&lt;img src=x") + strings.Count(text, "&lt;script")
		if scripts := strings.Count(text, "<script"); scripts > 1 {
			t.Errorf("page %d: expected our script element at most, got %d", n, scripts)
		}
		// A value comes back as it was sent; what is read must not turn around.
		read := regexp.MustCompile(`="[^"]*"`).ReplaceAllLiteralString(text, "")
		for _, never := range []string{"<img", "\u202e", `onerror="`} {
			if strings.Contains(read, never) {
				t.Errorf("page %d holds %q", n, never)
			}
		}
	}
	if shown < 10 || !strings.Contains(pages[0], "eyJ") {
		t.Errorf("expected the hostile names to be shown, got %d times; first page %s", shown, pages[0])
	}
}

// TestConsoleForms: what is no form of ours is refused, and never a 500.
func TestConsoleForms(t *testing.T) {
	i := defaultIssuer(t, nil)
	c := i.newConsole()
	session := &http.Cookie{Name: c.sessionCookie(), Value: c.sessions.begin(i.cfg.Now())}
	for _, row := range []struct {
		reason, page, kind, body string
		want                     int
	}{
		{"too-large", "mint", "application/x-www-form-urlencoded", "steps=" + strings.Repeat("a", maxConsoleBody), http.StatusBadRequest},
		{"too-large-at-the-door", "sign-in", "application/x-www-form-urlencoded", "token=" + strings.Repeat("a", maxConsoleBody), http.StatusBadRequest},
		{"bad-escape", "mint", "application/x-www-form-urlencoded", "api=%zz", http.StatusBadRequest},
		{"json", "mint", "application/json", `{"api":"orders-dev"}`, http.StatusUnprocessableEntity},
		{"empty", "mint", "application/x-www-form-urlencoded", "", http.StatusUnprocessableEntity},
		{"unknown-page", "nowhere", "application/x-www-form-urlencoded", "", http.StatusNotFound},
		{"wrong-method", "requests", "application/x-www-form-urlencoded", "", http.StatusMethodNotAllowed},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, consolePath+row.page, strings.NewReader(row.body))
		r.Header.Set("Content-Type", row.kind)
		r.AddCookie(session)
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		if w.Code != row.want || strings.Contains(w.Body.String(), "eyJ") {
			t.Errorf("%s: expected %d, got %d", row.reason, row.want, w.Code)
		}
	}
}
