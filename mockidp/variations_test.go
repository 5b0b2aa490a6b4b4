package mockidp

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// variation is one field of Variations: what a request shows without and with
// it.
type variation struct {
	name          string
	vary          func(*Variations)
	show          func(*testing.T, *Issuer) string
	without, with string
}

func variations() []variation {
	description := func(t *testing.T, i *Issuer) string {
		t.Helper()
		text, _ := fetch(t, i.URL()+"/contoso/discovery/keys").json["error_description"].(string)
		return strings.TrimPrefix(text[strings.Index(text, "."):strings.Index(text, "Trace ID")], ".")
	}
	member := func(path, name string) func(*testing.T, *Issuer) string {
		return func(t *testing.T, i *Issuer) string {
			t.Helper()
			text, _ := fetch(t, i.URL()+path).json[name].(string)
			return strings.TrimPrefix(text, i.URL())
		}
	}
	correlated := func(read func(answer) string) func(*testing.T, *Issuer) string {
		return func(t *testing.T, i *Issuer) string {
			t.Helper()
			a := post(t, i.URL()+"/"+tenantA+"/oauth2/token", nil, func(r *http.Request) { r.Header.Set("client-request-id", tenantB) })
			if got := read(a); got != "" && got != tenantB {
				return "another"
			}
			return read(a)
		}
	}
	return []variation{
		{"DescriptionsInLines", func(v *Variations) { v.DescriptionsInLines = true }, description, " ", "\r\n"},
		{"InvalidTenantAtToken", func(v *Variations) { v.InvalidTenantAtToken = true }, func(t *testing.T, i *Issuer) string {
			t.Helper()
			return post(t, i.URL()+"/nobody.example/oauth2/v2.0/token", nil, nil).json["error"].(string)
		}, "invalid_request", "invalid_tenant"},
		{"UnassignedInvalidClient", func(v *Variations) { v.UnassignedInvalidClient = true }, func(t *testing.T, i *Issuer) string {
			t.Helper()
			a := post(t, i.URL()+"/"+tenantA+"/oauth2/token", form("grant_type", "client_credentials", "client_id", worker, "client_secret", secret, "resource", "api://closed"), nil)
			return http.StatusText(a.status) + " " + a.json["error"].(string)
		}, "Bad Request invalid_grant", "Unauthorized invalid_client"},
		{"FreshCorrelation", func(v *Variations) { v.FreshCorrelation = true }, correlated(func(a answer) string { return a.json["correlation_id"].(string) }), tenantB, "another"},
		{"EchoUnasked", func(v *Variations) { v.EchoUnasked = true }, correlated(func(a answer) string { return a.header.Get("client-request-id") }), "", tenantB},
		{"DiscoveryOf2024", func(v *Variations) { v.DiscoveryOf2024 = true }, lateMembers, "self_signed_tls_client_auth mtls_endpoint_aliases tls_client_certificate_bound_access_tokens", ""},
		{"OrganizationsInV1", func(v *Variations) { v.OrganizationsInV1 = true }, member("/organizations/.well-known/openid-configuration", "issuer"), "", "https://sts.windows.net/{tenantid}/"},
		{"OrganizationsInV1, v2", func(v *Variations) { v.OrganizationsInV1 = true }, member("/organizations/v2.0/.well-known/openid-configuration", "jwks_uri"), "/organizations/discovery/v2.0/keys", "/organizations/discovery/v2.0/keys"},
		{"ConsumersByName", func(v *Variations) { v.ConsumersByName = true }, member("/consumers/v2.0/.well-known/openid-configuration", "jwks_uri"), "/" + mint.ConsumerTenant + "/discovery/v2.0/keys", "/consumers/discovery/v2.0/keys"},
		{"CommonKeysInV1", func(v *Variations) { v.CommonKeysInV1 = true }, member("/"+tenantA+"/.well-known/openid-configuration", "jwks_uri"), "/" + tenantA + "/discovery/keys", "/common/discovery/keys"},
		{"KeysNameCloud", func(v *Variations) { v.KeysNameCloud = true }, cloudOfKeys, "", "microsoftonline.com"},
	}
}

// lateMembers are the members of v2 discovery that came after February 2024.
func lateMembers(t *testing.T, i *Issuer) string {
	t.Helper()
	a := fetch(t, i.URL()+"/"+tenantA+"/v2.0/.well-known/openid-configuration")
	var late []string
	if strings.Contains(a.text, "self_signed_tls_client_auth") {
		late = append(late, "self_signed_tls_client_auth")
	}
	for _, name := range a.names {
		if strings.Contains(name, "tls_") {
			late = append(late, name)
		}
	}
	return strings.Join(late, " ")
}

// cloudOfKeys is cloud_instance_name of the v2 set's first key; the v1 set never
// has one.
func cloudOfKeys(t *testing.T, i *Issuer) string {
	t.Helper()
	if v1 := fetch(t, i.JWKSURL(tenantA, mint.V1)); strings.Contains(v1.text, "cloud_instance_name") {
		t.Errorf("the v1 set: %s", v1.text)
	}
	keys, _ := fetch(t, i.JWKSURL(tenantA, mint.V2)).json["keys"].([]any)
	name, _ := keys[0].(map[string]any)["cloud_instance_name"].(string)
	return name
}

// TestVariations: each one changes what it says and is off by default; none has
// no row.
func TestVariations(t *testing.T) {
	for i := range reflect.TypeFor[Variations]().NumField() {
		name := reflect.TypeFor[Variations]().Field(i).Name
		if !slices.ContainsFunc(variations(), func(v variation) bool { return v.name == name }) {
			t.Errorf("%s has no row", name)
		}
	}
	for _, row := range variations() {
		t.Run(row.name, func(t *testing.T) {
			for _, varied := range []bool{false, true} {
				cfg := testConfig(t)
				cfg.Directory.APIs["closed"] = API{AppID: tenantB, URIs: []string{"api://closed"}, AssignmentRequired: true}
				want := row.without
				if varied {
					row.vary(&cfg.Variations)
					want = row.with
				}
				if got := row.show(t, Start(t, cfg)); got != want {
					t.Errorf("varied %t: got %q, want %q", varied, got, want)
				}
			}
		})
	}
}
