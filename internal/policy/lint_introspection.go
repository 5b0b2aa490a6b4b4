package policy

import "strings"

// introspectionRules are about OAuth 2.0 Token Introspection, which Flex and Omni
// Gateway have.
func introspectionRules() []LintRule {
	return []LintRule{
		{
			ID: "introspection-at-entra", Severity: High,
			Why:   "Entra has no introspection endpoint, and the vendor's page says that this policy does not support it: no token is ever found valid",
			Fix:   "use JWT Validation in its place",
			Refs:  []string{"mulesoft-policies.md §0", "mulesoft-policies.md §1.7"},
			Rows:  []string{"ctl-v2-app-only", "ctl-v1-app-only"},
			check: each(introspectionAtEntra),
		},
		{
			ID: "oauth-provider-not-entra", Severity: High,
			Why:   "this policy is for the Mule OAuth provider alone, and the vendor names Azure as unsupported: tokens of Entra are not what it expects",
			Fix:   "use JWT Validation in its place",
			Refs:  []string{"mulesoft-policies.md §1.1"},
			Rows:  []string{"ctl-v2-app-only", "ctl-v1-app-only"},
			check: eachPolicy(oauth2ProviderNotEntra),
		},
		{
			ID: "introspection-over-http", Severity: High,
			Why:   "each token, and the gateway's own credentials with it, can be read on the way, and the answer changed",
			Fix:   "write Introspection URL with https",
			Refs:  []string{"mulesoft-policies.md §1.7", "7662§4"},
			Rows:  []string{"jwks-plain-http"},
			check: each(introspectionOverHTTP),
		},
		{
			ID: "introspection-nothing-checked", Severity: Critical,
			Why:   "any active token of the tenant is taken, in every environment",
			Fix:   "write this environment's own scope into Scopes, or untick Skip Client Id Validation",
			Refs:  []string{"mulesoft-policies.md §1.7", "mulesoft-policies.md §6"},
			Rows:  []string{"aud-other-env-genuine", "client-unregistered-genuine", "scope-missing-genuine"},
			check: each(introspectionNothingChecked),
		},
		{
			ID: "introspection-client-by-username", Severity: Medium,
			Why:   "the contract is looked up by the user's name, which no daemon's token has, and which a directory's users may choose",
			Fix:   "set consumerBy to client_id",
			Refs:  []string{"mulesoft-policies.md §1.7", "7662§2.2"},
			Rows:  []string{"ctl-v2-app-only", "client-unregistered-genuine-delegated"},
			check: each(introspectionByUsername),
		},
		{
			ID: "introspection-kept-long", Severity: Medium,
			Why:   "an answer counts this long: a token that is withdrawn in between still opens",
			Fix:   "set validatedTokenTTL to 600; it is in seconds",
			Refs:  []string{"mulesoft-policies.md §1.7", "7662§4"},
			Rows:  []string{"state-expired-after-cached"},
			check: each(introspectionKeptLong),
		},
	}
}

func introspectionAtEntra(p place, c *Introspection) []Finding {
	host, _, _ := tenantOf(strings.TrimSuffix(c.IntrospectionURL, "/") + "/x")
	if !isEntra(c.IntrospectionURL) && host != "graph.microsoft.com" {
		return nil
	}
	return []Finding{p.about("introspectionURL", "expected an endpoint that answers RFC 7662, got %s", host)}
}

func oauth2ProviderNotEntra(p place) []Finding {
	if p.Asset != externalOAuth2 {
		return nil
	}
	return []Finding{p.of("expected %s for tokens of Entra, got %s", jwtValidation, p.Asset)}
}

func introspectionOverHTTP(p place, c *Introspection) []Finding {
	if !overHTTP(c.IntrospectionURL) {
		return nil
	}
	f := p.about("introspectionURL", "expected https, got http")
	f.Patches = p.patch("introspectionURL", "https"+c.IntrospectionURL[len("http"):])
	return []Finding{f}
}

func introspectionNothingChecked(p place, c *Introspection) []Finding {
	if !c.SkipClientIDValidation || len(strings.Fields(c.Scopes)) > 0 || p.in.has(jwtValidation) {
		return nil
	}
	return []Finding{p.about("scopes", "expected the scope of this environment, got none, with the client check skipped")}
}

func introspectionByUsername(p place, c *Introspection) []Finding {
	if c.SkipClientIDValidation || c.ConsumerBy != "username" {
		return nil
	}
	return p.expected("consumerBy", "client_id", "username")
}

// longestAnswer is what the policy keeps an answer by default, in seconds
// (mulesoft-policies.md 1.7).
const longestAnswer = 600

func introspectionKeptLong(p place, c *Introspection) []Finding {
	if c.ValidatedTokenTTL <= longestAnswer {
		return nil
	}
	return p.expected("validatedTokenTTL", longestAnswer, c.ValidatedTokenTTL)
}
