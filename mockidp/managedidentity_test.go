package mockidp

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/mockidp/mint"
)

const (
	machine     = "0d2c1111-0000-4000-8000-0000000000e1"
	pipeline    = "0d2c1111-0000-4000-8000-0000000000e2"
	nightly     = "0d2c1111-0000-4000-8000-0000000000e3"
	pipelineOID = "0d2c1111-0000-4000-8000-0000000000f2"
	machineID   = "/subscriptions/1/resourcegroups/r/providers/Microsoft.Compute/virtualMachines/m"
	pipelineID  = "/subscriptions/1/resourcegroups/r/providers/Microsoft.ManagedIdentity/userAssignedIdentities/pipeline"
	nightlyID   = "/subscriptions/1/resourcegroups/r/providers/Microsoft.ManagedIdentity/userAssignedIdentities/nightly"
	hostHeader  = "the-header-of-the-application"
)

// withIdentities has a machine's own identity and two that were assigned to it;
// of another tenant and disabled ones are nobody's.
func withIdentities(cfg *Config) {
	cfg.ManagedIdentity = ManagedIdentity{Tenant: tenantA, Header: hostHeader}
	roles := map[string][]string{"orders-dev": {"DEV.Access"}}
	for name, c := range map[string]ClientRegistration{
		"machine":  {ID: machine, ManagedIdentity: machineID, Roles: roles},
		"pipeline": {ID: pipeline, ObjectID: pipelineOID, ManagedIdentity: pipelineID, Roles: roles},
		"nightly":  {ID: nightly, ManagedIdentity: nightlyID, Tenants: []string{tenantA}},
		"other":    {ID: tenantB, ManagedIdentity: "/subscriptions/2/other", Tenants: []string{tenantB}},
		"off":      {ID: apiOwn, ManagedIdentity: "/subscriptions/1/off", Disabled: true},
	} {
		cfg.Directory.Clients[name] = c
	}
	cfg.Directory.APIs["closed"] = API{AppID: pipelineOID, URIs: []string{"api://closed"}, AssignmentRequired: true}
	cfg.Directory.Tenants = map[string]Tenant{tenantA: {}, tenantB: {}}
}

// atIdentityHost asks one of the two hosts.
func atIdentityHost(t *testing.T, i *Issuer, path string, query url.Values, change func(*http.Request)) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, i.URL()+path+"?"+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(r)
	}
	return do(t, client(t), r)
}

const metadataPath, appServicePath = "/metadata/identity/oauth2/token", "/msi/token"

func asMachine(r *http.Request) { r.Header.Set("Metadata", "true") }
func asApp(r *http.Request)     { r.Header.Set("X-IDENTITY-HEADER", hostHeader) }

