package mockidp

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/mockidp/mint"
)

const story = `version: 1
tenants:
  11111111-2222-4333-8444-555555555555: {domains: [orders.example], region: NA}
apis:
  orders-dev:
    app-id: 6e74172b-0000-4000-8000-0000000000d1
    uris: [api://orders.dev]
    version: 2
    roles: [DEV.Access]
    assignment-required: true
    optional-claims: [idtyp]
  orders-uat: {app-id: 91d00000-0000-4000-8000-0000000000d2, keys: app}
clients:
  worker:
    id: 0d2c1111-0000-4000-8000-0000000000c1
    secrets: [{value: "${WORKER_SECRET}"}, {value: old, expires: "2026-01-01T00:00:00Z"}]
    roles: {orders-dev: [DEV.Access]}
`

func lookup(name string) (string, bool) { return "of " + name, name == "WORKER_SECRET" }

func TestParseDirectory(t *testing.T) {
	got, err := ParseDirectory("mockidp.yaml", []byte(story), lookup)
	if err != nil {
		t.Fatal(err)
	}
	want := Directory{
		Tenants: map[string]Tenant{tenantA: {Domains: []string{"orders.example"}, Region: "NA"}},
		APIs: map[string]API{
			"orders-dev": {
				AppID: apiV2, URIs: []string{"api://orders.dev"}, Version: mint.V2, Roles: []string{"DEV.Access"}, AssignmentRequired: true, OptionalClaims: []string{"idtyp"},
			},
			"orders-uat": {AppID: apiV1, Keys: keysApp},
		},
		Clients: map[string]ClientRegistration{"worker": {
			ID: worker, Roles: map[string][]string{"orders-dev": {"DEV.Access"}},
			Secrets: []Secret{{Value: "of WORKER_SECRET"}, {Value: "old", Expires: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestDirectoryProblems is one row a mistake: each is shown where it stands,
// also those that only the whole shows.
func TestDirectoryProblems(t *testing.T) {
	for _, row := range []struct{ name, old, text, want string }{
		{"unknown key", "uris:", "urls:", `mockidp.yaml:7:5: unknown key "urls" (did you mean "uris"?)`},
		{"no version", "version: 1\n", "", `mockidp.yaml:1:1: "version" is missing`},
		{"another version", "version: 1\n", "version: 2\n", `mockidp.yaml:1:10: unknown value "2" (did you mean "1"?)`},
		{"token version", "version: 2\n", "version: 3\n", `mockidp.yaml:8:14: mint: version: expected 1 or 2, got "3"`},
		{"keys", "keys: app", "keys: own", `unknown value "own" (known: tenant, app)`},
		{"tenant", "11111111-2222-4333-8444-555555555555", "orders", `mockidp.yaml:3:11: expected a GUID, got "orders"`},
		{"domain", "[orders.example]", "[orders]", `mockidp.yaml:3:52: expected a domain such as contoso.example, got "orders"`},
		{"region", "region: NA", "region: N/A", `mockidp.yaml:3:77: expected letters such as EU, got "N/A"`},
		{"app id", "6e74172b-0000-4000-8000-0000000000d1", "orders", `mockidp.yaml:6:13: expected a GUID, got "orders"`},
		{"URI", "[api://orders.dev]", "[orders]", `mockidp.yaml:7:12: expected an App ID URI such as api://orders, got "orders"`},
		{"slash", "[api://orders.dev]", "[api://orders.dev/]", `mockidp.yaml:7:12: expected no slash at the end, got "api://orders.dev/" (Entra refuses such a URI as well)`},
		{"URI twice", "keys: app", `uris: [api://orders.dev]`, `"api://orders.dev" is that of apis.orders-dev.uris.0 already`},
		{"optional claim", "[idtyp]", "[idtype]", `mockidp.yaml:11:23: unknown optional claim "idtype" (did you mean "idtyp"?)`},
		{"client id", "0d2c1111-0000-4000-8000-0000000000c1", "worker", `mockidp.yaml:15:9: expected a GUID, got "worker"`},
		{"role", "orders-dev: [DEV.Access]", "orders-dev: [DEV.Acess]", `mockidp.yaml:17:26: API orders-dev has no "DEV.Acess" (did you mean "DEV.Access"?)`},
		{"API", "roles: {orders-dev:", "roles: {order-dev:", `mockidp.yaml:17:24: expected the name of an API, got "order-dev" (did you mean "orders-dev"?)`},
		{"certificate", "roles: {orders-dev", "certificates: [none]\n    roles: {orders-dev", `mockidp.yaml:17:20: expected a certificate as PEM: no block CERTIFICATE`},
		{"key set", "roles: {orders-dev", "federated: [{issuer: a, subject: b, jwks: '{}'}]\n    roles: {orders-dev", `mockidp.yaml:17:47: expected a key set: no keys`},
		{"no secret in the environment", "WORKER_SECRET", "NOBODYS", `placeholder ${NOBODYS} has no value (set it in the environment)`},
	} {
		t.Run(row.name, func(t *testing.T) {
			text := strings.Replace(story, row.old, row.text, 1)
			if text == story {
				t.Fatalf("%q is not in the story", row.old)
			}
			if _, err := ParseDirectory("mockidp.yaml", []byte(text), lookup); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("expected %s, got %v", row.want, err)
			}
		})
	}
}

func TestReadDirectory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mockidp.yaml")
	if _, err := ReadDirectory(path, lookup); err == nil || !strings.Contains(err.Error(), "mockidp: read the directory: open ") {
		t.Errorf("without a file: %v", err)
	}
	if err := os.WriteFile(path, []byte(story), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := ReadDirectory(path, lookup)
	if err != nil || d.Clients["worker"].Secrets[0].Value != "of WORKER_SECRET" {
		t.Errorf("%+v, %v", d, err)
	}
}

// TestDirectoryAtWork is what the members mean to a client.
func TestDirectoryAtWork(t *testing.T) {
	d, err := ParseDirectory("mockidp.yaml", []byte(story), lookup)
	if err != nil {
		t.Fatal(err)
	}
	cfg := testConfig(t)
	cfg.Directory = d
	locked, poor, stranger := d.Clients["worker"], d.Clients["worker"], d.Clients["worker"]
	locked.ID, locked.Disabled = "0d2c1111-0000-4000-8000-0000000000c5", true
	poor.ID, poor.Roles = "0d2c1111-0000-4000-8000-0000000000c6", nil
	stranger.ID, stranger.Tenants = "0d2c1111-0000-4000-8000-0000000000c7", []string{tenantB}
	cfg.Directory.Tenants[tenantB] = Tenant{}
	for name, c := range map[string]ClientRegistration{"locked": locked, "poor": poor, "stranger": stranger} {
		cfg.Directory.Clients[name] = c
	}
	i := Start(t, cfg)
	for _, row := range []struct {
		name, tenant, client, secret string
		code                         float64
	}{
		{"by id", tenantA, worker, "of WORKER_SECRET", 0},
		{"by domain, in any case", "Orders.Example", worker, "of WORKER_SECRET", 0},
		{"a secret of last year", tenantA, worker, "old", 7000222},
		{"disabled", tenantA, locked.ID, "of WORKER_SECRET", 7000112},
		{"without a role where one is needed", tenantA, poor.ID, "of WORKER_SECRET", 501051},
		{"of another tenant", tenantA, stranger.ID, "of WORKER_SECRET", 700016},
	} {
		a := post(t, i.URL()+"/"+row.tenant+"/oauth2/v2.0/token", form("grant_type", "client_credentials", "client_id", row.client, "client_secret", row.secret, "scope", "api://orders.dev/.default"), nil)
		codes, _ := a.json["error_codes"].([]any)
		switch {
		case row.code != 0 && (len(codes) != 1 || codes[0] != row.code):
			t.Errorf("%s: expected AADSTS%v, got %d %s", row.name, row.code, a.status, a.text)
		case row.code == 0:
			token, _ := a.json["access_token"].(string)
			if _, p, err := mint.Decode(token); err != nil || p.GetText("tid") != tenantA || p.GetText("idtyp") != "app" {
				t.Errorf("%s: %d %s", row.name, a.status, a.text)
			}
		}
	}
	document := fetch(t, i.URL()+"/orders.example/v2.0/.well-known/openid-configuration")
	if document.json["tenant_region_scope"] != "NA" || document.json["issuer"] != "https://login.microsoftonline.com/"+tenantA+"/v2.0" || strings.Contains(document.text, "orders.example") {
		t.Errorf("by domain: %s", document.text)
	}
}

// people is what a directory says of users.
const people = `version: 1
apis:
  orders: {app-id: 6e74172b-0000-4000-8000-0000000000d1, scopes: {Orders.Read: user, Orders.Admin: admin}, roles: [Reader], group-membership-claims: All}
clients:
  web:
    id: 0d2c1111-0000-4000-8000-0000000000c1
    redirect-uris: {web: [https://app.example/in], spa: https://app.example/spa, public: [http://localhost, "msal0d2c://auth"]}
    implicit: [id-token]
    permissions: {orders: [Orders.Read]}
users:
  alice:
    username: alice@contoso.example
    name: Alice Andersson
    password: "${WORKER_SECRET}"
    object-id: a11ce000-0000-4000-8000-000000000001
    home-tenant: 8c2e0000-0000-4000-8000-000000000002
    groups: [readers]
    roles: {orders: [Reader]}
    disabled: true
    obstacle: mfa
    tokens-valid-from: "2026-01-01T00:00:00Z"
    tenants: [11111111-2222-4333-8444-555555555555]
groups:
  readers: 96000000-0000-4000-8000-000000000001
consents:
  - {client: web, api: orders, scopes: [Orders.Read], user: alice}
`

func TestParsePeople(t *testing.T) {
	got, err := ParseDirectory("mockidp.yaml", []byte(people), lookup)
	if err != nil {
		t.Fatal(err)
	}
	want := Directory{
		APIs: map[string]API{"orders": {
			AppID: apiV2, Scopes: map[string]ConsentNeed{"Orders.Read": UserConsent, "Orders.Admin": AdminConsent},
			Roles: []string{"Reader"}, GroupMembershipClaims: groupsAll,
		}},
		Clients: map[string]ClientRegistration{"web": {
			ID: worker, Implicit: []ImplicitToken{ImplicitID}, Permissions: map[string][]string{"orders": {"Orders.Read"}},
			RedirectURIs: RedirectURIs{Web: []string{"https://app.example/in"}, SPA: []string{"https://app.example/spa"}, Public: []string{"http://localhost", "msal0d2c://auth"}},
		}},
		Users: map[string]User{"alice": {
			Username: "alice@contoso.example", Name: "Alice Andersson", Password: "of WORKER_SECRET", ObjectID: "a11ce000-0000-4000-8000-000000000001",
			HomeTenant: tenantB, Groups: []string{"readers"}, Roles: map[string][]string{"orders": {"Reader"}}, Disabled: true, Obstacle: "mfa",
			TokensValidFrom: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Tenants: []string{tenantA},
		}},
		Groups:   map[string]string{"readers": "96000000-0000-4000-8000-000000000001"},
		Consents: []Consent{{Client: "web", API: "orders", Scopes: []string{"Orders.Read"}, User: "alice"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestPeopleProblems is one row a mistake about users and what they agreed to.
func TestPeopleProblems(t *testing.T) {
	for _, row := range []struct{ name, old, text, want string }{
		{"consent need", "Orders.Read: user", "Orders.Read: everybody", `mockidp.yaml:3:80: consent: expected none, user or admin, got "everybody"`},
		{"scope name", "Orders.Read: user", "Orders/Read: user", `mockidp.yaml:3:80: expected a scope such as Orders.Read, got "Orders/Read"`},
		{"scope is .default", "Orders.Read: user", ".default: user", `expected a scope such as Orders.Read, got ".default"`},
		{"group claims", "group-membership-claims: All", "group-membership-claims: all", `unknown value "all" (did you mean "All"?)`},
		{"redirect URI", "[https://app.example/in]", "[/in]", `mockidp.yaml:7:27: expected a URI such as https://app.example/signed-in, got "/in"`},
		{"fragment", "[https://app.example/in]", `["https://app.example/in#a"]`, `expected a URI such as https://app.example/signed-in`},
		{"wildcard", "[https://app.example/in]", `["https://*.example/in"]`, `expected a URI such as https://app.example/signed-in`},
		{"program's scheme for a server", "[https://app.example/in]", `["app://in"]`, `expected a URI such as https://app.example/signed-in`},
		{"script", `"msal0d2c://auth"`, `"javascript:alert(1)"`, `expected a scheme of a program, got "javascript:alert(1)"`},
		{"two kinds", "spa: https://app.example/spa", "spa: https://app.example/in", `"https://app.example/in" is that of clients.web.redirect-uris.web.0 already`},
		{"implicit", "[id-token]", "[id_token]", `mockidp.yaml:8:16: unknown value "id_token" (did you mean "id-token"?)`},
		{"permission", "{orders: [Orders.Read]}", "{orders: [Orders.Raed]}", `mockidp.yaml:9:28: API orders has no "Orders.Raed" (did you mean "Orders.Read"?)`},
		{"username", "username: alice@contoso.example", "username: alice", `mockidp.yaml:12:15: expected a name such as alice@contoso.example, got "alice"`},
		{"no username", "    username: alice@contoso.example\n", "", `"username" is missing`},
		{"object id", "a11ce000-0000-4000-8000-000000000001", "alice", `mockidp.yaml:15:16: expected a GUID, got "alice"`},
		{"home tenant", "8c2e0000-0000-4000-8000-000000000002", "contoso", `mockidp.yaml:16:18: expected a GUID, got "contoso"`},
		{"group", "groups: [readers]", "groups: [reader]", `mockidp.yaml:17:14: expected the name of a group, got "reader" (did you mean "readers"?)`},
		{"role", "roles: {orders: [Reader]}", "roles: {orders: [Raeder]}", `mockidp.yaml:18:22: API orders has no "Raeder" (did you mean "Reader"?)`},
		{"obstacle", "obstacle: mfa", "obstacle: mfi", `unknown value "mfi" (did you mean "mfa"?)`},
		{"group id", "readers: 96000000-0000-4000-8000-000000000001", "readers: none", `mockidp.yaml:24:12: expected a GUID, got "none"`},
		{"one id for two", "readers: 96000000-0000-4000-8000-000000000001", "readers: a11ce000-0000-4000-8000-000000000001", `is that of users.alice.object-id already`},
		{"client of a consent", "{client: web", "{client: wep", `mockidp.yaml:26:14: expected the name of a client, got "wep" (did you mean "web"?)`},
		{"API of a consent", "api: orders, s", "api: order, s", `mockidp.yaml:26:24: expected the name of an API, got "order" (did you mean "orders"?)`},
		{"scope of a consent", "scopes: [Orders.Read], user", "scopes: [Orders.Write], user", `API orders has no "Orders.Write"`},
		{"user of a consent", "user: alice}", "user: alise}", `mockidp.yaml:26:61: expected the name of a user, got "alise" (did you mean "alice"?)`},
		{"a user for an administrator", "scopes: [Orders.Read], user", "scopes: [Orders.Admin], user", `"Orders.Admin" needs an administrator's consent, got that of "alice" (leave user out)`},
	} {
		t.Run(row.name, func(t *testing.T) {
			text := strings.Replace(people, row.old, row.text, 1)
			if text == people {
				t.Fatalf("%q is not in the text", row.old)
			}
			if _, err := ParseDirectory("mockidp.yaml", []byte(text), lookup); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("expected %s, got %v", row.want, err)
			}
		})
	}
}

// TestDefaultDirectory: everything that the article's story needs is there.
func TestDefaultDirectory(t *testing.T) {
	d := DefaultDirectory()
	if err := d.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, environment := range []string{"dev", "test", "uat"} {
		role := strings.ToUpper(environment) + ".Access"
		for name, version := range map[string]mint.Version{"orders-" + environment: mint.V2, "orders-" + environment + "-v1": mint.V1} {
			a := d.APIs[name]
			if a.Version != version || a.Scopes[role] != UserConsent || len(a.Roles) != 1 || a.Roles[0] != role {
				t.Errorf("%s: %+v", name, a)
			}
		}
	}
	for name, c := range d.Clients {
		if !c.public() && c.Secrets[0].Value != name+"-secret" {
			t.Errorf("%s: secret %q", name, c.Secrets[0].Value)
		}
	}
}

// FuzzDirectory feeds files to the reader: it never panics, and what it takes
// is valid and can be indexed.
func FuzzDirectory(f *testing.F) {
	seeds := []string{string(defaultFile), story, people, "version: 1\n", "", "[]", "version: 1\napis: {a: {}}\n", "version: 1\nusers: {a: {username: \"@\"}}\n", "version: 1\nconsents: [{}]\n", "{\"version\": \"1\", \"groups\": {\"a\": \"b\"}}"}
	for _, s := range seeds {
		f.Add(s)
	}
	if len(seeds) != 10 {
		f.Fatalf("expected 10 seeds, got %d", len(seeds))
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDirectory("mockidp.yaml", []byte(text), lookup)
		if err != nil {
			return
		}
		if err := d.Validate(); err != nil {
			t.Errorf("taken, and not valid: %v", err)
		}
		d.snapshot()
	})
}
