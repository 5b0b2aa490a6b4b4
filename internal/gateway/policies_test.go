package gateway

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/entraproof/entraproof/internal/policy"
)

// realm is the challenge of the OIDC policy (mulesoft-policies.md 1.3).
const realm = `Bearer realm="OpenId Client Realm"`

// policyRow is one request at one policy; an empty body is not compared.
type policyRow struct {
	request   *http.Request
	status    int
	check     string
	body      string
	challenge string
}

func (row policyRow) run(t *testing.T, h http.Handler, refusals *[]Refusal) {
	t.Helper()
	*refusals = nil
	got := fire(t, h, row.request)
	if got.status != row.status || got.forwarded != (row.status == 200) {
		t.Errorf("expected status %d, got %d, forwarded %t", row.status, got.status, got.forwarded)
	}
	if row.body != "" && got.body != row.body {
		t.Errorf("expected body %s, got %s", row.body, got.body)
	}
	if got.header.Get("WWW-Authenticate") != row.challenge {
		t.Errorf("expected challenge %q, got %q", row.challenge, got.header.Get("WWW-Authenticate"))
	}
	if row.check != "" && (len(*refusals) != 1 || (*refusals)[0].Checks[0].Name != row.check) {
		t.Errorf("expected a refusal by %s, got %+v", row.check, *refusals)
	}
}

// place builds one policy in front of the echo.
func (b *bench) place(l link, change func(*Options)) (http.Handler, *[]Refusal) {
	b.t.Helper()
	var refusals []Refusal
	o := b.options("")
	o.Report = func(r Refusal) { refusals = append(refusals, r) }
	if change != nil {
		change(&o)
	}
	o = o.filled()
	h, err := newChain(o, []site{l.site(o.Environment)})
	if err != nil {
		b.t.Fatal(err)
	}
	return h, &refusals
}

// TestJWTValidation: statuses, bodies and order of mulesoft-policies.md 2.2, 2.3.
func TestJWTValidation(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	h, refusals := b.place(jwtLink(fix1), nil)
	const required, invalid, client = `{"error":"JWT Token is required."}`, `{"error":"Invalid token."}`, `{"error":"Invalid Client"}`
	at := func(d time.Duration) int64 { return b.now.Add(d).Unix() }
	with := func(changes map[string]any, without ...string) *http.Request {
		return bearerOf(b.with(v2App, changes, without...))
	}
	refused := func(r *http.Request, check string) policyRow { return policyRow{r, 401, check, invalid, ""} }
	accepted := func(r *http.Request) policyRow { return policyRow{request: r, status: 200} }
	for name, row := range map[string]policyRow{
		"no token":               {ask(), 400, "jwt-token", required, ""},
		"other scheme":           {ask("Basic " + b.genuine(v2App)), 400, "jwt-token", required, ""},
		"scheme only":            {ask("Bearer"), 400, "jwt-token", required, ""},
		"scheme in lower case":   accepted(ask("bearer " + b.genuine(v2App))),
		"not a token":            refused(bearerOf("abc"), "jwt-signature"),
		"two words":              refused(ask("Bearer "+b.genuine(v2App)+" junk"), "jwt-signature"),
		"none":                   refused(b.rowAsk("alg-none"), "jwt-signature"),
		"HS256 with the PEM":     refused(b.rowAsk("alg-hs256-pubkey-pem"), "jwt-signature"),
		"RS512":                  refused(b.rowAsk("alg-rs512-same-key"), "jwt-signature"),
		"signature altered":      refused(b.rowAsk("sig-bit-flipped"), "jwt-signature"),
		"unknown kid":            refused(b.rowAsk("kid-unknown-genuine-signature"), "jwt-signature"),
		"missing kid tries all":  accepted(b.rowAsk("kid-missing-many-keys")),
		"crit":                   refused(b.rowAsk("crit-unknown-extension"), "jwt-signature"),
		"expired":                refused(with(map[string]any{"exp": at(-time.Second)}), "jwt-time"),
		"expires this second":    accepted(with(map[string]any{"exp": at(0)})),
		"exp missing":            accepted(with(nil, "exp")),
		"exp a string":           refused(with(map[string]any{"exp": "1893456000"}), "jwt-time"),
		"nbf in the future":      refused(with(map[string]any{"nbf": at(time.Second)}), "jwt-time"),
		"nbf missing":            accepted(with(nil, "nbf")),
		"aud of another":         refused(with(map[string]any{"aud": other.appV2}), "jwt-audience"),
		"aud missing":            refused(with(nil, "aud"), "jwt-audience"),
		"aud null":               refused(with(map[string]any{"aud": nil}), "jwt-audience"),
		"aud array, any of":      accepted(with(map[string]any{"aud": []string{"x", home.appV2}})),
		"aud array without ours": refused(with(map[string]any{"aud": []string{"x", "y"}}), "jwt-audience"),
		"aud a number":           refused(with(map[string]any{"aud": 7}), "jwt-audience"),
		"aud with a tail":        refused(with(map[string]any{"aud": home.appV2 + "/"}), "jwt-audience"),
		"no contract":            {with(map[string]any{"azp": stranger}), 403, "jwt-client", client, ""},
		"no client at all":       {with(nil, "azp"), 403, "jwt-client", client, ""},
		"v1 by appid":            accepted(bearerOf(b.genuine(v1App))),
		"issuer is not checked":  accepted(with(map[string]any{"iss": "https://evil.example/"})),
		"audience before client": refused(with(map[string]any{"aud": "x", "azp": stranger}), "jwt-audience"),
		"time before audience":   refused(with(map[string]any{"aud": "x", "exp": at(-time.Hour)}), "jwt-time"),
		"signature before time":  refused(bearerOf(b.with(v2App, map[string]any{"exp": at(-time.Hour)})+"x"), "jwt-signature"),
	} {
		t.Run(name, func(t *testing.T) { row.run(t, h, refusals) })
	}
}

