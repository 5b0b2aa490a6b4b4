package policy

import (
	"fmt"
	"regexp"
	"slices"
)

// claimRules are about the custom claims of JWT Validation.
func claimRules() []LintRule {
	return []LintRule{
		{
			ID: "claims-without-switch", Severity: Critical,
			Why:    "without Validate Custom Claim the lists do nothing: whatever they were to keep out gets in",
			Fix:    "tick Validate Custom Claim",
			Refs:   []string{"mulesoft-policies.md §2.1"},
			Rows:   []string{"iss-other-tenant-same-audience", "scope-missing-genuine", "role-app-only-no-roles"},
			Effect: Opens, Proof: []string{"iss-other-tenant-same-audience"},
			check: each(claimsWithoutSwitch),
		},
		{
			ID: "claim-not-mandatory", Severity: High,
			Why:    "a token without the claim passes: a rule for scp lets every daemon in, one for roles every app without a role",
			Fix:    "move the rule from Non-mandatory custom claims to Mandatory custom claims",
			Refs:   []string{"mulesoft-policies.md §2.2"},
			Rows:   []string{"role-app-only-under-optional-scope-rule", "scope-absent-delegated", "iss-missing"},
			Effect: Opens, Proof: []string{"role-app-only-under-optional-scope-rule"},
			check: each(claimNotMandatory),
		},
		{
			ID: "claim-rule-never-holds", Severity: High,
			Why:    "an expression that does not give true fails, and this one gives it for no token that was tried: every request is refused",
			Fix:    "write a comparison that can hold into Mandatory custom claims, and each comparison of several in parentheses: contains takes in an or that follows it",
			Refs:   []string{"mulesoft-policies.md §2.2", "mulesoft-policies.md §2.4"},
			Rows:   []string{"ctl-v2-app-only", "ctl-v1-delegated"},
			Effect: LocksOut, Proof: []string{"ctl-v2-app-only"},
			check: each(claimRuleNeverHolds),
		},
		{
			ID: "claim-rule-always-holds", Severity: High,
			Why:    "the expression looks at no part of the token: it keeps nobody out",
			Fix:    "compare a claim of vars.claimSet in Mandatory custom claims",
			Refs:   []string{"mulesoft-policies.md §2.2"},
			Rows:   []string{"scope-missing-genuine", "role-app-only-no-roles"},
			Effect: Opens, Proof: []string{"role-app-only-other-env-role"},
			check: each(claimRuleAlwaysHolds),
		},
		{
			ID: "claim-rule-takes-longer-values", Severity: High,
			Why:    "contains on a text finds the value within longer ones too: orders.dev in orders.dev2",
			Fix:    "take scp apart first in Mandatory custom claims: #[(vars.claimSet.scp splitBy ' ') contains 'orders.dev']",
			Refs:   []string{"mulesoft-policies.md §2.4"},
			Rows:   []string{"scope-superstring", "scope-embedded", "scope-child-of-required"},
			Effect: Opens, Proof: []string{"scope-superstring"},
			check: each(claimRuleTakesLongerValues),
		},
		{
			ID: "claim-rules-contradict", Severity: High,
			Why:    "all rules must hold, and a claim has one value: no token passes both",
			Fix:    "write one rule with an expression in Mandatory custom claims: #[(vars.claimSet.iss == 'A') or (vars.claimSet.iss == 'B')]",
			Refs:   []string{"mulesoft-policies.md §2.2"},
			Rows:   []string{"ctl-v2-app-only", "ctl-v1-app-only"},
			Effect: LocksOut, Proof: []string{"ctl-v2-app-only"},
			check: each(claimRulesContradict),
		},
	}
}

// ruled is a finding about the value of one custom claim.
func (p place) ruled(r claimRule, format string, a ...any) Finding {
	f := p.of("%s %s: %s", r.key, r.Key, fmt.Sprintf(format, a...))
	f.Key = r.key
	f.At = p.Where(fmt.Sprintf("%s.%d.value", r.key, r.place))
	return f
}

