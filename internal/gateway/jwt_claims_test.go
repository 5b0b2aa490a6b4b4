package gateway

import (
	"net/http"
	"slices"
	"testing"

	"github.com/entraproof/entraproof/internal/policy"
)

// hangRow is a row that also says what the verdict hangs on.
type hangRow struct {
	policyRow
	guards   string
	keys     []string
	switches []string
}

func (row hangRow) run(t *testing.T, h http.Handler, refusals *[]Refusal, acceptances *[]Acceptance) {
	t.Helper()
	*acceptances = nil
	row.policyRow.run(t, h, refusals)
	var told Refusal
	switch {
	case len(*refusals) == 1:
		told = (*refusals)[0]
	case len(*acceptances) == 1:
		told.Switches = (*acceptances)[0].Switches
	default:
		t.Fatalf("expected one answer, got %+v and %+v", *refusals, *acceptances)
	}
	if slices.Equal(row.keys, anyKeys()) {
		row.keys = told.Keys
	}
	if !slices.Equal(told.Keys, row.keys) || !slices.Equal(told.Switches, row.switches) {
		t.Errorf("expected keys %v and switches %v, got %v and %v", row.keys, row.switches, told.Keys, told.Switches)
	}
	if row.guards != "" && told.Checks[0].Guards != row.guards {
		t.Errorf("expected guard %s, got %s", row.guards, told.Checks[0].Guards)
	}
}

// anyKeys stand for parameters that a row is not about.
func anyKeys() []string { return []string{"*"} }

// keyed is JWT Validation with the bench's key set and nothing else switched on.
func (b *bench) keyed(change func(*policy.JWTValidation)) *policy.JWTValidation {
	return signatureOnly("rsa", 256, func(p *policy.JWTValidation) {
		ofServers(b.issuer.URL)(p)
		if change != nil {
			change(p)
		}
	})
}

const invalidToken = `{"error":"Invalid token."}`

