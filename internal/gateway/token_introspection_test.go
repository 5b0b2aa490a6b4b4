package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/entraproof/entraproof/internal/policy"
)

// introspected builds the policy OAuth 2.0 Token Introspection in front of a
// provider, on Flex.
func (b *bench) introspected(p *providerStub, change func(*policy.Introspection), options func(*Options)) (http.Handler, *[]Refusal, *[]Acceptance) {
	b.t.Helper()
	config := policy.NewIntrospection()
	config.IntrospectionURL, config.AuthorizationValue = p.URL+"/own", "Basic Y29uZmlndXJlZA=="
	if change != nil {
		change(&config)
	}
	return b.instance(func(o *Options) {
		o.Switches.Profile = FlexConnected
		if options != nil {
			options(o)
		}
	}, applied(&config))
}

// TestTokenIntrospection: as the OIDC policy, with a realm of its own, and the
// consumer in either member (mulesoft-policies.md 1.3, 1.7).
func TestTokenIntrospection(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := newProviderStub(t)
	const (
		realm   = `Bearer realm="OAuth2 Introspection Client Realm"`
		client  = `{"error":"Invalid Client"}`
		scopes  = `{"error":"The required scopes are not authorized"}`
		revoked = `{"error":"Token has been revoked."}`
	)
	skip := func(c *policy.Introspection) { c.SkipClientIDValidation = true }
	scoped := func(criteria policy.Criteria) func(*policy.Introspection) {
		return func(c *policy.Introspection) {
			c.SkipClientIDValidation, c.Scopes, c.ScopeValidationCriteria = true, "A B", criteria
		}
	}
	byName := func(c *policy.Introspection) { c.ConsumerBy = "username" }
	scopeKeys, clientKeys := []string{"scopes", "scopeValidationCriteria"}, []string{"skipClientIdValidation"}
	for name, row := range map[string]struct {
		change func(*policy.Introspection)
		status int
		text   string
		want   policyRow
		keys   []string
	}{
		"active":                 {skip, 200, `{"active":true}`, policyRow{bearerOf("t"), 200, "", "", ""}, nil},
		"no token":               {skip, 200, `{}`, policyRow{ask(), 400, "introspection-token", `{"error":"Access token was not provided"}`, ""}, nil},
		"other scheme":           {skip, 200, `{}`, policyRow{ask("Basic t"), 400, "introspection-token", `{"error":"Authorization header is invalid"}`, ""}, nil},
		"inactive":               {skip, 200, `{"active":false}`, policyRow{bearerOf("t"), 401, "introspection-active", revoked, realm}, nil},
		"expired":                {skip, 200, `{"active":true,"exp":1}`, policyRow{bearerOf("t"), 401, "introspection-time", `{"error":"Token has expired."}`, realm}, nil},
		"provider says 400":      {skip, 400, "why", policyRow{bearerOf("t"), 500, "introspection-provider", `{"error":"why"}`, ""}, nil},
		"provider says 403":      {skip, 403, "no", policyRow{bearerOf("t"), 403, "introspection-provider", `{"error":"no"}`, ""}, nil},
		"provider says 500":      {skip, 500, "oh", policyRow{bearerOf("t"), 401, "introspection-provider", `{"error":"oh"}`, realm}, nil},
		"all scopes":             {scoped(policy.All), 200, `{"active":true,"scope":"B A"}`, policyRow{bearerOf("t"), 200, "", "", ""}, nil},
		"not all scopes":         {scoped(policy.All), 200, `{"active":true,"scope":"B"}`, policyRow{bearerOf("t"), 403, "introspection-scopes", scopes, ""}, scopeKeys},
		"any scope":              {scoped(policy.Any), 200, `{"active":true,"scope":"B"}`, policyRow{bearerOf("t"), 200, "", "", ""}, nil},
		"scp is no scope":        {scoped(policy.Any), 200, `{"active":true,"scp":"A B"}`, policyRow{bearerOf("t"), 403, "introspection-scopes", scopes, ""}, scopeKeys},
		"client_id":              {nil, 200, `{"active":true,"client_id":"` + worker + `"}`, policyRow{bearerOf("t"), 200, "", "", ""}, nil},
		"client_id without":      {nil, 200, `{"active":true,"client_id":"` + stranger + `"}`, policyRow{bearerOf("t"), 403, "introspection-client", client, ""}, clientKeys},
		"azp is no client_id":    {nil, 200, `{"active":true,"azp":"` + worker + `"}`, policyRow{bearerOf("t"), 403, "introspection-client", client, ""}, clientKeys},
		"username":               {byName, 200, `{"active":true,"username":"` + worker + `"}`, policyRow{bearerOf("t"), 200, "", "", ""}, nil},
		"username, by client_id": {byName, 200, `{"active":true,"client_id":"` + worker + `"}`, policyRow{bearerOf("t"), 403, "introspection-client", client, ""}, clientKeys},
	} {
		t.Run(name, func(t *testing.T) {
			h, refusals, acceptances := b.introspected(p, row.change, nil)
			p.says(row.status, row.text)
			want := hangRow{policyRow: row.want, keys: row.keys}
			if !strings.HasSuffix(row.want.check, "-token") {
				want.switches = []string{"provider"}
			}
			want.run(t, h, refusals, acceptances)
			if got := fire(t, h, row.want.request).header.Get("Content-Type"); row.want.status != 200 && got != "application/json; charset=UTF-8" {
				t.Errorf("content type %q", got)
			}
		})
	}
}

