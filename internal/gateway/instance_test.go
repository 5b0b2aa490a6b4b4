package gateway

import (
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/policy"
)

// applied is a policy as a reader makes it.
func applied(config any, rules ...policy.Rule) policy.Applied {
	a := policy.Applied{Config: config, Rules: rules}
	switch config.(type) {
	case *policy.JWTValidation:
		a.Asset = jwtPolicy
	case *policy.OpenIDConnect:
		a.Asset = oidcPolicy
	case *policy.Introspection:
		a.Asset = "oauth2-token-introspection"
	case *policy.ClientIDEnforcement:
		a.Asset = "client-id-enforcement"
	default:
		a.Asset = "message-logging"
	}
	return a
}

// instance builds the gateway of an API instance; what it tells goes to the
// lists.
func (b *bench) instance(change func(*Options), policies ...policy.Applied) (h http.Handler, refusals *[]Refusal, acceptances *[]Acceptance) {
	b.t.Helper()
	refusals, acceptances = new([]Refusal), new([]Acceptance)
	o := b.options("")
	o.Instance = &policy.Instance{Name: "orders", Policies: policies}
	o.Report = func(r Refusal) { *refusals = append(*refusals, r) }
	o.Accepted = func(a Acceptance) { *acceptances = append(*acceptances, a) }
	if change != nil {
		change(&o)
	}
	return b.gateway(o), refusals, acceptances
}

// TestInstance: the policies judge in their order, each only what its rules
// name; one that is not known lets all pass, and so does no policy at all.
func TestInstance(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	jwt, oidc := new(fix1(b.environment())), new(fix2(b.environment()))
	ping := policy.Rule{Path: regexp.MustCompile(`^/v1/ping$`)}
	posts := policy.Rule{Method: regexp.MustCompile(`^(?:POST|PUT)$`)}
	admin := policy.Rule{Path: regexp.MustCompile(`^/v1/admin$`), Method: regexp.MustCompile(`^GET$`)}
	hosted := policy.Rule{Host: regexp.MustCompile(`^gw\.example$`), Headers: map[string]*regexp.Regexp{"X-Kind": regexp.MustCompile(`^live$`)}}
	foreign := b.with(v2User, map[string]any{"aud": "x", "scp": "x"})
	for name, row := range map[string]struct {
		base     string
		policies []policy.Applied
		request  *http.Request
		status   int
		policy   int
		keys     []string
	}{
		"none":                    {"", nil, ask(), 200, 0, nil},
		"unknown":                 {"", []policy.Applied{applied(nil)}, ask(), 200, 0, nil},
		"unknown before a known":  {"", []policy.Applied{applied(nil), applied(jwt)}, bearerOf(foreign), 401, 1, []string{"supportedAudiences", "validateAudClaim"}},
		"first of two":            {"", []policy.Applied{applied(jwt), applied(oidc)}, bearerOf(foreign), 401, 0, []string{"supportedAudiences", "validateAudClaim"}},
		"the other way round":     {"", []policy.Applied{applied(oidc), applied(jwt)}, bearerOf(foreign), 403, 0, []string{"scopes", "scopeValidationCriteria"}},
		"second of two":           {"", []policy.Applied{applied(jwt), applied(oidc)}, bearerOf(b.with(v2User, map[string]any{"scp": "x"})), 403, 1, []string{"scopes", "scopeValidationCriteria"}},
		"path of the rule":        {"/orders", []policy.Applied{applied(jwt, ping)}, ask(), 400, 0, []string{"jwtOrigin"}},
		"another path":            {"/orders", []policy.Applied{applied(jwt, ping)}, askFor("GET", adminPath), 200, 0, nil},
		"base with a slash":       {"/orders/", []policy.Applied{applied(jwt, ping)}, ask(), 400, 0, []string{"jwtOrigin"}},
		"base of another name":    {"/ord", []policy.Applied{applied(jwt, ping)}, ask(), 200, 0, nil},
		"base within a name":      {"/orders/v1/pi", []policy.Applied{applied(jwt, policy.Rule{Path: regexp.MustCompile(`^ng$`)})}, ask(), 200, 0, nil},
		"the query is no path":    {"/orders", []policy.Applied{applied(jwt, ping)}, askFor("GET", homePath+"?a=b"), 400, 0, []string{"jwtOrigin"}},
		"method of the rule":      {"", []policy.Applied{applied(jwt, posts)}, askFor("POST", homePath), 400, 0, []string{"jwtOrigin"}},
		"another method":          {"", []policy.Applied{applied(jwt, posts)}, ask(), 200, 0, nil},
		"any of the rules":        {"/orders", []policy.Applied{applied(jwt, ping, admin)}, askFor("GET", adminPath), 400, 0, []string{"jwtOrigin"}},
		"all of a rule":           {"/orders", []policy.Applied{applied(jwt, ping, admin)}, askFor("POST", adminPath), 200, 0, nil},
		"host and header":         {"", []policy.Applied{applied(jwt, hosted)}, with(ask(), "X-Kind", "live"), 400, 0, []string{"jwtOrigin"}},
		"host, another header":    {"", []policy.Applied{applied(jwt, hosted)}, with(ask(), "X-Kind", "test"), 200, 0, nil},
		"an encoded path":         {"/orders", []policy.Applied{applied(jwt, ping)}, askFor("GET", "/orders/v1/%70ing"), 200, 0, nil},
		"a rule of the first one": {"/orders", []policy.Applied{applied(jwt, admin), applied(oidc)}, ask(), 400, 1, nil},
		"aud missing":             {"", []policy.Applied{applied(jwt)}, bearerOf(b.with(v2App, nil, "aud")), 401, 0, []string{"mandatoryAudClaim", "validateAudClaim"}},
		"expired hangs on no key": {"", []policy.Applied{applied(jwt)}, bearerOf(b.with(v2App, map[string]any{"exp": 1})), 401, 0, nil},
		"client without contract": {"", []policy.Applied{applied(jwt)}, bearerOf(b.with(v2App, map[string]any{"azp": stranger})), 403, 0, []string{"clientIdExpression", "skipClientIdValidation"}},
	} {
		t.Run(name, func(t *testing.T) {
			h, refusals, acceptances := b.instance(func(o *Options) { o.BasePath = row.base }, row.policies...)
			got := fire(t, h, row.request)
			if got.status != row.status {
				t.Fatalf("expected status %d, got %d %s", row.status, got.status, got.body)
			}
			if row.status == 200 {
				if len(*refusals) != 0 || len(*acceptances) != 1 || (*acceptances)[0].Case != "case-1" {
					t.Errorf("expected one acceptance, got %+v and %+v", *refusals, *acceptances)
				}
				return
			}
			if r := (*refusals)[0]; r.Policy != row.policy || !slices.Equal(r.Keys, row.keys) || len(*acceptances) != 0 {
				t.Errorf("expected policy %d by %v, got %+v", row.policy, row.keys, r)
			}
		})
	}
}

