package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/dataweave"
	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/policy"
)

// policyOf is the parameters of a policy by its asset, that of Flex Gateway's
// implementation included.
func policyOf(asset string) any {
	switch strings.TrimSuffix(asset, "-flex") {
	case "openidconnect-access-token-enforcement":
		return new(policy.OpenIDConnect)
	case "jwt-validation":
		return new(policy.JWTValidation)
	}
	return nil
}

// keysOf are the keys that a policy's document may have.
func keysOf(config any) []string {
	var keys []string
	for f := range reflect.TypeOf(config).Elem().Fields() {
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		keys = append(keys, key)
	}
	return keys
}

// labels are the fields of the console by their keys (mulesoft-policies.md 1.1
// and 2.1). The two policies write one of them differently.
var labels = map[string][]string{
	"scopes":                  {"Scopes"},
	"scopeValidationCriteria": {"Scope Validation Criteria"},
	"skipClientIdValidation":  {"Skip Client Id Validation", "Skip Client ID Validation"},
	"signingMethod":           {"JWT Signing Method"},
	"signingKeyLength":        {"JWT Signing Key Length"},
	"jwtKeyOrigin":            {"JWT Key Origin"},
	"jwksUrl":                 {"JWKS URL"},
	"clientIdExpression":      {"Client ID Expression"},
	"validateAudClaim":        {"Validate Audience Claim"},
	"mandatoryAudClaim":       {"Audience Claim Mandatory"},
	"supportedAudiences":      {"Audience Claim Values"},
	"mandatoryExpClaim":       {"Expiration Claim Mandatory"},
	"mandatoryNbfClaim":       {"Not Before Claim Mandatory"},
	"validateCustomClaim":     {"Validate Custom Claim"},
	"mandatoryCustomClaims":   {"Mandatory custom claims"},
}

// TestDocMulesoftDocuments: what the page shows as a policy document has keys
// that the policy has, and expressions that can be read.
func TestDocMulesoftDocuments(t *testing.T) {
	t.Parallel()
	page, err := loadPage(root + "/docs/mulesoft.md")
	if err != nil {
		t.Fatal(err)
	}
	documents := 0
	for _, s := range page.steps {
		switch {
		case strings.HasSuffix(s.file, ".json"):
			readExport(t, s)
		case strings.HasSuffix(s.file, ".yaml"):
			for _, text := range strings.Split(s.text, "\n---\n") {
				readBinding(t, s.file, text)
			}
		default:
			continue
		}
		documents++
	}
	if documents != 7 {
		t.Errorf("expected 7 documents, got %d", documents)
	}
}

// export is the body that applies a policy.
type export struct {
	GroupID           string          `json:"groupId"`
	AssetID           string          `json:"assetId"`
	AssetVersion      string          `json:"assetVersion"`
	ConfigurationData json.RawMessage `json:"configurationData"`
}

// readExport reads a JSON document of the page as strictly as can be.
func readExport(t *testing.T, s docStep) {
	t.Helper()
	var e export
	if err := strictly([]byte(s.text), &e); err != nil {
		t.Errorf("%s: %v", s.file, err)
		return
	}
	config := policyOf(e.AssetID)
	if config == nil {
		t.Errorf("%s: no policy %q", s.file, e.AssetID)
		return
	}
	if err := strictly(e.ConfigurationData, config); err != nil {
		t.Errorf("%s: %v", s.file, err)
	}
	if c, ok := config.(*policy.JWTValidation); ok {
		if _, err := dataweave.Parse(c.ClientIDExpression); err != nil {
			t.Errorf("%s: %v", s.file, err)
		}
	}
}

