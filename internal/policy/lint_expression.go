package policy

import "errors"

// expressionRules are about expressions as such.
func expressionRules() []LintRule {
	return []LintRule{
		{
			ID: "expression-not-evaluated", Severity: Low,
			Why:   "what this expression gives is not known here: findings and verdicts leave it out",
			Fix:   "write it with what Flex Gateway's subset of DataWeave has, or judge the gateway itself with entraproof run",
			Refs:  []string{"mulesoft-policies.md §2.4"},
			check: each(expressionNotEvaluated),
		},
		{
			ID: "expression-not-marked", Severity: High,
			Why:   "without #[ and ] around it an expression is a text, which is compared as it stands",
			Fix:   "write #[ before the expression and ] behind it",
			Refs:  []string{"mulesoft-policies.md §2.1", "mulesoft-policies.md §2.4"},
			Rows:  []string{"ctl-v2-app-only", "ctl-v1-app-only"},
			check: each(expressionNotMarked),
		},
		{
			ID: "client-expression-constant", Severity: Critical,
			Why:   "the expression gives the same client for every token: if that one has a contract, everybody is let in as it, and if it has none, nobody",
			Fix:   "set Client ID Expression to " + clientIDByVersion,
			Refs:  []string{"mulesoft-policies.md §2.1", "mulesoft-policies.md §3", "mulesoft-policies.md §6"},
			Rows:  []string{"client-unregistered-genuine", "client-contract-only-other-env", "ctl-second-registered-client"},
			check: each(clientConstant),
		},
	}
}

func expressionNotEvaluated(p place, c *JWTValidation) []Finding {
	var all []Finding
	if x := p.client.x; x != nil && x.err != nil && !c.SkipClientIDValidation {
		all = append(all, p.about("clientIdExpression", "expected an expression that is evaluated here: %s", reason(x.err)))
	}
	return append(all, p.eachRule(func(r claimRule) []Finding {
		if r.x == nil || r.x.err == nil {
			return nil
		}
		return []Finding{p.ruled(r, "expected an expression that is evaluated here: %s", reason(r.x.err))}
	})...)
}

// reason is what an error of an expression says, without its package.
func reason(err error) string {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return err.Error()
}

// unmarked reports whether a text is an expression but for its marks.
func unmarked(text string) bool {
	return mentions(text, "vars.", "attributes.", "authentication.") && !wrapped(text)
}

func expressionNotMarked(p place, c *JWTValidation) []Finding {
	var all []Finding
	if unmarked(c.ClientIDExpression) {
		f := p.about("clientIdExpression", "expected #[…], got %s", c.ClientIDExpression)
		f.Patches = p.patch("clientIdExpression", marked(c.ClientIDExpression))
		all = append(all, f)
	}
	return append(all, p.eachRule(func(r claimRule) []Finding {
		if !unmarked(r.Value) {
			return nil
		}
		f := p.ruled(r, "expected #[…], got %s", r.Value)
		f.Patches = p.patchRule(r, marked(r.Value))
		return []Finding{f}
	})...)
}