// TestInstanceErrors: what cannot be emulated is told all at once, with policy,
// parameter and kind.
func TestInstanceErrors(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	jwt := fix1(b.environment())
	odd := jwt
	odd.SkipClientIDValidation, odd.ValidateCustomClaim = true, true
	odd.MandatoryCustomClaims = []policy.CustomClaim{{Key: "tid", Value: "#[vars.claimSet map $]"}, {Key: "tid", Value: "x"}, {Key: "tid", Value: "#["}, {Key: "tid", Value: "#[1 + 1]"}}
	o := b.options("")
	o.Switches.Profile = FlexLocal
	o.Instance = &policy.Instance{Name: "orders", Policies: []policy.Applied{
		applied(&jwt), applied(nil), applied(new(fix2(b.environment()))), applied(&odd),
	}}
	_, err := New(o)
	var got []string
	for _, e := range PolicyErrors(err) {
		got = append(got, e.Error())
		if e.Policy == 1 {
			t.Errorf("a policy that is not known was told: %v", e)
		}
	}
	want := []string{
		"jwt-validation: skipClientIdValidation: profile flex-local: skipClientIdValidation must be true",
		"openidconnect-access-token-enforcement: profile flex-local: the OIDC policy is not supported in local mode",
		"jwt-validation: mandatoryCustomClaims.0.value: dataweave: 1:21: not evaluated",
		"jwt-validation: mandatoryCustomClaims.3.value: dataweave: 1:5: not evaluated",
	}
	for i := range want {
		if len(got) != len(want) || !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("expected %q, got %q", want, got)
		}
	}
	if len(got) != 4 || !errors.Is(err, ErrNotSupported) || !errors.Is(err, ErrNotEvaluated) {
		t.Errorf("expected four problems of two kinds, got %q", got)
	}
	o.Setup = "fix1"
	if _, err := New(o); err == nil {
		t.Error("expected a set-up beside an instance to be refused")
	}
}
