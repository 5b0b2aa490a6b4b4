package predict

import (
	"slices"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// TestLeftOpen: what an export asks for nowhere is not judged by names that were
// made up, and the other environment's token is judged all the same.
func TestLeftOpen(t *testing.T) {
	for _, row := range []struct {
		name  string
		files []string
		left  string // of each environment
		code  int
		cross string
	}{
		{"contract alone", []string{"good-v2-orders-uat.json"}, "scope and role", reports.ExitConforms, "closed"},
		{"contracts, another's audience listed", []string{"env-dev.json", "env-uat.json"}, "scope and role", reports.ExitDoesNotConform, "open"},
		{"contracts, one registration", []string{"shared-dev.json", "shared-uat.json"}, "scope and role", reports.ExitDoesNotConform, "open"},
		{"scope alone", []string{"setup-fix2.json"}, "the client", reports.ExitDoesNotConform, "closed"},
		{"neither", []string{"client-skipped-orders-uat.json"}, "", reports.ExitDoesNotConform, "closed"},
		{"nothing at all", []string{"jwt-keys-only-orders-uat.json"}, "", reports.ExitDoesNotConform, "open"},
		{"disabled", []string{"disabled-orders-uat.json"}, "", reports.ExitDoesNotConform, "open"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := predicted(t, Options{Instances: exported(row.files...), Selection: scenarios.Selection{Profile: "smoke"}})[0]
			if row.left == "" && p.Left != nil || row.left != "" && len(p.Left) != len(row.files) {
				t.Fatalf("expected %q left open in each environment, got %q", row.left, p.Left)
			}
			for _, text := range p.Left {
				if !strings.Contains(text, ": "+row.left) {
					t.Errorf("expected %q left open, got %q", row.left, text)
				}
			}
			if p.ExitCode() != row.code || p.Results.Answers.CrossEnvironment.State != row.cross {
				t.Errorf("expected exit %d and cross-environment %s, got %d and %s", row.code, row.cross, p.ExitCode(), p.Results.Answers.CrossEnvironment.State)
			}
		})
	}
}

// TestNotPredicted: where something stands before the check that changes what is
// checked, nothing is said of who gets in.
func TestNotPredicted(t *testing.T) {
	for _, row := range []struct{ name, file, want string }{
		{"token injected", "token-injected-orders-uat.json", "header-injection writes Authorization before jwt-validation reads it"},
		{"cached", "cached-orders-uat.json", "http-caching answers from its cache before jwt-validation is asked"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := predicted(t, Options{Instances: exported(row.file)})[0]
			if p.Problem == nil || !strings.Contains(p.Problem.Error(), row.want) || p.ExitCode() != reports.ExitCouldNotRun {
				t.Errorf("expected %q and exit %d, got %v and %d", row.want, reports.ExitCouldNotRun, p.Problem, p.ExitCode())
			}
		})
	}
}

// TestRegions: where policies differ by route, each route that meets others is
// predicted: a write that asks for no audience is open to the other environment,
// though reading is closed.
func TestRegions(t *testing.T) {
	var got []string
	for _, p := range predicted(t, Options{Instances: exported("writes-without-audience-orders-uat.json"), Selection: scenarios.Selection{Profile: "smoke"}}) {
		got = append(got, p.Subject.Name+": "+p.Results.Answers.CrossEnvironment.State)
	}
	const name = "writes-without-audience-orders-uat"
	if want := []string{name + ": closed", name + " at POST /v1/ping: open"}; !slices.Equal(got, want) {
		t.Errorf("expected %q, got %q", want, got)
	}
	stages, err := Stages(Options{Instances: exported("writes-without-audience-orders-uat.json")})
	if err != nil || len(stages) != 1 {
		t.Errorf("expected one set of gateways to serve, got %d (%v)", len(stages), err)
	}
}

// TestServedOnce: an issuer that serves a target knows each application once.
func TestServedOnce(t *testing.T) {
	stages, err := Stages(Options{Instances: exported("good-both-orders-uat.json")})
	if err != nil || len(stages) != 1 {
		t.Fatalf("expected one set of gateways, got %d (%v)", len(stages), err)
	}
	seen := map[string]bool{}
	for _, a := range stages[0].Target.APIs {
		if seen[a.AppID] {
			t.Errorf("expected %s once", a.AppID)
		}
		seen[a.AppID] = true
	}
	if last := stages[0].Assumed[len(stages[0].Assumed)-1]; !strings.Contains(last, "--token-versions 1 serves the others") {
		t.Errorf("expected the version that is left out, got %q", last)
	}
}

// TestPassedOver: what reads no token is named once, with the instances' other
// policies judged as if it were not there.
func TestPassedOver(t *testing.T) {
	p := predicted(t, Options{Instances: exported("good-both-orders-uat.json"), Selection: scenarios.Selection{Profile: "smoke"}})[0]
	var text strings.Builder
	if err := p.Write(&text); err != nil {
		t.Fatal(err)
	}
	if strings.Count(text.String(), "passed over: rate-limiting: ") != 1 || p.ExitCode() != reports.ExitConforms {
		t.Errorf("expected rate-limiting passed over once and exit 0, got exit %d of\n%s", p.ExitCode(), text.String())
	}
}