// TestTokenIntrospectionRequest: the endpoint of the configuration gets its
// Authorization; one that stands for it gets what the environment says.
func TestTokenIntrospectionRequest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, row := range map[string]struct {
		stands              Introspection
		path, authorization string
	}{
		"own":       {Introspection{}, "/own", "Basic Y29uZmlndXJlZA=="},
		"in place":  {Introspection{URL: "/issuer", ClientID: "a b", ClientSecret: "c:d"}, "/issuer", "Basic YStiOmMlM0Fk"},
		"shim only": {Introspection{ShimURL: "/shim"}, "/own", "Basic Y29uZmlndXJlZA=="},
	} {
		p := newProviderStub(t)
		p.says(200, `{"active":true}`)
		h, _, _ := b.introspected(p, func(c *policy.Introspection) { c.SkipClientIDValidation = true }, func(o *Options) {
			o.Environment.Introspection = row.stands
			if row.stands.URL != "" {
				o.Environment.Introspection.URL = p.URL + row.stands.URL
			}
		})
		fire(t, h, bearerOf("t+/="))
		if len(p.asked) != 1 {
			t.Fatalf("%s: expected one request, got %d", name, len(p.asked))
		}
		r := p.asked[0]
		if r.URL.Path != row.path || r.Header.Get("Authorization") != row.authorization || r.PostForm.Encode() != "token=t%2B%2F%3D" {
			t.Errorf("%s: %s %s %s", name, r.URL.Path, r.Header.Get("Authorization"), r.PostForm.Encode())
		}
	}
}

// TestTokenIntrospectionCache: until exp, and no longer than validatedTokenTTL.
func TestTokenIntrospectionCache(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		ttl, most int
		later     time.Duration
		asked     int
	}{
		"within the TTL": {600, 1000, 599 * time.Second, 1},
		"beyond the TTL": {600, 1000, 600 * time.Second, 2},
		"beyond exp":     {7200, 1000, time.Hour, 2},
		"no entries":     {600, 0, 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			p := newProviderStub(t)
			p.says(200, fmt.Sprintf(`{"active":true,"exp":%d}`, b.now.Add(time.Hour).Unix()))
			h, _, _ := b.introspected(p, func(c *policy.Introspection) {
				c.SkipClientIDValidation, c.ValidatedTokenTTL, c.MaxCacheEntries = true, row.ttl, row.most
			}, nil)
			fire(t, h, bearerOf("t"))
			b.now = b.now.Add(row.later)
			fire(t, h, bearerOf("t"))
			if got := p.times(); got != row.asked {
				t.Errorf("expected %d requests, got %d", row.asked, got)
			}
		})
	}
}

// TestTokenIntrospectionTimeout: no answer in time is 401, and hangs on the
// time-out.
func TestTokenIntrospectionTimeout(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := newProviderStub(t)
	p.serve = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	h, refusals, acceptances := b.introspected(p, func(c *policy.Introspection) {
		c.SkipClientIDValidation, c.AuthenticationTimeout = true, 20
	}, nil)
	hangRow{
		policyRow{bearerOf("t"), 401, "introspection-provider", `{"error":"Unauthorized"}`, `Bearer realm="OAuth2 Introspection Client Realm"`},
		"key",
		[]string{"authenticationTimeout"},
		[]string{"provider"},
	}.run(t, h, refusals, acceptances)
}

// TestExposedMembers: X-AGW-* of what is one text each (1.5).
func TestExposedMembers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := newProviderStub(t)
	p.says(200, `{"active":true,"scope":"A","exp":2000000000,"client_id":"c","full name":"N","level":7,"o":{},"a":["x"],"nothing":null,"X-RateLimit-Limit":"9"}`)
	h, _, _ := b.introspected(p, func(c *policy.Introspection) { c.SkipClientIDValidation, c.ExposeHeaders = true, true }, nil)
	r := bearerOf("t")
	r.Header.Set("X-AGW-client_id", "spoofed")
	got := fire(t, h, r)
	for name, want := range map[string]string{
		"client_id": "c", "active": "true", "full-name": "N", "level": "7",
		"scope": "", "exp": "", "o": "", "a": "", "nothing": "", "X-RateLimit-Limit": "",
	} {
		if values := strings.Join(got.echo.Values("X-AGW-"+name), "|"); values != want {
			t.Errorf("%s: expected %q, got %q", name, want, values)
		}
	}
	hidden, _, _ := b.introspected(p, func(c *policy.Introspection) { c.SkipClientIDValidation = true }, nil)
	if values := fire(t, hidden, bearerOf("t")).echo.Values("X-AGW-client_id"); len(values) > 0 {
		t.Errorf("exposed though it is switched off: %v", values)
	}
}

// TestTokenIntrospectionParameters: what is not to be had of a configuration.
func TestTokenIntrospectionParameters(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, row := range map[string]struct {
		change  func(*policy.Introspection)
		profile string
		key     string
	}{
		"on Mule":    {func(*policy.Introspection) {}, Mule4, ""},
		"local mode": {func(*policy.Introspection) {}, FlexLocal, "skipClientIdValidation"},
		"consumer":   {func(c *policy.Introspection) { c.ConsumerBy = "sub" }, FlexConnected, "consumerBy"},
		"no address": {func(c *policy.Introspection) { c.IntrospectionURL = "" }, FlexConnected, "introspectionURL"},
	} {
		config := policy.NewIntrospection()
		config.IntrospectionURL = "http://provider.example"
		row.change(&config)
		b.refused(t, name, row.profile, applied(&config), row.key, ErrNotSupported)
	}
}
