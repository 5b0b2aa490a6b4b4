package scenarios

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// site is a target with every address that a row can aim at; tests spoil it.
const site = `version: 1
name: site
tenant: {id: 7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40}
tokens:
  mock: {url: "http://127.0.0.1:1", management: "http://127.0.0.1:2", token: "${T}"}
apis:
  dev-v2: {app-id: 6e740000-0d0e-4a10-8001-0123456789d2, uris: [api://orders.dev], version: 2, scopes: [DEV.Access, DEV.Admin, Shared.Access], roles: [DEV.Access]}
  dev-v1: {app-id: 6e740000-0d0e-4a10-8001-0123456789d1, uris: [api://orders-v1.dev], version: 1, scopes: [DEV.Access, DEV.Admin, Shared.Access], roles: [DEV.Access]}
  uat-v2: {app-id: 91d00000-0a7a-4a10-8003-0123456789f2, uris: [api://orders.uat], version: 2, scopes: [UAT.Access, Shared.Access], roles: [UAT.Access]}
  spare: {app-id: b1111111-b111-4a10-8004-0123456789b2, uris: [api://billing.all], version: 2, scopes: [Billing.Read], roles: [Billing.All]}
environments:
  dev:
    api: [dev-v2, dev-v1]
    gateways: [{url: "http://dev.example/orders", origin: "http://up.example", plain-http: "http://plain.example/orders"}]
    routes: {home: GET /v1/ping, other: {request: GET /v1/admin, scope: DEV.Admin}}
  uat:
    api: uat-v2
    gateways: [{url: "http://uat.example:8443/shop"}]
    routes: {home: POST /v1/pong}
clients:
  worker: {id: 0d2c0000-0001-4c11-8000-00000000d001, contracts: [dev], granted: [dev]}
  uatter: {id: 0d2c0000-0001-4c11-8000-00000000f001, contracts: [uat], granted: [uat]}
  both: {id: 77ab0000-0003-4c11-8000-00000000a003, contracts: [dev, uat], granted: [dev, uat]}
accepted: echo
supports: {skew: 90s}
`

// target reads the site with old and new texts exchanged.
func target(t *testing.T, oldnew ...string) *targets.File {
	t.Helper()
	src := site
	for i := 0; i < len(oldnew); i += 2 {
		if !strings.Contains(src, oldnew[i]) {
			t.Fatalf("the text to exchange is not there: %q", oldnew[i])
		}
		src = strings.Replace(src, oldnew[i], oldnew[i+1], 1)
	}
	f, err := targets.Parse("site.yaml", []byte(src), func(string) (string, bool) { return "value", true })
	if err != nil {
		t.Fatal(err)
	}
	return f
}

const uatEnvironment = `  uat:
    api: uat-v2
    gateways: [{url: "http://uat.example:8443/shop"}]
    routes: {home: POST /v1/pong}
`

// devOnly is the site with its first environment alone.
func devOnly(t *testing.T) *targets.File {
	t.Helper()
	return target(t, uatEnvironment, "", "  uatter: {id: 0d2c0000-0001-4c11-8000-00000000f001, contracts: [uat], granted: [uat]}\n", "",
		"contracts: [dev, uat], granted: [dev, uat]", "contracts: [dev], granted: [dev]")
}

// entraTokens is the site with tokens from the real tenant.
func entraTokens(t *testing.T) *targets.File {
	t.Helper()
	f := target(t)
	f.Tokens = targets.Tokens{Entra: &targets.Entra{Authority: "http://127.0.0.1:1"}}
	return f
}

// formerMock is a target whose gateways trusted a mock once.
func formerMock(read func(*testing.T) *targets.File) func(*testing.T) *targets.File {
	return func(t *testing.T) *targets.File {
		t.Helper()
		f := read(t)
		f.Tokens.Former = &targets.Mock{}
		return f
	}
}

// rowOf reads one row; what it leaves out is filled in.
func rowOf(t *testing.T, text string) Scenario {
	t.Helper()
	for key, usual := range map[string]string{"id:": "mine", "guards:": "audience", "source:": "real", "expect:": "refuse 401"} {
		if !strings.Contains(text, key) && !strings.Contains(text, "kind: observe") {
			text = key + " " + usual + ", " + text
		}
	}
	c, err := Parse("own.yaml", []byte("- {"+strings.TrimSuffix(text, ", ")+"}\n"))
	if err != nil {
		t.Fatal(err)
	}
	return c.All()[0]
}

