package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// permissionRows are further rows about scope and role, one token each.
func (b *bench) permissionRows() []row {
	user := func(id, guards string, changes map[string]any, without ...string) row {
		return row{id, guards, 403, bearerOf(b.with(v2User, changes, without...))}
	}
	scope := func(id, scp string) row { return user(id, "scope", map[string]any{"scp": scp}) }
	daemon := func(id string, changes map[string]any, without ...string) row {
		return row{id, "role", 403, bearerOf(b.with(v2App, changes, without...))}
	}
	parts := strings.Split(b.with(v2User, map[string]any{"scp": "DEV.Admin"}), ".")
	parts[1] = b64(mustJSON(b.t, b.claims(v2User, grant{})))
	head := askFor(http.MethodHead, homePath, "Bearer "+b.with(v2User, map[string]any{"scp": "DEV.Admin"}))
	overridden := ask("Bearer " + b.genuine(v2User))
	overridden.Header.Set("X-HTTP-Method-Override", http.MethodDelete)
	return []row{
		{"scope-missing-genuine-v1", "scope", 403, bearerOf(b.with(v1User, map[string]any{"scp": "DEV.Admin"}))},
		scope("scope-of-other-env", other.access),
		scope("scope-child-of-required", home.access+".Read"),
		scope("scope-parent-of-required", "DEV"),
		scope("scope-wildcard", "DEV.*"),
		scope("scope-comma-separated", "User.Read,"+home.access),
		scope("scope-full-uri-form", home.uriV2+"/"+home.access),
		scope("scope-default-literal", ".default"),
		{"scope-duplicate-values", "scope", 0, bearerOf(b.with(v2User, map[string]any{"scp": home.access + " " + home.access}))},
		user("scope-both-claims-disagree", "scope", map[string]any{"scp": "x", "scope": home.access, "permissions": []string{home.access}}),
		{"scope-tampered-into-payload", "signature", 401, bearerOf(strings.Join(parts, "."))},
		{"scope-head-on-protected-get", "scope", 403, head},
		{"scope-method-override-header", "route", 400, overridden},
		daemon("role-case-changed", map[string]any{"roles": []string{strings.ToLower(home.access)}}),
		daemon("role-app-only-under-optional-scope-rule", nil, "roles"),
		user("role-idtyp-forged-shape", "role", map[string]any{"idtyp": "app"}),
	}
}

// issuerRows are further rows about iss and tid, one token each.
func (b *bench) issuerRows() []row {
	v2 := issuersOf(tenantA).V2
	issuer := func(id string, iss any) row {
		return row{id, "issuer", 401, bearerOf(b.with(v2App, map[string]any{"iss": iss}))}
	}
	foreign := func(id, kind, tenant string) row {
		return row{id, "issuer", 401, bearerOf(b.sign(b.claims(kind, grant{tenant: tenant})))}
	}
	return []row{
		foreign("iss-other-tenant-genuine", v2App, tenantB),
		foreign("iss-other-tenant-same-audience", v1App, tenantB),
		foreign("iss-consumer-tenant", v2User, "9188040d-6c67-4c5b-b112-36a304b66dad"),
		{"user-same-sub-other-tenant", "tenant", 401, bearerOf(b.sign(b.claims(v2User, grant{tenant: tenantB})))},
		issuer("iss-null-or-empty", nil),
		issuer("iss-prefix-extended", v2+".evil.example"),
		issuer("iss-substring", v2[:len(v2)-5]),
		issuer("iss-case-changed", strings.ToUpper(v2)),
		issuer("iss-http-scheme", strings.Replace(v2, "https", "http", 1)),
		issuer("iss-template-literal", "https://login.microsoftonline.com/{tenantid}/v2.0"),
		issuer("iss-common-or-organizations", "https://login.microsoftonline.com/common/v2.0"),
		issuer("iss-tenant-by-domain", "https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0"),
		issuer("iss-sovereign-cloud", "https://login.microsoftonline.us/"+tenantA+"/v2.0"),
		issuer("iss-ciam-or-b2c-host", "https://"+tenantA+".ciamlogin.com/"+tenantA+"/v2.0"),
	}
}

