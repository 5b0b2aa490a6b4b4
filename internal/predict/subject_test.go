package predict

import (
	"slices"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/mockidp/mint"
)

func named(names ...string) []policy.Instance {
	var all []policy.Instance
	for i, name := range names {
		all = append(all, policy.Instance{Name: name, At: document.Position{File: "f" + string(rune('a'+i)) + ".json", Line: 1, Column: 1}})
	}
	return all
}

// TestSubjects: what differs in its environment only is predicted together.
func TestSubjects(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		instances []policy.Instance
		want      string
	}{
		"environments of one API":      {named("orders-dev", "orders-uat"), "orders: dev uat"},
		"two APIs":                     {named("orders-dev", "billing-dev"), "orders-dev: dev, billing-dev: dev"},
		"nothing but the environment":  {named("dev", "prod"), "environments: dev prod"},
		"no environment in the name":   {named("orders", "billing"), "orders: home, billing: home"},
		"one environment twice":        {named("orders-dev", "orders-dev"), "fa/orders-dev: dev, fb/orders-dev: dev"},
		"a word that holds one":        {named("developers-api", "internal"), "developers-api: home, internal: home"},
		"the environment is in front":  {named("uat-orders", "DEV-orders"), "orders: uat dev"},
		"a stage within the name":      {named("orders-test-v1", "orders-prod-v1"), "orders--v1: test prod"},
		"three and one that is apart":  {named("a-dev", "a-test", "a-uat", "b-uat"), "a: dev test uat, b-uat: uat"},
		"two without a name to differ": {named("orders", "orders"), "fa/orders: home, fb/orders: home"},
	} {
		var got []string
		for _, s := range subjectsOf(row.instances) {
			var environments []string
			for _, m := range s.Members {
				environments = append(environments, m.Environment)
			}
			got = append(got, s.Name+": "+strings.Join(environments, " "))
		}
		if text := strings.Join(got, ", "); text != row.want {
			t.Errorf("%s: expected %s, got %s", name, row.want, text)
		}
	}
}

// TestLiterals: a text belongs to the claim that was named last before it.
func TestLiterals(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		rule policy.CustomClaim
		want map[string][]string
	}{
		"a literal":          {policy.CustomClaim{Key: "iss", Value: "https://a/"}, map[string][]string{"iss": {"https://a/"}}},
		"either of two":      {policy.CustomClaim{Key: "iss", Value: "#[vars.claimSet.iss == 'a' or vars.claimSet.iss == 'b']"}, map[string][]string{"iss": {"a", "b"}}},
		"a split by a blank": {policy.CustomClaim{Key: "scp", Value: "#[(vars.claimSet.scp splitBy ' ') contains 'X']"}, map[string][]string{"scp": {"X"}}},
		"two claims":         {policy.CustomClaim{Key: "ver", Value: "#[vars.claimSet.scp == 'X' or vars.claimSet.roles contains \"Y\"]"}, map[string][]string{"scp": {"X"}, "roles": {"Y"}}},
		"an index":           {policy.CustomClaim{Key: "tid", Value: "#[vars.claimSet['tid'] == 'T']"}, map[string][]string{"tid": {"T"}}},
	} {
		got := literals(row.rule)
		for claim, texts := range row.want {
			if !slices.Equal(got[claim], texts) {
				t.Errorf("%s: %s: expected %q, got %q", name, claim, texts, got[claim])
			}
		}
		if len(got) != len(row.want) {
			t.Errorf("%s: expected claims of %v, got %v", name, row.want, got)
		}
	}
}

// TestVersions: audience, expression and issuer rule say which tokens are meant.
func TestVersions(t *testing.T) {
	t.Parallel()
	const id, v1, v2 = "91d00000-0a7a-4a10-8003-0123456789f2", "https://sts.windows.net/x/", "https://login.microsoftonline.com/x/v2.0"
	for name, row := range map[string]struct {
		audience, expression, issuer string
		want                         []mint.Version
		disagree                     bool
	}{
		"uri and appid":               {audience: "api://a", expression: "#[vars.claimSet.appid]", want: []mint.Version{mint.V1}},
		"guid and azp":                {audience: id, expression: "#[vars.claimSet.azp]", want: []mint.Version{mint.V2}},
		"guid and appid":              {audience: id, expression: "#[vars.claimSet.appid]", disagree: true},
		"uri and azp":                 {audience: "api://a", expression: "#[vars.claimSet.azp]", disagree: true},
		"guid and the other issuer":   {audience: id, issuer: v1, disagree: true},
		"both, and one issuer":        {audience: "api://a," + id, issuer: v2, want: []mint.Version{mint.V2}},
		"both":                        {audience: "api://a," + id, want: []mint.Version{mint.V1, mint.V2}},
		"nothing":                     {},
		"an expression of no version": {expression: "#[vars.claimSet.client_id]"},
	} {
		c := policy.NewJWTValidation()
		c.SupportedAudiences = row.audience
		if c.ClientIDExpression = row.expression; row.expression == "" {
			c.SkipClientIDValidation = true
		}
		if row.issuer != "" {
			c.MandatoryCustomClaims = []policy.CustomClaim{{Key: "iss", Value: row.issuer}}
		}
		got := readings(policy.Instance{Policies: []policy.Applied{{Asset: "jwt-validation", Config: &c}}})
		if !slices.Equal(got.versions, row.want) || got.disagree != row.disagree {
			t.Errorf("%s: expected %v (disagree %t), got %v (%t)", name, row.want, row.disagree, got.versions, got.disagree)
		}
	}
}
