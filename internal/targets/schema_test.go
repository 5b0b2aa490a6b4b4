package targets

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/entraproof/entraproof/internal/document"
)

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("target.json", schema); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("target.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, src string) error {
	t.Helper()
	root, err := document.Parse("t.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(root.Plain())
}

// TestSchemaAccepts: what the reader takes, the schema takes: the file that
// init writes, the embedded target, that of the design, and every value that
// any capability can be declared with.
func TestSchemaAccepts(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	first, err := os.ReadFile("../../cmd/entraproof/target.yaml")
	if err != nil {
		t.Fatal(err)
	}
	tenant := `tokens: {entra: {}}`
	for name, src := range map[string]string{
		"init": string(first), "embedded": string(defaultFile), "design": designExample, "staging": staging,
		"entra":         strings.Replace(strings.Replace(staging, "000000a003, ", "000000a003, credential: {certificate: \"${BOTH}\"}, ", 1), `tokens:`+"\n"+`  mock: {url: "https://issuer.example", management: "https://issuer.example:9443", token: "${MANAGEMENT}"}`, tenant, 1),
		"former":        strings.Replace(staging, "tokens:\n", "tokens:\n"+formerLine+"\n", 1),
		"users":         strings.Replace(staging, "accepted:", "users: {guest: {refresh-token: \"${REFRESH}\", is: [guest]}}\naccepted:", 1),
		"display name":  strings.Replace(staging, "contracts: [dev],", "display-name: Orders, contracts: [dev],", 1),
		"replicas":      strings.Replace(staging, `"https://dev.example/orders"}`, `"https://dev.example/orders", replicas: [10.0.0.1:443, "10.0.0.2:443"]}`, 1),
		"body as mark":  strings.Replace(staging, "accepted: echo", "accepted: {body: {contains: orders}, header: {x-backend: orders}}", 1),
		"criteria, fix": strings.Replace(staging, "    api: dev-v2\n", "    api: [dev-v2]\n    fix: both\n    requires: {scopes: [a, b], criteria: or}\n", 1),
	} {
		all := func(string) (string, bool) { return "value", true }
		if _, err := Parse("t.yaml", []byte(src), all); err != nil {
			t.Errorf("%s: the reader refuses it: %v", name, err)
		}
		if err := validate(t, s, src); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, c := range Capabilities() {
		for _, value := range examplesOf(c) {
			src := strings.Replace(staging, "skew: 0s", c.Key+": "+value, 1)
			if _, err := Parse("t.yaml", []byte(src), lookup); err != nil {
				t.Errorf("%s: %s: the reader refuses it: %v", c.Key, value, err)
			}
			if err := validate(t, s, src); err != nil {
				t.Errorf("%s: %s: %v", c.Key, value, err)
			}
		}
	}
}

// examplesOf are values of a capability as YAML.
func examplesOf(c Capability) []string {
	all := c.Known()
	switch c.Type {
	case NumberType:
		all = append(all, "401")
	case DurationType:
		all = append(all, "0s", "1m30s")
	case WordsType:
		for i := range all {
			all[i] = "[" + all[i] + "]"
		}
		all = append(all, "[]")
	case BooleanType, WordType:
	}
	if c.Other != nil && c.Type == WordType {
		all = append(all, "anything")
	}
	return all
}

// TestSchemaRefuses: slips that an editor should show.
func TestSchemaRefuses(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	for _, row := range []struct{ name, old, new string }{
		{"unknown key", "accepted: echo", "acepted: echo"},
		{"unknown capability", "skew: 0s", "skw: 0s"},
		{"a capability's word", "skew: 0s", "jwks: fetchd"},
		{"a capability's type", "skew: 0s", "kid-required: maybe"},
		{"a need for a capability", "skew: 0s", "jwks-fetched: true"},
		{"no length", "skew: 0s", "skew: soon"},
		{"two sources of tokens", "  mock:", "  entra: {}\n  mock:"},
		{"a secret in clear", `"${WORKER}"`, `"hunter2"`},
		{"a GUID", "0d2c0000-0001-4c11-8000-00000000d001", "worker"},
		{"a route without method", "GET /v1/ping", "/v1/ping"},
		{"an unknown check", "    api: dev-v2", "    api: dev-v2\n    enforces: [audiense]"},
		{"enforces and fix", "    api: dev-v2", "    api: dev-v2\n    enforces: [audience]\n    fix: 1"},
		{"no clients", "clients:", "client:"},
		{"concurrency", "concurrency: 4", "concurrency: 400"},
		{"a token version", "version: 2", "version: 3"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if err := validate(t, s, spoiled(t, row.old, row.new)); err == nil {
				t.Error("expected the schema to refuse it")
			}
		})
	}
}