// elsewhereRow is a row that needs another environment than the bench's.
type elsewhereRow struct {
	guards    string
	status    int // 0: accepted
	change    func(*Environment)
	ask       *http.Request
	mutant    string
	published []json.RawMessage // the tenant's keys; nil: the bench's
}

func (b *bench) elsewhereRows() map[string]elsewhereRow {
	two := func(criteria string) func(*Environment) {
		return func(e *Environment) { e.Scopes, e.ScopeCriteria = []string{home.access, "DEV.Write"}, criteria }
	}
	scoped := func(scopes string) *http.Request {
		return bearerOf(b.sign(b.claims(v2User, grant{scopes: scopes})))
	}
	trusting := func(keys ...json.RawMessage) func(*Environment) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(mustJSON(b.t, map[string]any{"keys": keys}))
		}))
		b.t.Cleanup(server.Close)
		return func(e *Environment) { e.ForeignJWKSURL = server.URL }
	}
	byOther := func(kid string) *http.Request {
		head := mustJSON(b.t, header(map[string]any{"kid": kid}))
		return bearerOf(sealed(b.t, head, mustJSON(b.t, b.claims(v2App, grant{})), "RS256", keysOfTest()[own]))
	}
	consumer := map[string]any{"issuer": issuersOf("9188040d-6c67-4c5b-b112-36a304b66dad").V2}
	context := func(e *Environment) { e.AuthenticationContext = "c1" }
	writing := func(e *Environment) { e.Routes["POST "+homePath] = "DEV.Write" }
	return map[string]elsewhereRow{
		"scope-and-one-missing":         {"scope", 403, two("and"), scoped("DEV.Write"), "scope-one-of-several", nil},
		"scope-and-all-present":         {"scope", 0, two("and"), scoped("DEV.Write " + home.access), "scope-whole", nil},
		"scope-or-one-present":          {"scope", 0, two("or"), scoped("DEV.Write"), "scope-all-of-several", nil},
		"scope-or-none-present":         {"scope", 403, two("or"), scoped("DEV.Admin"), "scope-any", nil},
		"role-user-token-on-daemon-api": {"scope", 403, func(e *Environment) { e.Scopes = nil }, bearerOf(b.genuine(v2User)), "users-unasked", nil},
		"role-daemon-token-on-user-api": {"role", 403, func(e *Environment) { e.Roles = nil }, bearerOf(b.genuine(v2App)), "daemons-unasked", nil},
		"scope-read-on-write-route":     {"route", 403, writing, askFor("POST", homePath, "Bearer "+b.genuine(v2User)), "write-as-read", nil},
		"cae-claims-challenge":          {"scope", 401, context, bearerOf(b.genuine(v2User)), "context-unasked", nil},
		"acrs-held":                     {"scope", 0, context, bearerOf(b.with(v2User, map[string]any{"acrs": []string{"c1"}})), "", nil},
		"acrs-of-a-daemon":              {"scope", 0, context, bearerOf(b.genuine(v2App)), "", nil},
		"iss-v1-token-on-v2-only-api":   {"issuer", 401, func(e *Environment) { e.Issuers.V1 = "" }, bearerOf(b.genuine(v1App)), "issuer-names-tenant", nil},
		"iss-v2-token-on-v1-only-api":   {"issuer", 401, func(e *Environment) { e.Issuers.V2 = "" }, bearerOf(b.genuine(v2App)), "issuer-names-tenant", nil},
		"iss-empty-on-v2-only-api":      {"issuer", 401, func(e *Environment) { e.Issuers.V1 = "" }, bearerOf(b.with(v1App, map[string]any{"iss": ""})), "", nil},
		"key-of-other-trusted-issuer":   {"key", 401, trusting(jwkOf(b.t, own, nil)), byOther(kidOf(own)), "keys-pooled", nil},
		"key-same-kid-in-two-issuers":   {"key", 401, trusting(jwkOf(b.t, own, map[string]any{"kid": kidOf(sibling)})), byOther(kidOf(sibling)), "keys-by-kid", nil},
		"key-own-beside-another-issuer": {"key", 0, trusting(jwkOf(b.t, own, nil)), bearerOf(b.genuine(v2App)), "", nil},
		"key-issuer-property-consumer": {
			"key", 401, func(*Environment) {}, bearerOf(b.genuine(v2App)), "key-issuer-ignored",
			[]json.RawMessage{jwkOf(b.t, signing, consumer)},
		},
	}
}

