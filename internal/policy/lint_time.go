package policy

// timeRules are about the life of a token.
func timeRules() []LintRule {
	return []LintRule{
		{
			ID: "exp-not-mandatory", Severity: High,
			Why:    "a token without exp never ends: exp is checked only where there is one",
			Fix:    "tick Expiration Claim Mandatory",
			Refs:   []string{"mulesoft-policies.md §2.2", "7519§4.1.4"},
			Rows:   []string{"exp-missing", "aud-iss-exp-all-missing"},
			Effect: Opens, Proof: []string{"exp-missing"},
			check: each(expNotMandatory),
		},
		{
			ID: "nbf-not-mandatory", Severity: Low,
			Why:    "a token without nbf is taken at any time before its exp; Entra's have one, so nothing is lost by asking for it",
			Fix:    "tick Not Before Claim Mandatory",
			Refs:   []string{"mulesoft-policies.md §2.2", "7519§4.1.5"},
			Rows:   []string{"nbf-missing"},
			Effect: Opens, Proof: []string{"nbf-missing"}, ProofFlags: "--target TARGET",
			check: each(nbfNotMandatory),
		},
	}
}

func expNotMandatory(p place, c *JWTValidation) []Finding {
	if c.MandatoryExpClaim {
		return nil
	}
	return p.expected("mandatoryExpClaim", true, false)
}

func nbfNotMandatory(p place, c *JWTValidation) []Finding {
	if c.MandatoryNbfClaim {
		return nil
	}
	return p.expected("mandatoryNbfClaim", true, false)
}
