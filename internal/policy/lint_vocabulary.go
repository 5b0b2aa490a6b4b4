package policy

import "strings"

// The assets that the rules speak of.
const (
	jwtValidation       = "jwt-validation"
	openIDConnect       = "openidconnect-access-token-enforcement"
	introspection       = "oauth2-token-introspection"
	clientIDEnforcement = "client-id-enforcement"
	externalOAuth2      = "external-oauth2-access-token-enforcement"
)

// audiences are the values that a policy admits as aud; none if it does not check.
func (c *JWTValidation) audiences() []string {
	if !c.ValidateAudClaim {
		return nil
	}
	return c.ListedAudiences()
}

// parts are the parts of a list in one text, without blanks around them.
func parts(text string) []string {
	var all []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

// all reports whether every scope is needed: whatever is not AND, in either case,
// counts as any (mulesoft-policies.md 1.1).
func (c Criteria) all() bool { return strings.EqualFold(string(c), string(All)) }