// TestElsewhere: strict judges a row in the environment that the row needs, by
// a check of its guard, and the mutant that names the row judges it wrong.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	mutants := map[string]Mutant{}
	for _, m := range Mutants() {
		mutants[m.Name] = m
	}
	for id := range newBench(t).elsewhereRows() {
		t.Run(id, func(t *testing.T) {
			b := newBench(t)
			r := b.elsewhereRows()[id]
			if r.published != nil {
				b.serveKeys(r.published...)
			}
			judge := func(m Mutant) (fired, Refusal) {
				var refusal Refusal
				o := b.options("strict")
				o.Lacks, o.Softens, o.Report = m.Lacks, m.Softens, func(r Refusal) { refusal = r }
				r.change(&o.Environment)
				return fire(t, b.gateway(o), r.ask), refusal
			}
			got, refusal := judge(Mutant{})
			if got.forwarded != (r.status == 0) || r.status != 0 && got.status != r.status {
				t.Fatalf("expected status %d, got %d, forwarded %t, refused by %v", r.status, got.status, got.forwarded, namesOf(refusal.Checks))
			}
			if r.status != 0 && !slices.ContainsFunc(refusal.Checks, func(c Check) bool { return c.Guards == r.guards }) {
				t.Errorf("expected a check that guards %s, refused by %v", r.guards, namesOf(refusal.Checks))
			}
			if got, left := judge(mutants[r.mutant]); r.mutant != "" && got.forwarded == (r.status == 0) {
				t.Errorf("expected the mutant %s to judge it wrong, refused by %v", r.mutant, namesOf(left.Checks))
			}
		})
	}
}

// TestClaimsChallenge: what is missing is the context and not the token, and
// the challenge says so.
func TestClaimsChallenge(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o := b.options("strict")
	o.Environment.AuthenticationContext = "c1"
	got := fire(t, b.gateway(o), ask("Bearer "+b.genuine(v2User)))
	if challenge := got.header.Get("WWW-Authenticate"); !strings.Contains(challenge, `error="insufficient_claims"`) {
		t.Errorf("expected insufficient_claims, got %q", challenge)
	}
}

// toldBySub is user-email-of-victim: the upstream is told the subject, never the
// address that anybody can choose.
func toldBySub(b *bench, h http.Handler) string {
	got := fire(b.t, h, bearerOf(b.with(v2User, map[string]any{"email": "victim@contoso.example"})))
	if told := got.echo.Values("X-AGW-sub"); !slices.Equal(told, []string{"pairwise-subject-of-a-user"}) {
		return fmt.Sprintf("forwarded %t with %v", got.forwarded, told)
	}
	return ""
}

// TestMethodOverridden: the mutant forwards another method than it judged.
func TestMethodOverridden(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o := b.options("strict")
	o.Softens = []string{"method-overridden"}
	r := ask("Bearer " + b.genuine(v2User))
	r.Header.Set("X-HTTP-Method-Override", http.MethodDelete)
	if got := fire(t, b.gateway(o), r); got.echo.Method != http.MethodDelete {
		t.Errorf("expected DELETE upstream, got %s", got.echo.Method)
	}
}
