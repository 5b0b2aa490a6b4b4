package mockidp

import (
	"net/http"
	"strings"
	"testing"
)

// TestUserRealm is one row a user about whom a library asks before it sends a
// password.
func TestUserRealm(t *testing.T) {
	cfg := testConfig(t)
	cfg.Directory.Tenants = map[string]Tenant{tenantA: {Domains: []string{"Orders.example"}}}
	cfg.Directory.Users = map[string]User{"bob": {Username: "bob@Fabrikam.example"}}
	i := Start(t, cfg)
	for _, row := range []struct{ name, path, kind, domain string }{
		{"a tenant's domain", "/common/UserRealm/alice@orders.example", "Managed", "orders.example"},
		{"as MSAL Python writes it", "/common/userrealm/alice@orders.example", "Managed", "orders.example"},
		{"escaped, in upper case", "/common/UserRealm/ALICE%40ORDERS.EXAMPLE", "Managed", "ORDERS.EXAMPLE"},
		{"a user's domain", "/common/UserRealm/eve@fabrikam.example", "Managed", "fabrikam.example"},
		{"a domain nobody has", "/common/UserRealm/alice@nowhere.example", "Unknown", "nowhere.example"},
		{"no domain", "/common/UserRealm/alice", "Unknown", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := fetch(t, i.URL()+row.path+"?api-version=1.0")
			if a.status != http.StatusOK || a.header.Get("Content-Disposition") != "inline; filename=userrealm.json" || a.header.Get("Cache-Control") != "no-store, no-cache" {
				t.Fatalf("%d %v %s", a.status, a.header, a.text)
			}
			if got := strings.Join(a.names, " "); got != "ver account_type domain_name cloud_instance_name cloud_audience_urn" {
				t.Errorf("members %s", got)
			}
			if a.json["account_type"] != row.kind || a.json["domain_name"] != row.domain {
				t.Errorf("got %s", a.text)
			}
		})
	}
	if a := fetch(t, i.URL()+"/common/UserRealm/alice@orders.example"); a.status != http.StatusBadRequest || codeOf(a) != 90014 {
		t.Errorf("without a version: %d %s", a.status, a.text)
	}
}
