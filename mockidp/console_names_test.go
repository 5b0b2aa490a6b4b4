package mockidp

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

const (
	contoso  = "7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40"
	fabrikam = "8c2e6a17-4b0f-4d92-9c33-5d1b7e604f88"
)

// told writes a naming in one line: - before what is not named.
func (n naming) told() string {
	line := n.API
	for _, way := range []named{n.Audience, n.Client, n.Right, n.Tenant} {
		line += " | " + map[bool]string{true: "+", false: "-"}[way.Yes] + way.Text
	}
	return line
}

// namingsOf are those of the default directory's APIs whose name begins with a
// word, for claims over those of a genuine token for orders-dev.
func namingsOf(t *testing.T, prefix, changes string) []string {
	t.Helper()
	payload, err := value.ParseJSON([]byte(`{"aud":"6e740000-0d0e-4a10-8001-0123456789d2","iss":"https://login.microsoftonline.com/` + contoso + `/v2.0",` +
		`"azp":"0d2c0000-0001-4c11-8000-00000000d001","roles":["DEV.Access"],"tid":"` + contoso + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	over, err := value.ParseJSON([]byte(changes))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range over.Members {
		if m.Value.Kind == value.Null {
			payload = payload.Remove(m.Name)
		} else {
			payload = payload.Set(m.Name, m.Value)
		}
	}
	var lines []string
	for _, n := range DefaultDirectory().snapshot().namings(payload, mint.EntraIssuers) {
		if strings.HasPrefix(n.API, prefix) {
			lines = append(lines, n.told())
		}
	}
	return lines
}

// TestNamings is one row a token: what it holds of the registration's words.
func TestNamings(t *testing.T) {
	t.Parallel()
	const client, right, tenant = "+worker-dev: role DEV.Access", "+roles DEV.Access", "+tid and iss"
	line := func(audience, client, right, tenant string) string {
		return "orders-dev | " + strings.Join([]string{audience, client, right, tenant}, " | ")
	}
	for _, row := range []struct{ reason, changes, want string }{
		{"genuine", `{}`, line("+its app id", client, right, tenant)},
		{"app-id-in-capitals", `{"aud":"6E740000-0D0E-4A10-8001-0123456789D2"}`, line("+its app id", client, right, tenant)},
		{"by-uri", `{"aud":"api://orders.dev"}`, line("+its App ID URI api://orders.dev", client, right, tenant)},
		{"by-own-uri", `{"aud":"api://6e740000-0d0e-4a10-8001-0123456789d2"}`, line("+its App ID URI api://6e740000-0d0e-4a10-8001-0123456789d2", client, right, tenant)},
		{"uri-in-capitals", `{"aud":"API://orders.dev"}`, line("-none of its names", client, right, tenant)},
		{"uri-with-slash", `{"aud":"api://orders.dev/"}`, line("-none of its names", client, right, tenant)},
		{"longer-uri", `{"aud":"api://orders.dev-evil"}`, line("-none of its names", client, right, tenant)},
		{"one-of-a-list", `{"aud":["x","api://orders.dev"]}`, line("+its App ID URI api://orders.dev", client, right, tenant)},
		{"no-audience", `{"aud":null}`, line("-no aud", client, right, tenant)},
		{"audience-is-a-number", `{"aud":1}`, line("-no aud", client, right, tenant)},
		{"client-by-appid", `{"azp":null,"appid":"0d2c0000-0001-4c11-8000-00000000d001"}`, line("+its app id", client, right, tenant)},
		{"client-in-capitals", `{"azp":"0D2C0000-0001-4C11-8000-00000000D001"}`, line("+its app id", client, right, tenant)},
		{"client-only-as-client-id", `{"azp":null,"client_id":"0d2c0000-0001-4c11-8000-00000000d001"}`, line("+its app id", "-neither appid nor azp", right, tenant)},
		{"client-of-another", `{"azp":"0d2c0000-0001-4c11-8000-00000000f001"}`, line("+its app id", "-worker-uat has no grant here", right, tenant)},
		{"client-unknown", `{"azp":"00000000-0000-4000-8000-000000000000"}`, line("+its app id", "-no client of this id", right, tenant)},
		{"client-by-permission", `{"azp":"de500000-0008-4c11-8000-00000000a008"}`, line("+its app id", "+desktop: scope DEV.Access", right, tenant)},
		{"scope", `{"roles":null,"scp":"DEV.Admin User.Read"}`, line("+its app id", client, "+scp DEV.Admin", tenant)},
		{"scope-and-role", `{"scp":"DEV.Access"}`, line("+its app id", client, "+roles DEV.Access, scp DEV.Access", tenant)},
		{"scope-as-list", `{"roles":null,"scp":["DEV.Access"]}`, line("+its app id", client, "+scp DEV.Access", tenant)},
		{"scope-part-of-word", `{"roles":null,"scp":"DEV.Accessory"}`, line("+its app id", client, "-none of its scopes and roles", tenant)},
		{"role-of-another", `{"roles":["UAT.Access"]}`, line("+its app id", client, "-none of its scopes and roles", tenant)},
		{"no-right", `{"roles":null}`, line("+its app id", client, "-neither scp nor roles", tenant)},
		{"other-tenant", fmt.Sprintf(`{"tid":%q}`, fabrikam), line("+its app id", client, right, "-iss is not of this tenant")},
		{"other-tenant-altogether", fmt.Sprintf(`{"tid":%q,"iss":"https://sts.windows.net/%s/"}`, fabrikam, fabrikam), line("+its app id", client, right, tenant)},
		{"unknown-tenant", `{"tid":"00000000-0000-4000-8000-000000000000"}`, line("+its app id", client, right, "-no tenant of this id")},
		{"no-tenant", `{"tid":null}`, line("+its app id", client, right, "-no tid")},
		{"issuer-elsewhere", `{"iss":"https://issuer.invalid/"}`, line("+its app id", client, right, "-iss is not of this tenant")},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(row.want, namingsOf(t, "orders-dev", row.changes)[0]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestNamingsOfOthers: every registration has its line, and the one whose
// tenants are others says so.
func TestNamingsOfOthers(t *testing.T) {
	t.Parallel()
	all := DefaultDirectory().snapshot().namings(value.Dict(), mint.EntraIssuers)
	if len(all) != 7 {
		t.Fatalf("expected 7 registrations, got %d", len(all))
	}
	for _, n := range all {
		if n.Any() || n.All() {
			t.Errorf("an empty token names %s: %s", n.API, n.told())
		}
	}
	d := Directory{APIs: map[string]API{"a": {AppID: apiV2, Tenants: []string{tenantB}}, "b": {AppID: apiV1}}}
	payload := value.Dict(value.Member{Name: "tid", Value: value.String(tenantA)}, value.Member{Name: "iss", Value: value.String(mint.EntraIssuers(tenantA).V1)})
	got := d.snapshot().namings(payload, mint.EntraIssuers)
	if got[0].Tenant != (named{false, "the tenant does not have it"}) || got[1].Tenant != (named{true, "every GUID is a tenant"}) {
		t.Errorf("got %q and %q", got[0].told(), got[1].told())
	}
	if named := (naming{Tenant: named{Yes: true}}); named.Any() {
		t.Error("the tenant alone names no environment: they share it")
	}
}
