package mockidp

import (
	"strings"
	"testing"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// TestTenantNames is one row a way to call a tenant: what the documents of either
// version make of it, and that the keys are the same everywhere (entra-tokens
// 3.3, 0 line 20).
func TestTenantNames(t *testing.T) {
	cfg := testConfig(t)
	cfg.Directory.Tenants = map[string]Tenant{tenantA: {Domains: []string{"orders.example"}, Region: "NA"}, tenantB: {}}
	i := Start(t, cfg)
	for _, row := range []struct {
		name, called string
		path, id     string // in URLs, and in issuers
		region       any
		v1           bool // has a v1 document
	}{
		{"by id", tenantA, tenantA, tenantA, "NA", true},
		{"by id, in upper case", strings.ToUpper(tenantA), tenantA, tenantA, "NA", true},
		{"by domain", "orders.example", tenantA, tenantA, "NA", true},
		{"by domain, in another case", "Orders.EXAMPLE", tenantA, tenantA, "NA", true},
		{"another tenant", tenantB, tenantB, tenantB, "EU", true},
		{"common", "common", "common", "{tenantid}", nil, true},
		{"organizations", "organizations", "organizations", "{tenantid}", nil, false},
		{"consumers", "consumers", mint.ConsumerTenant, mint.ConsumerTenant, "EU", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			at := i.URL() + "/" + row.called
			v2 := fetch(t, at+"/v2.0/.well-known/openid-configuration")
			for name, want := range map[string]any{
				"issuer": "https://login.microsoftonline.com/" + row.id + "/v2.0", "jwks_uri": i.URL() + "/" + row.path + "/discovery/v2.0/keys",
				"token_endpoint": i.URL() + "/" + row.path + "/oauth2/v2.0/token", "tenant_region_scope": row.region,
			} {
				if v2.json[name] != want {
					t.Errorf("v2 %s: got %v, want %v", name, v2.json[name], want)
				}
			}
			v1 := fetch(t, at+"/.well-known/openid-configuration")
			if row.v1 && (v1.json["issuer"] != "https://sts.windows.net/"+row.id+"/" || v1.json["jwks_uri"] != i.URL()+"/"+row.path+"/discovery/keys") {
				t.Errorf("v1: %d %s", v1.status, v1.text)
			}
			if !row.v1 && (v1.status != 400 || v1.json["error"] != "invalid_tenant") {
				t.Errorf("v1: %d %s", v1.status, v1.text)
			}
			for path, v := range map[string]mint.Version{"/discovery/keys": mint.V1, "/discovery/v2.0/keys": mint.V2} {
				if keys := fetch(t, at+path); keys.status != 200 || keys.text != fetch(t, i.JWKSURL(tenantA, v)).text {
					t.Errorf("%s: %d %s", path, keys.status, keys.text)
				}
			}
		})
	}
}
