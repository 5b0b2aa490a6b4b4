package policy_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/policy"
)

const (
	anInstance = "apiVersion: gateway.mulesoft.com/v1alpha1\nkind: ApiInstance\nmetadata: {name: orders}\nspec:\n  address: http://0.0.0.0:8081\n"
	aBinding   = "apiVersion: gateway.mulesoft.com/v1alpha1\nkind: PolicyBinding\nmetadata: {name: jwt}\nspec:\n" +
		"  targetRef: {name: orders}\n  policyRef: {name: jwt-validation-flex}\n  config: {signingMethod: rsa}\n"
	aPolicy   = `{"assetId": "jwt-validation", "configurationData": {"signingMethod": "rsa"}}`
	aResource = "resource \"anypoint_apim_policy_custom\" \"jwt\" {\n  apim_id = \"7\"\n  asset_id = \"jwt-validation\"\n" +
		"  configuration_data = jsonencode({ signingMethod = \"rsa\" })\n}\n"
)

// TestRecognise: the form is told by the content, whatever the file is called.
func TestRecognise(t *testing.T) {
	for _, row := range []struct {
		name, src string
		want      policy.Form
	}{
		{"local mode", anInstance, policy.FlexYAML},
		{"local mode after words", "# resource \"x\" {\n\n---\n" + anInstance, policy.FlexYAML},
		{"local mode as JSON", `{"apiVersion": "gateway.mulesoft.com/v1alpha1", "kind": "ApiInstance", "metadata": {"name": "a"}, "spec": {"address": "http://x"}}`, policy.FlexYAML},
		{"local mode with a byte order mark and the ends of Windows", "\ufeff" + strings.ReplaceAll(anInstance, "\n", "\r\n"), policy.FlexYAML},
		{"what kubectl prints", "apiVersion: v1\nkind: List\nitems:\n- " + strings.ReplaceAll(strings.TrimSpace(anInstance), "\n", "\n  ") + "\n  status: {ready: true}\n", policy.FlexYAML},
		{"a policy", aPolicy, policy.APIManager},
		{"a list of policies", "[" + aPolicy + "]", policy.APIManager},
		{"a policy as YAML", "assetId: jwt-validation\nconfigurationData:\n  signingMethod: rsa\n", policy.APIManager},
		{"Terraform", aResource, policy.Terraform},
		{"Terraform after words", "# kind: ApiInstance\n/* apiVersion: x */\n" + aResource, policy.Terraform},
		{"Terraform with a byte order mark", "\ufeff" + aResource, policy.Terraform},
		{"automated policies", `{"automatedPolicies": [` + aPolicy + "]}", policy.APIManager},
		{"Terraform with the ends of Windows", strings.ReplaceAll(aResource, "\n", "\r\n"), policy.Terraform},
	} {
		t.Run(row.name, func(t *testing.T) {
			all, err := policy.Read([]policy.File{{Name: "f", Bytes: []byte(row.src)}}, policy.ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if len(all) != 1 || all[0].Form != row.want {
				t.Errorf("expected one instance of %s, got %+v", row.want, all)
			}
		})
	}
}

// TestReadTogether: what files make of one another.
func TestReadTogether(t *testing.T) {
	uat := strings.ReplaceAll(anInstance, "orders", "orders-uat")
	for _, row := range []struct {
		name  string
		files []string // name, content, name, content
		want  string   // instances with the number of their policies, or the error
	}{
		{"a binding before its target", []string{"a.yaml", aBinding, "b.yaml", anInstance}, "orders 1"},
		{"a binding in another folder", []string{"apis/a.yaml", anInstance, "policies/b.yaml", aBinding}, "orders 1"},
		{"one name in two folders", []string{"dev/a.yaml", anInstance + "---\n" + aBinding, "uat/a.yaml", anInstance}, "dev/orders 1, uat/orders 0"},
		{
			"one name in two namespaces",
			[]string{"a.yaml", anInstance + "---\n" + strings.ReplaceAll(anInstance, "orders", "orders, namespace: gw")},
			"default/orders 0, gw/orders 0",
		},
		{
			"a target in two folders",
			[]string{"dev/a.yaml", anInstance, "uat/a.yaml", anInstance, "b.yaml", aBinding},
			`b.yaml:5:21: the target "orders" is in several folders (give the files of one gateway at a time)`,
		},
		{
			"a selector of another folder",
			[]string{"dev/a.yaml", anInstance, "uat/a.yaml", strings.Replace(aBinding, "{name: orders}", "{kind: Selector, selector: {kind: ApiInstance}}", 1)},
			"uat/a.yaml:5:41: the selector selects no instance of this folder (compare the labels in metadata of the instances)",
		},
		{
			"one problem for all instances of a selector",
			[]string{"a.yaml", anInstance + "---\n" + uat + "---\n" + strings.NewReplacer("{name: orders}", "{kind: Selector, selector: {kind: ApiInstance}}", "rsa", "[rsa]").Replace(aBinding)},
			"a.yaml:19:27: expected a string, got a list",
		},
		{
			"a selector of the wrong kind",
			[]string{"a.yaml", anInstance + "---\n" + strings.Replace(aBinding, "{name: orders}", "{kind: Selector, selector: {}}", 1)},
			"a.yaml:11:14: the selector names no kind (write selector: {kind: ApiInstance, labels: {…}})",
		},
		{"broken YAML that has a line of Terraform", []string{"a.yaml", "kind: ApiInstance\napiVersion: x\nspec = 3\n"}, "a.yaml:3:1: non-map value is specified"},
		{"the order of the files", []string{"b.yaml", uat, "a.yaml", anInstance}, "orders-uat 0, orders 0"},
		{"an instance for each file", []string{"dev.json", aPolicy, "uat.json", aPolicy}, "dev 1, uat 1"},
		{"one API in two files", []string{
			"a.json", strings.Replace(aPolicy, "{", `{"apiId": 7, "order": 2, `, 1), "b.json", strings.Replace(aPolicy, "{", `{"apiId": "7", "order": 1, `, 1),
		}, "a 2"},
		{"one expression in two modules", []string{"dev/main.tf", aResource, "uat/main.tf", aResource}, "dev/7 1, uat/7 1"},
		{"one expression in one module", []string{"a.tf", aResource, "b.tf", strings.Replace(aResource, `"jwt"`, `"again"`, 1)}, "7 2"},
		{"all forms", []string{"a.tf", aResource, "b.yaml", anInstance, "c.json", aPolicy}, "7 1, orders 0, c 1"},
		{
			"names that stand twice",
			[]string{"a.tf", aResource + "variable \"a\" {}\n", "b.tf", aResource + "locals {\n  a = 1\n}\nlocals {\n  a = 2\n}\nvariable \"a\" {}\n"},
			"b.tf:1:1: anypoint_apim_policy_custom.jwt stands twice, also at a.tf:1:1\n" +
				"b.tf:10:3: local.a stands twice, also at b.tf:7:3\n" +
				"b.tf:12:1: var.a stands twice, also at a.tf:6:1",
		},
		{"Terraform as JSON", []string{"a.tf.json", `{"resource": {}}`, "plan.json", `{"planned_values": {}}`}, "a.tf.json:1:1: Terraform is not read as JSON (give the .tf files)\n" +
			"plan.json:1:1: Terraform is not read as JSON (give the .tf files)"},
		{"a text without quotes", []string{"a.tf", strings.Replace(aResource, `"rsa"`, "rsa", 1)}, "a.tf:4:53: the value of rsa is not known (a text stands in quotes)"},
		{"another encoding", []string{"a.yaml", "a: b\nc: caf\xe9\n"}, "a.yaml:2:7: the text is not UTF-8 (save the file as UTF-8)"},
		{"no file", nil, "policy: no file to read"},
		{
			"no instance",
			[]string{"a.yaml", "apiVersion: gateway.mulesoft.com/v1alpha1\nkind: Service\nmetadata: {name: a}\nspec: {address: http://x}\n"},
			"a.yaml:1:1: no API instance in the files (policies stand in front of an instance: give the file that has it)",
		},
		{"no policies", []string{"a.json", "[]"}, "a 0"},
		{"no policies of an instance", []string{"a.json", `{"policies": []}`}, "a 0"},
		{"automated policies beside policies", []string{"a.json", `{"automatedPolicies": [` + aPolicy + `], "policies": []}`}, "a 1"},
		{
			"a configuration alone",
			[]string{"a.json", `{"jwtOrigin": "x", "signingMethod": "rsa"}`},
			"a.json:1:1: no policy document (this is the configuration of jwt-validation alone: put it into {\"assetId\": \"jwt-validation\", \"configurationData\": …})",
		},
		{"a comment in JSON", []string{"a.json", "// of UAT\n{\"policies\": []}"}, "a.json:1:1: not JSON: invalid character '/' looking for beginning of value (JSON has no comments)"},
		{
			"a comma too many in JSON",
			[]string{"a.json", "{\n \"policies\": [" + aPolicy + ",]}"},
			"a.json:2:92: not JSON: invalid character ']' looking for beginning of value (is there a comma too many before it?)",
		},
		{
			"a document of Kubernetes",
			[]string{"a.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {}\n"},
			"a.yaml:1:13: unknown apiVersion \"apps/v1\" (local mode has gateway.mulesoft.com/v1alpha1; a document of Kubernetes' own is none of the gateway's: leave it out)",
		},
		{
			"an argument in the spelling of API Manager",
			[]string{"a.tf", "resource \"anypoint_apim_policy_jwt_validation\" \"jwt\" {\n  apim_id = \"7\"\n  configuration_data {\n    mandatoryAudClaim = true\n  }\n}\n"},
			"a.tf:4:5: the resource has no argument \"mandatoryAudClaim\" (write mandatory_aud_claim)",
		},
		{
			"values of two environments",
			[]string{"main.tf", aResource, "dev.tfvars", "aud = \"a\"\n", "uat.tfvars", "aud = \"b\"\n"},
			"uat.tfvars:1:1: the value of aud stands twice, also at dev.tfvars:1:1 (give the .tfvars file of one environment at a time)",
		},
		{
			"a module",
			[]string{"a.tf", "module \"orders\" {\n  source = \"./orders\"\n}\n"},
			"a.tf:1:1: no API instance in the files (modules are not followed: give the files of the folder with the policies, with its variables in a .tfvars file)",
		},
		{
			"an instance whose policies may be in a module",
			[]string{"a.tf", "resource \"anypoint_apim_mule4\" \"orders\" {}\nmodule \"jwt\" {\n  source = \"./jwt\"\n}\n"},
			"a.tf:2:1: modules are not followed, and \"orders\" has no policy outside of them (give the files of the module's folder, with its variables in a .tfvars file)",
		},
		{
			"all problems of all files, in their order",
			[]string{"z.tf", "resource \"anypoint_apim_policy_custom\" \"a\" {\n", "b.yaml", "a: [", "c.json", "{\"policies\": ", "a.txt", "", "d.yaml", "- just\n- words\n"},
			"z.tf:1:44: unclosed configuration block (there is no closing brace for this block before the end of the file. " +
				"This may be caused by incorrect brace nesting elsewhere in this file)\n" +
				"b.yaml:1:4: sequence end token ']' not found\n" +
				"c.json:1:13: not JSON: unexpected end of JSON input\n" +
				"a.txt:1:1: the file is empty\n" +
				"d.yaml:1:1: no policy document (expected local mode YAML with apiVersion and kind, API Manager's policies as JSON, or Terraform)",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			var files []policy.File
			for i := 0; i < len(row.files); i += 2 {
				files = append(files, policy.File{Name: row.files[i], Bytes: []byte(row.files[i+1])})
			}
			if diff := cmp.Diff(row.want, summary(policy.Read(files, policy.ReadOptions{}))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func summary(all []policy.Instance, err error) string {
	if err != nil {
		return err.Error()
	}
	var words []string
	for _, i := range all {
		words = append(words, fmt.Sprintf("%s %d", i.Name, len(i.Policies)))
	}
	return strings.Join(words, ", ")
}

// TestWhere: the place of a value, of one within, and of a default.
func TestWhere(t *testing.T) {
	src := anInstance + "  policies:\n    - policyRef: {name: jwt-validation-flex}\n      config:\n        mandatoryCustomClaims:\n          - key: iss\n            value: x\n"
	all, err := policy.Read([]policy.File{{Name: "f", Bytes: []byte(src)}}, policy.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"mandatoryCustomClaims": "f:10:11", "mandatoryCustomClaims.0.value": "f:11:20", "mandatoryCustomClaims.1": "f:10:11", "signingMethod": "f:7:7",
	} {
		if got := all[0].Policies[0].Where(key).String(); got != want {
			t.Errorf("%s: expected %s, got %s", key, want, got)
		}
	}
}

// TestAppliesTo: of several rules any is enough, of the conditions in one all
// are needed.
func TestAppliesTo(t *testing.T) {
	src := anInstance + "  policies:\n    - policyRef: {name: jwt-validation-flex}\n      rules:\n" +
		"        - {path: /v1/.*, methods: GET|HEAD}\n        - {host: 'internal\\..*', headers: {x-stage: dev|test}}\n"
	all, err := policy.Read([]policy.File{{Name: "f", Bytes: []byte(src)}}, policy.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	a := all[0].Policies[0]
	for _, row := range []struct {
		name, method, target, stage string
		applies, appliesTo          bool
	}{
		{"path and method", "GET", "http://api.example/v1/a", "", true, true},
		{"another method", "POST", "http://api.example/v1/a", "", false, false},
		{"the pattern is the whole path", "GET", "http://api.example/x/v1/a", "", false, false},
		{"the pattern is the whole method", "GETX", "http://api.example/v1/a", "", false, false},
		{"host and header", "POST", "http://internal.example/", "test", false, true},
		{"host alone", "POST", "http://internal.example/", "", false, false},
		{"header alone", "POST", "http://api.example/", "dev", false, false},
		{"the pattern is the whole header", "POST", "http://internal.example/", "dev2", false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := httptest.NewRequest(row.method, row.target, nil)
			r.Header.Set("X-Stage", row.stage)
			if got := a.Applies(row.method, r.URL.Path); got != row.applies {
				t.Errorf("Applies: expected %t, got %t", row.applies, got)
			}
			if got := a.AppliesTo(r); got != row.appliesTo {
				t.Errorf("AppliesTo: expected %t, got %t", row.appliesTo, got)
			}
		})
	}
}

// TestReadBombs: what would take stack, memory or time without end is refused
// or read at once.
func TestReadBombs(t *testing.T) {
	in := func(x string) string { return "resource \"anypoint_apim_policy_custom\" \"a\" {\n  x = " + x + "\n}\n" }
	many := func(s string) string { return strings.Repeat(s, 60_000/len(s)) }
	var doubled, texts strings.Builder
	for i := range 60 {
		fmt.Fprintf(&doubled, "  a%d = { x = local.a%d, y = local.a%d }\n", i, i+1, i+1)
		fmt.Fprintf(&texts, "  a%d = \"${local.a%d}${local.a%d}\"\n", i, i+1, i+1)
	}
	uses := func(value, locals string) string {
		return strings.Replace(aResource, `{ signingMethod = "rsa" }`, value, 1) + "locals {\n" + locals + "}\n"
	}
	for _, row := range []struct{ name, src, want string }{
		{"not", in(many("!") + "true"), "too deep"},
		{"minus", in(many("-") + "1"), "too deep"},
		{"conditions", in(many("a?b:") + "1"), "too deep"},
		{"sums", in(many("1+") + "1"), "without apim_id"},
		{"steps", in("a" + many(".b")), "without apim_id"},
		{"brackets", in(many("[")), "too deep"},
		{"texts in texts", in(many("\"${")), "too deep"},
		{"conditions in a text", in(`"` + many("%{if a}") + `"`), "too deep"},
		{"a large number", in("1e999999999 * 1e999999999"), "without apim_id"},
		{"a large file", in(strings.Repeat("1+", 140_000) + "1"), "262144 are read"},
		{"values that double", uses("{ signingMethod = local.a0 }", doubled.String()+"  a60 = {}\n"), "expected a string, got a mapping"},
		{"texts that double", uses("{ signingMethod = local.a0 }", texts.String()+"  a60 = \"[[[[\"\n"), "is not known"},
		{"a value that needs itself", uses("local.a", "  a = { x = local.b }\n  b = local.a\n"), ""},
		{"brackets in JSON", "{\"policies\": " + many("["), "too deep"},
		{"keys", strings.Repeat("a:\n", 60_000), "more than 2000 keys"},
		{"aliases", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "anchors, aliases"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := policy.Read([]policy.File{{Name: "f", Bytes: []byte(row.src)}}, policy.ReadOptions{})
			if got := fmt.Sprint(err); row.want != "" && !strings.Contains(got, row.want) {
				t.Errorf("expected %q, got %.300s", row.want, got)
			}
		})
	}
}

// TestLimits: those of the caller count.
func TestLimits(t *testing.T) {
	for _, src := range []string{anInstance, aPolicy, aResource} {
		_, err := policy.Read([]policy.File{{Name: "f", Bytes: []byte(src)}}, policy.ReadOptions{Limits: document.Limits{Bytes: 10}})
		var p *document.Problem
		if !errors.As(err, &p) || !strings.HasSuffix(p.Text, "at most 10 are read") {
			t.Errorf("expected the limit, got %v", err)
		}
	}
}

func ExampleRead() {
	all, err := policy.Read([]policy.File{{Name: "orders.json", Bytes: []byte(`{"assetId": "jwt-validation", "configurationData": {
  "validateAudClaim": "true", "supportedAudiences": "api://orders.dev"}}`)}}, policy.ReadOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	jwt := all[0].Policies[0]
	fmt.Println(all[0].Name, jwt.Asset, jwt.Config.(*policy.JWTValidation).ValidateAudClaim)
	fmt.Println(jwt.Where("supportedAudiences"))
	// Output:
	// orders jwt-validation true
	// orders.json:2:53
}
