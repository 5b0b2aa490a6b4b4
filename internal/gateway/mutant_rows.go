package gateway

// softBehaviourRows are the rows that fail the mutants of key sets, state and
// answers.
func softBehaviourRows() map[string][]string {
	return map[string][]string{
		"challenge-missing":           {"rsp-401-has-challenge"},
		"code-without-credentials":    {"rsp-no-error-code-without-credentials"},
		"forwarded-first":             {"rsp-upstream-untouched"},
		"internals-told":              {"rsp-jwks-url-not-leaked"},
		"reason-told":                 {"rsp-reasons-not-distinguishable"},
		"refusal-cacheable":           {"rsp-not-cacheable"},
		"refusals-unlogged":           {"rsp-refusals-logged"},
		"request-code-missing":        {"rsp-invalid-request-code"},
		"scope-code-missing":          {"rsp-insufficient-scope-code"},
		"sign-in-redirect":            {"rsp-no-login-redirect"},
		"token-code-missing":          {"rsp-invalid-token-code"},
		"cache-across-apis":           {"state-audience-across-apis"},
		"cache-without-expiry":        {"state-expired-after-cached"},
		"cache-without-route":         {"state-scope-across-routes"},
		"checked-once-per-connection": {"exp-passes-on-open-connection"},
		"connection-caller":           {"state-two-callers-one-connection"},
		"contract-remembered":         {"client-contract-revoked"},
		"negative-cache":              {"state-bad-does-not-poison"},
		"one-bad-replica":             {"state-replica-agreement"},
		"shared-cache":                {"state-shared-cache"},
		"cold-opens":                  {"jwks-down-cold"},
		"garbage-opens":               {"jwks-malformed"},
		"key-set-unbounded":           {"jwks-oversized"},
		"redirect-followed":           {"jwks-redirected"},
		"certificate-unchecked":       {"jwks-untrusted-tls"},
		"keys-over-plain-http":        {"jwks-plain-http"},
		"discovery-issuer-ignored":    {"discovery-issuer-mismatch"},
		"waits-for-keys":              {"jwks-slow"},
		"first-of-twins":              {"jwks-duplicate-kid"},
		"oct-key-trusted":             {"jwks-contains-oct-key"},
	}
}
