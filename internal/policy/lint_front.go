package policy

// frontRules are about policies that change what the one that checks the token
// sees, or that answer without asking it.
func frontRules() []LintRule {
	return []LintRule{
		{
			ID: "token-injected-before-check", Severity: Critical,
			Why:   "what is checked is what the gateway wrote itself: whoever calls, with a token or without, may pass with it",
			Fix:   "remove the header from Header Injection, or move the policy that checks the token before it",
			Refs:  []string{"mulesoft-policies.md §2.3", "mulesoft-policies.md §3"},
			Rows:  []string{"auth-missing", "aud-other-env-genuine", "auth-two-headers-good-bad"},
			check: meddling(Injects),
		},
		{
			ID: "token-moved-before-check", Severity: Medium,
			Why:   "the token is taken from another place of the request than Authorization: what callers send there as RFC 6750 has it is not what is checked, or stands beside it",
			Fix:   "have callers send the token in Authorization, and remove the header from Header Injection",
			Refs:  []string{"mulesoft-policies.md §2.3", "6750§2.1"},
			Rows:  []string{"auth-custom-header", "auth-two-headers-good-bad"},
			check: meddling(Moves),
		},
		{
			ID: "token-removed-before-check", Severity: High,
			Why:   "the header is gone before the policy looks for it: every request is refused",
			Fix:   "move Header Removal behind the policy that checks the token",
			Refs:  []string{"mulesoft-policies.md §2.3", "mulesoft-policies.md §3"},
			Rows:  []string{"ctl-v2-app-only", "ctl-v1-app-only"},
			check: meddling(Removes),
		},
		{
			ID: "cache-before-check", Severity: Critical,
			Why:   "an answer from the cache is given before the token is looked at: what one caller was given, everybody gets, with a token or without",
			Fix:   "move HTTP Caching behind the policy that checks the token",
			Refs:  []string{"mulesoft-policies.md §1.2", "mulesoft-policies.md §2"},
			Rows:  []string{"auth-missing", "state-shared-cache"},
			check: meddling(Answers),
		},
	}
}

// meddling makes a rule of one way to meddle.
func meddling(kind Meddling) check {
	return eachInstance(func(in *inspected) []Finding {
		var all []Finding
		for _, m := range in.Meddlers() {
			if m.Kind != kind {
				continue
			}
			f := place{in: in, Applied: m.Applied}.of("expected %s first, got this before it: %s", m.Before, m)
			f.At = m.At
			if m.Field != "" {
				f.Key = "inboundHeaders"
			}
			all = append(all, f)
		}
		return all
	})
}
