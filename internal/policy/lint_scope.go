package policy

import (
	"slices"
	"strings"
)

// scopeRules are about the scopes that OpenID Connect and Token Introspection
// ask for. Rules for scp in JWT Validation are custom claims.
func scopeRules() []LintRule {
	return []LintRule{
		{
			ID: "scope-criteria-any", Severity: High,
			Why:   "one of the scopes is enough: a token that has another environment's, or the harmless one of the list, opens",
			Fix:   "set Scope Validation Criteria to Contains all scopes",
			Refs:  []string{"mulesoft-policies.md §1.1", "mulesoft-policies.md §6"},
			Rows:  []string{"scope-and-one-missing", "scope-or-shared-across-envs", "scope-of-other-env"},
			check: scoped(scopeCriteriaAny),
		},
		{
			ID: "scope-criteria-not-known", Severity: Medium,
			Why:   "the product knows AND and OR; in the vendor's example whatever is not AND counts as any",
			Fix:   "set Scope Validation Criteria to Contains all scopes",
			Refs:  []string{"mulesoft-policies.md §1.1"},
			Rows:  []string{"scope-and-one-missing"},
			check: scoped(scopeCriteriaNotKnown),
		},
		{
			ID: "scope-matches-no-token", Severity: High,
			Why:   "scp of an Entra token holds the short names of scopes, separated by blanks: this one is never among them, and every request is answered with 403",
			Fix:   "write the short names of the scopes into Scopes, with blanks between them",
			Refs:  []string{"mulesoft-policies.md §1.1", "mulesoft-policies.md §6", "entra-tokens.md §2.3"},
			Rows:  []string{"ctl-v2-delegated", "ctl-v1-delegated", "ctl-scope-first-of-many"},
			check: scoped(scopeMatchesNoToken),
		},
		{
			ID: "scope-locks-out-daemons", Severity: Medium,
			Why:   "the token of a daemon has roles and no scp: it is answered with 403, whatever its rights",
			Fix:   "use JWT Validation, with a rule in Mandatory custom claims that takes scp or roles; or a provider whose introspection endpoint returns roles as scope",
			Refs:  []string{"mulesoft-policies.md §0", "mulesoft-policies.md §6"},
			Rows:  []string{"ctl-v2-app-only", "ctl-v1-app-only"},
			check: scoped(scopeLocksOutDaemons),
		},
		{
			ID: "scope-of-another-environment", Severity: High,
			Why:   "the scope names another environment than the instance does: that one's tokens are taken, and this one's refused",
			Fix:   "write this environment's own scope into Scopes",
			Refs:  []string{"mulesoft-policies.md §6"},
			Rows:  []string{"scope-of-other-env", "aud-other-env-genuine-delegated"},
			check: scoped(scopeOfAnotherEnvironment),
		},
	}
}

// demand is what a policy asks about scopes.
type demand struct {
	scopes   []string
	criteria Criteria
}

// scopes are what a policy asks for, if it does.
func (p place) scopes() (demand, bool) {
	var d demand
	switch c := p.Config.(type) {
	case *OpenIDConnect:
		d = demand{strings.Fields(c.Scopes), c.ScopeValidationCriteria}
	case *Introspection:
		d = demand{strings.Fields(c.Scopes), c.ScopeValidationCriteria}
	}
	return d, len(d.scopes) > 0
}

// scoped makes a rule of what can be said of a policy that asks for scopes.
func scoped(look func(p place, d demand) []Finding) check {
	return eachPolicy(func(p place) []Finding {
		if d, ok := p.scopes(); ok {
			return look(p, d)
		}
		return nil
	})
}

func scopeCriteriaAny(p place, d demand) []Finding {
	if len(d.scopes) < 2 || d.criteria.all() || !strings.EqualFold(string(d.criteria), string(Any)) {
		return nil
	}
	return p.expected("scopeValidationCriteria", All, d.criteria)
}

func scopeCriteriaNotKnown(p place, d demand) []Finding {
	if d.criteria.all() || strings.EqualFold(string(d.criteria), string(Any)) {
		return nil
	}
	return p.expected("scopeValidationCriteria", All, d.criteria)
}

func scopeMatchesNoToken(p place, d demand) []Finding {
	var all []Finding
	for _, scope := range d.scopes {
		if short, reason := notAScope(scope); reason != "" {
			f := p.about("scopes", "expected the short name of a scope, got %s, %s", scope, reason)
			if short != "" {
				f.Patches = p.patch("scopes", strings.Join(replaced(d.scopes, scope, short), " "))
			}
			all = append(all, f)
		}
	}
	return all
}

// notAScope says why no token has a scope, and which was meant where that can be
// told.
func notAScope(scope string) (short, reason string) {
	name := scope[strings.LastIndexByte(scope, '/')+1:]
	switch {
	case name == ".default":
		return "", "which is only asked with"
	case strings.Contains(scope, "://"):
		return name, "which is how it is asked for"
	case strings.ContainsAny(scope, ",;|"):
		return strings.Join(strings.FieldsFunc(scope, func(r rune) bool { return strings.ContainsRune(",;|", r) }), " "), "which is one scope to the product"
	case slices.Contains([]string{"openid", "profile", "offline_access"}, scope):
		return "", "which is asked for beside others and is not of an API"
	}
	return "", ""
}

// HeldScopes are the scopes that tokens hold where a configuration asks for some,
// in the form of scp: what no token has is taken for what was meant by it.
func HeldScopes(asked string) string {
	var held []string
	for _, scope := range strings.Fields(asked) {
		if short, reason := notAScope(scope); reason == "" {
			held = append(held, scope)
		} else if short != "" {
			held = append(held, short)
		}
	}
	return strings.Join(held, " ")
}

// replaced is a list with one value in the place of another.
func replaced(all []string, old, value string) []string {
	all = slices.Clone(all)
	for i := range all {
		if all[i] == old {
			all[i] = value
		}
	}
	return all
}

func scopeLocksOutDaemons(p place, d demand) []Finding {
	return []Finding{p.about("scopes", "expected a way for tokens without scp, got %s alone", strings.Join(d.scopes, " "))}
}

func scopeOfAnotherEnvironment(p place, d demand) []Finding {
	home := p.in.environment
	if home == "" {
		return nil
	}
	other := ""
	for _, scope := range d.scopes {
		switch env := EnvironmentOf(scope); env {
		case "":
		case home:
			return nil
		default:
			other = scope
		}
	}
	if other == "" {
		return nil
	}
	return []Finding{p.about("scopes", "expected a scope of %s, as %s is, got %s", home, p.in.Name, other)}
}