// TestJWTParameters is one row a parameter, the others at their defaults.
func TestJWTParameters(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	token := func(changes map[string]any, without ...string) *http.Request {
		return bearerOf(b.with(v2App, changes, without...))
	}
	refused := func(r *http.Request, check string, keys ...string) hangRow {
		return hangRow{policyRow: policyRow{r, 401, check, invalidToken, ""}, keys: keys}
	}
	accepted := func(r *http.Request) hangRow { return hangRow{policyRow: policyRow{request: r, status: 200}} }
	inHeader := func(name, compact string) *http.Request {
		r := ask()
		r.Header.Set(name, compact)
		return r
	}
	audiences := func(list string) func(*policy.JWTValidation) {
		return func(p *policy.JWTValidation) { p.ValidateAudClaim, p.SupportedAudiences = true, list }
	}
	own := func(p *policy.JWTValidation) { p.JWTOrigin = "customExpression" }
	bare := hangRow{policyRow: policyRow{ask(), 400, "jwt-token", `{"error":"JWT Token is required."}`, ""}, keys: []string{"jwtExpression", "jwtOrigin"}}
	unlisted := refused(token(map[string]any{"aud": ""}), "jwt-audience", "supportedAudiences", "validateAudClaim")
	unlisted.switches = []string{"empty-audiences"}
	elsewhere := bare
	elsewhere.request = bearerOf(b.genuine(v2App))
	for name, row := range map[string]struct {
		change func(*policy.JWTValidation)
		want   hangRow
	}{
		"jwtOrigin, none":             {own, bare},
		"jwtOrigin, bearer":           {own, elsewhere},
		"jwtExpression by default":    {own, accepted(inHeader("jwt", b.genuine(v2App)))},
		"jwtExpression":               {func(p *policy.JWTValidation) { own(p); p.JWTExpression = "#[attributes.queryParams.t]" }, accepted(askFor("GET", homePath+"?t="+b.genuine(v2App)))},
		"jwtExpression with a scheme": {func(p *policy.JWTValidation) { own(p); p.JWTExpression = "#[attributes.headers.authorization]" }, refused(elsewhere.request, "jwt-signature", "jwksUrl", "signingMethod", "signingKeyLength", "jwtKeyOrigin")},
		"jwtExpression behind the scheme": {func(p *policy.JWTValidation) {
			own(p)
			p.JWTExpression = "#[dw::core::Strings::substringAfter(attributes.headers.authorization, ' ')]"
		}, accepted(elsewhere.request)},
		"audience off":                {func(p *policy.JWTValidation) { p.MandatoryAudClaim, p.SupportedAudiences = true, "x" }, accepted(token(map[string]any{"aud": "y"}))},
		"audience, one of them":       {audiences("x, " + home.appV2 + " ,y"), accepted(token(nil))},
		"audience, none of them":      {audiences("x"), refused(token(nil), "jwt-audience", "supportedAudiences", "validateAudClaim")},
		"audience, none listed":       {audiences(""), unlisted},
		"audience in another case":    {audiences("X"), refused(token(map[string]any{"aud": "x"}), "jwt-audience", "supportedAudiences", "validateAudClaim")},
		"audience missing":            {audiences("x"), accepted(token(nil, "aud"))},
		"audience missing, mandatory": {func(p *policy.JWTValidation) { audiences("x")(p); p.MandatoryAudClaim = true }, refused(token(nil, "aud"), "jwt-audience", "mandatoryAudClaim", "validateAudClaim")},
		"exp missing":                 {nil, accepted(token(nil, "exp"))},
		"exp missing, mandatory":      {func(p *policy.JWTValidation) { p.MandatoryExpClaim = true }, refused(token(nil, "exp"), "jwt-time", "mandatoryExpClaim")},
		"nbf missing, mandatory":      {func(p *policy.JWTValidation) { p.MandatoryNbfClaim = true }, refused(token(nil, "nbf"), "jwt-time", "mandatoryNbfClaim")},
		"exp long past":               {nil, refused(token(map[string]any{"exp": b.now.Unix() - 301}), "jwt-time")},
		"nbf far ahead":               {nil, refused(token(map[string]any{"nbf": b.now.Unix() + 301}), "jwt-time")},
		"custom claims off": {func(p *policy.JWTValidation) {
			p.MandatoryCustomClaims = []policy.CustomClaim{{Key: "tid", Value: "x"}}
		}, accepted(token(nil))},
		"client id by azp": {func(p *policy.JWTValidation) {
			p.SkipClientIDValidation, p.ClientIDExpression = false, "#[vars.claimSet.azp]"
		}, accepted(token(nil))},
		"client id of either": {func(p *policy.JWTValidation) {
			p.SkipClientIDValidation, p.ClientIDExpression = false, "#[vars.claimSet.azp default vars.claimSet.appid]"
		}, accepted(bearerOf(b.genuine(v1App)))},
		"client id skipped, whatever it is":     {func(p *policy.JWTValidation) { p.ClientIDExpression = "#[sum(1)]" }, accepted(token(map[string]any{"azp": stranger}))},
		"key expression unused, whatever it is": {func(p *policy.JWTValidation) { p.CustomKeyExpression = "#[sum(1)]" }, accepted(token(nil))},
		"custom claims off, whatever they are": {func(p *policy.JWTValidation) {
			p.MandatoryCustomClaims = []policy.CustomClaim{{Key: "a", Value: "#[sum(1)]"}}
		}, accepted(token(nil))},
		"token expression off, whatever it is":   {func(p *policy.JWTValidation) { p.JWTExpression = "#[sum(1)]" }, accepted(token(nil))},
		"text key unused, whatever it is":        {ofTextAndServers(b), accepted(token(nil))},
		"exp at the end of time is fine on Mule": {nil, accepted(token(map[string]any{"exp": 10_000_000_000}))},
	} {
		t.Run(name, func(t *testing.T) {
			h, refusals, acceptances := b.instance(nil, applied(b.keyed(row.change)))
			row.want.run(t, h, refusals, acceptances)
		})
	}
}

func ofTextAndServers(b *bench) func(*policy.JWTValidation) {
	return func(p *policy.JWTValidation) {
		ofServers(b.issuer.URL)(p)
		p.TextKey = "unused-but-required"
	}
}

