package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// choiceText is a choice in words: token < control.
func choiceText(f *targets.File, c Choice) string {
	nameOf := func(id string) string {
		i := slices.IndexFunc(f.Clients, func(c *targets.Client) bool { return c.ID == id })
		if i < 0 {
			return "made-up"
		}
		return f.Clients[i].Name
	}
	control := c.Control.Kind.String() + " " + nameOf(c.Control.Client)
	if c.Control.Route != "home" {
		control += " on " + c.Control.Route
	}
	if c.Grant == nil {
		return "none < " + control
	}
	g := c.Grant
	words := []string{g.Kind.String(), nameOf(g.Client.ID), strings.Join(slices.Concat(g.Scopes, g.Roles), "+")}
	return strings.TrimSpace(strings.Join(words, " ")) + " < " + control
}

// TestChoices holds the order in which kinds are taken, with token, client and
// control: the row's own kind, the other version, the other kind, the rest
// (design 12).
func TestChoices(t *testing.T) {
	t.Parallel()
	v1Only := []string{"[dev-v2, dev-v1]", "dev-v1"}
	uatV1 := []string{"91d00000-0a7a-4a10-8003-0123456789f2, uris: [api://orders.uat], version: 2", "91d00000-0a7a-4a10-8003-0123456789f2, uris: [api://orders.uat], version: 1", "[dev-v2, dev-v1]", "dev-v2"}
	noDaemons := []string{"skew: 90s", "app-tokens: false"}
	rows := []struct {
		name, row string
		target    []string
		want      []string
	}{
		{"own, other version, other kind, rest", "base: v2 app home", nil, []string{
			"v2 app worker DEV.Access < v2 app worker", "v1 app worker DEV.Access < v1 app worker",
			"v2 user worker DEV.Access < v2 user worker", "v1 user worker DEV.Access < v1 user worker",
		}},
		{"a user of v1", "base: v1 user home", nil, []string{
			"v1 user worker DEV.Access < v1 user worker", "v2 user worker DEV.Access < v2 user worker",
			"v1 app worker DEV.Access < v1 app worker", "v2 app worker DEV.Access < v2 app worker",
		}},
		{"exactly", "base: exactly v2 app home", nil, []string{"v2 app worker DEV.Access < v2 app worker"}},
		{"a preference for v2 where there is only v1", "base: v2 app home", v1Only, []string{
			"v1 app worker DEV.Access < v1 app worker", "v1 user worker DEV.Access < v1 user worker",
		}},
		{"a preference for daemons where there are none", "base: v2 app home", noDaemons, []string{
			"v2 user worker DEV.Access < v2 user worker", "v1 user worker DEV.Access < v1 user worker",
		}},
		{"no token leans on any kind", "base: none", v1Only, []string{"none < v1 app worker", "none < v1 user worker"}},
		{"no token, users only", "base: none", noDaemons, []string{"none < v2 user worker", "none < v1 user worker"}},
		{"the other's token by the client of both, its control too", "base: v2 app other", v1Only, []string{
			"v2 app both UAT.Access < v1 app both", "v2 app both UAT.Access < v1 user both",
			"v2 user both UAT.Access < v1 user both", "v2 user both UAT.Access < v1 app both",
		}},
		{"the other's token is v1, ours are v2", "base: any app other", uatV1, []string{
			"v1 app both UAT.Access < v2 app both", "v1 app both UAT.Access < v2 user both",
			"v1 user both UAT.Access < v2 user both", "v1 user both UAT.Access < v2 app both",
		}},
		{"the other's token by its own client", "base: exactly v2 app other", []string{"contracts: [dev, uat], granted: [dev, uat]", "contracts: [uat], granted: [uat]"}, []string{
			"v2 app uatter UAT.Access < v2 app worker",
		}},
		{"the second client controls itself", "base: {exactly: true, version: v2, kind: app, client: second}", nil, []string{"v2 app both DEV.Access < v2 app both"}},
		{"a stranger leans on the holder", "base: {exactly: true, version: v2, kind: app, client: stranger}", nil, []string{"v2 app made-up DEV.Access < v2 app worker"}},
		{"ungranted gets nothing", "base: {exactly: true, version: v2, kind: app, client: ungranted}", nil, []string{"v2 app worker < v2 app worker"}},
		{"scopes of its choice", `base: {exactly: true, version: v2, kind: user, scopes: ["${home.other-scope}", "x"]}`, nil, []string{"v2 user worker DEV.Admin+x < v2 user worker"}},
		{"what is required, in another order", `base: {exactly: true, version: v2, kind: user, scopes: ["x", "${home.scopes}", "x"]}`, nil, []string{"v2 user worker x+DEV.Access < v2 user worker"}},
		{"users where only daemons are expected", "base: exactly v2 user home, unless: [user-tokens]", []string{"skew: 90s", "user-tokens: false"}, []string{
			"v2 user worker DEV.Access < v2 app worker", "v2 user worker DEV.Access < v1 app worker",
		}},
		{"v1 where only v2 is taken", "base: exactly v1 app home, needs: [versions-v2], expect: {either: versions}", []string{"skew: 90s", "versions: v2"}, []string{
			"v1 app worker DEV.Access < v2 app worker", "v1 app worker DEV.Access < v2 user worker",
		}},
		{"no scopes at all", "base: {exactly: true, version: v2, kind: user, scopes: []}", nil, []string{"v2 user worker < v2 user worker"}},
		{"roles of its choice", `base: {exactly: true, version: v2, kind: app, roles: ["${other.role}"]}`, nil, []string{"v2 app worker UAT.Access < v2 app worker"}},
		{"the second API's own scopes", "base: {api: second, version: v2, kind: user}", nil, []string{
			"v2 user worker Billing.Read < v2 user worker", "v2 app worker Billing.All < v2 app worker",
		}},
		{"the other route", "base: exactly v2 user home, request: {target: \"${home.other-route}\"}, guards: route", nil, []string{"v2 user worker DEV.Access < v2 user worker on other"}},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := target(t, tt.target...)
			c := Expansion{Target: f}.Expand([]Scenario{rowOf(t, tt.row)})[0]
			var got []string
			for _, choice := range c.Choices {
				got = append(got, choiceText(f, choice))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s (%v): %s", c.ID, c.Decided, diff)
			}
		})
	}
}

