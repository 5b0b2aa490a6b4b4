package policy

import "slices"

// enforcementRules are about Client ID Enforcement.
func enforcementRules() []LintRule {
	return []LintRule{
		{
			ID: "client-id-without-secret", Severity: High,
			Why:    "a client id is no secret, it stands in every token: whoever knows one of a client with a contract is that client",
			Fix:    "fill in Client Secret Expression, or let JWT Validation take the client id from the token",
			Refs:   []string{"mulesoft-policies.md §3"},
			Rows:   []string{"client-header-spoofed", "client-header-other-registered"},
			Effect: Opens, Proof: []string{"client-header-spoofed"},
			check: each(clientIDWithoutSecret),
		},
		{
			ID: "client-id-beside-token", Severity: Medium,
			Why:    "the client id and the token come separately, and nothing says that they belong together: a client with a contract can use another client's token",
			Fix:    "untick Skip Client ID Validation of JWT Validation and remove Client ID Enforcement, or set its Client ID Expression to the claim of the token",
			Refs:   []string{"mulesoft-policies.md §3", "mulesoft-policies.md §1.5"},
			Rows:   []string{"client-header-other-registered", "client-unregistered-genuine"},
			Effect: Opens, Proof: []string{"client-header-spoofed"},
			check: each(clientIDBesideToken),
		},
		{
			ID: "client-id-basic-beside-bearer", Severity: High,
			Why:    "Authorization holds either a client id and secret or a token: no request passes both policies",
			Fix:    "set the credentials origin of Client ID Enforcement to Custom Expression",
			Refs:   []string{"mulesoft-policies.md §1.2", "mulesoft-policies.md §2.1", "mulesoft-policies.md §3", "6750§2.1"},
			Rows:   []string{"ctl-v2-app-only", "auth-basic-scheme"},
			Effect: LocksOut, Proof: []string{"ctl-v2-app-only"},
			check: each(clientIDBasicBesideBearer),
		},
		{
			ID: "client-id-in-local-mode", Severity: High,
			Why:    "the policy is not supported in local mode, where there are no contracts",
			Fix:    "let JWT Validation demand the client by a rule for appid or azp in Mandatory custom claims, or register the gateway in connected mode",
			Refs:   []string{"mulesoft-policies.md §0", "mulesoft-policies.md §3", "mulesoft-policies.md §8"},
			Rows:   []string{"ctl-v2-app-only", "client-unregistered-genuine"},
			Effect: Neither, Unshown: "what a gateway in local mode makes of the policy is not documented; predict refuses the document",
			check: each(clientIDInLocalMode),
		},
	}
}

// ofToken reports whether an expression takes the client id from the token.
func ofToken(expression string) bool {
	return mentions(expression, "authentication.", "vars.claimSet")
}

// Where the credentials of a client, or a token, may come from.
const (
	customOrigin = "customExpression"
	basicOrigin  = "httpBasicAuthenticationHeader"
)

// tokenChecked reports whether a policy asks for the contract of the token's own
// client.
func (in *inspected) tokenChecked() bool {
	return slices.ContainsFunc(in.tokenPolicies(), place.checksContract)
}

// OfToken reports whether the client id comes from the token, so that a request
// needs none beside it.
func (c *ClientIDEnforcement) OfToken() bool {
	return c.CredentialsOrigin == customOrigin && ofToken(c.ClientIDExpression)
}

func clientIDWithoutSecret(p place, c *ClientIDEnforcement) []Finding {
	if c.CredentialsOrigin != customOrigin || c.ClientSecretExpression != "" || ofToken(c.ClientIDExpression) || p.in.tokenChecked() {
		return nil
	}
	return []Finding{p.about("clientSecretExpression", "expected an expression, got none")}
}

func clientIDBesideToken(p place, c *ClientIDEnforcement) []Finding {
	if len(p.in.tokenPolicies()) == 0 || ofToken(c.ClientIDExpression) || c.CredentialsOrigin != customOrigin || p.in.tokenChecked() {
		return nil
	}
	return []Finding{p.about("clientIdExpression", "expected the claim of the token, got %s", c.ClientIDExpression)}
}

func clientIDBasicBesideBearer(p place, c *ClientIDEnforcement) []Finding {
	if c.CredentialsOrigin != basicOrigin || len(p.in.tokenPolicies()) == 0 {
		return nil
	}
	for _, other := range p.in.tokenPolicies() {
		if jwt, ok := other.Config.(*JWTValidation); ok && jwt.JWTOrigin != bearerOrigin {
			return nil
		}
	}
	return p.expected("credentialsOriginHasHttpBasicAuthenticationHeader", customOrigin, c.CredentialsOrigin)
}

func clientIDInLocalMode(p place, _ *ClientIDEnforcement) []Finding {
	if !p.local() {
		return nil
	}
	return []Finding{p.of("expected %s in local mode, got %s", jwtValidation, p.Asset)}
}
