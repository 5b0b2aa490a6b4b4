package scenarios

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// setting is the site's dev, with uat as the other, seen with a v1 token.
func setting(t *testing.T, version mint.Version) Setting {
	t.Helper()
	f := target(t)
	key := func(name string) KeyText {
		return KeyText{name + "-kid", name + "-pem", name + "-der", name + "-cert", `{"kty":"RSA","kid":"` + name + `"}`, name + "-file"}
	}
	return Setting{
		Target: f, Home: f.Environments[0], Other: f.Environments[1], Gateway: f.Environments[0].Gateways[0],
		Kind: mint.Kind{Version: version, Subject: mint.SubjectUser}, Tenant: key("tenant"), Next: key("next"), Own: key("own"),
		UserSub: "sub-of-user", CalloutURL: "http://127.0.0.1:9", Now: time.Unix(1700000000, 5),
	}
}

// TestPlaceholders holds every name that the case's setting stands for (design
// 12); audience, GUID, URI and issuer are those of the kind used.
func TestPlaceholders(t *testing.T) {
	t.Parallel()
	rows := []struct{ name, v1, v2 string }{
		{"home.audience", "api://orders-v1.dev", "6e740000-0d0e-4a10-8001-0123456789d2"},
		{"home.app-id", "6e740000-0d0e-4a10-8001-0123456789d1", "6e740000-0d0e-4a10-8001-0123456789d2"},
		{"home.uri", "api://orders-v1.dev", "api://orders.dev"},
		{"home.scope", "DEV.Access", "="},
		{"home.scopes", `["DEV.Access"]`, "="},
		{"home.scopes.0", "DEV.Access", "="},
		{"home.scopes.1", "none", "="},
		{"home.other-scope", "DEV.Admin", "="},
		{"home.shared-scope", "Shared.Access", "="},
		{"home.role", "DEV.Access", "="},
		{"home.client.id", "0d2c0000-0001-4c11-8000-00000000d001", "="},
		{"home.clients.second.id", "77ab0000-0003-4c11-8000-00000000a003", "="},
		{"home.clients.both.id", "77ab0000-0003-4c11-8000-00000000a003", "="},
		{"home.clients.other.id", "0d2c0000-0001-4c11-8000-00000000f001", "="},
		{"home.clients.nobody.id", "none", "="},
		{"home.user.sub", "sub-of-user", "="},
		{"home.host", "dev.example", "="},
		{"home.hostname", "dev.example", "="},
		{"home.route.path", "/orders/v1/ping", "="},
		{"home.other-route", "/orders/v1/admin", "="},
		{"other.audience", "91d00000-0a7a-4a10-8003-0123456789f2", "="},
		{"other.app-id", "91d00000-0a7a-4a10-8003-0123456789f2", "="},
		{"other.uri", "api://orders.uat", "="},
		{"other.scope", "UAT.Access", "="},
		{"other.scopes.0", "UAT.Access", "="},
		{"other.other-scope", "Shared.Access", "="},
		{"other.shared-scope", "Shared.Access", "="},
		{"other.role", "UAT.Access", "="},
		{"other.client.id", "0d2c0000-0001-4c11-8000-00000000f001", "="},
		{"other.clients.other.id", "0d2c0000-0001-4c11-8000-00000000d001", "="},
		{"other.user.sub", "none", "="},
		{"other.host", "uat.example:8443", "="},
		{"other.hostname", "uat.example", "="},
		{"other.route.path", "/shop/v1/pong", "="},
		{"other.other-route", "none", "="},
		{"second.audience", "b1111111-b111-4a10-8004-0123456789b2", "="},
		{"second.app-id", "b1111111-b111-4a10-8004-0123456789b2", "="},
		{"second.uri", "api://billing.all", "="},
		{"second.scope", "Billing.Read", "="},
		{"second.scopes.0", "Billing.Read", "="},
		{"second.other-scope", "none", "="},
		{"second.shared-scope", "none", "="},
		{"second.role", "Billing.All", "="},
		{"second.client.id", "none", "="},
		{"second.clients.both.id", "none", "="},
		{"second.user.sub", "none", "="},
		{"second.host", "none", "="},
		{"second.hostname", "none", "="},
		{"second.route.path", "none", "="},
		{"second.other-route", "none", "="},
		{"tenant.id", "7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40", "="},
		{"tenant.issuer", "https://sts.windows.net/7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40/", "https://login.microsoftonline.com/7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40/v2.0"},
		{"own.id", "7e57ed00-0000-4000-8000-000000000001", "="},
		{"own.issuer", ownIssuer, "="},
		{"callout.host", "127.0.0.1:9", "="},
		{"callout.url", "http://127.0.0.1:9/callout", "="},
		{"now", "1700000000", "="},
		{"skew", "90", "="},
		{"guids | take 2", `["67209000-0000-4000-8000-000000000000","67209000-0000-4000-8000-000000000001"]`, "="},
		{"zeros | take 3", "\x00\x00\x00", "="},
	}
	for _, owner := range []string{"tenant", "next", "own"} {
		for _, member := range []string{"kid", "pem", "der", "cert", "file"} {
			rows = append(rows, struct{ name, v1, v2 string }{owner + "." + member, owner + "-" + member, "="},
				struct{ name, v1, v2 string }{owner + ".key." + member, owner + "-" + member, "="})
		}
		rows = append(rows, struct{ name, v1, v2 string }{owner + ".key", owner + "-pem", "="},
			struct{ name, v1, v2 string }{owner + ".jwk", `{"kty":"RSA","kid":"` + owner + `"}`, "="},
			struct{ name, v1, v2 string }{owner + ".jwk.kid", owner, "="},
			struct{ name, v1, v2 string }{owner + ".key.jwk.kty", "RSA", "="},
			struct{ name, v1, v2 string }{owner + ".jwk.x5c", "none", "="},
			struct{ name, v1, v2 string }{owner + ".key.jwk", `{"kty":"RSA","kid":"` + owner + `"}`, "="})
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := map[mint.Version]string{mint.V1: tt.v1, mint.V2: tt.v2}
			if tt.v2 == "=" {
				want[mint.V2] = tt.v1
			}
			for version, want := range want {
				if got := placeholder(t, setting(t, version), tt.name); got != want {
					t.Errorf("%s: expected %q, got %q", version, want, got)
				}
			}
		})
	}
}