// TestJWTClientDefault: the default expression finds no client in Entra's tokens.
func TestJWTClientDefault(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	h, refusals, acceptances := b.instance(nil, applied(b.keyed(func(p *policy.JWTValidation) { p.SkipClientIDValidation = false })))
	for _, kind := range []string{v1App, v2App, v1User, v2User} {
		hangRow{
			policyRow{bearerOf(b.genuine(kind)), 403, "jwt-client", `{"error":"Invalid Client"}`, ""},
			"client",
			[]string{"clientIdExpression", "skipClientIdValidation"},
			[]string{"jwt-client-status"},
		}.run(t, h, refusals, acceptances)
	}
}

// TestCustomClaims: a literal is compared with what is one text; a rule must give
// true; the optional ones count where their claim is there (2.2).
func TestCustomClaims(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, row := range map[string]struct {
		key, value string
		claims     map[string]any
		mandatory  bool
		optional   bool
		guards     string
	}{
		"literal":                          {"ver", "2.0", nil, true, true, "token-kind"},
		"literal, another":                 {"ver", "1.0", nil, false, false, "token-kind"},
		"literal in another case":          {"tid", "7F1C3B52-9D3E-4C61-8A55-0E7A9F1D2C40", nil, false, false, "tenant"},
		"literal, absent":                  {"idtyp", "app", nil, false, true, "token-kind"},
		"literal, null":                    {"idtyp", "app", map[string]any{"idtyp": nil}, false, true, "token-kind"},
		"literal of a number":              {"level", "2", map[string]any{"level": 2}, true, true, "token-kind"},
		"literal of a boolean":             {"level", "true", map[string]any{"level": true}, true, true, "token-kind"},
		"literal of an array":              {"roles", home.access, nil, false, false, "role"},
		"literal that looks like a rule":   {"ver", "#2.0", map[string]any{"ver": "#2.0"}, true, true, "token-kind"},
		"rule":                             {"ver", "#[vars.claimSet.ver == '2.0']", nil, true, true, "token-kind"},
		"rule, false":                      {"iss", "#[vars.claimSet.iss == 'x']", nil, false, false, "issuer"},
		"rule over an array":               {"roles", "#[vars.claimSet.roles contains 'DEV.Access']", nil, true, true, "role"},
		"rule over an array, part of word": {"roles", "#[vars.claimSet.roles contains 'DEV']", nil, false, false, "role"},
		"rule over words":                  {"scp", "#[(vars.claimSet.scp splitBy ' ') contains 'b']", map[string]any{"scp": "a b"}, true, true, "scope"},
		"rule over a text, part of a word": {"scp", "#[vars.claimSet.scp contains 'b']", map[string]any{"scp": "a bc"}, true, true, "scope"},
		"rule over another claim":          {"tid", "#[vars.claimSet.azpacr == '1']", nil, true, true, "tenant"},
		"rule that gives a text":           {"ver", "#['true']", nil, false, false, "token-kind"},
		"rule that gives null":             {"ver", "#[vars.claimSet.nothing]", nil, false, false, "token-kind"},
		"rule that fails":                  {"aud", "#[vars.claimSet.ver and true]", nil, false, false, "audience"},
		"rule, absent":                     {"scp", "#[true]", nil, false, true, "scope"},
		"rule, absent and false":           {"scp", "#[false]", nil, false, true, "scope"},
	} {
		rules := []policy.CustomClaim{{Key: "tid", Value: tenantA}, {Key: row.key, Value: row.value}}
		for list, holds := range map[string]bool{"mandatoryCustomClaims": row.mandatory, "nonMandatoryCustomClaims": row.optional} {
			t.Run(name+", "+list, func(t *testing.T) {
				h, refusals, acceptances := b.instance(nil, applied(b.keyed(func(p *policy.JWTValidation) {
					p.ValidateCustomClaim = true
					if list == "mandatoryCustomClaims" {
						p.MandatoryCustomClaims = rules
					} else {
						p.NonMandatoryCustomClaims = rules
					}
				})))
				want := hangRow{policyRow: policyRow{request: bearerOf(b.with(v2App, row.claims)), status: 200}}
				if !holds {
					want = hangRow{
						policyRow{want.request, 401, "jwt-custom-claims", invalidToken, ""},
						row.guards,
						[]string{list + ".1.value", list, "validateCustomClaim"},
						nil,
					}
				}
				want.run(t, h, refusals, acceptances)
			})
		}
	}
}