// rowAsk is the request of one of rows.
func (b *bench) rowAsk(id string) *http.Request {
	b.t.Helper()
	for _, r := range b.rows() {
		if r.id == id {
			return r.ask
		}
	}
	b.t.Fatalf("no row %s", id)
	return nil
}

// TestJWTValidationClaims: custom claims, mandatory and not, and the times made
// mandatory.
func TestJWTValidationClaims(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	config := func(e Environment) policy.JWTValidation {
		p := fix1Issuer(e)
		p.NonMandatoryCustomClaims = []policy.CustomClaim{{Key: "idtyp", Value: "app"}, {Key: "level", Value: "2"}}
		return p
	}
	h, refusals := b.place(jwtLink(config), nil)
	for name, row := range map[string]struct {
		token string
		check string
	}{
		"both issuers, v2":       {b.genuine(v2App), ""},
		"both issuers, v1":       {b.genuine(v1User), ""},
		"another issuer":         {b.with(v2App, map[string]any{"iss": issuersOf(tenantB).V2}), "jwt-custom-claims"},
		"issuer missing":         {b.with(v2App, nil, "iss"), "jwt-custom-claims"},
		"issuer an array":        {b.with(v2App, map[string]any{"iss": []string{issuersOf(tenantA).V2}}), "jwt-custom-claims"},
		"another tenant":         {b.with(v2App, map[string]any{"tid": tenantB}), "jwt-custom-claims"},
		"optional and right":     {b.with(v2App, map[string]any{"idtyp": "app", "level": 2}), ""},
		"optional and wrong":     {b.with(v2App, map[string]any{"idtyp": "user"}), "jwt-custom-claims"},
		"exp missing":            {b.with(v2App, nil, "exp"), "jwt-time"},
		"nbf missing":            {b.with(v2App, nil, "nbf"), "jwt-time"},
		"custom before contract": {b.with(v2App, map[string]any{"tid": tenantB, "azp": stranger}), "jwt-custom-claims"},
	} {
		want := policyRow{request: bearerOf(row.token), status: 200, check: row.check}
		if row.check != "" {
			want.status = 401
		}
		t.Run(name, func(t *testing.T) { want.run(t, h, refusals) })
	}
}

