package targets

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// staging is a target that can be read; rows of tests spoil one place of it.
const staging = `version: 1
name: staging
tenant:
  id: 7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40
tokens:
  mock: {url: "https://issuer.example", management: "https://issuer.example:9443", token: "${MANAGEMENT}"}
apis:
  dev-v2: {app-id: 6e740000-0d0e-4a10-8001-0123456789d2, uris: [api://orders.dev], version: 2, scopes: [DEV.Access, DEV.Admin], roles: [DEV.Access]}
  uat-v1: {app-id: 91d00000-0a7a-4a10-8003-0123456789f1, uris: [api://orders.uat], version: 1, scopes: [UAT.Access], roles: [UAT.Access]}
environments:
  dev:
    api: dev-v2
    gateways: [{url: "https://dev.example/orders"}]
    routes: {home: GET /v1/ping}
  uat:
    api: uat-v1
    gateways: [{url: "https://uat.example/orders"}]
    routes: {home: GET /v1/ping}
clients:
  worker: {id: 0d2c0000-0001-4c11-8000-00000000d001, credential: {secret: "${WORKER}"}, contracts: [dev], granted: [dev]}
  both: {id: 77ab0000-0003-4c11-8000-00000000a003, contracts: [dev, uat], granted: [dev, uat]}
accepted: echo
supports: {skew: 0s}
pace: {concurrency: 4}
`

// secretText must never be seen in a message.
const secretText = "hunter2-hunter2"

func lookup(name string) (string, bool) {
	known := map[string]string{"MANAGEMENT": "m-" + secretText, "WORKER": "w-" + secretText, "REFRESH": "r-" + secretText}
	v, ok := known[name]
	return v, ok
}

// spoiled is staging with old replaced by new, once.
func spoiled(t *testing.T, old, text string) string {
	t.Helper()
	if strings.Count(staging, old) < 1 {
		t.Fatalf("the text to spoil is not there: %q", old)
	}
	return strings.Replace(staging, old, text, 1)
}