func idsOf(cases []Case) []string {
	var ids []string
	for _, c := range cases {
		ids = append(ids, c.ID)
	}
	return ids
}

// TestExpandIDs holds which cases a row becomes: pairs, versions, variants,
// gateways, and their names.
func TestExpandIDs(t *testing.T) {
	t.Parallel()
	const replicas = `replicas: ["10.0.0.1:80", "10.0.0.2:80"], origin`
	rows := []struct {
		name, row string
		target    []string
		want      []string
	}{
		{"each version at hand", "base: any home", nil, []string{"mine/dev/v1", "mine/dev/v2", "mine/uat"}},
		{"a version named", "base: v1 home", nil, []string{"mine/dev", "mine/uat"}},
		{"bound to a version", "base: exactly v2 home", nil, []string{"mine/dev", "mine/uat"}},
		{"bound to a kind", "base: exactly user home", nil, []string{"mine/dev/v1", "mine/dev/v2", "mine/uat"}},
		{"no token", "base: none", nil, []string{"mine/dev", "mine/uat"}},
		{"forged", "base: forged, source: forged", nil, []string{"mine/dev", "mine/uat"}},
		{"Microsoft's shapes", "base: {api: graph}", nil, []string{"mine/dev", "mine/uat"}},
		{"id tokens", "base: {token: id}", nil, []string{"mine/dev", "mine/uat"}},
		{"each kind at hand", "base: {kind: each}", nil, []string{"mine/dev/v1-app", "mine/dev/v1-user", "mine/dev/v2-app", "mine/dev/v2-user", "mine/uat/v2-app", "mine/uat/v2-user"}},
		{"each kind of a version", "base: {exactly: true, version: v1, kind: each}", nil, []string{"mine/dev/v1-app", "mine/dev/v1-user", "mine/uat"}},
		{"each kind, no users", "base: {kind: each}", []string{"skew: 90s", "user-tokens: false"}, []string{"mine/dev/v1-app", "mine/dev/v2-app", "mine/uat/v2-app"}},
		{"each kind, none at hand", "base: {kind: each}", []string{"skew: 90s", "user-tokens: false, app-tokens: false"}, []string{"mine/dev/v1", "mine/dev/v2", "mine/uat"}},
		{"of a former mock", "base: {issuer: former}, source: forged", nil, []string{"mine/dev/v1", "mine/dev/v2", "mine/uat"}},
		{"the second API has one version", "base: second", nil, []string{"mine/dev", "mine/uat"}},
		{"pairs, by the other's versions", "base: other", nil, []string{"mine/dev/from-uat", "mine/uat/from-dev/v1", "mine/uat/from-dev/v2"}},
		{"borrowing a name makes pairs", `source: mock, base: v2 home, token: [{set: {aud: "${other.audience}"}}]`, nil, []string{"mine/dev/from-uat", "mine/uat/from-dev"}},
		{"the other's gateway", "base: v2 home, request: {to: other}", nil, []string{"mine/dev/from-uat", "mine/uat/from-dev"}},
		{"the other's client", "base: {version: v2, client: other}", nil, []string{"mine/dev/from-uat", "mine/uat/from-dev"}},
		{"variants", "base: none, variants: {get: {request: {method: GET}}, put: {request: {method: PUT}}}", nil, []string{"mine/dev/get", "mine/dev/put", "mine/uat/get", "mine/uat/put"}},
		{"replicas", "base: none", []string{"origin", replicas}, []string{"mine/dev/gw1", "mine/dev/gw2", "mine/uat"}},
		{"gateways and replicas", "base: none", []string{"origin", replicas, `orders"}]`, `orders"}, {url: "http://dev2.example"}]`}, []string{"mine/dev/gw1", "mine/dev/gw2", "mine/dev/gw3", "mine/uat"}},
		{"no gateway, no case", "base: other", []string{`    gateways: [{url: "http://uat.example:8443/shop"}]` + "\n", ""}, []string{"mine/dev/from-uat"}},
		{"observers look once", "id: rsp-never-5xx, guards: response, source: real, kind: observe", []string{"origin", replicas}, []string{"rsp-never-5xx/dev", "rsp-never-5xx/uat"}},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := idsOf(Expansion{Target: target(t, tt.target...)}.Expand([]Scenario{rowOf(t, tt.row)}))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestExpandWhole: over the whole catalogue, ids are unique, sorted, printable
// ASCII and the same every time, and no row is dropped.
func TestExpandWhole(t *testing.T) {
	t.Parallel()
	rows := builtinRows(t).All()
	for name, f := range map[string]*targets.File{"embedded": targets.Default(), "site": target(t), "real": entraTokens(t), "one environment": devOnly(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cases := Expansion{Target: f}.Expand(rows)
			ids := idsOf(cases)
			if !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
				t.Error("expected sorted, unique ids")
			}
			if diff := cmp.Diff(ids, idsOf(Expansion{Target: f}.Expand(rows))); diff != "" {
				t.Errorf("expected the same every time: %s", diff)
			}
			left := map[string]bool{}
			for _, row := range rows {
				left[row.ID] = true
			}
			for _, c := range cases {
				delete(left, c.Scenario.ID)
				if strings.Trim(c.ID, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/._") != "" {
					t.Errorf("%q cannot stand in a header", c.ID)
				}
				if (c.Decided == nil) == (len(c.Choices) == 0) {
					t.Errorf("%s: expected choices or a decision, got %d, %v", c.ID, len(c.Choices), c.Decided)
				}
			}
			if len(left) > 0 {
				t.Errorf("rows without a case: %v", left)
			}
		})
	}
}