// TestHostname: the port alone is taken off, from whatever may stand before it.
func TestHostname(t *testing.T) {
	t.Parallel()
	for gateway, want := range map[string]string{
		"https://gw.example/orders":      "gw.example",
		"https://gw.example:8443/orders": "gw.example",
		"http://127.0.0.1:8080":          "127.0.0.1",
		"http://[::1]:8080/orders":       "[::1]",
		"http://[::1]/orders":            "[::1]",
	} {
		s := setting(t, mint.V2)
		s.Gateway.URL = gateway
		if got := placeholder(t, s, "home.hostname"); got != want {
			t.Errorf("%s: expected %q, got %q", gateway, want, got)
		}
	}
}

// placeholder is what a placeholder becomes, none where the target has none.
func placeholder(t *testing.T, s Setting, name string) string {
	t.Helper()
	e, err := value.Parse("${" + name + "}")
	if err != nil {
		t.Fatal(err)
	}
	text, err := e.Text(s)
	var unknown *value.UnknownError
	if errors.As(err, &unknown) {
		return "none"
	}
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestMadeUpScope: where a registration has no scope beside the required one, a
// mock gives one all the same, and the real tenant none.
func TestMadeUpScope(t *testing.T) {
	t.Parallel()
	s := setting(t, mint.V2)
	s.Home.APIs[0].Scopes, s.Home.APIs[1].Scopes = s.Home.Requires.Scopes, s.Home.Requires.Scopes
	if got := placeholder(t, s, "home.other-scope"); got != "Other.Access" {
		t.Errorf("expected a scope that no registration has, got %q", got)
	}
	s.Home.Requires.Scopes = []string{"Other.Access"}
	s.Home.APIs[0].Scopes, s.Home.APIs[1].Scopes = s.Home.Requires.Scopes, s.Home.Requires.Scopes
	if got := placeholder(t, s, "home.other-scope"); got != "none" {
		t.Errorf("expected never the required scope, got %q", got)
	}
	s.Target.Tokens = targets.Tokens{Entra: &targets.Entra{}}
	s.Home.Requires.Scopes = []string{"DEV.Access"}
	s.Home.APIs[0].Scopes, s.Home.APIs[1].Scopes = s.Home.Requires.Scopes, s.Home.Requires.Scopes
	if got := placeholder(t, s, "home.other-scope"); got != "none" {
		t.Errorf("expected none in the real tenant, got %q", got)
	}
}

// TestPlaceholdersOfNobody: what a target does not have is an UnknownError and
// never a crash or an empty text, whatever the path.
func TestPlaceholdersOfNobody(t *testing.T) {
	t.Parallel()
	s := setting(t, mint.V2)
	s.Other, s.UserSub, s.CalloutURL, s.Tenant, s.Next, s.Own = nil, "", "", KeyText{}, KeyText{}, KeyText{}
	s.Target.APIs = s.Target.APIs[:3]
	for _, name := range []string{
		"", "home", "other", "second", "tenant", "own", "tenant.key", "own.jwk", "own.jwk.x5c", "tenant.kid", "next.kid", "other.audience", "other.host", "second.audience",
		"home.user.sub", "home.shared-scope", "callout", "callout.host", "callout.url", "token", "bad", "home.scopes.-1", "home.scopes.x", "nothing.at.all",
	} {
		path := strings.Split(name, ".")
		if name == "" {
			path = nil
		}
		v, err := s.Lookup(path)
		var unknown *value.UnknownError
		if !errors.As(err, &unknown) || unknown.Path != name {
			t.Errorf("%q: expected an UnknownError, got %v, %v", name, v, err)
		}
	}
}

// TestSharedScope: a mock gives any scope to any client, so there a name is
// made up; the real tenant must have one.
func TestSharedScope(t *testing.T) {
	t.Parallel()
	s := setting(t, mint.V2)
	s.Home = &targets.Environment{APIs: []*targets.API{{Scopes: []string{"Only.Here"}}}}
	if got := placeholder(t, s, "home.shared-scope"); got != "Shared.Access" {
		t.Errorf("mock: expected a made-up name, got %q", got)
	}
	s.Target.Tokens = targets.Tokens{Entra: &targets.Entra{}}
	if got := placeholder(t, s, "home.shared-scope"); got != "none" {
		t.Errorf("real tenant: expected none, got %q", got)
	}
}

// TestAudience is the aud of a registration's tokens (entra-tokens 2.2).
func TestAudience(t *testing.T) {
	t.Parallel()
	v1 := &targets.API{AppID: "guid", URIs: []string{"api://uri"}, Version: mint.V1}
	v2 := &targets.API{AppID: "guid", URIs: []string{"api://uri"}, Version: mint.V2}
	bare := &targets.API{AppID: "guid", Version: mint.V1}
	rows := []struct {
		name string
		api  *targets.API
		form string
		want string
	}{
		{"v1", v1, "", "api://uri"},
		{"v1 by uri", v1, "uri", "api://uri"},
		{"v1 by GUID", v1, "app-id", "guid"},
		{"v2", v2, "", "guid"},
		{"v2 by uri", v2, "uri", "guid"},
		{"v1 without URI", bare, "", "guid"},
	}
	for _, tt := range rows {
		if diff := cmp.Diff(tt.want, Audience(tt.api, tt.form)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}
