package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/entraproof/entraproof/internal/policy"
)

// providerStub is an introspection endpoint that says what it is told to.
type providerStub struct {
	*httptest.Server
	mu    sync.Mutex
	asked []*http.Request
	// serve is what it does; nil: answers 200 with text.
	serve  http.HandlerFunc
	status int
	text   string
}

func newProviderStub(t *testing.T) *providerStub {
	t.Helper()
	p := &providerStub{status: 200}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm() // what cannot be read is missing from what was asked
		p.mu.Lock()
		p.asked = append(p.asked, r)
		serve, status, text := p.serve, p.status, p.text
		p.mu.Unlock()
		if serve != nil {
			serve(w, r)
			return
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text)) // a client that is gone is its own affair
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *providerStub) says(status int, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status, p.text = status, text
}

func (p *providerStub) times() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.asked)
}

// documented builds the policy in the documented model in front of a provider.
func (b *bench) documented(p *providerStub, config policy.OpenIDConnect, change func(*Options)) (http.Handler, *[]Refusal) {
	b.t.Helper()
	return b.place(oidcLink(func(Environment) policy.OpenIDConnect { return config }), func(o *Options) {
		o.Switches.OIDCModel = Documented
		o.Environment.Introspection = Introspection{URL: p.URL + "/introspect", ShimURL: p.URL + "/shim", ClientID: "the gateway", ClientSecret: "its+secret"}
		if change != nil {
			change(o)
		}
	})
}

// uncachedPolicy asks for the scope and the client, and keeps no answer.
func uncachedPolicy() policy.OpenIDConnect {
	p := policy.NewOpenIDConnect()
	p.Scopes, p.MaxCacheSize = home.access, 0
	return p
}