// TestPins: a pin binds a row to one kind, whatever it prefers, in one case.
func TestPins(t *testing.T) {
	t.Parallel()
	kind := mint.Kind{Version: mint.V1, Subject: mint.SubjectUser}
	x := Expansion{Target: target(t), Pins: map[string]mint.Kind{"mine": kind}}
	cases := x.Expand([]Scenario{rowOf(t, "base: any app home")})
	if diff := cmp.Diff([]string{"mine/dev", "mine/uat"}, idsOf(cases)); diff != "" {
		t.Fatal(diff)
	}
	dev, uat := cases[0], cases[1]
	if len(dev.Choices) != 1 || dev.Choices[0].Kind != kind || dev.Choices[0].Grant.Kind != kind || dev.Choices[0].Control.Kind != kind {
		t.Errorf("expected %s alone, got %+v", kind, dev.Choices)
	}
	if uat.Decided == nil || uat.Decided.Reason != verdict.MissingAccount {
		t.Errorf("expected no %s at uat, got %+v", kind, uat.Decided)
	}
}

// TestEachKind: measuring rows make a case for every kind at hand that the
// base allows.
func TestEachKind(t *testing.T) {
	t.Parallel()
	x := Expansion{Target: target(t), EachKind: true}
	rows := map[string][]string{
		"base: any home":          {"mine/dev/v1-app", "mine/dev/v1-user", "mine/dev/v2-app", "mine/dev/v2-user", "mine/uat/v2-app", "mine/uat/v2-user"},
		"base: exactly v2 home":   {"mine/dev/v2-app", "mine/dev/v2-user", "mine/uat/v2-app", "mine/uat/v2-user"},
		"base: exactly app home":  {"mine/dev/v1-app", "mine/dev/v2-app", "mine/uat/v2-app"},
		"base: exactly v1 home":   {"mine/dev/v1-app", "mine/dev/v1-user"},
		"base: v1 user home":      {"mine/dev/v1-app", "mine/dev/v1-user", "mine/dev/v2-app", "mine/dev/v2-user", "mine/uat/v2-app", "mine/uat/v2-user"},
		"base: exactly v1 app":    {"mine/dev/v1-app"},
		"base: exactly v2 user":   {"mine/dev/v2-user", "mine/uat/v2-user"},
		"base: exactly v2 app":    {"mine/dev/v2-app", "mine/uat/v2-app"},
		"base: exactly user home": {"mine/dev/v1-user", "mine/dev/v2-user", "mine/uat/v2-user"},
	}
	for row, want := range rows {
		cases := x.Expand([]Scenario{rowOf(t, row+", expect: {measure: x}")})
		if diff := cmp.Diff(want, idsOf(cases)); diff != "" {
			t.Errorf("%s: %s", row, diff)
		}
		for _, c := range cases {
			if len(c.Choices) != 1 || !strings.HasSuffix(c.ID, strings.ReplaceAll(c.Choices[0].Kind.String(), " ", "-")) {
				t.Errorf("%s: expected its own kind, got %+v", c.ID, c.Choices)
			}
		}
	}
}

