package policy

import (
	"slices"
	"strings"
)

// rightsRules are about custom claims for scp and roles: who gets in by them, and
// who never does.
func rightsRules() []LintRule {
	return []LintRule{
		{
			ID: "claim-rule-for-a-list", Severity: High,
			Why:    "a literal is compared with the whole claim, and this one is a list in Entra's tokens: the rule never holds",
			Fix:    "write #[vars.claimSet.roles contains 'ROLE'] as the value in Mandatory custom claims",
			Refs:   []string{"mulesoft-policies.md §2.2", "mulesoft-policies.md §2.4", "mulesoft-policies.md §6"},
			Rows:   []string{"ctl-role-among-many", "ctl-v2-app-only"},
			Effect: LocksOut, Proof: []string{"ctl-v2-app-only"},
			check: each(claimRuleForAList),
		},
		{
			ID: "claim-rule-for-the-only-scope", Severity: Medium,
			Why:    "a literal is compared with the whole claim, and scp holds all scopes of a token: one with a second scope is refused",
			Fix:    "write #[(vars.claimSet.scp splitBy ' ') contains 'SCOPE'] as the value in Mandatory custom claims",
			Refs:   []string{"mulesoft-policies.md §2.2", "mulesoft-policies.md §2.4"},
			Rows:   []string{"ctl-scope-first-of-many", "ctl-scope-last-of-many"},
			Effect: LocksOut, Proof: []string{"ctl-scope-first-of-many"},
			check: each(claimRuleForTheOnlyScope),
		},
		{
			ID: "claim-locks-out-daemons", Severity: Medium,
			Why:    "the token of a daemon has roles and no scp: no daemon passes this rule, whatever its rights",
			Fix:    "hang the rule on a claim that every token has, such as tid, and let its expression in Mandatory custom claims take scp or roles",
			Refs:   []string{"mulesoft-policies.md §2.4", "mulesoft-policies.md §6"},
			Rows:   []string{"ctl-v2-app-only", "ctl-v1-app-only"},
			Effect: LocksOut, Proof: []string{"ctl-v2-app-only"},
			check: each(claimLocksOutDaemons),
		},
		{
			ID: "claim-locks-out-users", Severity: Low,
			Why:    "the token of a user has scp, and roles only where the user was given one: others do not pass this rule",
			Fix:    "hang the rule on a claim that every token has, such as tid, and let its expression in Mandatory custom claims take scp or roles, if users are to come",
			Refs:   []string{"mulesoft-policies.md §2.4", "mulesoft-policies.md §6"},
			Rows:   []string{"ctl-v2-delegated", "ctl-v1-delegated"},
			Effect: LocksOut, Proof: []string{"ctl-v2-delegated"},
			check: each(claimLocksOutUsers),
		},
		{
			ID: "claim-of-another-environment", Severity: High,
			Why:    "the rule names another environment than the instance does: that one's tokens are taken, and this one's refused",
			Fix:    "write this environment's own scope or role into Mandatory custom claims",
			Refs:   []string{"mulesoft-policies.md §6"},
			Rows:   []string{"scope-of-other-env", "role-app-only-other-env-role"},
			Effect: Opens, Proof: []string{"role-app-only-other-env-role", "ctl-v2-app-only"},
			check: each(claimOfAnotherEnvironment),
		},
	}
}

func claimRuleForAList(p place, _ *JWTValidation) []Finding {
	return p.eachRule(func(r claimRule) []Finding {
		if r.x != nil || unmarked(r.Value) || !slices.Contains([]string{"roles", "groups", "wids"}, r.Key) {
			return nil
		}
		f := p.ruled(r, "expected an expression over the list, got the literal %s", r.Value)
		f.Patches = p.patchRule(r, "#[vars.claimSet."+r.Key+" contains '"+r.Value+"']")
		return []Finding{f}
	})
}

func claimRuleForTheOnlyScope(p place, _ *JWTValidation) []Finding {
	return p.eachRule(func(r claimRule) []Finding {
		if r.x != nil || unmarked(r.Value) || r.Key != "scp" {
			return nil
		}
		f := p.ruled(r, "expected an expression over the scopes, got the literal %s", r.Value)
		f.Patches = p.patchRule(r, "#[(vars.claimSet.scp splitBy ' ') contains '"+r.Value+"']")
		return []Finding{f}
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