func strictly(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// readBinding reads a YAML document: the keys of a binding's config are those of
// its policy.
func readBinding(t *testing.T, file, text string) {
	t.Helper()
	node, err := document.Parse(file, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	switch node.At("kind").Str() {
	case "ApiInstance":
	case "PolicyBinding":
		config := policyOf(node.At("spec.policyRef.name").Str())
		for _, m := range node.At("spec.config").Members() {
			if config == nil || !slices.Contains(keysOf(config), m.Key) {
				t.Errorf("%s: the policy has no %s", m.Value.Pos(), m.Key)
			}
		}
		for _, claim := range node.At("spec.config").At("mandatoryCustomClaims").Items() {
			checkExpression(t, claim.At("value").Str())
		}
	default:
		t.Errorf("%s: unexpected kind", node.Pos())
	}
}

// TestDocMulesoftConsole: each table of the console pairs fields with their
// keys, and says what the document below it says.
func TestDocMulesoftConsole(t *testing.T) {
	t.Parallel()
	text := docText(t, "mulesoft.md")
	page, err := loadPage(root + "/docs/mulesoft.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"oidc-client-check", "oidc-check-skipped", "fix1-as-written", "fix1", "fix2", "both-issuer"} {
		rows := tableUnder(text, "console: "+name)
		if len(rows) < 2 {
			t.Errorf("%s: expected a table of the console", name)
		}
		said := map[string]string{}
		for _, cells := range rows {
			label, _, _ := strings.Cut(cells[0], ":")
			key := span(cells[1])
			if !slices.Contains(labels[key], label) {
				t.Errorf("%s: %s is not the field %q", name, key, label)
			}
			if m := spans.FindStringSubmatch(cells[2]); m != nil {
				said[key] = m[1]
			} else {
				said[key] = ""
			}
			checkExpression(t, said[key])
		}
		compareConsole(t, page, name, said)
	}
}

func checkExpression(t *testing.T, value string) {
	t.Helper()
	if dataweave.Wrapped(value) {
		if _, err := dataweave.Parse(value); err != nil {
			t.Error(err)
		}
	}
}

// compareConsole compares what a table says with the document of its name.
func compareConsole(t *testing.T, page docPage, name string, said map[string]string) {
	t.Helper()
	for _, s := range page.steps {
		if s.file != name+".json" {
			continue
		}
		var e struct {
			ConfigurationData map[string]any `json:"configurationData"`
		}
		if err := json.Unmarshal([]byte(s.text), &e); err != nil {
			t.Fatal(err)
		}
		for key, value := range said {
			if got := fmt.Sprint(e.ConfigurationData[key]); got != value {
				t.Errorf("%s: %s: the table says %q, the document %q", name, key, value, got)
			}
		}
	}
}

// TestDocMulesoftExpressions: what the page says that expressions give is what
// they give.
func TestDocMulesoftExpressions(t *testing.T) {
	t.Parallel()
	rows := tableUnder(docText(t, "mulesoft.md"), "expressions")
	if len(rows) < 9 {
		t.Fatalf("expected at least 9 expressions, got %d", len(rows))
	}
	v1 := map[string]any{"ver": "1.0", "appid": "client", "aud": "api://orders.dev", "roles": []any{"Orders.Dev"}}
	v2 := map[string]any{"ver": "2.0", "azp": "client", "aud": "6e74", "roles": []any{"Orders.Dev"}}
	for _, cells := range rows {
		for i, claims := range []map[string]any{v1, v2} {
			mule, flex := given(span(cells[0]), dataweave.Mule4, claims), given(span(cells[0]), dataweave.Flex, claims)
			want := mule
			if mule != flex {
				want = "Mule: " + mule + ", Flex: " + flex
			}
			if cells[1+i] != want {
				t.Errorf("%s: v%d: the page says %q, got %q", cells[0], i+1, cells[1+i], want)
			}
		}
	}
}

// given is what an expression gives, in the page's words.
func given(expression string, d dataweave.Dialect, claims map[string]any) string {
	e, err := dataweave.Parse(expression)
	if err != nil {
		return err.Error()
	}
	v, err := e.Eval(dataweave.Scope{Dialect: d, ClaimSet: claims})
	var fails *dataweave.EvalError
	switch {
	case errors.As(err, &fails):
		return "fails"
	case err != nil:
		return "not evaluated"
	case v == nil:
		return "null"
	case v == "client":
		return "the client"
	}
	return fmt.Sprint(v)
}
