package policy

// placementRules are about where the token is taken from.
func placementRules() []LintRule {
	return []LintRule{
		{
			ID: "token-from-query", Severity: Medium,
			Why:    "an address is kept in logs and histories, and the token with it",
			Fix:    "set JWT Origin to HTTP Bearer Authentication Header",
			Refs:   []string{"mulesoft-policies.md §2.1", "6750§5.3", "9700§4.3.2"},
			Rows:   []string{"auth-query-only", "auth-query-other-names"},
			Effect: Opens, Proof: []string{"auth-query-only"},
			check: each(tokenFromQuery),
		},
		{
			ID: "token-not-bearer", Severity: Medium,
			Why:    "the token is looked for in another place than Authorization: clients that send it as RFC 6750 has it get 400, and an upstream that reads Authorization sees another token than the one that was checked",
			Fix:    "set JWT Origin to HTTP Bearer Authentication Header",
			Refs:   []string{"mulesoft-policies.md §2.1", "mulesoft-policies.md §2.3", "6750§2.1"},
			Rows:   []string{"auth-custom-header", "auth-two-headers-upstream-view", "ctl-v2-app-only"},
			Effect: LocksOut, Proof: []string{"ctl-v2-app-only"},
			check: each(tokenNotBearer),
		},
	}
}

const bearerOrigin = "httpBearerAuthenticationHeader"

func tokenFromQuery(p place, c *JWTValidation) []Finding {
	if c.JWTOrigin != "customExpression" || !mentions(c.JWTExpression, "queryParams", "queryString", "requestUri", "uriParams") {
		return nil
	}
	f := p.about("jwtOrigin", "expected %s, got an expression over the address", bearerOrigin)
	f.Patches = p.patch("jwtOrigin", bearerOrigin)
	return []Finding{f}
}

func tokenNotBearer(p place, c *JWTValidation) []Finding {
	if c.JWTOrigin != "customExpression" || mentions(c.JWTExpression, "queryParams", "queryString", "requestUri", "uriParams") || mentions(c.JWTExpression, "authorization") {
		return nil
	}
	f := p.about("jwtOrigin", "expected %s, got the expression %s", bearerOrigin, c.JWTExpression)
	f.Patches = p.patch("jwtOrigin", bearerOrigin)
	return []Finding{f}
}