// TestCross: another environment's token as its client gets it is marked, and
// nothing else is (design 5.8).
func TestCross(t *testing.T) {
	t.Parallel()
	shared := []string{"  uat:\n    api: uat-v2", "  uat:\n    api: dev-v2"}
	rows := []struct {
		name, row    string
		target       []string
		cross        bool
		minted       string
		fromAnywhere bool
	}{
		{name: "plain", row: "base: other", cross: true, minted: "uat"},
		{name: "of a kind", row: "base: v2 app other", cross: true, minted: "uat"},
		{name: "with scopes of its choice", row: `base: {exactly: true, api: other, scopes: ["${home.scope}"], kind: user}`, minted: "uat"},
		{name: "with roles of its choice", row: `base: {exactly: true, api: other, roles: ["${home.role}"], kind: app}`, minted: "uat"},
		{name: "aged", row: "base: {api: other, age: expired}", minted: "uat"},
		{name: "mutated", row: `source: mock, base: other, token: [{set: {aud: x}}]`, minted: "uat"},
		{name: "sent otherwise", row: `base: other, request: {authorization: ["bearer ${token}"]}`, minted: "uat"},
		{name: "of tenant B", row: "base: {api: other, tenant: other}"},
		{name: "to be accepted", row: "base: other, expect: accept", minted: "uat"},
		{name: "ours with its audience", row: `source: mock, base: v2 home, token: [{set: {aud: "${other.audience}"}}]`, minted: "dev"},
		{name: "forged", row: "source: forged, base: forged"},
		{name: "second API", row: "base: second"},
		{name: "of a former mock", row: "source: forged, base: {issuer: former}"},
		{name: "the other's of a former mock", row: "source: forged, base: {api: other, issuer: former}"},
		{name: "stand-in, nothing shared", row: "id: aud-shared-registration, base: {exactly: true, kind: app, client: other}", minted: "dev"},
		{name: "stand-in, shared", row: "id: aud-shared-registration, base: {exactly: true, kind: app, client: other}", target: shared, cross: true, minted: "uat"},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := Expansion{Target: target(t, tt.target...)}.Expand([]Scenario{rowOf(t, tt.row)})[0]
			minted := ""
			if c.Minted != nil {
				minted = c.Minted.Name
			}
			if c.Cross != tt.cross || minted != tt.minted || c.Home.Name != "dev" {
				t.Errorf("%s: expected cross %t, minted for %q, got %t, %q", c.ID, tt.cross, tt.minted, c.Cross, minted)
			}
		})
	}
}

// TestKinds: the kinds at hand are what registrations and declarations leave.
func TestKinds(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name   string
		target *targets.File
		want   string
	}{
		{"both versions", target(t), "v1 app, v1 user, v2 app, v2 user"},
		{"no users", target(t, "skew: 90s", "user-tokens: false"), "v1 app, v2 app"},
		{"no daemons", target(t, "skew: 90s", "app-tokens: false"), "v1 user, v2 user"},
		{"neither", target(t, "skew: 90s", "app-tokens: false, user-tokens: false"), ""},
		{"one version", target(t, "[dev-v2, dev-v1]", "dev-v1"), "v1 app, v1 user"},
		{"one version declared", target(t, "skew: 90s", "versions: v2"), "v2 app, v2 user"},
		{"both versions declared", target(t, "skew: 90s", "versions: both"), "v1 app, v1 user, v2 app, v2 user"},
		{"real tenant without users", entraTokens(t), "v1 app, v2 app"},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var words []string
			for _, k := range (Expansion{Target: tt.target}).Kinds(tt.target.Environments[0]) {
				words = append(words, k.String())
			}
			if diff := cmp.Diff(tt.want, strings.Join(words, ", ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}