// eachRule is what can be said of the custom claims of a policy.
func (p place) eachRule(look func(r claimRule) []Finding) []Finding {
	var all []Finding
	for _, rule := range p.rules {
		all = append(all, look(rule)...)
	}
	return all
}

func claimsWithoutSwitch(p place, c *JWTValidation) []Finding {
	if c.ValidateCustomClaim || len(c.MandatoryCustomClaims)+len(c.NonMandatoryCustomClaims) == 0 {
		return nil
	}
	return p.expected("validateCustomClaim", true, false)
}

// guards are the claims that decide who gets in.
var guards = regexp.MustCompile(`^(aud|iss|tid|scp|roles|azp|appid|ver|idtyp|groups|wids)$`)

func claimNotMandatory(p place, _ *JWTValidation) []Finding {
	return p.eachRule(func(r claimRule) []Finding {
		if r.mandatory || !guards.MatchString(r.Key) {
			return nil
		}
		return []Finding{p.ruled(r, "expected it among mandatoryCustomClaims")}
	})
}

func claimRuleNeverHolds(p place, _ *JWTValidation) []Finding {
	return p.eachRule(func(r claimRule) []Finding {
		if r.x == nil || r.x.err != nil || r.x.everHolds() {
			return nil
		}
		return []Finding{p.ruled(r, "expected an expression that is true for some token, got %s", r.Value)}
	})
}

func claimRuleAlwaysHolds(p place, _ *JWTValidation) []Finding {
	return p.eachRule(func(r claimRule) []Finding {
		if r.x == nil || !r.x.readsNothing() || !r.x.holds(nil) {
			return nil
		}
		return []Finding{p.ruled(r, "expected an expression over a claim, got %s", r.Value)}
	})
}

func claimRuleTakesLongerValues(p place, _ *JWTValidation) []Finding {
	return p.eachRule(func(r claimRule) []Finding {
		if r.x == nil || !r.mandatory {
			return nil
		}
		for _, claim := range []string{"scp", "roles", "aud", "azp", "appid"} {
			for _, value := range r.x.demanded[claim] {
				if longer := value + "2"; r.takes(claim, longer) && !r.takes(claim, "2") {
					f := p.ruled(r, "expected %s as a whole, got an expression that takes %s", value, longer)
					f.Patches = p.splitting(r)
					return []Finding{f}
				}
			}
		}
		return nil
	})
}

// takes reports whether some token with this value of a claim passes.
func (r claimRule) takes(claim, value string) bool {
	return slices.ContainsFunc(samples(), func(token map[string]any) bool { return r.x.holds(with(token, claim, value)) })
}

// plainContains is the expression that is mended by taking scp apart.
var plainContains = regexp.MustCompile(`^#\[\s*vars\.claimSet\.scp contains ('[^']*'|"[^"]*")\s*\]$`)

// splitting is the patch of a contains on the text of scp.
func (p place) splitting(r claimRule) []Patch {
	m := plainContains.FindStringSubmatch(r.Value)
	if m == nil {
		return nil
	}
	return p.patchRule(r, "#[(vars.claimSet.scp splitBy ' ') contains "+m[1]+"]")
}

// claimRulesContradict takes a rule that is not mandatory beside one that is: the
// claim is there then.
func claimRulesContradict(p place, _ *JWTValidation) []Finding {
	first := map[string]claimRule{}
	return p.eachRule(func(r claimRule) []Finding {
		if r.x != nil {
			return nil
		}
		other, twice := first[r.Key]
		if !twice {
			first[r.Key] = r // the mandatory ones come first
		}
		if !twice || other.Value == r.Value || !other.mandatory {
			return nil
		}
		return []Finding{p.ruled(r, "expected one value, got %s beside %s", r.Value, other.Value)}
	})
}
