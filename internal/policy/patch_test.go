package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/policy"
)

// flexWith is an API instance of local mode with JWT Validation and these lines
// of configuration.
func flexWith(config string) string {
	return `apiVersion: gateway.mulesoft.com/v1alpha1
kind: ApiInstance
metadata: {name: orders-uat}
spec:
  address: http://0.0.0.0:8081/orders
  policies:
    - policyRef: {name: jwt-validation-flex}
      config:` + config + "\n"
}

// managedWith is a policy of API Manager with this configuration.
func managedWith(config string) string {
	return `{"assetId": "jwt-validation", "configurationData": ` + config + "}\n"
}

// TestPatch: a key is changed, added or renamed in the form of its document, and
// the rest of the text stays as it is.
func TestPatch(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ reason, rule, file, text, was, is string }{
		{"block", "exp-not-mandatory", "x.yaml", flexWith("\n        mandatoryExpClaim: false # later"), "false #", "true #"},
		{"single-quotes", "jwks-not-used", "x.yaml", flexWith("\n        jwksUrl: https://x.example/keys\n        jwtKeyOrigin: 'text'"), "'text'", `"jwks"`},
		{"flow", "exp-not-mandatory", "x.yaml", flexWith(" {mandatoryExpClaim: false, mandatoryNbfClaim: true}"), "{mandatoryExpClaim: false,", "{mandatoryExpClaim: true,"},
		{"insert-block", "exp-not-mandatory", "x.yaml", flexWith("\n        mandatoryNbfClaim: true"), "mandatoryNbf", "mandatoryExpClaim: true\n        mandatoryNbf"},
		{"insert-flow", "exp-not-mandatory", "x.yaml", flexWith(" {mandatoryNbfClaim: true}"), "{mandatoryNbf", "{mandatoryExpClaim: true, mandatoryNbf"},
		{"insert-json", "exp-not-mandatory", "x.json", managedWith(`{"mandatoryNbfClaim": true}`), `{"mandatoryNbf`, `{"mandatoryExpClaim": true, "mandatoryNbf`},
		{"insert-json-lines", "exp-not-mandatory", "x.json", managedWith("{\n\t\"mandatoryNbfClaim\": true}"), "\"mandatoryNbf", "\"mandatoryExpClaim\": true,\n\t\"mandatoryNbf"},
		{"text-for-boolean", "exp-not-mandatory", "x.json", managedWith(`{"mandatoryExpClaim": "false"}`), `"false"`, `true`},
		{"rename-json", "key-not-known", "x.json", managedWith(`{"mandatoryExpirationClaim": true}`), `"mandatoryExpirationClaim"`, `"mandatoryExpClaim"`},
		{"rename-block", "key-not-known", "x.yaml", flexWith("\n        mandatoryExpirationClaim: true"), "mandatoryExpirationClaim", "mandatoryExpClaim"},
		{"characters-before", "exp-not-mandatory", "x.json", managedWith(`{"supportedAudiences": "api://größe", "mandatoryExpClaim": false}`), `Claim": false`, `Claim": true`},
		{"commas-within", "audience-of-two-environments", "x.yaml", flexWith("\n        validateAudClaim: true\n        supportedAudiences: api://orders-dev, api://orders-uat"), "api://orders-dev, api://orders-uat", `"api://orders-uat"`},
		{"carriage-returns", "exp-not-mandatory", "x.yaml", strings.ReplaceAll(flexWith("\n        mandatoryExpClaim: false"), "\n", "\r\n"), "false\r", "true\r"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()
			if strings.Count(row.text, row.was) != 1 {
				t.Fatalf("expected %q once in %q", row.was, row.text)
			}
			files := []policy.File{{Name: row.file, Bytes: []byte(row.text)}}
			mended, err := policy.Mend(files, policy.ReadOptions{}, []policy.LintRule{ruleOf(t, row.rule)})
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.Replace(row.text, row.was, row.is, 1); string(mended[0].Bytes) != want {
				t.Errorf("expected\n%s\ngot\n%s", want, mended[0].Bytes)
			}
			if string(files[0].Bytes) != row.text {
				t.Error("expected the file that was given to stay as it is")
			}
		})
	}
}