// TestIntrospection: what each answer of the provider comes to, in the order of
// mulesoft-policies.md 1.2 and by the statuses and bodies of 1.3. The token itself
// does not count: it is no JWT.
func TestIntrospection(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := newProviderStub(t)
	h, refusals := b.documented(p, uncachedPolicy(), nil)
	const (
		revoked, expired   = `{"error":"Token has been revoked."}`, `{"error":"Token has expired."}`
		scopes, client     = `{"error":"The required scopes are not authorized"}`, `{"error":"Invalid Client"}`
		unreadable         = `{"error":"Unexpected error processing Authentication Server response"}`
		absent, malformed  = `{"error":"Access token was not provided"}`, `{"error":"Authorization header is invalid"}`
		good               = `{"active":true,"scope":"DEV.Access","client_id":"` + worker + `"}`
		oidcActive         = "oidc-active"
		provider, timeless = "oidc-provider", `{"active":true,"exp":"tomorrow"}`
	)
	at := func(d time.Duration, rest string) string {
		return fmt.Sprintf(`{"active":true,"exp":%d%s}`, b.now.Add(d).Unix(), rest)
	}
	with := `,"scope":"DEV.Access","client_id":"` + worker + `"`
	for name, row := range map[string]struct {
		status int
		text   string
		want   policyRow
	}{
		"good":                            {200, good, policyRow{bearerOf("t"), 200, "", "", ""}},
		"good, further scopes":            {200, `{"active":true,"scope":"A DEV.Access","client_id":"` + worker + `"}`, policyRow{bearerOf("t"), 200, "", "", ""}},
		"in the query":                    {200, good, policyRow{askFor("GET", homePath+"?access_token=t"), 200, "", "", ""}},
		"no token":                        {200, good, policyRow{ask(), 400, "oidc-token", absent, ""}},
		"one word":                        {200, good, policyRow{ask("Bearer"), 400, "oidc-token", malformed, ""}},
		"inactive":                        {200, `{"active":false}`, policyRow{bearerOf("t"), 401, oidcActive, revoked, realm}},
		"inactive, whatever else it says": {200, `{"active":false,"scope":"DEV.Access","client_id":"` + worker + `"}`, policyRow{bearerOf("t"), 401, oidcActive, revoked, realm}},
		"expires this second":             {200, at(0, with), policyRow{bearerOf("t"), 200, "", "", ""}},
		"expired":                         {200, at(-time.Second, with), policyRow{bearerOf("t"), 401, "oidc-time", expired, realm}},
		"inactive before expired":         {200, `{"active":false,"exp":1}`, policyRow{bearerOf("t"), 401, oidcActive, revoked, realm}},
		"expired before scopes":           {200, at(-time.Second, ""), policyRow{bearerOf("t"), 401, "oidc-time", expired, realm}},
		"no scope":                        {200, `{"active":true,"client_id":"` + worker + `"}`, policyRow{bearerOf("t"), 403, "oidc-scopes", scopes, ""}},
		"scp is not read":                 {200, `{"active":true,"scp":"DEV.Access","client_id":"` + worker + `"}`, policyRow{bearerOf("t"), 403, "oidc-scopes", scopes, ""}},
		"scope in another case":           {200, `{"active":true,"scope":"dev.access","client_id":"` + worker + `"}`, policyRow{bearerOf("t"), 403, "oidc-scopes", scopes, ""}},
		"scope as an array":               {200, `{"active":true,"scope":["DEV.Access"],"client_id":"` + worker + `"}`, policyRow{bearerOf("t"), 403, "oidc-scopes", scopes, ""}},
		"scopes before client":            {200, `{"active":true}`, policyRow{bearerOf("t"), 403, "oidc-scopes", scopes, ""}},
		"no client_id":                    {200, `{"active":true,"scope":"DEV.Access","azp":"` + worker + `"}`, policyRow{bearerOf("t"), 403, "oidc-client", client, ""}},
		"client_id null":                  {200, `{"active":true,"scope":"DEV.Access","client_id":null}`, policyRow{bearerOf("t"), 403, "oidc-client", client, ""}},
		"client without contract":         {200, `{"active":true,"scope":"DEV.Access","client_id":"` + stranger + `"}`, policyRow{bearerOf("t"), 403, "oidc-client", client, ""}},
		"403":                             {403, `no "entry" <here>`, policyRow{bearerOf("t"), 403, provider, `{"error":"no \"entry\" <here>"}`, ""}},
		"400":                             {400, `{"error":"invalid_request"}`, policyRow{bearerOf("t"), 500, provider, `{"error":"{\"error\":\"invalid_request\"}"}`, ""}},
		"401":                             {401, "who?", policyRow{bearerOf("t"), 401, provider, `{"error":"who?"}`, realm}},
		"500":                             {500, "", policyRow{bearerOf("t"), 401, provider, `{"error":""}`, realm}},
		"no JSON":                         {200, "<html>", policyRow{bearerOf("t"), 500, provider, unreadable, ""}},
		"a list":                          {200, "[true]", policyRow{bearerOf("t"), 500, provider, unreadable, ""}},
		"two objects":                     {200, good + good, policyRow{bearerOf("t"), 500, provider, unreadable, ""}},
		"no active":                       {200, `{"scope":"DEV.Access","client_id":"` + worker + `"}`, policyRow{bearerOf("t"), 500, provider, unreadable, ""}},
		"active is a text":                {200, `{"active":"true"}`, policyRow{bearerOf("t"), 500, provider, unreadable, ""}},
		"exp is a text":                   {200, timeless, policyRow{bearerOf("t"), 500, provider, unreadable, ""}},
		"cut off behind the upper bound":  {200, good + strings.Repeat(" ", maxAnswer), policyRow{bearerOf("t"), 200, "", "", ""}},
		"larger than anybody's answer is": {200, strings.Repeat(" ", maxAnswer) + good, policyRow{bearerOf("t"), 500, provider, unreadable, ""}},
		"nothing at all":                  {200, "", policyRow{bearerOf("t"), 500, provider, unreadable, ""}},
	} {
		t.Run(name, func(t *testing.T) {
			p.says(row.status, row.text)
			row.want.run(t, h, refusals)
		})
	}
}