// TestTargetOfOddExports: what a made-up target takes for true of an environment's
// tokens.
func TestTargetOfOddExports(t *testing.T) {
	for _, row := range []struct {
		name, config string
		issuer       string // of v2
		id, scopes   string
	}{
		{"public", `"jwtKeyOrigin": "jwks", "jwksUrl": "https://login.microsoftonline.com/` + someTenant + `/discovery/v2.0/keys"`, "https://login.microsoftonline.com/" + someTenant + "/v2.0", "", ""},
		{"US government", `"jwtKeyOrigin": "jwks", "jwksUrl": "https://login.microsoftonline.us/` + someTenant + `/discovery/v2.0/keys"`, "https://login.microsoftonline.us/" + someTenant + "/v2.0", "", ""},
		{"China", `"jwtKeyOrigin": "jwks", "jwksUrl": "https://login.partner.microsoftonline.cn/` + someTenant + `/discovery/v2.0/keys"`, "https://login.partner.microsoftonline.cn/" + someTenant + "/v2.0", "", ""},
		{"customers", `"jwtKeyOrigin": "jwks", "jwksUrl": "https://shop.ciamlogin.com/` + someTenant + `/discovery/v2.0/keys", "validateCustomClaim": true,
			"mandatoryCustomClaims": [{"key": "iss", "value": "https://` + someTenant + `.ciamlogin.com/` + someTenant + `/v2.0"}]`, "https://" + someTenant + ".ciamlogin.com/" + someTenant + "/v2.0", "", ""},
		{"issuer of nobody", `"jwtKeyOrigin": "jwks", "jwksUrl": "https://login.microsoftonline.com/` + someTenant + `/discovery/v2.0/keys", "validateCustomClaim": true,
			"mandatoryCustomClaims": [{"key": "iss", "value": "https://login.microsoftonlin.com/` + someTenant + `/v2.0"}]`, "https://login.microsoftonline.com/" + someTenant + "/v2.0", "", ""},
		{"capitals", `"supportedAudiences": "` + strings.ToUpper(someTenant) + `"`, "", someTenant, ""},
		{"Graph", `"supportedAudiences": "00000003-0000-0000-c000-000000000000"`, "", "made up", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			text := `{"policies": [{"assetId": "jwt-validation", "configurationData": {` + row.config + `}}]}`
			instances, err := policy.Read([]policy.File{{Name: "orders-uat.json", Bytes: []byte(text)}}, policy.ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			f := derived(subjectsOf(instances)[0], nil).file
			if got := f.Tenant.Issuers.V2; row.issuer != "" && got != row.issuer {
				t.Errorf("expected issuer %s, got %s", row.issuer, got)
			}
			switch id := f.APIs[0].AppID; {
			case row.id == "made up" && policy.OfGraph(id), row.id != "made up" && row.id != "" && id != row.id:
				t.Errorf("expected application id %s, got %s", row.id, id)
			}
		})
	}
}

const someTenant = "7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40"

// TestScopesOfNoToken: tokens hold what was meant, so that a list that the product
// takes for one scope refuses them.
func TestScopesOfNoToken(t *testing.T) {
	for asked, held := range map[string][]string{
		"orders.read orders.uat":      {"orders.read", "orders.uat"},
		"orders.read,orders.uat":      {"orders.read", "orders.uat"},
		"api://orders.uat/orders.uat": {"orders.uat"},
		"api://orders.uat/.default":   nil,
	} {
		var s said
		s.readScopes(policy.Applied{}, asked, policy.All)
		var got []string
		for _, w := range s.scopes {
			got = append(got, w.text)
		}
		if !slices.Equal(got, held) {
			t.Errorf("%s: expected %q, got %q", asked, held, got)
		}
	}
}

// TestTenantsApart: exports of one API in several tenants are several subjects.
func TestTenantsApart(t *testing.T) {
	var files []policy.File
	for name, tenant := range map[string]string{"orders-dev": someTenant, "orders-uat": someTenant, "orders-prod": "11111111-2222-4333-8444-555555555555"} {
		files = append(files, policy.File{Name: name + ".json", Bytes: []byte(`{"policies": [{"assetId": "jwt-validation", "configurationData": {
			"jwtKeyOrigin": "jwks", "jwksUrl": "https://login.microsoftonline.com/` + tenant + `/discovery/v2.0/keys"}}]}`)})
	}
	slices.SortFunc(files, func(a, b policy.File) int { return strings.Compare(a.Name, b.Name) })
	instances, err := policy.Read(files, policy.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	all := subjectsOf(instances)
	if len(all) != 2 || len(all[0].Members) != 2 || len(all[1].Members) != 1 {
		t.Fatalf("expected two subjects, of two and of one environment, got %+v", all)
	}
	if got := all[1].Apart; !slices.Equal(got, []string{"orders-dev", "orders-uat"}) {
		t.Errorf("expected the other tenant's instances named, got %q", got)
	}
}