func ruleOf(t *testing.T, id string) policy.LintRule {
	t.Helper()
	for _, r := range policy.LintRules() {
		if r.ID == id {
			return r
		}
	}
	t.Fatalf("expected a rule %s", id)
	return policy.LintRule{}
}

// TestPatchRefuses: what is not one value in one line is left as it is, and told.
func TestPatchRefuses(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ reason, rule, text string }{
		{"folded", "audience-of-two-environments", flexWith("\n        validateAudClaim: true\n        supportedAudiences: >-\n          api://orders-dev,\n          api://orders-uat")},
		{"over-two-lines", "audience-of-two-environments", flexWith("\n        validateAudClaim: true\n        supportedAudiences: \"api://orders-dev,\n          api://orders-uat\"")},
		{"tagged", "audience-of-two-environments", flexWith("\n        validateAudClaim: true\n        supportedAudiences: !!str api://orders-dev,api://orders-uat")},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()
			files := []policy.File{{Name: "x.yaml", Bytes: []byte(row.text)}}
			all, err := policy.Read(files, policy.ReadOptions{})
			if err != nil {
				t.Skipf("not read: %v", err)
			}
			found := policy.Lint(all, []policy.LintRule{ruleOf(t, row.rule)})
			if len(found) != 1 || len(found[0].Patches) != 1 {
				t.Fatalf("expected a finding with a patch, got %v", found)
			}
			text, err := policy.Apply(files[0].Bytes, found[0].Patches)
			if !errors.Is(err, policy.ErrUnpatchable) || string(text) != row.text {
				t.Errorf("expected ErrUnpatchable and the text as it was, got %v\n%s", err, text)
			}
			if _, err := found[0].Patches[0].Edit(files[0].Bytes); !errors.Is(err, policy.ErrUnpatchable) {
				t.Errorf("expected no edit, got %v", err)
			}
		})
	}
}

// TestMend: whatever is mended is read again, makes nothing worse, and has
// nothing left to mend.
func TestMend(t *testing.T) {
	t.Parallel()
	all := exports(t)
	for _, e := range lintExamples(t, "fires") {
		all[e.name] = e.files(t)
	}
	mended := 0
	for name, files := range all {
		o := policy.ReadOptions{Lookup: func(name string) (string, bool) {
			if value, ok := environment(name); ok {
				return value, ok
			}
			return "from the environment", strings.HasPrefix(name, "INTROSPECTION")
		}}
		before, err := policy.Read(files, o)
		if err != nil {
			continue // TestExports is about these
		}
		after, err := policy.Mend(files, o, policy.LintRules())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		mended++
		again, err := policy.Mend(after, o, policy.LintRules())
		if err != nil || string(again[0].Bytes) != string(after[0].Bytes) {
			t.Errorf("%s: expected nothing left to mend (%v)", name, err)
		}
		instances, err := policy.Read(after, o)
		if err != nil {
			t.Fatal(err)
		}
		worse(t, name, policy.Lint(before, policy.LintRules()), policy.Lint(instances, policy.LintRules()))
	}
	if mended < 100 {
		t.Errorf("expected at least 100 configurations, got %d", mended)
	}
}

// worse tells findings of rules that had none before, unless they are low.
func worse(t *testing.T, name string, before, after []policy.Finding) {
	t.Helper()
	had := map[string]bool{}
	for _, f := range before {
		had[f.Instance+f.Rule] = true
	}
	for _, f := range after {
		if !had[f.Instance+f.Rule] && f.Severity.AtLeast(policy.Medium) {
			t.Errorf("%s: expected nothing worse, got %s: %s [%s]", name, f.At, f.Message, f.Rule)
		}
	}
}

// TestEnvironmentOf: the word for an environment in a name, the last one if there
// are several, and none within a longer word.
func TestEnvironmentOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"api://orders-dev": "dev", "DEV.Access": "dev", "ordersUat": "uat", "orders.tst": "test", "prd-orders": "prod", "dev-portal-prod": "prod",
		"https://uat.contoso.com/orders": "uat", "orders_development_v2": "dev",
		"orders": "", "devices": "", "latest": "", "91d0b3c4-7a1e-4c52-8b6f-2e4d6a8c0f13": "", "": "",
	} {
		if got := policy.EnvironmentOf(name); got != want {
			t.Errorf("%q: expected %q, got %q", name, want, got)
		}
	}
}