// TestGrant holds audience, tenant and shape of the token that a row starts
// from.
func TestGrant(t *testing.T) {
	t.Parallel()
	const (
		tenant = "7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40"
		v1ID   = "6e740000-0d0e-4a10-8001-0123456789d1"
		v2ID   = "6e740000-0d0e-4a10-8001-0123456789d2"
		worker = "0d2c0000-0001-4c11-8000-00000000d001"
	)
	tenantB := target(t).TenantB()
	rows := []struct {
		name, row string
		want      string
	}{
		{"v2 has the GUID", "base: exactly v2 app home", "access of " + tenant + " for " + v2ID + " (" + v2ID + ")"},
		{"v1 has the URI", "base: exactly v1 app home", "access of " + tenant + " for api://orders-v1.dev (" + v1ID + ")"},
		{"v1 asked for by GUID", "base: {exactly: true, version: v1, kind: app, audience: app-id}", "access of " + tenant + " for " + v1ID + " (" + v1ID + ")"},
		{"v2 asked for by URI", "base: {exactly: true, version: v2, kind: app, audience: uri}", "access of " + tenant + " for " + v2ID + " (" + v2ID + ")"},
		{"tenant B", "base: {exactly: true, version: v2, kind: app, tenant: other}", "access of " + tenantB + " for " + v2ID + " (" + v2ID + ")"},
		{"personal accounts", "base: {exactly: true, version: v2, kind: app, tenant: consumer}", "access of " + mint.ConsumerTenant + " for " + v2ID + " (" + v2ID + ")"},
		{"the client itself", "base: {exactly: true, version: v2, kind: app, api: self}", "access of " + tenant + " for " + worker + " (" + worker + ")"},
		{"ARM", "base: {api: arm}", "access of " + tenant + " for  () arm"},
		{"Graph", "base: {api: graph}", "access of " + tenant + " for  () graph"},
		{"id token", "base: {token: id}", "id of " + tenant + " for " + v2ID + " (" + v2ID + ")"},
		{"v1 asked for by URI with a slash", "base: {exactly: true, version: v1, kind: app, audience: uri-slash}", "access of " + tenant + " for api://orders-v1.dev/ (" + v1ID + ")"},
		{"id token of the API itself", "base: {token: id, client: api}", "id of " + tenant + " for " + v2ID + " (" + v2ID + ")"},
		{"expired", "base: {exactly: true, version: v2, kind: app, age: expired}", "access of " + tenant + " for " + v2ID + " (" + v2ID + ") expired"},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := Expansion{Target: target(t)}.Expand([]Scenario{rowOf(t, tt.row)})[0]
			if len(c.Choices) == 0 {
				t.Fatalf("expected a token, got %+v", c.Decided)
			}
			g := c.Choices[0].Grant
			got := fmt.Sprintf("%s of %s for %s (%s) %s %s", g.Token, g.Tenant, g.Audience, g.Resource, g.WellKnown, strings.TrimPrefix(string(g.Age), "fresh"))
			if diff := cmp.Diff(tt.want, strings.TrimSpace(strings.ReplaceAll(got, "  expired", " expired"))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestPerson holds who the token speaks of: its user, and how its client proves
// itself.
func TestPerson(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, row string
		want      func(mint.Grant) any
		is        any
	}{
		{"any user", "base: exactly v2 user home", func(g mint.Grant) any { return g.User }, mint.User{}},
		{"a guest is at home elsewhere", "base: {exactly: true, kind: user, user: guest}", func(g mint.Grant) any { return g.User.HomeTenant }, target(t).TenantB()},
		{"more groups than a token lists", "base: {exactly: true, kind: user, user: many-groups}", func(g mint.Grant) any { return len(g.Groups) }, mint.MostGroups + 1},
		{"as it can", "base: exactly v2 user home", func(g mint.Grant) any { return g.Client.Authentication }, "1"},
		{"not at all", "base: {exactly: true, kind: user, authentication: public}", func(g mint.Grant) any { return g.Client.Authentication }, "0"},
		{"by certificate", "base: {kind: app, authentication: certificate}", func(g mint.Grant) any { return g.Client.Authentication }, "2"},
		{"able to handle a challenge", "base: {kind: user, capabilities: [cp1]}", func(g mint.Grant) any { return g.Capabilities }, []string{"cp1"}},
		{"a managed identity", "base: {kind: app, client: managed}", func(g mint.Grant) any { return g.ManagedIdentity != "" }, true},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := Expansion{Target: target(t)}.Expand([]Scenario{rowOf(t, tt.row)})[0]
			if len(c.Choices) == 0 {
				t.Fatalf("expected a token, got %+v", c.Decided)
			}
			if diff := cmp.Diff(tt.is, tt.want(*c.Choices[0].Grant)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRealPerson: in the real tenant the user and the client are those of the
// file.
func TestRealPerson(t *testing.T) {
	t.Parallel()
	f := entraTokens(t)
	f.Users = []targets.User{{Name: "alice"}, {Name: "gale", Is: []targets.UserRole{targets.Guest}}}
	c := Expansion{Target: f}.Expand([]Scenario{rowOf(t, "base: {exactly: true, kind: user, user: guest}")})[0]
	if len(c.Choices) == 0 || c.Choices[0].Grant.User.Name != "gale" {
		t.Errorf("expected gale, got %+v %+v", c.Choices, c.Decided)
	}
}

// TestAppKeys: a registration with a signing key of its own signs token and
// control.
func TestAppKeys(t *testing.T) {
	t.Parallel()
	x := Expansion{Target: target(t, "version: 2, scopes: [DEV.Access", "version: 2, keys: app, scopes: [DEV.Access")}
	c := x.Expand([]Scenario{rowOf(t, "base: exactly v2 app home")})[0]
	control, ok := x.ControlGrant(c.Choices[0].Control)
	if key := "6e740000-0d0e-4a10-8001-0123456789d2"; !ok || control.AppKey != key || c.Choices[0].Grant.AppKey != key {
		t.Errorf("expected the key of %s, got %q and %q", key, c.Choices[0].Grant.AppKey, control.AppKey)
	}
}

// TestControlGrant: the control of a plain row is the very token that the row
// starts from, so that it is asked for once; on the other route it has the
// scope of that route.
func TestControlGrant(t *testing.T) {
	t.Parallel()
	x := Expansion{Target: target(t)}
	for _, kind := range []string{"v1 app", "v1 user", "v2 app", "v2 user"} {
		c := x.Expand([]Scenario{rowOf(t, "base: exactly "+kind+" home")})[0]
		control, ok := x.ControlGrant(c.Choices[0].Control)
		if !ok || control.Key() != c.Choices[0].Grant.Key() {
			t.Errorf("%s: expected one grant, got %s", kind, cmp.Diff(*c.Choices[0].Grant, control))
		}
	}
	c := x.Expand([]Scenario{rowOf(t, "base: exactly v2 user home, request: {target: \"${home.other-route}\"}, guards: route")})[0]
	control, ok := x.ControlGrant(c.Choices[0].Control)
	if !ok || !slices.Equal(control.Scopes, []string{"DEV.Admin"}) {
		t.Errorf("expected the other route's scope, got %v", control.Scopes)
	}
	if _, ok := x.ControlGrant(Control{Environment: "uat", Kind: mint.Kind{Version: mint.V1, Subject: mint.SubjectApp}}); ok {
		t.Error("expected no v1 control at uat")
	}
}

// TestMissing: a row that no account or registration can serve is skipped with
// what is missing, and never dropped.
func TestMissing(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, row string
		target    func(*testing.T) *targets.File
		reason    verdict.Reason
		detail    string
	}{
		{"no second client", "base: {client: second}", devOnlyWorker, verdict.MissingAccount, "no client in the role second for dev"},
		{"no stranger in the real tenant", "base: {client: stranger}", entraTokens, verdict.MissingAccount, "no client in the role stranger for dev"},
		{"no such user in the real tenant", "base: {exactly: true, kind: user, user: many-groups}", func(t *testing.T) *targets.File {
			t.Helper()
			f := entraTokens(t)
			f.Users = []targets.User{{Name: "alice"}}
			return f
		}, verdict.MissingAccount, "no user in the target file is many-groups"},
		{"no public client in the real tenant", "base: {exactly: true, kind: user, authentication: public}", func(t *testing.T) *targets.File {
			t.Helper()
			f := entraTokens(t)
			f.Users = []targets.User{{Name: "alice"}}
			return f
		}, verdict.MissingAccount, "no client with a contract for dev proves itself by: public"},
		{"nobody granted in the other", "base: other", func(t *testing.T) *targets.File {
			t.Helper()
			return target(t, `    gateways: [{url: "http://uat.example:8443/shop"}]`+"\n", "", "contracts: [uat], granted: [uat]", "contracts: [uat], granted: []", "granted: [dev, uat]", "granted: [dev]")
		}, verdict.MissingAccount, "no client is granted in uat"},
		{"bound to a version that no registration has", "base: exactly v1 home", func(t *testing.T) *targets.File {
			t.Helper()
			return target(t, "[dev-v2, dev-v1]", "dev-v2")
		}, verdict.DeclaredUnsupported, "no v1 token can be had: the registrations have another version"},
		{"neither users nor daemons", "base: any home", func(t *testing.T) *targets.File {
			t.Helper()
			return target(t, "skew: 90s", "app-tokens: false, user-tokens: false")
		}, verdict.MissingAccount, "no v1 token can be had"},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := Expansion{Target: tt.target(t)}.Expand([]Scenario{rowOf(t, tt.row)})[0]
			if c.Decided == nil || c.Decided.Reason != tt.reason || strings.TrimSpace(c.Decided.Detail) != tt.detail {
				t.Errorf("%s: expected %s (%s), got %+v", c.ID, tt.reason, tt.detail, c.Decided)
			}
		})
	}
}

// devOnlyWorker is the site with one environment and one client.
func devOnlyWorker(t *testing.T) *targets.File {
	t.Helper()
	f := devOnly(t)
	f.Clients = f.Clients[:1]
	return f
}

// TestMadeUpOther: with one environment and a mock, the made-up OTHER makes
// cross-environment rows possible; without it they are skipped by name.
func TestMadeUpOther(t *testing.T) {
	t.Parallel()
	row := rowOf(t, "base: v2 app other")
	f := devOnly(t)
	c := Expansion{Target: f}.Expand([]Scenario{row})[0]
	if c.ID != "mine/dev" || c.Decided == nil || c.Decided.Reason != verdict.MissingAccount {
		t.Errorf("expected a skipped case, got %s %+v", c.ID, c.Decided)
	}
	f.MadeUpOther()
	cases := Expansion{Target: f}.Expand([]Scenario{row})
	if len(cases) != 1 || cases[0].ID != "mine/dev/from-OTHER" || !cases[0].Cross || len(cases[0].Choices) == 0 {
		t.Fatalf("expected a pair with OTHER, got %v", idsOf(cases))
	}
	got := choiceText(f, cases[0].Choices[0])
	if want := "v2 app worker OTHER.Access < v2 app worker"; got != want {
		t.Errorf("expected %s, got %s", want, got)
	}
}

// TestAuthenticationContext: where the API asks for one, users' tokens and their
// controls name it, but for those of a user who has not met it.
func TestAuthenticationContext(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, base, supports string
		want, control        []string
	}{
		{"asked of users", "base: exactly v2 user home", "authentication-context: true", []string{"acrs"}, []string{"acrs"}},
		{"not of daemons", "base: exactly v2 app home", "authentication-context: true", nil, nil},
		{"not met", "base: {exactly: true, version: v2, kind: user, user: without-context}", "authentication-context: true", nil, []string{"acrs"}},
		{"not asked for", "base: exactly v2 user home", "authentication-context: false", nil, nil},
		{"not declared", "base: exactly v2 user home", "jwks: fetched", nil, nil},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			x := Expansion{Target: target(t, "skew: 90s", tt.supports)}
			c := x.Expand([]Scenario{rowOf(t, tt.base)})[0]
			control, _ := x.ControlGrant(c.Choices[0].Control)
			if got := c.Choices[0].Grant.Optional; !slices.Equal(got, tt.want) || !slices.Equal(control.Optional, tt.control) {
				t.Errorf("expected %v and the control %v, got %v and %v", tt.want, tt.control, got, control.Optional)
			}
		})
	}
}