func parsed(t *testing.T, old, text string) *File {
	t.Helper()
	src := staging
	if old != "" {
		src = spoiled(t, old, text)
	}
	f, err := Parse("t.yaml", []byte(src), lookup)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// badInput is one way to write a target file wrong, and all that is said of it.
type badInput struct {
	name, old, new string
	want           []string
}

func (b badInput) check(t *testing.T) {
	t.Helper()
	f, err := Parse("t.yaml", []byte(spoiled(t, b.old, b.new)), lookup)
	if err == nil || f != nil {
		t.Fatalf("expected an error, got %v", f)
	}
	if strings.Contains(err.Error(), secretText) {
		t.Errorf("the message tells a secret: %s", err)
	}
	if diff := cmp.Diff(b.want, strings.Split(err.Error(), "\n")); diff != "" {
		t.Error(diff)
	}
}

const (
	devAPI   = "    api: dev-v2\n"
	devGates = `    gateways: [{url: "https://dev.example/orders"}]`
	devHome  = "    routes: {home: GET /v1/ping}"
	mockLine = `  mock: {url: "https://issuer.example", management: "https://issuer.example:9443", token: "${MANAGEMENT}"}`
)

// TestBadInput holds what is said of each wrong target file: where, what, and
// what to write instead (issue 3, bad input; design 11).
func TestBadInput(t *testing.T) {
	t.Parallel()
	for _, tt := range badInputs() {
		t.Run(tt.name, func(t *testing.T) { t.Parallel(); tt.check(t) })
	}
}

func badInputs() []badInput {
	return []badInput{
		{"unknown key at the top", "name: staging", "name: staging\nenvironmnts: 1", []string{`t.yaml:3:1: unknown key "environmnts" (did you mean "environments"?)`}},
		{"unknown key in an environment", devAPI, devAPI + "    requres: {}\n", []string{`t.yaml:13:5: unknown key "requres" (did you mean "requires"?)`}},
		{"unknown key in a client", "contracts: [dev], granted: [dev]}", "contract: [dev], granted: [dev]}", []string{`t.yaml:20:89: unknown key "contract" (did you mean "contracts"?)`}},
		{"unknown key in a gateway", `[{url: "https://dev.example/orders"}]`, `[{url: "https://dev.example/orders", replica: [a]}]`, []string{`t.yaml:13:52: unknown key "replica" (did you mean "replicas"?)`}},
		{"unknown key in a registration", "scopes: [UAT.Access]", "scope: [UAT.Access]", []string{`t.yaml:9:96: unknown key "scope" (did you mean "scopes"?)`}},
		{"wrong version", "version: 1", "version: 2", []string{`t.yaml:1:10: expected version 1, got 2 (this entraproof reads version 1)`}},
		{"no name", "name: staging\n", "", []string{`t.yaml:1:1: "name" is missing`}},
		{"wrong type: name", "name: staging", "name: [staging]", []string{`t.yaml:2:7: expected a string, got a list`}},
		{"wrong type: environments", "environments:\n  dev:\n", "environments: 5\nx:\n  dev:\n", []string{
			`t.yaml:10:15: expected a mapping, got "5"`,
			`t.yaml:10:15: expected at least one environment`,
			`t.yaml:11:1: unknown key "x" (known: version, name, tenant, tokens, apis, environments, clients, users, accepted, supports, opt-in, pace)`,
			`t.yaml:21:101: unknown environment "dev" (known: )`,
			`t.yaml:21:117: unknown environment "dev" (known: )`,
			`t.yaml:22:64: unknown environment "dev" (known: )`,
			`t.yaml:22:69: unknown environment "uat" (known: )`,
			`t.yaml:22:85: unknown environment "dev" (known: )`,
			`t.yaml:22:90: unknown environment "uat" (known: )`,
		}},
		{"wrong type: opt-in", "accepted: echo", "accepted: echo\nopt-in: maybe", []string{`t.yaml:23:9: expected a boolean, got "maybe"`}},
		{"wrong type: gateways", devGates, `    gateways: {url: "https://dev.example/orders"}`, []string{`t.yaml:13:15: expected a list, got a mapping`}},
		{"wrong type: contracts", "contracts: [dev], granted: [dev]}", "contracts: dev, granted: [dev]}", []string{`t.yaml:20:100: expected a list, got "dev"`}},
		{"double key", "name: staging", "name: staging\nname: staging", []string{`t.yaml:3:1: mapping key "name" already defined at [2:1]`}},
		{"duplicate environment", "  uat:\n    api: uat-v1", "  dev:\n    api: uat-v1", []string{`t.yaml:15:3: mapping key "dev" already defined at [11:3]`}},
		{"duplicate registration", "  uat-v1: {app-id", "  dev-v2: {app-id", []string{`t.yaml:9:3: mapping key "dev-v2" already defined at [8:3]`}},
		{"duplicate client id", "77ab0000-0003-4c11-8000-00000000a003", "0D2C0000-0001-4C11-8000-00000000D001", []string{`t.yaml:21:9: a second client with the id 0D2C0000-0001-4C11-8000-00000000D001`}},
		{"environment that fits no header", "  uat:\n", "  \"u at\":\n", []string{
			`t.yaml:16:5: environment "u at" cannot stand in ids and headers (letters, digits, dots, dashes and underscores)`,
			`t.yaml:20:3: no client has a contract and a grant for environment "u at", which has a gateway (contracts: [u at], granted: [u at])`,
			`t.yaml:21:69: unknown environment "uat" (did you mean "u at"?)`,
			`t.yaml:21:90: unknown environment "uat" (did you mean "u at"?)`,
		}},
		{"client that fits no header", "  both: {", "  \"bo/th\": {", []string{`t.yaml:21:12: client "bo/th" cannot stand in ids and headers (letters, digits, dots, dashes and underscores)`}},
		{"environment without registration", devAPI, "", []string{`t.yaml:12:5: "api" is missing`}},
		{"environment with no registration in its list", devAPI, "    api: []\n", []string{`t.yaml:12:10: an environment without registration (name one v1 and one v2 registration)`}},
		{"unknown registration", devAPI, "    api: dev-v3\n", []string{`t.yaml:12:10: unknown registration "dev-v3" (did you mean "dev-v2"?)`}},
		{"two registrations of one version", devAPI, "    api: [dev-v2, dev-v2]\n", []string{`t.yaml:12:19: a second v2 registration (name one v1 and one v2 registration)`}},
		{"placeholder without value", "${MANAGEMENT}", "${MANAGEMENTS}", []string{`t.yaml:6:91: placeholder ${MANAGEMENTS} has no value (set it in the environment)`}},
		{"secret in clear", `"${WORKER}"`, secretText, []string{`t.yaml:20:75: a secret in clear (write "${NAME}" and set NAME in the environment)`}},
		{"secret in clear, digits", `"${WORKER}"`, "12345678", []string{`t.yaml:20:75: a secret in clear (write "${NAME}" and set NAME in the environment)`}},
		{"secret left empty", `"${WORKER}"`, `""`, []string{`t.yaml:20:75: a secret in clear (write "${NAME}" and set NAME in the environment)`}},
		{"secret that is a list", `"${WORKER}"`, `[]`, []string{`t.yaml:20:75: expected a string, got a list`}},
		{"secret half in clear", `"${WORKER}"`, `"${WORKER}` + secretText + `"`, []string{`t.yaml:20:75: a secret in clear (write "${NAME}" and set NAME in the environment)`}},
		{"management token in clear", `"${MANAGEMENT}"`, secretText, []string{`t.yaml:6:91: a secret in clear (write "${NAME}" and set NAME in the environment)`}},
		{"nobody opens an environment", "contracts: [dev, uat], granted: [dev, uat]", "contracts: [dev, uat], granted: [dev]", []string{`t.yaml:20:3: no client has a contract and a grant for environment "uat", which has a gateway (contracts: [uat], granted: [uat])`}},
		{"enforces without a separating check", devAPI, devAPI + "    enforces: [issuer, tenant]\n", []string{`t.yaml:13:15: environment "dev" enforces nothing that tells it from another (add audience, client, scope or role)`}},
		{"enforces nothing", devAPI, devAPI + "    enforces: []\n", []string{`t.yaml:13:15: environment "dev" enforces nothing that tells it from another (add audience, client, scope or role)`}},
		{"enforces an unknown check", devAPI, devAPI + "    enforces: [audience, client-id]\n", []string{`t.yaml:13:26: unknown check "client-id" (did you mean "client"?)`}},
		{"enforces and fix", devAPI, devAPI + "    enforces: [audience]\n    fix: 1\n", []string{`t.yaml:14:10: enforces and fix say the same thing, expected one of them (fix: 1 is enforces: [audience, client])`}},
		{"fix 3", devAPI, devAPI + "    fix: 3\n", []string{`t.yaml:13:10: expected fix 1, 2 or both, got "3"`}},
		{"two sources of tokens", mockLine, mockLine + "\n  entra: {}", []string{
			`t.yaml:6:3: expected exactly one source of tokens (tokens come from mock or from entra)`,
			`t.yaml:22:9: client "both" has no credential, and the real tenant asks for one (credential: {secret: "${WORKER_SECRET}"})`,
		}},
		{"no source of tokens", mockLine, "  {}", []string{`t.yaml:6:3: expected exactly one source of tokens (tokens come from mock or from entra)`}},
		{"real tenant, client without credential", mockLine, "  entra: {}", []string{`t.yaml:21:9: client "both" has no credential, and the real tenant asks for one (credential: {secret: "${WORKER_SECRET}"})`}},
		{"credential with both", `{secret: "${WORKER}"}`, `{secret: "${WORKER}", certificate: "${WORKER}"}`, []string{`t.yaml:20:66: expected exactly one of secret and certificate`}},
		{"address without scheme", "https://dev.example/orders", "dev.example/orders", []string{`t.yaml:13:22: expected an http or https address, got "dev.example/orders" (write https://host[:port][/path])`}},
		{"address with a query", "https://dev.example/orders", "https://dev.example/orders?x=1", []string{`t.yaml:13:22: expected an http or https address, got "https://dev.example/orders?x=1" (write https://host[:port][/path])`}},
		{"address with a password", "https://dev.example/orders", "https://me:pw@dev.example/orders", []string{`t.yaml:13:22: an address with credentials (leave user and password out)`}},
		{"management over ftp", "https://issuer.example:9443", "ftp://issuer.example", []string{`t.yaml:6:53: expected an http or https address, got "ftp://issuer.example" (write https://host[:port][/path])`}},
		{"replica without port", `[{url: "https://dev.example/orders"}]`, `[{url: "https://dev.example/orders", replicas: [10.0.0.1]}]`, []string{`t.yaml:13:63: expected host:port, got "10.0.0.1" (write 10.0.0.1:443)`}},
		{"tenant no GUID", "7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40", "contoso.onmicrosoft.com", []string{`t.yaml:4:7: expected a GUID, got "contoso.onmicrosoft.com"`}},
		{"app id short of a digit", "6e740000-0d0e-4a10-8001-0123456789d2", "6e740000-0d0e-4a10-8001-0123456789d", []string{`t.yaml:8:20: expected a GUID, got "6e740000-0d0e-4a10-8001-0123456789d"`}},
		{"client id no GUID", "0d2c0000-0001-4c11-8000-00000000d001", "worker-dev", []string{`t.yaml:20:16: expected a GUID, got "worker-dev"`}},
		{"route without method", "GET /v1/ping", "/v1/ping", []string{`t.yaml:14:20: expected a method and a path, got "/v1/ping" (write GET /v1/ping)`}},
		{"route with an empty method", "{home: GET /v1/ping}", `{home: " /v1/ping"}`, []string{`t.yaml:14:20: expected a method and a path, got " /v1/ping" (write GET /v1/ping)`}},
		{"route without slash", "GET /v1/ping", "GET v1/ping", []string{`t.yaml:14:20: expected a method and a path, got "GET v1/ping" (write GET /v1/ping)`}},
		{"route with a version", "{home: GET /v1/ping}", `{home: "GET /v1/ping HTTP/1.1"}`, []string{`t.yaml:14:20: expected a method and a path, got "GET /v1/ping HTTP/1.1" (write GET /v1/ping)`}},
		{"gateway without route", devHome + "\n  uat", "  uat", []string{`t.yaml:12:5: environment "dev" has a gateway and no home route (routes: {home: GET /path})`}},
		{"routes without home", devHome, "    routes: {other: GET /v1/admin}", []string{`t.yaml:14:13: "home" is missing`}},
		{"rate without unit", "pace: {concurrency: 4}", "pace: {rate: 50/h}", []string{`t.yaml:24:14: expected a rate, got "50/h" (write 50/s or 90/m)`}},
		{"rate of nothing", "pace: {concurrency: 4}", "pace: {rate: 0/s}", []string{`t.yaml:24:14: expected a rate, got "0/s" (write 50/s or 90/m)`}},
		{"wrong type: concurrency", "pace: {concurrency: 4}", "pace: {concurrency: many}", []string{
			`t.yaml:24:21: expected a number, got "many"`,
			`t.yaml:24:21: expected a concurrency from 1 to 256, got many`,
		}},
		{"concurrency zero", "pace: {concurrency: 4}", "pace: {concurrency: 0}", []string{`t.yaml:24:21: expected a concurrency from 1 to 256, got 0`}},
		{"concurrency absurd", "pace: {concurrency: 4}", "pace: {concurrency: 257}", []string{`t.yaml:24:21: expected a concurrency from 1 to 256, got 257`}},
		{"budget zero", "pace: {concurrency: 4}", "pace: {budget: 0}", []string{`t.yaml:24:16: expected a budget of at least one request, got 0`}},
		{"unknown capability", "{skew: 0s}", "{skews: 0s}", []string{`t.yaml:23:19: unknown capability "skews" (did you mean "skew"?)`}},
		{"capability written as a need", "{skew: 0s}", "{jwks-fetched: true}", []string{`t.yaml:23:26: unknown capability "jwks-fetched" (write jwks: fetched)`}},
		{"capability of a wrong type", "{skew: 0s}", "{kid-required: often}", []string{`t.yaml:23:26: expected a boolean, got "often"`}},
		{"a status that refuses nothing", "{skew: 0s}", "{missing-token-status: 200}", []string{`t.yaml:23:34: expected a missing-token-status within its limits, got 200 (400 to 499)`}},
		{"a header of no size", "{skew: 0s}", "{largest-header: 0}", []string{`t.yaml:23:28: expected a largest-header within its limits, got 0 (1 or more)`}},
		{"a negative size", "{skew: 0s}", "{largest-header: -1}", []string{`t.yaml:23:28: expected a largest-header within its limits, got -1 (1 or more)`}},
		{"no number", "{skew: 0s}", "{largest-header: much}", []string{`t.yaml:23:28: expected a number, got "much"`}},
		{"a negative length", "{skew: 0s}", "{skew: -5s}", []string{`t.yaml:23:18: expected a length of time, got "-5s" (0s or more)`}},
		{"capability with an unknown word", "{skew: 0s}", "{jwks: fetchd}", []string{`t.yaml:23:18: unknown value of jwks "fetchd" (did you mean "fetched"?)`}},
		{"v1 without uris", "uris: [api://orders.uat], ", "", []string{`t.yaml:9:11: registration "uat-v1" is v1 and has no uris (a v1 token carries the URI as aud)`}},
		{"token version 3", "version: 1, scopes: [UAT.Access]", "version: 3, scopes: [UAT.Access]", []string{`t.yaml:9:93: expected token version 1 or 2, got "3" (it is the registration's requestedAccessTokenVersion)`}},
		{"contract with nobody", "contracts: [dev], granted: [dev]}", "contracts: [prod], granted: [dev]}", []string{`t.yaml:20:101: unknown environment "prod" (known: dev, uat)`}},
		{"mark that is no echo", "accepted: echo", "accepted: ekko", []string{`t.yaml:22:11: unknown mark "ekko" (did you mean "echo"?)`}},
		{"mark that marks nothing", "accepted: echo", "accepted: {}", []string{`t.yaml:22:11: nothing says how an accepted request is known (write accepted: echo, or {header: {x-backend: orders}})`}},
		{"mark of an empty header", "accepted: echo", "accepted: {header: {x-backend: }}", []string{`t.yaml:22:31: a header without value is on every answer that lacks it (write {header: {x-backend: orders}})`}},
		{"criteria neither and nor or", devAPI, devAPI + "    requires: {criteria: xor}\n", []string{`t.yaml:13:26: unknown criteria "xor" (did you mean "or"?)`}},
		{"keys of nobody", "version: 1, scopes: [UAT.Access]", "version: 1, keys: ours, scopes: [UAT.Access]", []string{`t.yaml:9:102: unknown keys "ours" (known: tenant, app)`}},
		{"no registrations", "apis:\n", "apis: {}\nx:\n", []string{
			`t.yaml:7:7: expected at least one registration`,
			`t.yaml:8:1: unknown key "x" (known: version, name, tenant, tokens, apis, environments, clients, users, accepted, supports, opt-in, pace)`,
			`t.yaml:13:10: unknown registration "dev-v2" (known: )`,
			`t.yaml:17:10: unknown registration "uat-v1" (known: )`,
		}},
	}
}

// TestAllProblemsAtOnce: a file with several faults is told all of them.
func TestAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	src := strings.NewReplacer("version: 1\n", "version: 7\n", "accepted: echo", "accepted: ekko", "{concurrency: 4}", "{rate: fast}").Replace(staging)
	_, err := Parse("t.yaml", []byte(src), lookup)
	if err == nil {
		t.Fatal("expected an error")
	}
	var places []string
	for _, line := range strings.Split(err.Error(), "\n") {
		place, _, _ := strings.Cut(line, ": ")
		places = append(places, place)
	}
	if diff := cmp.Diff([]string{"t.yaml:1:10", "t.yaml:22:11", "t.yaml:24:14"}, places); diff != "" {
		t.Error(diff)
	}
}

