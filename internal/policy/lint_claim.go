package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// claimRules are about the custom claims of JWT Validation.
func claimRules() []LintRule {
	return []LintRule{
		{
			ID: "claims-without-switch", Severity: Critical,
			Why:   "without Validate Custom Claim the lists do nothing: whatever they were to keep out gets in",
			Fix:   "tick Validate Custom Claim",
			Refs:  []string{"MP 2.1"},
			Rows:  []string{"iss-other-tenant-same-audience", "scope-missing-genuine", "role-app-only-no-roles"},
			check: each(claimsWithoutSwitch),
		},
		{
			ID: "claim-not-mandatory", Severity: High,
			Why:   "a token without the claim passes: a rule for scp lets every daemon in, one for roles every app without a role",
			Fix:   "move the rule from Non-mandatory custom claims to Mandatory custom claims",
			Refs:  []string{"MP 2.2"},
			Rows:  []string{"role-app-only-under-optional-scope-rule", "scope-absent-delegated", "iss-missing"},
			check: each(claimNotMandatory),
		},
		{
			ID: "claim-rule-never-holds", Severity: High,
			Why:   "an expression that does not give a boolean always fails: every request is refused",
			Fix:   "write a comparison into Mandatory custom claims, and each comparison of several in parentheses: contains takes in an or that follows it",
			Refs:  []string{"MP 2.2", "MP 2.4"},
			Rows:  []string{"ctl-v2-app-only", "ctl-v1-delegated"},
			check: each(claimRuleNeverHolds),
		},
		{
			ID: "claim-rule-always-holds", Severity: High,
			Why:   "the expression looks at no part of the token: it keeps nobody out",
			Fix:   "compare a claim of vars.claimSet in Mandatory custom claims",
			Refs:  []string{"MP 2.2"},
			Rows:  []string{"scope-missing-genuine", "role-app-only-no-roles"},
			check: each(claimRuleAlwaysHolds),
		},
		{
			ID: "claim-rule-takes-longer-values", Severity: High,
			Why:   "contains on a text finds the value within longer ones too: orders.dev in orders.dev2",
			Fix:   "take scp apart first in Mandatory custom claims: #[(vars.claimSet.scp splitBy ' ') contains 'orders.dev']",
			Refs:  []string{"MP 2.4"},
			Rows:  []string{"scope-superstring", "scope-embedded", "scope-child-of-required"},
			check: each(claimRuleTakesLongerValues),
		},
		{
			ID: "claim-rule-for-a-list", Severity: High,
			Why:   "a literal is compared with the whole claim, and this one is a list in Entra's tokens: the rule never holds",
			Fix:   "write #[vars.claimSet.roles contains 'ROLE'] as the value in Mandatory custom claims",
			Refs:  []string{"MP 2.2", "MP 2.4", "MP 6"},
			Rows:  []string{"ctl-role-among-many", "ctl-v2-app-only"},
			check: each(claimRuleForAList),
		},
		{
			ID: "claim-rule-for-the-only-scope", Severity: Medium,
			Why:   "a literal is compared with the whole claim, and scp holds all scopes of a token: one with a second scope is refused",
			Fix:   "write #[(vars.claimSet.scp splitBy ' ') contains 'SCOPE'] as the value in Mandatory custom claims",
			Refs:  []string{"MP 2.2", "MP 2.4"},
			Rows:  []string{"ctl-scope-first-of-many", "ctl-scope-last-of-many"},
			check: each(claimRuleForTheOnlyScope),
		},
		{
			ID: "claim-rules-contradict", Severity: High,
			Why:   "all rules must hold, and a claim has one value: no token passes both",
			Fix:   "write one rule with an expression in Mandatory custom claims: #[(vars.claimSet.iss == 'A') or (vars.claimSet.iss == 'B')]",
			Refs:  []string{"MP 2.2"},
			Rows:  []string{"ctl-v2-app-only", "ctl-v1-app-only"},
			check: each(claimRulesContradict),
		},
		{
			ID: "claim-locks-out-daemons", Severity: Medium,
			Why:   "the token of a daemon has roles and no scp: no daemon passes this rule, whatever its rights",
			Fix:   "hang the rule on a claim that every token has, such as tid, and let its expression in Mandatory custom claims take scp or roles",
			Refs:  []string{"MP 2.4", "MP 6"},
			Rows:  []string{"ctl-v2-app-only", "ctl-v1-app-only"},
			check: each(claimLocksOutDaemons),
		},
		{
			ID: "claim-locks-out-users", Severity: Low,
			Why:   "the token of a user has scp, and roles only where the user was given one: others do not pass this rule",
			Fix:   "hang the rule on a claim that every token has, such as tid, and let its expression in Mandatory custom claims take scp or roles, if users are to come",
			Refs:  []string{"MP 2.4", "MP 6"},
			Rows:  []string{"ctl-v2-delegated", "ctl-v1-delegated"},
			check: each(claimLocksOutUsers),
		},
		{
			ID: "claim-of-another-environment", Severity: High,
			Why:   "the rule names another environment than the instance does: that one's tokens are taken, and this one's refused",
			Fix:   "write this environment's own scope or role into Mandatory custom claims",
			Refs:  []string{"MP 6"},
			Rows:  []string{"scope-of-other-env", "role-app-only-other-env-role"},
			check: each(claimOfAnotherEnvironment),
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

// trials are tokens that give a rule every chance to hold: the samples, with its
// literals in each claim that it reads, one by one and together.
func (r claimRule) trials() []map[string]any {
	var all []map[string]any
	for _, token := range samples() {
		all = append(all, token)
		together := token
		for claim, values := range r.x.demanded {
			together = with(together, claim, values...)
			for _, v := range values {
				all = append(all, with(token, claim, v))
			}
		}
		all = append(all, together)
	}
	return all
}

func claimRuleNeverHolds(p place, _ *JWTValidation) []Finding {
	return p.eachRule(func(r claimRule) []Finding {
		if r.x == nil || r.x.err != nil {
			return nil
		}
		for _, token := range r.trials() {
			if v, known := r.x.value(token); known {
				if _, ok := v.(bool); ok {
					return nil
				}
			}
		}
		return []Finding{p.ruled(r, "expected an expression that gives true or false, got %s", r.Value)}
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
					f.Patch = p.splitting(r)
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
func (p place) splitting(r claimRule) *Patch {
	m := plainContains.FindStringSubmatch(r.Value)
	if m == nil {
		return nil
	}
	return p.patchRule(r, "#[(vars.claimSet.scp splitBy ' ') contains "+m[1]+"]")
}

func claimRuleForAList(p place, _ *JWTValidation) []Finding {
	return p.eachRule(func(r claimRule) []Finding {
		if r.x != nil || !slices.Contains([]string{"roles", "groups", "wids"}, r.Key) {
			return nil
		}
		f := p.ruled(r, "expected an expression over the list, got the literal %s", r.Value)
		f.Patch = p.patchRule(r, "#[vars.claimSet."+r.Key+" contains '"+r.Value+"']")
		return []Finding{f}
	})
}

func claimRuleForTheOnlyScope(p place, _ *JWTValidation) []Finding {
	return p.eachRule(func(r claimRule) []Finding {
		if r.x != nil || r.Key != "scp" {
			return nil
		}
		f := p.ruled(r, "expected an expression over the scopes, got the literal %s", r.Value)
		f.Patch = p.patchRule(r, "#[(vars.claimSet.scp splitBy ' ') contains '"+r.Value+"']")
		return []Finding{f}
	})
}

func claimRulesContradict(p place, _ *JWTValidation) []Finding {
	first := map[string]string{}
	return p.eachRule(func(r claimRule) []Finding {
		if r.x != nil || !r.mandatory {
			return nil
		}
		other, twice := first[r.Key]
		if !twice {
			first[r.Key] = r.Value
		}
		if !twice || other == r.Value {
			return nil
		}
		return []Finding{p.ruled(r, "expected one value, got %s beside %s", r.Value, other)}
	})
}

// lockedOut reports whether tokens with their rights in one claim pass a rule,
// and none with them in the other.
func (r claimRule) lockedOut(in, out string) bool {
	if !r.mandatory || !r.about(in) {
		return false
	}
	if r.Key == in || r.x == nil {
		return r.Key == in
	}
	passes := func(rights string) bool {
		return slices.ContainsFunc([]version{v1, v2}, func(of version) bool {
			token := sample(of, rights)
			for claim, values := range r.x.demanded {
				if claim != in && claim != out || claim == rights {
					token = with(token, claim, values...)
				}
			}
			return r.x.holds(token)
		})
	}
	return passes(in) && !passes(out)
}

func claimLocksOutDaemons(p place, _ *JWTValidation) []Finding {
	return p.eachRule(func(r claimRule) []Finding {
		if !r.lockedOut("scp", "roles") {
			return nil
		}
		return []Finding{p.ruled(r, "expected a way for tokens without scp, got %s", r.Value)}
	})
}

func claimLocksOutUsers(p place, _ *JWTValidation) []Finding {
	return p.eachRule(func(r claimRule) []Finding {
		if !r.lockedOut("roles", "scp") {
			return nil
		}
		return []Finding{p.ruled(r, "expected a way for tokens without roles, got %s", r.Value)}
	})
}

func claimOfAnotherEnvironment(p place, _ *JWTValidation) []Finding {
	home := p.in.environment
	return p.eachRule(func(r claimRule) []Finding {
		values := []string{r.Value}
		if r.x != nil {
			values = r.x.literals
		}
		isOwn := func(v string) bool { return EnvironmentOf(v) == home }
		if home == "" || !r.about("scp") && !r.about("roles") || slices.ContainsFunc(values, isOwn) {
			return nil
		}
		for _, v := range values {
			if EnvironmentOf(v) != "" && !strings.Contains(v, "://") {
				return []Finding{p.ruled(r, "expected a value of %s, as %s is, got %s", home, p.in.Name, v)}
			}
		}
		return nil
	})
}