// TestIntrospectionRequest: a form with the token and the client's credentials,
// which stand nowhere else; nothing of the caller's request goes along.
func TestIntrospectionRequest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := newProviderStub(t)
	p.says(200, `{"active":true}`)
	h, _ := b.documented(p, policy.NewOpenIDConnect(), nil)
	fire(t, h, bearerOf("a.token~of+ours/="))
	r := p.asked[0]
	if r.Method != http.MethodPost || r.URL.Path != "/introspect" || r.URL.RawQuery != "" || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || r.Header.Get("Authorization") != "" {
		t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
	}
	if got, want := r.PostForm.Encode(), "client_id=the+gateway&client_secret=its%2Bsecret&token=a.token~of%2Bours%2F%3D"; got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
}

// TestIntrospectionShim: a set-up with a shim asks the shim, and reads its scope.
func TestIntrospectionShim(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := newProviderStub(t)
	p.says(200, `{"active":true,"scope":"DEV.Access"}`)
	h, _ := b.place(shimLink(fix2), func(o *Options) {
		o.Switches.OIDCModel = Documented
		o.Environment.Introspection = Introspection{URL: "http://127.0.0.1:1/", ShimURL: p.URL + "/shim"}
	})
	if got := fire(t, h, bearerOf("t")); !got.forwarded || p.asked[0].URL.Path != "/shim" {
		t.Errorf("expected the shim to be asked, got %d %s", got.status, got.body)
	}
}

// TestIntrospectionRedirect: the token goes where it is meant to go, and nowhere
// else.
func TestIntrospectionRedirect(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := newProviderStub(t)
	p.serve = func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/introspect" {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(http.StatusTemporaryRedirect)
		}
	}
	h, refusals := b.documented(p, uncachedPolicy(), nil)
	policyRow{bearerOf("t"), 401, "oidc-provider", `{"error":""}`, realm}.run(t, h, refusals)
	if got := p.times(); got != 1 {
		t.Errorf("expected one request, got %d", got)
	}
}

// TestIntrospectionUnreachable: no answer, or none in time, is 401.
func TestIntrospectionUnreachable(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	unreachable := policyRow{bearerOf("t"), 401, "oidc-provider", `{"error":"Unauthorized"}`, realm}
	p := newProviderStub(t)
	p.serve = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	late := uncachedPolicy()
	late.AuthenticationTimeout = 20
	h, refusals := b.documented(p, late, nil)
	t.Run("late", func(t *testing.T) { unreachable.run(t, h, refusals) })
	broken := newProviderStub(t)
	broken.serve = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte(`{"active":true`)) // and no more
	}
	h, refusals = b.documented(broken, uncachedPolicy(), nil)
	t.Run("cut off", func(t *testing.T) { unreachable.run(t, h, refusals) })
	h, refusals = b.documented(p, uncachedPolicy(), func(o *Options) { o.Environment.Introspection.URL = "http://127.0.0.1:1/" })
	t.Run("nobody there", func(t *testing.T) { unreachable.run(t, h, refusals) })
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	verifying := uncachedPolicy()
	verifying.SecureTrustStore = true
	h, refusals = b.documented(p, verifying, func(o *Options) { o.Environment.Introspection.URL = secure.URL })
	t.Run("a certificate of nobody's", func(t *testing.T) { unreachable.run(t, h, refusals) })
	h, refusals = b.documented(p, uncachedPolicy(), func(o *Options) {
		o.Environment.Introspection.URL, o.Switches.Profile = secure.URL, FlexConnected
	})
	t.Run("Flex always verifies", func(t *testing.T) { unreachable.run(t, h, refusals) })
	h, refusals = b.documented(p, uncachedPolicy(), func(o *Options) { o.Environment.Introspection.URL = secure.URL })
	t.Run("Mule does not", func(t *testing.T) {
		policyRow{bearerOf("t"), 401, "oidc-provider", `{"error":"404 page not found\n"}`, realm}.run(t, h, refusals)
	})
}

