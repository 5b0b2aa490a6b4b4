package targets

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const formerLine = `  former: {mock: {url: "https://old.example", management: "https://old.example:9443", token: "${REFRESH}"}}`

// TestFormerBadInput holds what is said of a former mock that is written wrong.
func TestFormerBadInput(t *testing.T) {
	t.Parallel()
	former := func(name, text string, want ...string) badInput {
		return badInput{name, mockLine, mockLine + "\n  former: " + text, want}
	}
	const same = "the former mock is the one that tokens come from (tokens come from entra, or from another mock)"
	for _, tt := range []badInput{
		former("no mock", "{}", `t.yaml:7:11: "mock" is missing`),
		former("not a mapping", "https://old.example", `t.yaml:7:11: expected a mapping, got "https://old.example"`, `t.yaml:7:11: "mock" is missing`),
		former("another source", "{entra: {}}", `t.yaml:7:11: "mock" is missing`, `t.yaml:7:12: unknown key "entra" (known: mock)`),
		former("misspelt", `{mock: {url: "https://old.example", managements: "https://old.example:9443", token: "${REFRESH}"}}`,
			`t.yaml:7:18: "management" is missing`, `t.yaml:7:47: unknown key "managements" (did you mean "management"?)`),
		former("no scheme", `{mock: {url: old.example, management: "https://old.example:9443", token: "${REFRESH}"}}`,
			`t.yaml:7:24: expected an http or https address, got "old.example" (write https://host[:port][/path])`),
		former("secret in clear", `{mock: {url: "https://old.example", management: "https://old.example:9443", token: `+secretText+`}}`,
			`t.yaml:7:94: a secret in clear (write "${NAME}" and set NAME in the environment)`),
		former("no value", `{mock: {url: "https://old.example", management: "https://old.example:9443", token: "${OLD}"}}`,
			`t.yaml:7:94: placeholder ${OLD} has no value (set it in the environment)`),
		former("the present one", `{mock: {url: "https://Issuer.example/", management: "https://old.example:9443", token: "${REFRESH}"}}`, `t.yaml:7:11: `+same),
		former("the present one's management", `{mock: {url: "https://old.example", management: "https://issuer.example:9443", token: "${REFRESH}"}}`, `t.yaml:7:11: `+same),
		{"alone", mockLine, formerLine, []string{`t.yaml:6:3: expected exactly one source of tokens (tokens come from mock or from entra)`}},
		{"beside the sources", "accepted: echo", "accepted: echo\nformer: {}", []string{
			`t.yaml:23:1: unknown key "former" (known: version, name, tenant, tokens, apis, environments, clients, users, accepted, supports, opt-in, pace)`,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) { t.Parallel(); tt.check(t) })
	}
}

// TestFormer: a former mock stands beside either source of tokens and is none.
func TestFormer(t *testing.T) {
	t.Parallel()
	want := &Mock{URL: "https://old.example", Management: "https://old.example:9443", Token: "r-" + secretText}
	beside := parsed(t, mockLine, mockLine+"\n"+formerLine)
	if diff := cmp.Diff(want, beside.Tokens.Former); diff != "" || !beside.Tokens.CanMint() {
		t.Errorf("beside a mock: %s", diff)
	}
	shipped := realTenant(t, formerLine)
	if diff := cmp.Diff(want, shipped.Tokens.Former); diff != "" || shipped.Tokens.CanMint() {
		t.Errorf("beside the real tenant: %s", diff)
	}
	if none := parsed(t, "", "").Tokens.Former; none != nil {
		t.Errorf("expected no former mock, got %+v", none)
	}
}
