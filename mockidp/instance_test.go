package mockidp

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestInstanceDiscovery is one row a request: what is answered, or which number.
func TestInstanceDiscovery(t *testing.T) {
	cfg := testConfig(t)
	cfg.Directory.Tenants = map[string]Tenant{tenantA: {Domains: []string{"orders.example"}}}
	i := Start(t, cfg)
	host := strings.TrimPrefix(i.URL(), "http://")
	for _, row := range []struct {
		name      string
		query     url.Values
		discovery string
		code      float64
		oauth     string
	}{
		{"of Microsoft", form("api-version", "1.1", "authorization_endpoint", "https://login.microsoftonline.com/"+tenantA+"/oauth2/v2.0/authorize"), "https://login.microsoftonline.com/" + tenantA + "/v2.0/.well-known/openid-configuration", 0, ""},
		{"an alias", form("api-version", "1.1", "authorization_endpoint", "https://STS.windows.net/common/oauth2/v2.0/authorize"), "https://STS.windows.net/common/v2.0/.well-known/openid-configuration", 0, ""},
		{"the v1 endpoint", form("api-version", "1.1", "authorization_endpoint", "https://login.windows.net/common/oauth2/authorize"), "https://login.windows.net/common/.well-known/openid-configuration", 0, ""},
		{"ours, by id", form("api-version", "1.1", "authorization_endpoint", "https://"+host+"/"+tenantA+"/oauth2/v2.0/authorize"), i.URL() + "/" + tenantA + "/v2.0/.well-known/openid-configuration", 0, ""},
		{"ours, by domain", form("api-version", "1.1", "authorization_endpoint", "https://"+host+"/orders.example/oauth2/v2.0/authorize"), i.URL() + "/orders.example/v2.0/.well-known/openid-configuration", 0, ""},
		{"ours, organizations", form("api-version", "1.1", "authorization_endpoint", "https://"+host+"/organizations/oauth2/v2.0/authorize"), i.URL() + "/organizations/v2.0/.well-known/openid-configuration", 0, ""},
		{"ours, consumers", form("api-version", "1.1", "authorization_endpoint", "https://"+host+"/consumers/oauth2/v2.0/authorize"), i.URL() + "/consumers/v2.0/.well-known/openid-configuration", 0, ""},
		{"by issuer", form("api-version", "1.1", "issuer", "https://"+host+"/"+tenantA+"/"), i.URL() + "/" + tenantA + "/.well-known/openid-configuration", 0, ""},
		{"version 1.0", form("api-version", "1.0", "authorization_endpoint", "https://"+host+"/common/oauth2/v2.0/authorize"), i.URL() + "/common/v2.0/.well-known/openid-configuration", 0, ""},
		{"unknown host", form("api-version", "1.1", "authorization_endpoint", "https://login.example/common/oauth2/v2.0/authorize"), "", 50049, "invalid_instance"},
		{"a host that only begins as ours", form("api-version", "1.1", "authorization_endpoint", "https://login.microsoftonline.com.example/common/oauth2/v2.0/authorize"), "", 50049, "invalid_instance"},
		{"no version", form("authorization_endpoint", "https://login.microsoftonline.com/common/oauth2/authorize"), "", 500501, "invalid_request"},
		{"a version that is none", form("api-version", "2.0", "authorization_endpoint", "https://login.microsoftonline.com/common/oauth2/authorize"), "", 500501, "invalid_request"},
		{"no authority", form("api-version", "1.1"), "", 500502, "invalid_request"},
		{"two authorities", form("api-version", "1.1", "issuer", "https://sts.windows.net/common/", "authorization_endpoint", "https://sts.windows.net/common/oauth2/authorize"), "", 500502, "invalid_request"},
		{"without TLS", form("api-version", "1.1", "authorization_endpoint", "http://login.microsoftonline.com/common/oauth2/authorize"), "", 50050, "invalid_request"},
		{"no URL", form("api-version", "1.1", "authorization_endpoint", "%"), "", 50050, "invalid_request"},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := fetch(t, i.URL()+"/common/discovery/instance?"+row.query.Encode())
			if row.code != 0 {
				if codes, _ := a.json["error_codes"].([]any); a.status != 400 || a.json["error"] != row.oauth || len(codes) != 1 || codes[0] != row.code {
					t.Errorf("%d %s", a.status, a.text)
				}
				return
			}
			if a.status != 200 || a.json["tenant_discovery_endpoint"] != row.discovery || a.header.Get("Cache-Control") != "max-age=86400, private" {
				t.Fatalf("%d %v %s", a.status, a.header, a.text)
			}
			want := "tenant_discovery_endpoint api-version metadata"
			if row.query.Get("api-version") == "1.0" {
				want = "tenant_discovery_endpoint"
			}
			if got := strings.Join(a.names, " "); got != want {
				t.Errorf("members %s", got)
			}
			if strings.HasPrefix(row.discovery, i.URL()) {
				if doc := fetch(t, row.discovery); doc.status != 200 {
					t.Errorf("the document that it names: %d %s", doc.status, doc.text)
				}
			}
		})
	}
	if a := fetch(t, i.URL()+"/"+tenantA+"/discovery/instance?api-version=1.1"); a.status != 404 {
		t.Errorf("under a tenant: %d", a.status)
	}
}

