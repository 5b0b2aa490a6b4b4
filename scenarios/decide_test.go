package scenarios

import (
	"testing"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/verdict"
)

// TestDecide holds which rows are settled without a request, with the reason
// and the line of supports that would declare them away.
func TestDecide(t *testing.T) {
	t.Parallel()
	with := func(oldnew ...string) func(*testing.T) *targets.File {
		return func(t *testing.T) *targets.File {
			t.Helper()
			return target(t, oldnew...)
		}
	}
	enforces := func(text string) func(*testing.T) *targets.File {
		return with("    api: [dev-v2, dev-v1]\n", "    api: [dev-v2, dev-v1]\n    "+text+"\n")
	}
	noGatewayExtras := with(`, origin: "http://up.example", plain-http: "http://plain.example/orders"`, "")
	noSecond := with("  spare: {app-id: b1111111-b111-4a10-8004-0123456789b2, uris: [api://billing.all], version: 2, scopes: [Billing.Read], roles: [Billing.All]}\n", "")
	noOther := with(", other: {request: GET /v1/admin, scope: DEV.Admin}", "")
	const nearSkew = `source: mock, base: any home, token: [{set: {exp: "${now - skew - 15s}"}}]`
	rows := []struct {
		name, row string
		target    func(*testing.T) *targets.File
		reason    verdict.Reason // empty: to be fired
		declare   string
	}{
		{"fired", "base: any home", with(), "", ""},
		{"enforced by default", "guards: tenant, base: any home", with(), "", ""},
		{"left open by enforces", "guards: scope, base: any home", enforces("enforces: [audience, client]"), verdict.LeftOpenByDeclaration, ""},
		{"left open by fix 1", "guards: role, base: any home", enforces("fix: 1"), verdict.LeftOpenByDeclaration, ""},
		{"left open by fix 2", "guards: audience, base: any home", enforces("fix: 2"), verdict.LeftOpenByDeclaration, ""},
		{"enforced by fix 2", "guards: scope, base: any home", enforces("fix: 2"), "", ""},
		{"the other's token is always judged", "guards: audience, base: other", enforces("fix: 2"), "", ""},
		{"a mutated other's token is not", `guards: audience, source: mock, base: other, token: [{set: {x: 1}}]`, enforces("fix: 2"), verdict.LeftOpenByDeclaration, ""},
		{"a variant about what is left open", "guards: audience, base: any home, variants: {a: {guards: scope}}", enforces("fix: 1"), verdict.LeftOpenByDeclaration, ""},
		{"a variant about what is enforced", "guards: scope, base: any home, variants: {a: {guards: audience}}", enforces("fix: 1"), "", ""},
		{"a signature cannot be declared away", "guards: signature, base: any home", enforces("fix: 1"), "", ""},
		{"need declared away", "needs: [user-tokens], base: any home", with("skew: 90s", "user-tokens: false"), verdict.DeclaredUnsupported, ""},
		{"bound to users, declared away", "base: exactly user home", with("skew: 90s", "user-tokens: false"), verdict.DeclaredUnsupported, ""},
		{"bound to users, none there", "base: exactly user home", entraTokens, verdict.MissingAccount, "user-tokens: false"},
		{"bound to daemons, declared away", "base: exactly app home", with("skew: 90s", "app-tokens: false"), verdict.DeclaredUnsupported, ""},
		{"about users where they are expected", "base: exactly user home, unless: [user-tokens]", with(), verdict.DeclaredUnsupported, ""},
		{"about users where nobody expects them", "base: exactly user home, unless: [user-tokens]", with("skew: 90s", "user-tokens: false"), "", ""},
		{"about daemons where nobody expects them", "base: exactly app home, unless: [app-tokens]", with("skew: 90s", "app-tokens: false"), "", ""},
		{"about users where none can be had", "base: exactly user home, unless: [user-tokens]", entraTokens, verdict.MissingAccount, ""},
		{"bound to a version that is declared away", "base: exactly v1 app home", with("skew: 90s", "versions: v2"), verdict.DeclaredUnsupported, ""},
		{"about a version that is declared away", "base: exactly v1 app home, needs: [versions-v2], expect: {either: versions}", with("skew: 90s", "versions: v2"), "", ""},
		{"no second API", "base: second", noSecond, verdict.MissingAccount, "second-api: false"},
		{"no other tenant", "base: {tenant: other}", entraTokens, verdict.MissingAccount, "other-tenant: false"},
		{"no other route", "needs: [other-route], guards: route, base: exactly user home, request: {target: \"${home.other-route}\"}", noOther, verdict.CapabilityAbsent, "other-route: false"},
		{"no second issuer", "needs: [two-issuers], base: any home", with(), verdict.CapabilityAbsent, "two-issuers: false"},
		{"a word that is not declared", "needs: [jwks-fetched], base: any home", with(), verdict.CapabilityAbsent, "jwks: static or fetched"},
		{"a word that is declared otherwise", "needs: [jwks-fetched], base: any home", with("skew: 90s", "jwks: static"), verdict.DeclaredUnsupported, ""},
		{"a word that is declared so", "needs: [jwks-fetched], base: any home", with("skew: 90s", "jwks: fetched"), "", ""},
		{"a list that is not declared", "needs: [algorithms-EdDSA], base: any home", with(), verdict.CapabilityAbsent, "algorithms: []"},
		{"one version, both needed", "needs: [versions-both], base: any home", with("[dev-v2, dev-v1]", "dev-v2"), verdict.DeclaredUnsupported, ""},
		{"unless met", "unless: [versions-both], base: any home", with(), verdict.DeclaredUnsupported, ""},
		{"unless not met", "unless: [versions-both], base: any home", with("[dev-v2, dev-v1]", "dev-v2"), "", ""},
		{"no echo", "needs: [echo], base: any home", with("accepted: echo", "accepted: {header: {a: b}}"), verdict.DeclaredUnsupported, ""},
		{"not opted in", "marks: [opt-in], base: any home", with(), verdict.NotOptedIn, ""},
		{"opted in", "marks: [opt-in], base: any home", with("accepted: echo", "accepted: echo\nopt-in: true"), "", ""},
		{"slow", "marks: [slow], base: any home", with(), verdict.Filtered, ""},
		{"slow, but a mock ages tokens", "marks: [slow], base: {age: expired}", with(), "", ""},
		{"slow with the real tenant", "marks: [slow], base: {age: expired}", entraTokens, verdict.Filtered, ""},
		{"mock row, real tenant", "source: mock, base: any home", entraTokens, verdict.SourceNotAvailable, ""},
		{"forged row, real tenant", "source: forged, base: forged", entraTokens, "", ""},
		{"real row, real tenant", "source: real, base: exactly app home", entraTokens, "", ""},
		{"no former mock", "source: forged, base: {issuer: former}", with(), verdict.SourceNotAvailable, ""},
		{"no former mock, real tenant", "source: forged, base: {issuer: former}", entraTokens, verdict.SourceNotAvailable, ""},
		{"former mock beside a mock", "source: forged, base: {issuer: former}", formerMock(with()), "", ""},
		{"former mock beside the real tenant", "source: forged, base: {issuer: former}", formerMock(entraTokens), "", ""},
		{"a former mock signs, real tenant", "source: forged, base: {issuer: former}, token: [{set: {x: 1}}]", formerMock(entraTokens), "", ""},
		{"what cannot be declared away", "source: forged, guards: key, base: {issuer: former}", enforces("fix: 1"), verdict.SourceNotAvailable, ""},
		{"one environment only", "base: other", devOnly, verdict.MissingAccount, ""},
		{"near a skew that nobody declares", nearSkew, with("skew: 90s", "jwks: static"), verdict.CapabilityAbsent, "skew: …"},
		{"near the declared skew", nearSkew, with(), "", ""},
		{"to the origin", "base: any home, request: {to: origin}", with(), "", ""},
		{"no origin", "base: any home, request: {to: origin}", noGatewayExtras, verdict.CapabilityAbsent, ""},
		{"no plain HTTP", "base: any home, request: {to: plain-http}", noGatewayExtras, verdict.CapabilityAbsent, ""},
		{"declared comes before absent", "needs: [user-tokens, two-issuers], base: any home, marks: [opt-in]", with("skew: 90s", "user-tokens: false"), verdict.DeclaredUnsupported, ""},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := Expansion{Target: tt.target(t)}.Expand([]Scenario{rowOf(t, tt.row)})[0]
			var got verdict.Reason
			if c.Decided != nil {
				got = c.Decided.Reason
			}
			if got != tt.reason || c.Declare != tt.declare {
				t.Errorf("%s: expected %q, declare %q, got %q, %q (%+v)", c.ID, tt.reason, tt.declare, got, c.Declare, c.Decided)
			}
			if c.Decided != nil && c.Decided.Outcome != tt.reason.Outcome() {
				t.Errorf("expected %s, got %s", tt.reason.Outcome(), c.Decided.Outcome)
			}
		})
	}
	slow := rowOf(t, "marks: [slow], base: any home")
	if c := (Expansion{Target: target(t), Slow: true}).Expand([]Scenario{slow})[0]; c.Decided != nil {
		t.Errorf("--slow: expected a case to fire, got %+v", c.Decided)
	}
}