// TestOpenIDConnect: statuses, bodies, challenges and order of mulesoft-policies.md
// 1.2 to 1.4.
func TestOpenIDConnect(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	h, refusals := b.place(oidcLink(func(e Environment) policy.OpenIDConnect {
		p := fix2(e)
		p.SkipClientIDValidation = false
		return p
	}), nil)
	const (
		absent, malformed = `{"error":"Access token was not provided"}`, `{"error":"Authorization header is invalid"}`
		revoked, expired  = `{"error":"Token has been revoked."}`, `{"error":"Token has expired."}`
		scopes, client    = `{"error":"The required scopes are not authorized"}`, `{"error":"Invalid Client"}`
	)
	contracted := map[string]any{"client_id": worker}
	user := func(changes map[string]any) string { return b.with(v2User, changes) }
	good := user(contracted)
	for name, row := range map[string]policyRow{
		"no token":               {ask(), 400, "oidc-token", absent, ""},
		"one word":               {ask("Bearer"), 400, "oidc-token", malformed, ""},
		"three words":            {ask("Bearer " + good + " junk"), 400, "oidc-token", malformed, ""},
		"other scheme":           {ask("Basic " + good), 400, "oidc-token", malformed, ""},
		"lower case":             {ask("bearer " + good), 200, "", "", ""},
		"token in the query":     {askFor("GET", homePath+"?access_token="+good), 200, "", "", ""},
		"in both places":         {askFor("GET", homePath+"?access_token="+good, "Bearer "+good), 400, "oidc-token", malformed, ""},
		"signature altered":      {bearerOf(good[:len(good)-4] + "AAAA"), 401, "oidc-signature", revoked, realm},
		"expired":                {bearerOf(user(map[string]any{"exp": 1})), 401, "oidc-time", expired, realm},
		"nbf is not checked":     {bearerOf(user(map[string]any{"client_id": worker, "nbf": b.now.Add(time.Hour).Unix()})), 200, "", "", ""},
		"aud is not checked":     {bearerOf(user(map[string]any{"client_id": worker, "aud": "x"})), 200, "", "", ""},
		"scope missing":          {bearerOf(user(map[string]any{"client_id": worker, "scp": "x"})), 403, "oidc-scopes", scopes, ""},
		"scope in another case":  {bearerOf(user(map[string]any{"client_id": worker, "scp": "dev.access"})), 403, "oidc-scopes", scopes, ""},
		"scope as an array":      {bearerOf(user(map[string]any{"client_id": worker, "scp": []string{home.access}})), 403, "oidc-scopes", scopes, ""},
		"no client_id":           {bearerOf(user(nil)), 403, "oidc-client", client, ""},
		"client_id without":      {bearerOf(user(map[string]any{"client_id": stranger})), 403, "oidc-client", client, ""},
		"scopes before client":   {bearerOf(user(map[string]any{"scp": "x"})), 403, "oidc-scopes", scopes, ""},
		"signature before scope": {bearerOf(user(map[string]any{"scp": "x"}) + "x"), 401, "oidc-signature", revoked, realm},
	} {
		t.Run(name, func(t *testing.T) { row.run(t, h, refusals) })
	}
}

