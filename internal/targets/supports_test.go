package targets

import (
	"testing"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// TestMeets: a line of supports decides; where there is none, the rest of the
// file does; declared tells the target's word from what the file merely lacks
// (design 5).
func TestMeets(t *testing.T) {
	t.Parallel()
	const none = "{skew: 0s}"
	rows := []struct {
		name, old, new string
		need           Need
		met, declared  bool
	}{
		{"echo", "", "", Need{"echo", "true"}, true, true},
		{"no echo", "accepted: echo", "accepted: {header: {a: b}}", Need{"echo", "true"}, false, true},
		{"not opted in", "", "", Need{"opt-in", "true"}, false, true},
		{"opted in", "accepted: echo", "accepted: echo\nopt-in: true", Need{"opt-in", "true"}, true, true},
		{"no origin", "", "", Need{"origin", "true"}, false, false},
		{"origin", `orders"}]`, `orders", origin: "https://up.example"}]`, Need{"origin", "true"}, true, false},
		{"origin declared away", none, "{origin: false}", Need{"origin", "true"}, false, true},
		{"no plain-http", "", "", Need{"plain-http", "true"}, false, false},
		{"plain-http", `orders"}]`, `orders", plain-http: "http://up.example"}]`, Need{"plain-http", "true"}, true, false},
		{"no other route", "", "", Need{"other-route", "true"}, false, false},
		{"other route", "{home: GET /v1/ping}", "{home: GET /v1/ping, other: GET /v1/admin}", Need{"other-route", "true"}, true, false},
		{"no second API", "", "", Need{"second-api", "true"}, false, false},
		{"second API", "environments:\n", "  spare: {app-id: b1111111-b111-4a10-8004-0123456789b2, version: 2}\nenvironments:\n", Need{"second-api", "true"}, true, false},
		{"second API declared away", none, "{second-api: false}", Need{"second-api", "true"}, false, true},
		{"a mock has another tenant", "", "", Need{"other-tenant", "true"}, true, false},
		{"own registrations", "", "", Need{"shared-registration", "true"}, false, true},
		{"shared registration", devAPI, "    api: uat-v1\n", Need{"shared-registration", "true"}, true, true},
		{"a mock has users", "", "", Need{"user-tokens", "true"}, true, false},
		{"users declared away", none, "{user-tokens: false}", Need{"user-tokens", "true"}, false, true},
		{"daemons", "", "", Need{"app-tokens", "true"}, true, false},
		{"daemons declared away", none, "{app-tokens: false}", Need{"app-tokens", "true"}, false, true},
		{"one scope joins nothing", "", "", Need{"scope-criteria", "and"}, false, true},
		{"two scopes", devAPI, devAPI + "    requires: {scopes: [DEV.Access, DEV.Admin]}\n", Need{"scope-criteria", "and"}, true, true},
		{"either scope", devAPI, devAPI + "    requires: {scopes: [DEV.Access, DEV.Admin], criteria: or}\n", Need{"scope-criteria", "or"}, true, true},
		{"either, not both", devAPI, devAPI + "    requires: {scopes: [DEV.Access, DEV.Admin], criteria: or}\n", Need{"scope-criteria", "and"}, false, true},
		{"one version", "", "", Need{"versions", "v2"}, true, true},
		{"not the other", "", "", Need{"versions", "both"}, false, true},
		{"both versions", devAPI, "    api: [dev-v2, uat-v1]\n", Need{"versions", "both"}, true, true},
		{"no v1 token, no App ID URI in aud", "", "", Need{"audience-uri-listed", "true"}, false, true},
		{"the URI of a v1 registration is listed", devAPI, "    api: [dev-v2, uat-v1]\n", Need{"audience-uri-listed", "true"}, true, true},
		{"keys undeclared", "", "", Need{"jwks", "fetched"}, false, false},
		{"keys fetched", none, "{jwks: fetched}", Need{"jwks", "fetched"}, true, true},
		{"keys static", none, "{jwks: static}", Need{"jwks", "fetched"}, false, true},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := parsed(t, tt.old, tt.new)
			met, declared := f.Meets(tt.need, f.Environments[0])
			if met != tt.met || declared != tt.declared {
				t.Errorf("%s: expected met %t, declared %t, got %t, %t", tt.need, tt.met, tt.declared, met, declared)
			}
		})
	}
}

// TestRealTenantMeets: what the real tenant lacks is absent, not declared.
func TestRealTenantMeets(t *testing.T) {
	t.Parallel()
	f := realTenant(t)
	for _, key := range []string{"user-tokens", "other-tenant"} {
		if met, declared := f.Meets(Need{key, "true"}, f.Environments[0]); met || declared {
			t.Errorf("%s: expected absent, got met %t, declared %t", key, met, declared)
		}
	}
	if f.HasTokens(mint.SubjectUser) || !f.HasTokens(mint.SubjectApp) {
		t.Error("expected tokens of daemons only")
	}
	f.Users = []User{{Name: "alice"}}
	if !f.HasTokens(mint.SubjectUser) {
		t.Error("expected tokens of users")
	}
}