// TestClaimsToHeaders: the upstream gets them, whatever the client sent; arrays
// are left out, and so are claims of a token that is refused.
func TestClaimsToHeaders(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	config := b.keyed(func(p *policy.JWTValidation) {
		p.ClaimsToHeaders = []policy.ClaimHeader{{ClaimName: "azp", HeaderName: "X-Caller"}, {ClaimName: "roles", HeaderName: "X-Roles"}, {ClaimName: "x", HeaderName: "X-Absent"}}
	})
	h, _, _ := b.instance(nil, applied(config))
	r := bearerOf(b.genuine(v2App))
	r.Header.Set("X-Caller", "somebody")
	got := fire(t, h, r)
	if values := got.echo.Values("X-Caller"); !slices.Equal(values, []string{worker}) {
		t.Errorf("expected %s, got %v", worker, values)
	}
	if len(got.echo.Values("X-Roles"))+len(got.echo.Values("X-Absent")) > 0 {
		t.Errorf("expected neither an array nor an absent claim, got %v", got.echo)
	}
	if r.Header.Get("X-Caller") != "somebody" {
		t.Error("the client's own request was changed")
	}
}

// TestPropagation: what a policy finds out can be read by the expressions of
// those behind it, its fields for the upstream cannot (1.5, 2.2).
func TestPropagation(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	jwt := b.keyed(func(p *policy.JWTValidation) {
		p.SkipClientIDValidation, p.ClientIDExpression = false, "#[vars.claimSet.azp]"
		p.ClaimsToHeaders = []policy.ClaimHeader{{ClaimName: "azp", HeaderName: "X-Caller"}}
	})
	oidc := policy.NewOpenIDConnect()
	oidc.SkipClientIDValidation, oidc.ExposeHeaders = true, true
	with := func(changes map[string]any) *http.Request { return bearerOf(b.with(v2App, changes)) }
	for name, row := range map[string]struct {
		before     any
		expression string
		request    *http.Request
		status     int
	}{
		"a claim":                   {jwt, "#[authentication.properties.claims.azp]", with(nil), 200},
		"another claim":             {jwt, "#[authentication.properties.claims.aud]", with(nil), 401},
		"the client id":             {jwt, "#[authentication.clientId]", with(nil), 200},
		"the token":                 {jwt, "#[authentication.properties.jwt]", with(nil), 401},
		"the claim set is its own":  {jwt, "#[vars.claimSet.azp]", with(nil), 401},
		"a field of the upstream's": {jwt, "#[attributes.headers['X-Caller']]", with(nil), 401},
		"a member of the answer":    {&oidc, "#[authentication.properties.userProperties.azp]", with(nil), 200},
		"the principal":             {&oidc, "#[authentication.principal]", with(map[string]any{"client_id": worker}), 200},
		"no principal":              {&oidc, "#[authentication.principal]", with(nil), 401},
		"an exposed field":          {&oidc, "#[attributes.headers['X-AGW-azp']]", with(nil), 401},
	} {
		t.Run(name, func(t *testing.T) {
			h, _, _ := b.instance(nil, applied(row.before), applied(&policy.ClientIDEnforcement{CredentialsOrigin: "customExpression", ClientIDExpression: row.expression}))
			if got := fire(t, h, row.request); got.status != row.status {
				t.Errorf("expected %d, got %d %s", row.status, got.status, got.body)
			}
		})
	}
}

// TestNotEvaluated: where only the values show that an outcome is not known, the
// answer is none of the product's.
func TestNotEvaluated(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	config := b.keyed(func(p *policy.JWTValidation) { p.JWTOrigin = "customExpression" })
	h, refusals, acceptances := b.instance(func(o *Options) { o.Switches.Profile = FlexConnected }, applied(config), applied(nil))
	r := ask()
	r.Header["Jwt"] = []string{b.genuine(v2App), b.genuine(v2App)}
	hangRow{policyRow{request: r, status: 501, check: "not-evaluated"}, "", []string{"jwtExpression"}, nil}.run(t, h, refusals, acceptances)
	if (*refusals)[0].NotEvaluated == nil {
		t.Error("expected the reason")
	}
}