// TestOpenIDConnectScopes: AND, OR, and several scopes; the shim adds roles.
func TestOpenIDConnectScopes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, row := range map[string]struct {
		criteria policy.Criteria
		shim     bool
		token    string
		status   int
	}{
		"AND, one missing":       {policy.All, false, b.with(v2User, map[string]any{"scp": "A"}), 403},
		"AND, any order":         {policy.All, false, b.with(v2User, map[string]any{"scp": "C B A"}), 200},
		"OR, one there":          {policy.Any, false, b.with(v2User, map[string]any{"scp": "B"}), 200},
		"OR, none there":         {policy.Any, false, b.with(v2User, map[string]any{"scp": "C"}), 403},
		"anything else is any":   {"some", false, b.with(v2User, map[string]any{"scp": "B"}), 200},
		"roles without the shim": {policy.All, false, b.with(v2App, map[string]any{"roles": []string{"A", "B"}}), 403},
		"roles with the shim":    {policy.All, true, b.with(v2App, map[string]any{"roles": []string{"A", "B"}}), 200},
		"both with the shim":     {policy.All, true, b.with(v2User, map[string]any{"scp": "A", "roles": []string{"B"}}), 200},
	} {
		config := func(Environment) policy.OpenIDConnect {
			p := policy.NewOpenIDConnect()
			p.SkipClientIDValidation, p.Scopes, p.ScopeValidationCriteria = true, "A B", row.criteria
			return p
		}
		l := oidcLink(config)
		if row.shim {
			l = shimLink(config)
		}
		h, refusals := b.place(l, nil)
		t.Run(name, func(t *testing.T) {
			policyRow{request: bearerOf(row.token), status: row.status}.run(t, h, refusals)
		})
	}
}

// TestOpenIDConnectExposes: X-AGW-* of what is plain text; the shim's client_id
// is that of the token's own version.
func TestOpenIDConnectExposes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	h, _ := b.place(shimLink(func(e Environment) policy.OpenIDConnect {
		p := fix2(e)
		p.ExposeHeaders, p.SkipClientIDValidation = true, false
		return p
	}), nil)
	for _, kind := range []string{v1User, v2User, v1App, v2App} {
		got := fire(t, h, bearerOf(b.genuine(kind)))
		if id := got.echo.Values("X-AGW-client_id"); len(id) != 1 || id[0] != worker {
			t.Errorf("%s: expected client %s, got %v", kind, worker, id)
		}
		for _, dropped := range []string{"X-AGW-scope", "X-AGW-exp", "X-AGW-roles"} {
			if values := got.echo.Values(dropped); len(values) > 0 {
				t.Errorf("%s: %s was exposed: %v", kind, dropped, values)
			}
		}
	}
}

// TestSwitches: each unknown of mulesoft-policies.md 8 can be decided otherwise.
func TestSwitches(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	good := b.genuine(v2App)
	unsynced := bearerOf(b.with(v2App, map[string]any{"azp": stranger}))
	for name, row := range map[string]struct {
		link   link
		change func(*Options)
		want   policyRow
	}{
		"header wins":        {oidcLink(oidcCheckSkipped), func(o *Options) { o.Switches.HeaderWins = true }, policyRow{askFor("GET", homePath+"?access_token=x", "Bearer "+good), 200, "", "", ""}},
		"scope arrays":       {oidcLink(fix2), func(o *Options) { o.Switches.ScopeArrays = true }, policyRow{bearerOf(b.with(v2User, map[string]any{"scp": []string{home.access}})), 200, "", "", ""}},
		"client status":      {jwtLink(fix1), func(o *Options) { o.Switches.JWTClientStatus = 401 }, policyRow{unsynced, 401, "jwt-client", "", ""}},
		"client body":        {jwtLink(fix1), func(o *Options) { o.Switches.InvalidClientBody = "no" }, policyRow{unsynced, 403, "jwt-client", "no", ""}},
		"token body":         {jwtLink(fix1), func(o *Options) { o.Switches.InvalidTokenBody = "bad" }, policyRow{bearerOf("abc"), 401, "jwt-signature", "bad", ""}},
		"missing kid":        {jwtLink(fix1), func(o *Options) { o.Switches.RefuseMissingKeyID = true }, policyRow{b.rowAsk("kid-missing-many-keys"), 401, "jwt-signature", "", ""}},
		"skew":               {jwtLink(fix1), func(o *Options) { o.Switches.Skew = time.Minute }, policyRow{bearerOf(b.with(v2App, map[string]any{"exp": b.now.Add(-30 * time.Second).Unix()})), 200, "", "", ""}},
		"no key set, jwt":    {jwtLink(fix1), func(o *Options) { o.Environment.JWKSURL = "http://127.0.0.1:1/" }, policyRow{bearerOf(good), 503, "jwt-key-set", "", ""}},
		"no key set, oidc":   {oidcLink(fix2), func(o *Options) { o.Environment.JWKSURL = "http://127.0.0.1:1/" }, policyRow{bearerOf(good), 401, "oidc-provider", `{"error":"Unauthorized"}`, realm}},
		"either scope is ok": {oidcLink(fix2), func(o *Options) { o.Environment.ScopeCriteria, o.Environment.Scopes = "or", []string{home.access, "B"} }, policyRow{bearerOf(b.genuine(v2User)), 200, "", "", ""}},
	} {
		h, refusals := b.place(row.link, row.change)
		t.Run(name, func(t *testing.T) { row.want.run(t, h, refusals) })
	}
}