// TestIntrospectionCache is one row a policy: how often three requests with one
// token ask, the second right after the first and the third later.
func TestIntrospectionCache(t *testing.T) {
	t.Parallel()
	with := func(change func(*policy.OpenIDConnect)) policy.OpenIDConnect {
		p := policy.NewOpenIDConnect()
		p.SkipClientIDValidation = true
		if change != nil {
			change(&p)
		}
		return p
	}
	for name, row := range map[string]struct {
		config policy.OpenIDConnect
		text   string
		later  time.Duration
		asked  int
	}{
		"until exp":                  {with(nil), `{"active":true,"exp":%d}`, time.Hour - time.Second, 1},
		"not beyond exp":             {with(nil), `{"active":true,"exp":%d}`, time.Hour, 2},
		"no longer than the cap":     {with(func(p *policy.OpenIDConnect) { p.MaxFederationExpirationTime = 60 }), `{"active":true,"exp":%d}`, time.Minute, 2},
		"as long as the cap":         {with(func(p *policy.OpenIDConnect) { p.MaxFederationExpirationTime = 60 }), `{"active":true,"exp":%d}`, time.Minute - time.Second, 1},
		"a cap that is beyond exp":   {with(func(p *policy.OpenIDConnect) { p.MaxFederationExpirationTime = 7200 }), `{"active":true,"exp":%d}`, time.Hour, 2},
		"a cap of nothing":           {with(func(p *policy.OpenIDConnect) { p.MaxFederationExpirationTime = 0 }), `{"active":true,"exp":%d}`, 0, 3},
		"never without exp":          {with(nil), `{"active":true}`, 0, 3},
		"never what is not active":   {with(nil), `{"active":false,"exp":%d}`, 0, 3},
		"switched off":               {with(func(p *policy.OpenIDConnect) { p.MaxCacheSize = 0 }), `{"active":true,"exp":%d}`, 0, 3},
		"what is refused for scopes": {with(func(p *policy.OpenIDConnect) { p.Scopes = "A" }), `{"active":true,"exp":%d}`, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			p := newProviderStub(t)
			text := row.text
			if strings.Contains(text, "%d") {
				text = fmt.Sprintf(text, b.now.Add(time.Hour).Unix())
			}
			p.says(200, text)
			h, _ := b.documented(p, row.config, nil)
			fire(t, h, bearerOf("t"))
			fire(t, h, bearerOf("t"))
			b.now = b.now.Add(row.later)
			fire(t, h, bearerOf("t"))
			if got := p.times(); got != row.asked {
				t.Errorf("expected %d requests, got %d", row.asked, got)
			}
		})
	}
}

// TestIntrospectionCacheRevoked: a token that is revoked goes on working, and
// another one is asked for by itself.
func TestIntrospectionCacheRevoked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := newProviderStub(t)
	p.says(200, fmt.Sprintf(`{"active":true,"exp":%d}`, b.now.Add(time.Hour).Unix()))
	config := policy.NewOpenIDConnect()
	config.SkipClientIDValidation = true
	h, _ := b.documented(p, config, nil)
	fire(t, h, bearerOf("t"))
	p.says(200, `{"active":false}`)
	if got := fire(t, h, bearerOf("t")); !got.forwarded {
		t.Errorf("the known token: %d", got.status)
	}
	if got := fire(t, h, bearerOf("T")); got.status != 401 {
		t.Errorf("another token: %d", got.status)
	}
}

// TestAnswers: where there is no room the answer goes that ends first.
func TestAnswers(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_790_000_000, 0)
	a := newAnswers(2, -1)
	until := func(d time.Duration) object {
		return object{{"exp", json.Number(fmt.Sprint(now.Add(d).Unix()))}}
	}
	a.keep("late", until(3*time.Hour), now)
	a.keep("soon", until(time.Hour), now)
	a.keep("late", until(4*time.Hour), now) // again: no further room
	for name, want := range map[string]bool{"late": true, "soon": true} {
		if _, kept := a.of(name, now); kept != want {
			t.Errorf("%s: expected %t, got %t", name, want, kept)
		}
	}
	a.keep("new", until(2*time.Hour), now)
	for name, want := range map[string]bool{"late": true, "soon": false, "new": true} {
		if _, kept := a.of(name, now); kept != want {
			t.Errorf("%s: expected %t, got %t", name, want, kept)
		}
	}
}
