package policy

import "fmt"

// orderRules are about policies that stand in each other's way.
func orderRules() []LintRule {
	return []LintRule{
		{
			ID: "policy-twice", Severity: Medium,
			Why:    "both must hold: what one takes the other refuses, unless they are the same, and then one of them is forgotten at the next change",
			Fix:    "remove one of the two policies, or limit each to its own methods and resources",
			Refs:   []string{"mulesoft-policies.md §2.2"},
			Rows:   []string{"ctl-v2-app-only", "ctl-v1-app-only"},
			Effect: LocksOut, Proof: []string{"ctl-v2-app-only"},
			check: eachInstance(policyTwice),
		},
		{
			ID: "claims-before-token", Severity: High,
			Why:    "the claims are set by the policy that checks the token, which comes later: the expression finds nothing, and every request is refused",
			Fix:    "move the policy that checks the token before this one",
			Refs:   []string{"mulesoft-policies.md §1.5", "mulesoft-policies.md §2.2"},
			Rows:   []string{"ctl-v2-app-only", "ctl-v1-app-only"},
			Effect: LocksOut, Proof: []string{"ctl-v2-app-only"},
			check: eachInstance(claimsBeforeToken),
		},
		{
			ID: "network-before-signature", Severity: Low,
			Why:    "each token, forged ones too, costs a call to the provider before its signature is looked at",
			Fix:    "move JWT Validation before the policy that asks the provider",
			Refs:   []string{"mulesoft-policies.md §1.2", "mulesoft-policies.md §2"},
			Rows:   []string{"jwks-unknown-kid-flood", "dos-many-dots"},
			Effect: Neither, Unshown: "it costs time and opens nothing",
			check: eachInstance(networkBeforeSignature),
		},
	}
}

func policyTwice(in *inspected) []Finding {
	first := map[string]place{}
	var all []Finding
	for _, a := range in.places {
		other, twice := first[a.Asset]
		switch {
		case !twice:
			first[a.Asset] = a
		case a.Config != nil && len(a.Rules) == 0 && len(other.Rules) == 0:
			all = append(all, a.of("expected one %s, got another at %s", a.Asset, other.At))
		}
	}
	return all
}

// claimsBeforeToken looks at Client ID Enforcement, whose expressions may read
// what a policy before it found in the token.
func claimsBeforeToken(in *inspected) []Finding {
	for _, a := range in.places {
		switch c := a.Config.(type) {
		case *JWTValidation, *OpenIDConnect, *Introspection:
			return nil
		case *ClientIDEnforcement:
			if c.CredentialsOrigin == "customExpression" && mentions(c.ClientIDExpression, "authentication.", "vars.claimSet") && len(in.tokenPolicies()) > 0 {
				return []Finding{a.about("clientIdExpression", "expected %s before this policy, got it behind", in.tokenPolicies()[0].Asset)}
			}
		}
	}
	return nil
}

func networkBeforeSignature(in *inspected) []Finding {
	asks := -1
	for i, a := range in.places {
		switch {
		case a.Asset == openIDConnect || a.Asset == introspection:
			asks = i
		case a.Asset == jwtValidation && asks >= 0:
			return []Finding{in.places[asks].of("expected %s first, got it behind %s", a.Asset, orderOf(in.places[asks]))}
		}
	}
	return nil
}

// orderOf names a policy with its order, where the document has one.
func orderOf(a place) string {
	if a.Order == 0 {
		return a.Asset
	}
	return fmt.Sprintf("%s (order %d)", a.Asset, a.Order)
}