// TestManagedIdentity is one row an identity, at both hosts: whose token it is,
// and what it says.
func TestManagedIdentity(t *testing.T) {
	cfg := testConfig(t)
	withIdentities(&cfg)
	i := Start(t, cfg)
	ask := func(pairs ...string) url.Values {
		return form(append([]string{"api-version", "2019-08-01"}, pairs...)...)
	}
	for _, row := range []struct {
		name         string
		query        url.Values
		client, mine string
		aud, ver     string
	}{
		{"the machine's own", ask("resource", "api://orders.dev"), machine, machineID, apiV2, "2.0"},
		{"a v1 API", ask("resource", "api://orders-uat"), machine, machineID, "api://orders-uat", "1.0"},
		{"Resource Manager", ask("resource", "https://management.azure.com/"), machine, machineID, "https://management.azure.com/", "1.0"},
		{"Graph", ask("resource", "https://graph.microsoft.com"), machine, machineID, "https://graph.microsoft.com", "1.0"},
		{"by client id", ask("resource", "api://orders.dev", "client_id", strings.ToUpper(pipeline)), pipeline, pipelineID, apiV2, "2.0"},
		{"by object id", ask("resource", "api://orders.dev", "object_id", pipelineOID), pipeline, pipelineID, apiV2, "2.0"},
		{"by principal id", ask("resource", "api://orders.dev", "principal_id", mint.Client{ID: nightly}.ServicePrincipal(tenantA)), nightly, nightlyID, apiV2, "2.0"},
		{"by resource id", ask("resource", "api://orders.dev", "mi_res_id", nightlyID), nightly, nightlyID, apiV2, "2.0"},
		{"by resource id, as the metadata service calls it", ask("resource", "api://orders.dev", "msi_res_id", pipelineID), pipeline, pipelineID, apiV2, "2.0"},
	} {
		t.Run(row.name, func(t *testing.T) {
			metadata, app := atIdentityHost(t, i, metadataPath, row.query, asMachine), atIdentityHost(t, i, appServicePath, row.query, asApp)
			for names, a := range map[string]answer{
				"access_token client_id expires_in expires_on ext_expires_in not_before resource token_type": metadata,
				"access_token expires_on resource token_type client_id":                                      app,
			} {
				if got := strings.Join(a.names, " "); a.status != 200 || got != names || a.json["client_id"] != row.client || a.json["resource"] != row.query.Get("resource") {
					t.Fatalf("%d %s", a.status, a.text)
				}
				_, payload, err := mint.Decode(a.json["access_token"].(string))
				if err != nil {
					t.Fatal(err)
				}
				exp, _ := payload.Get("exp")
				if payload.GetText("xms_mirid") != row.mine || payload.GetText("aud") != row.aud || payload.GetText("ver") != row.ver || exp.Text != a.json["expires_on"] || a.header.Get("Cache-Control") != "no-store, no-cache" {
					t.Errorf("payload %s, until %v", payload.JSON(), a.json["expires_on"])
				}
				if proof := payload.GetText("azpacr") + payload.GetText("appidacr"); proof != "2" || len(a.header.Values("Set-Cookie")) > 0 {
					t.Errorf("proof %q, %v", proof, a.header)
				}
			}
			if metadata.json["expires_in"] != "86399" || metadata.json["token_type"] != "Bearer" {
				t.Errorf("%s", metadata.text)
			}
		})
	}
}

// TestManagedIdentityRefuses is one row a request that gets no token, in either
// host's form.
func TestManagedIdentityRefuses(t *testing.T) {
	cfg := testConfig(t)
	withIdentities(&cfg)
	i := Start(t, cfg)
	good := form("api-version", "2018-02-01", "resource", "api://orders.dev")
	with := func(pairs ...string) url.Values {
		return form(append([]string{"api-version", "2018-02-01"}, pairs...)...)
	}
	for _, row := range []struct {
		name, path string
		query      url.Values
		change     func(*http.Request)
		status     int
		code, text string
	}{
		{"no header", metadataPath, good, nil, 400, "bad_request_102", "Required metadata header not specified"},
		{"header in upper case", metadataPath, good, func(r *http.Request) { r.Header.Set("Metadata", "TRUE") }, 400, "bad_request_102", ""},
		{"through a proxy", metadataPath, good, func(r *http.Request) { asMachine(r); r.Header.Set("X-Forwarded-For", "203.0.113.7") }, 400, "invalid_request", "X-Forwarded-For"},
		{"no version", metadataPath, form("resource", "api://orders.dev"), asMachine, 400, "invalid_request", "'api-version'"},
		{"no resource", metadataPath, with(), asMachine, 400, "invalid_request", "'resource'"},
		{"an API that is none", metadataPath, with("resource", "api://nowhere"), asMachine, 400, "invalid_resource", "AADSTS500011: "},
		{"an API that wants a role", metadataPath, with("resource", "api://closed"), asMachine, 400, "invalid_grant", "AADSTS501051: "},
		{"an identity that is none", metadataPath, with("resource", "api://orders.dev", "client_id", worker), asMachine, 400, "invalid_request", "Identity not found"},
		{"an identity of another tenant", metadataPath, with("resource", "api://orders.dev", "client_id", tenantB), asMachine, 400, "invalid_request", "Identity not found"},
		{"a disabled identity", metadataPath, with("resource", "api://orders.dev", "client_id", apiOwn), asMachine, 400, "invalid_request", "Identity not found"},
		{"ids of two identities", metadataPath, with("resource", "api://orders.dev", "client_id", pipeline, "msi_res_id", nightlyID), asMachine, 400, "invalid_request", "Identity not found"},
		{"an empty id", metadataPath, with("resource", "api://orders.dev", "client_id", ""), asMachine, 400, "invalid_request", "Identity not found"},
		{"at App Service without its header", appServicePath, good, nil, 401, "", "X-IDENTITY-HEADER"},
		{"at App Service with another header", appServicePath, good, func(r *http.Request) { r.Header.Set("X-IDENTITY-HEADER", "guessed") }, 401, "", "X-IDENTITY-HEADER"},
		{"at App Service, an API that is none", appServicePath, with("resource", "api://nowhere"), asApp, 400, "", "AADSTS500011: "},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := atIdentityHost(t, i, row.path, row.query, row.change)
			code, text := a.json["error"], a.json["error_description"]
			if row.path == appServicePath {
				if code, text = "", a.json["message"]; a.json["statusCode"] != float64(row.status) || strings.Join(a.names, " ") != "statusCode message correlationId" {
					t.Errorf("%s", a.text)
				}
			}
			if message, _ := text.(string); a.status != row.status || code != row.code || !strings.Contains(message, row.text) {
				t.Errorf("%d %s", a.status, a.text)
			}
		})
	}
}