// TestNoGatewayAtAll: a target that judges nothing is refused.
func TestNoGatewayAtAll(t *testing.T) {
	t.Parallel()
	src := strings.NewReplacer(devGates+"\n", "", strings.Replace(devGates, "dev", "uat", 1)+"\n", "").Replace(staging)
	_, err := Parse("t.yaml", []byte(src), lookup)
	if want := "t.yaml:11:3: no environment has a gateway (gateways: [{url: https://…}])"; err == nil || err.Error() != want {
		t.Errorf("expected %s, got %v", want, err)
	}
}

// TestLoad reads a file from disk, and names one that is not there.
func TestLoad(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "t.yaml")
	if _, err := Load(path, lookup); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("expected a missing file, got %v", err)
	}
	if err := os.WriteFile(path, []byte(staging), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Load(path, lookup)
	if err != nil || f.Path != path || f.Name != "staging" {
		t.Errorf("expected staging of %s, got %+v, %v", path, f, err)
	}
}

// TestRead holds what a member of the file becomes.
func TestRead(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, old, new string
		get            func(*File) any
		want           any
	}{
		{"issuers are Entra's", "", "", func(f *File) any { return f.Tenant.Issuers.V1 }, "https://sts.windows.net/7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40/"},
		{"one issuer of its own", "tenant:\n", "tenant:\n  issuers: {v2: https://own.example/v2.0}\n", func(f *File) any { return []string{f.Tenant.Issuers.V1, f.Tenant.Issuers.V2} }, []string{"https://sts.windows.net/7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40/", "https://own.example/v2.0"}},
		{"secret from the environment", "", "", func(f *File) any { return f.Clients[0].Secret }, "w-" + secretText},
		{"certificate", `{secret: "${WORKER}"}`, `{certificate: "${WORKER}"}`, func(f *File) any { c := f.Clients[0]; return []string{c.Secret, c.Certificate, c.Authentication} }, []string{"", "w-" + secretText, "2"}},
		{"first scope and role by default", "", "", func(f *File) any { return f.Environments[0].Requires }, Requirement{Scopes: []string{"DEV.Access"}, Roles: []string{"DEV.Access"}}},
		{"requires", devAPI, devAPI + "    requires: {scopes: [DEV.Access, DEV.Admin], criteria: or}\n", func(f *File) any { return f.Environments[0].Requires }, Requirement{Scopes: []string{"DEV.Access", "DEV.Admin"}, Roles: []string{"DEV.Access"}, Any: true}},
		{"nothing declared", "", "", func(f *File) any { return f.Environments[0].Checks() }, Declarable()},
		{"fix 1", devAPI, devAPI + "    fix: 1\n", func(f *File) any { return f.Environments[0].Checks() }, []string{"audience", "client"}},
		{"fix 2", devAPI, devAPI + "    fix: 2\n", func(f *File) any { return f.Environments[0].Checks() }, []string{"scope", "role"}},
		{"fix both", devAPI, devAPI + "    fix: both\n", func(f *File) any { return f.Environments[0].Checks() }, []string{"audience", "client", "scope", "role"}},
		{"enforces", devAPI, devAPI + "    enforces: [client]\n", func(f *File) any { return f.Environments[0].Checks() }, []string{"client"}},
		{"versions", devAPI, "    api: [dev-v2, uat-v1]\n", func(f *File) any { return f.Environments[0].Versions() }, []mint.Version{mint.V1, mint.V2}},
		{"own keys", "version: 2, ", "version: 2, keys: app, ", func(f *File) any { return f.APIs[0].OwnKeys }, true},
		{"tenant's keys", "version: 2, ", "version: 2, keys: tenant, ", func(f *File) any { return f.APIs[0].OwnKeys }, false},
		{"one uri without brackets", "uris: [api://orders.dev]", "uris: api://orders.dev", func(f *File) any { return f.APIs[0].URIs }, []string{"api://orders.dev"}},
		{"gateway's slash", "https://dev.example/orders", "https://dev.example/orders/", func(f *File) any { return f.Environments[0].Gateways[0].URL }, "https://dev.example/orders"},
		{"replicas", `[{url: "https://dev.example/orders"}]`, `[{url: "https://dev.example", replicas: ["10.0.0.1:443", "[::1]:443"]}]`, func(f *File) any { return f.Environments[0].Gateways[0].Replicas }, []string{"10.0.0.1:443", "[::1]:443"}},
		{"routes", "{home: GET /v1/ping}", "{home: GET /v1/ping, other: {request: POST /v1/admin, scope: DEV.Admin}}", func(f *File) any { return *f.Environments[0].Other }, Route{"POST", "/v1/admin", "DEV.Admin"}},
		{"rate a minute", "{concurrency: 4}", "{rate: 90/m}", func(f *File) any { return f.Pace }, Pace{Concurrency: 8, Rate: 1.5}},
		{"budget", "{concurrency: 4}", "{concurrency: 256, rate: 50/s, budget: 5000}", func(f *File) any { return f.Pace }, Pace{256, 50, 5000}},
		{"bare status", "accepted: echo\n", "", func(f *File) any { return f.Accepted }, Accepted{}},
		{"echo at an address", "accepted: echo", "accepted: {echo: \"https://echo.example/\"}", func(f *File) any { return f.Accepted }, Accepted{Echo: true, EchoURL: "https://echo.example"}},
		{"mark in a header", "accepted: echo", "accepted: {header: {x-backend: orders}}", func(f *File) any { return f.Accepted }, Accepted{Header: map[string]string{"X-Backend": "orders"}}},
		{"mark in the body", "accepted: echo", "accepted: {body: {contains: pong}}", func(f *File) any { return f.Accepted }, Accepted{Contains: "pong"}},
		{"a list of supports", "{skew: 0s}", "{algorithms: [RS256, EdDSA]}", func(f *File) any { v, ok := f.Declared("algorithms"); return []any{v, ok} }, []any{"RS256,EdDSA", true}},
		{"users", "accepted: echo", "accepted: echo\nusers: {alice: {refresh-token: \"${REFRESH}\"}}", func(f *File) any { return f.Users }, []User{{Name: "alice", RefreshToken: "r-" + secretText}}},
		{"what a user is", "accepted: echo", "accepted: echo\nusers: {gale: {refresh-token: \"${REFRESH}\", is: [guest, many-groups]}}", func(f *File) any { return f.User(ManyGroups) }, &User{Name: "gale", RefreshToken: "r-" + secretText, Is: []UserRole{Guest, ManyGroups}}},
		{"nobody is that", "accepted: echo", "accepted: echo\nusers: {alice: {refresh-token: \"${REFRESH}\"}}", func(f *File) any { return f.User(Guest) }, (*User)(nil)},
		{"display name", "contracts: [dev]", "display-name: Orders, contracts: [dev]", func(f *File) any { return f.Clients[0].DisplayName }, "Orders"},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, tt.get(parsed(t, tt.old, tt.new))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// realTenant is staging with tokens from the real tenant, and further lines
// beside them.
func realTenant(t *testing.T, beside ...string) *File {
	t.Helper()
	src := strings.NewReplacer(mockLine, strings.Join(append([]string{"  entra: {}"}, beside...), "\n"), "both: {", `both: {credential: {secret: "${WORKER}"}, `).Replace(staging)
	f, err := Parse("t.yaml", []byte(src), lookup)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestRealTenant: the authority is Microsoft's unless told otherwise, nothing
// can be minted at will, and there is no tenant B but a named one.
func TestRealTenant(t *testing.T) {
	t.Parallel()
	f := realTenant(t)
	if f.Tokens.Entra.Authority != "https://login.microsoftonline.com" || f.Tokens.CanMint() || f.TenantB() != "" {
		t.Errorf("expected the real tenant, got %+v, tenant B %q", f.Tokens, f.TenantB())
	}
	if f := parsed(t, "", ""); !f.Tokens.CanMint() || f.TenantB() != mockTenantB {
		t.Errorf("expected a mock with a tenant B of its own, got %q", f.TenantB())
	}
	if f := parsed(t, "tenant:\n", "tenant:\n  other: 8c2e6a17-4b0f-4d92-9c33-5d1b7e604f88\n"); f.TenantB() != "8c2e6a17-4b0f-4d92-9c33-5d1b7e604f88" {
		t.Errorf("expected the file's tenant B, got %q", f.TenantB())
	}
}

// TestDocumentedExample: the files that docs/target-file.md shows can be read,
// but the one that is there to be refused.
func TestDocumentedExample(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/target-file.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := map[string][]byte{"design.yaml": []byte(designExample)}
	for _, found := range regexp.MustCompile("(?s)```yaml\n(# file: (\\S+)\n.*?)```").FindAllSubmatch(page, -1) {
		examples[string(found[2])] = found[1]
	}
	all := func(string) (string, bool) { return "value", true }
	for name, refused := range map[string]bool{"design.yaml": false, "staging.yaml": false, "real.yaml": false, "bad.yaml": true} {
		if _, err := Parse(name, examples[name], all); (err != nil) != refused {
			t.Errorf("%s: expected refused %v, got %v", name, refused, err)
		}
	}
}

// designExample is that of design 11, with its shortened ids written out.
const designExample = `# yaml-language-server: $schema=entraproof-target.json
version: 1
name: orders-staging
tenant:
  id: 7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40
  other: 8c2e6a17-4b0f-4d92-9c33-5d1b7e604f88
  issuers: {v1: https://sts.windows.net/7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40/, v2: https://login.microsoftonline.com/7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40/v2.0}
tokens:
  mock: {url: https://issuer.staging.example, management: https://issuer.staging.example:9443, token: "${ENTRAPROOF_MANAGEMENT_TOKEN}"}
  # entra: {authority: https://login.microsoftonline.com}
apis:
  orders-dev: {app-id: 6e740000-0d0e-4a10-8001-0123456789d2, uris: [api://orders-dev], version: 2, scopes: [DEV.Access, DEV.Admin], roles: [DEV.Access], keys: tenant}
  orders-uat: {app-id: 91d00000-0a7a-4a10-8003-0123456789f2, uris: [api://orders-uat], version: 1}
environments:
  dev:
    api: orders-dev
    requires: {scopes: [DEV.Access], roles: [DEV.Access], criteria: and}
    enforces: [audience, client]
    gateways:
      - {url: https://dev.gw.example/orders, replicas: [10.0.0.1:443, 10.0.0.2:443], origin: https://dev.example, plain-http: http://dev.gw.example/orders}
    routes:
      home:  GET /v1/ping
      other: {request: GET /v1/admin, scope: DEV.Admin}
  uat: {api: orders-uat}
clients:
  worker:    {id: 0d2c0000-0001-4c11-8000-00000000d001, credential: {secret: "${WORKER_SECRET}"}, contracts: [dev], granted: [dev]}
  both:      {id: 77ab0000-0003-4c11-8000-00000000a003, credential: {certificate: "${BOTH_PEM}"}, contracts: [dev, uat], granted: [dev, uat]}
  ungranted: {id: 5a5a0000-0004-4c11-8000-00000000a004, credential: {secret: "${U_SECRET}"}, contracts: [dev], granted: []}
  stranger:  {id: 91aa0000-0005-4c11-8000-00000000a005, credential: {secret: "${S_SECRET}"}, contracts: [], granted: [dev]}
users: {alice: {refresh-token: "${ALICE_REFRESH}"}}
accepted: echo
supports: {kid-required: false, skew: 0s, jwks: fetched}
opt-in: false
pace: {concurrency: 8, rate: 50/s, budget: 5000}
`

// FuzzParse: no text makes the reader panic, and what it takes can be used.
func FuzzParse(f *testing.F) {
	seeds := [][]byte{[]byte(staging), []byte(designExample), defaultFile}
	for _, b := range badInputs() {
		seeds = append(seeds, []byte(strings.Replace(staging, b.old, b.new, 1)))
	}
	if len(seeds) < 60 {
		f.Fatalf("expected at least 60 seeds, got %d", len(seeds))
	}
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		file, err := Parse("fuzz.yaml", src, lookup)
		if err != nil {
			return
		}
		for _, e := range file.Environments {
			if len(e.Versions()) == 0 || e.Judged() && file.Holder(e) == nil {
				t.Errorf("environment %q cannot be opened", e.Name)
			}
		}
	})
}
