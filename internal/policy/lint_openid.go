package policy

import "strings"

// openIDRules are about OpenID Connect OAuth 2.0 Access Token Enforcement.
func openIDRules() []LintRule {
	return []LintRule{
		{
			ID: "oidc-client-check-on", Severity: High,
			Why:   "the check looks for client_id, and Entra's tokens have appid or azp: every genuine token is answered with 403 Invalid Client, unless the provider's introspection endpoint is one of yours that returns client_id",
			Fix:   "tick Skip Client Id Validation and write this environment's scope into Scopes; or use JWT Validation with Client ID Expression",
			Refs:  []string{"mulesoft-policies.md §0", "mulesoft-policies.md §1.2", "mulesoft-policies.md §1.4", "mulesoft-policies.md §6"},
			Rows:  []string{"ctl-no-client-id-no-scope-claims", "ctl-v1-app-only", "ctl-v2-app-only"},
			check: each(oidcClientCheckOn),
		},
		{
			ID: "oidc-nothing-checked", Severity: Critical,
			Why:   "any valid token of the tenant is taken, in every environment: this is the false positive",
			Fix:   "write this environment's own scope into Scopes; or use JWT Validation with a mandatory audience",
			Refs:  []string{"mulesoft-policies.md §6", "mulesoft-policies.md §7"},
			Rows:  []string{"aud-other-env-genuine", "aud-other-env-genuine-delegated", "client-unregistered-genuine", "scope-missing-genuine"},
			check: each(oidcNothingChecked),
		},
		{
			ID: "oidc-in-local-mode", Severity: High,
			Why:   "the policy is not supported in local mode from 1.13 on, and its introspection address comes from a control plane that is not there",
			Fix:   "use JWT Validation in its place, or register the gateway in connected mode",
			Refs:  []string{"mulesoft-policies.md §0", "mulesoft-policies.md §4", "mulesoft-policies.md §8"},
			Rows:  []string{"ctl-v2-app-only", "ctl-v1-app-only"},
			check: each(oidcInLocalMode),
		},
		{
			ID: "oidc-graph-tokens", Severity: Low,
			Why:   "with the Entra client provider, as documented, only tokens for Microsoft Graph pass and scopes of one's own are not supported: a token for this API is answered with 401 Token has been revoked; which provider is used cannot be seen here",
			Fix:   "use JWT Validation, or a provider whose introspection endpoint reads Entra's tokens",
			Refs:  []string{"mulesoft-policies.md §0", "mulesoft-policies.md §1.6", "mulesoft-policies.md §6", "mulesoft-policies.md §8"},
			Rows:  []string{"ctl-v2-app-only", "ctl-v2-delegated", "aud-graph-genuine"},
			check: each(oidcGraphTokens),
		},
		{
			ID: "jwt-behind-oidc", Severity: High,
			Why:   "a token for Graph, which is all that the Entra client provider takes, cannot be verified by JWT Validation: no token passes both, unless the provider's introspection endpoint is one of yours",
			Fix:   "remove OpenID Connect OAuth 2.0 Access Token Enforcement from the API instance, and let JWT Validation check client, audience and scope",
			Refs:  []string{"mulesoft-policies.md §0", "mulesoft-policies.md §6"},
			Rows:  []string{"ctl-v2-app-only", "ctl-v1-delegated", "aud-graph-genuine"},
			check: eachInstance(jwtBehindOIDC),
		},
		{
			ID: "provider-not-verified", Severity: Medium,
			Why:   "the certificate of the introspection endpoint is not looked at: whoever is on the way says that a token is valid",
			Fix:   "tick Validate TLS Certificate (Mule only; which product it is cannot be seen here)",
			Refs:  []string{"mulesoft-policies.md §1.1", "9700§2.6"},
			Rows:  []string{"jwks-untrusted-tls"},
			check: each(providerNotVerified),
		},
	}
}

func oidcClientCheckOn(p place, c *OpenIDConnect) []Finding {
	if c.SkipClientIDValidation {
		return nil
	}
	f := p.expected("skipClientIdValidation", true, false)
	if len(strings.Fields(c.Scopes)) == 0 {
		f[0].Patches = nil // alone it opens every environment
	}
	return f
}

func oidcNothingChecked(p place, c *OpenIDConnect) []Finding {
	if !c.SkipClientIDValidation || len(strings.Fields(c.Scopes)) > 0 || p.in.has(jwtValidation) {
		return nil
	}
	return []Finding{p.about("scopes", "expected the scope of this environment, got none, with the client check skipped")}
}

func oidcInLocalMode(p place, _ *OpenIDConnect) []Finding {
	if !p.local() {
		return nil
	}
	return []Finding{p.of("expected %s in local mode, got %s", jwtValidation, p.Asset)}
}

func oidcGraphTokens(p place, c *OpenIDConnect) []Finding {
	if len(strings.Fields(c.Scopes)) == 0 {
		return nil
	}
	return []Finding{p.about("scopes", "expected none with the Entra client provider, got %s", c.Scopes)}
}

func jwtBehindOIDC(in *inspected) []Finding {
	if !in.has(jwtValidation) || !in.has(openIDConnect) {
		return nil
	}
	for _, p := range in.places {
		if p.Asset == openIDConnect {
			return []Finding{p.of("expected %s or %s, got both", jwtValidation, openIDConnect)}
		}
	}
	return nil
}

// providerNotVerified leaves local mode alone, whose policy has no such key.
func providerNotVerified(p place, c *OpenIDConnect) []Finding {
	if c.SecureTrustStore || p.local() {
		return nil
	}
	return p.expected("secureTrustStore", true, false)
}