// TestManagedIdentityChoice: without an id it is the machine's own, else the only
// one; of several nobody can tell.
func TestManagedIdentityChoice(t *testing.T) {
	for _, row := range []struct {
		name    string
		without []string
		client  string
		text    string
	}{
		{"the machine's own of three", nil, machine, ""},
		{"the only one", []string{"machine", "nightly"}, pipeline, ""},
		{"two, none of them the machine's own", []string{"machine"}, "", "Multiple user assigned identities exist"},
		{"none", []string{"machine", "pipeline", "nightly"}, "", "Identity not found"},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg := testConfig(t)
			withIdentities(&cfg)
			for _, name := range row.without {
				delete(cfg.Directory.Clients, name)
			}
			a := atIdentityHost(t, Start(t, cfg), metadataPath, form("api-version", "2018-02-01", "resource", "api://orders.dev"), asMachine)
			id, _ := a.json["client_id"].(string)
			text, _ := a.json["error_description"].(string)
			if id != row.client || !strings.HasPrefix(text, row.text) {
				t.Errorf("%d %s", a.status, a.text)
			}
		})
	}
}

// TestManagedIdentityPlace: off by default; the header is random unless chosen;
// no secret is logged.
func TestManagedIdentityPlace(t *testing.T) {
	off := Start(t, testConfig(t))
	good := form("api-version", "2018-02-01", "resource", "api://orders.dev")
	for _, path := range []string{metadataPath, appServicePath} {
		if a := atIdentityHost(t, off, path, good, func(r *http.Request) { asMachine(r); asApp(r) }); a.status != 404 {
			t.Errorf("%s: %d %s", path, a.status, a.text)
		}
	}
	var log logTo
	cfg := testConfig(t)
	withIdentities(&cfg)
	cfg.ManagedIdentity.Header, cfg.Log = "", log.logger()
	i := Start(t, cfg)
	if len(i.IdentityHeader()) < 20 || i.IdentityHeader() == Start(t, cfg).IdentityHeader() {
		t.Errorf("header %q", i.IdentityHeader())
	}
	if a := atIdentityHost(t, i, appServicePath, good, func(r *http.Request) { r.Header.Set("X-IDENTITY-HEADER", i.IdentityHeader()) }); a.status != 200 {
		t.Errorf("%d %s", a.status, a.text)
	}
	if a := atIdentityHost(t, i, appServicePath, good, func(r *http.Request) { r.Header["X-Identity-Header"] = []string{""} }); a.status != 401 {
		t.Errorf("an empty header: %d %s", a.status, a.text)
	}
	if strings.Contains(log.String(), i.IdentityHeader()) {
		t.Errorf("log %s", log.String())
	}
	if _, err := New(Config{ManagedIdentity: ManagedIdentity{Tenant: "contoso"}}); err == nil || !strings.Contains(err.Error(), "expected the id of a tenant") {
		t.Errorf("a tenant that is none: %v", err)
	}
}