// TestInstances: every cloud with its aliases, in the order of entra-tokens 3.5.
func TestInstances(t *testing.T) {
	i := Start(t, testConfig(t))
	a := fetch(t, i.URL()+"/common/discovery/instance?"+form("api-version", "1.1", "authorization_endpoint", "https://login.microsoftonline.com/common/oauth2/authorize").Encode())
	_, metadata, _ := strings.Cut(a.text, `"metadata":`)
	want := `[{"preferred_network":"login.microsoftonline.com","preferred_cache":"login.windows.net","aliases":["login.microsoftonline.com","login.windows.net","login.microsoft.com","sts.windows.net"]},` +
		`{"preferred_network":"login.partner.microsoftonline.cn","preferred_cache":"login.partner.microsoftonline.cn","aliases":["login.partner.microsoftonline.cn","login.chinacloudapi.cn"]},` +
		`{"preferred_network":"login.microsoftonline.de","preferred_cache":"login.microsoftonline.de","aliases":["login.microsoftonline.de"]},` +
		`{"preferred_network":"login.microsoftonline.us","preferred_cache":"login.microsoftonline.us","aliases":["login.microsoftonline.us","login.usgovcloudapi.net"]},` +
		`{"preferred_network":"login-us.microsoftonline.com","preferred_cache":"login-us.microsoftonline.com","aliases":["login-us.microsoftonline.com"]}]}`
	if metadata != want {
		t.Errorf("metadata %s", metadata)
	}
}

// TestInstanceHost: an issuer that others reach by a name knows itself by it.
func TestInstanceHost(t *testing.T) {
	cfg := testConfig(t)
	cfg.PublicURL = "https://issuer.staging.example"
	i := Start(t, cfg)
	q := form("api-version", "1.1", "authorization_endpoint", "https://issuer.staging.example/"+tenantA+"/oauth2/v2.0/authorize")
	if a := fetch(t, i.URL()+"/common/discovery/instance?"+q.Encode()); a.json["tenant_discovery_endpoint"] != "https://issuer.staging.example/"+tenantA+"/v2.0/.well-known/openid-configuration" {
		t.Errorf("%d %s", a.status, a.text)
	}
}

// TestMetadataForScripts: what every origin may read, errors too, and what
// OPTIONS comes to; nothing else may be read (entra-tokens 3.6).
func TestMetadataForScripts(t *testing.T) {
	i := Start(t, testConfig(t))
	for _, row := range []struct {
		name, path string
		status     int
		readable   bool
	}{
		{"discovery v2", "/" + tenantA + "/v2.0/.well-known/openid-configuration", 200, true},
		{"discovery v1", "/common/.well-known/openid-configuration", 200, true},
		{"keys v2", "/" + tenantA + "/discovery/v2.0/keys", 200, true},
		{"keys v1", "/organizations/discovery/keys", 200, true},
		{"keys of consumers", "/consumers/discovery/v2.0/keys", 200, true},
		{"instance", "/common/discovery/instance?" + form("api-version", "1.0", "authorization_endpoint", "https://login.microsoftonline.com/common").Encode(), 200, true},
		{"a tenant that is none", "/contoso/v2.0/.well-known/openid-configuration", 400, true},
		{"an instance that is none", "/common/discovery/instance?" + form("api-version", "1.1", "authorization_endpoint", "https://login.example/common").Encode(), 400, true},
		{"a key as PEM", "/" + tenantA + "/discovery/keys/x.pem", 404, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			origin, methods := "", ""
			if row.readable {
				origin, methods = "*", "GET, OPTIONS"
			}
			a := fetch(t, i.URL()+row.path)
			if a.status != row.status || a.header.Get("Access-Control-Allow-Origin") != origin || a.header.Get("Access-Control-Allow-Methods") != methods {
				t.Errorf("GET: %d %v", a.status, a.header)
			}
			if row.status != 200 {
				return
			}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, i.URL()+row.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Origin", "https://spa.example")
			r.Header.Set("Access-Control-Request-Method", "GET")
			if a := do(t, client(t), r); a.status != 200 || a.text != "" || a.header.Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("OPTIONS: %d %v %q", a.status, a.header, a.text)
			}
		})
	}
	if a := post(t, i.URL()+"/"+tenantA+"/oauth2/v2.0/token", nil, func(r *http.Request) { r.Header.Set("Origin", "https://spa.example") }); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("the token endpoint is no metadata: %v", a.header)
	}
}