// TestUnknownKeyIDOfMuleSoft: no fetch for an unknown kid, unless switched on.
func TestUnknownKeyIDOfMuleSoft(t *testing.T) {
	t.Parallel()
	for name, refetches := range map[string]bool{"default": false, "switched on": true} {
		b := newBench(t)
		h, _ := b.place(jwtLink(fix1), func(o *Options) { o.Switches.RefetchUnknownKeyID = refetches })
		fire(t, h, bearerOf(b.genuine(v2App)))
		b.publish(signing, later)
		if got := fire(t, h, bearerOf(b.laterSigned())); got.forwarded != refetches {
			t.Errorf("%s: expected forwarded %t, got %t", name, refetches, got.forwarded)
		}
	}
}

// TestNewRefuses: wrong options are told, with what was expected.
func TestNewRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, row := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"set-up":      {func(o *Options) { o.Setup = "fix3" }, `unknown set-up "fix3"`},
		"upstream":    {func(o *Options) { o.Upstream = nil }, "no upstream"},
		"check":       {func(o *Options) { o.Lacks = []string{"audiense"} }, `unknown check "audiense"`},
		"softening":   {func(o *Options) { o.Softens = []string{"x"} }, `unknown softening "x"`},
		"enforces":    {func(o *Options) { o.Environment.Enforces = []string{"signature"} }, `unknown check to enforce "signature"`},
		"route":       {func(o *Options) { o.Environment.Route = "" }, "no home route"},
		"mutant":      {func(o *Options) { o.Setup, o.Lacks = "fix1", []string{"time"} }, "only strict"},
		"oidc model":  {func(o *Options) { o.Switches.OIDCModel = "guess" }, `unknown oidc model "guess"`},
		"no endpoint": {func(o *Options) { o.Setup, o.Switches.OIDCModel = "fix2", Documented }, "expected an introspection endpoint"},
		"no shim": {func(o *Options) {
			o.Setup, o.Switches.OIDCModel, o.Environment.Introspection.URL = "both", Documented, "http://127.0.0.1:1/"
		}, "expected an introspection endpoint"},
		"profile":       {func(o *Options) { o.Switches.Profile = "mule3" }, `unknown profile "mule3"`},
		"client status": {func(o *Options) { o.Switches.JWTClientStatus = 500 }, "expected 401 or 403, got 500"},
		"negative skew": {func(o *Options) { o.Switches.Skew = -1 }, "skew: expected a duration from 0s"},
		"negative wait": {func(o *Options) { o.Switches.ContractRefresh = -1 }, "contract refresh: expected a duration from 0s"},
		"id status":     {func(o *Options) { o.Switches.ClientIDStatus = 500 }, "client id status: expected 401 or 403, got 500"},
		"provider":      {func(o *Options) { o.Switches.Provider = "x" }, `unknown provider "x"`},
		"flex version":  {func(o *Options) { o.Switches.FlexVersion = "2" }, `unknown flex version "2"`},
		"local jwt":     {func(o *Options) { o.Setup, o.Switches.Profile = "fix1", FlexLocal }, "skipClientIdValidation must be true"},
		"local oidc":    {func(o *Options) { o.Setup, o.Switches.Profile = "fix2", FlexLocal }, "not supported in local mode"},
	} {
		o := b.options("strict")
		row.change(&o)
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: expected an error with %q, got %v", name, row.want, err)
		}
	}
}