// TestEither: what the target declares decides whether a row is accepted or
// refused; undeclared it is recorded and the line is named.
func TestEither(t *testing.T) {
	t.Parallel()
	row := rowOf(t, "source: mock, base: v2 home, guards: key, token: [{remove: {in: header, names: [kid]}}], expect: {either: kid-required}")
	rows := []struct {
		name, supports, expected, declare string
	}{
		{"undeclared", "skew: 90s", "either kid-required", "kid-required: …"},
		{"required", "kid-required: true", "refuse 401, declared by kid-required: true", ""},
		{"not required", "kid-required: false", "accept, declared by kid-required: false", ""},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := row
			r.ID = "kid-missing-many-keys"
			c := Expansion{Target: target(t, "skew: 90s", tt.supports)}.Expand([]Scenario{r})[0]
			if c.Decided != nil || c.Expected() != tt.expected || c.Declare != tt.declare {
				t.Errorf("expected %q, declare %q, got %q, %q, %+v", tt.expected, tt.declare, c.Expected(), c.Declare, c.Decided)
			}
		})
	}
}

// TestRestsOn holds which answers what a target declares can contradict: near the
// limit of the clock, the status of a missing token, the size of a field.
func TestRestsOn(t *testing.T) {
	t.Parallel()
	all := builtinRows(t)
	f := target(t, "skew: 90s", "skew: 90s, missing-token-status: 403, largest-header: 8192")
	for id, want := range map[string]string{
		"exp-just-inside-skew": "skew: 90s", "exp-just-outside-skew": "skew: 90s", "nbf-inside-skew": "skew: 90s",
		"auth-missing": "missing-token-status: 403", "ctl-token-size-ladder": "largest-header: 8192",
		"exp-past-genuine": "", "auth-empty": "",
	} {
		row, ok := all.ByID(id)
		if !ok {
			t.Fatalf("no row %s", id)
		}
		cases := Expansion{Target: f}.Expand([]Scenario{row})
		if len(cases) == 0 {
			t.Errorf("%s: expected cases", id)
		}
		for _, c := range cases {
			if c.Decided == nil && c.Expect.Declared != want {
				t.Errorf("%s: expected it to rest on %q, got %q", c.ID, want, c.Expect.Declared)
			}
			if id == "auth-missing" && c.Expect.Status != 403 || id == "ctl-token-size-ladder" && c.Expect.Size != 8192 {
				t.Errorf("%s: expected the declared number, got status %d, size %d", c.ID, c.Expect.Status, c.Expect.Size)
			}
		}
	}
}
