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

// lackingChecks are mutants that lack one check of cryptography or time.
func lackingChecks() []Mutant {
	return []Mutant{
		{"thumbprint-ignored", "key", []string{"thumbprint"}, nil, "x5t is not compared with the key", []string{"x5t-contradicts-kid"}},
		{"any-lifetime", "time", []string{"lifetime"}, nil, "a token may be good for ten years", []string{"exp-ten-years", "exp-ten-to-the-ten"}},
		{"iat-ignored", "time", []string{"issued-at"}, nil, "iat is not looked at", []string{"iat-future", "iat-string", "iat-missing"}},
	}
}

// softTokenRows are the rows that softenings of cryptography, format and time
// must fail.
func softTokenRows() map[string][]string {
	return map[string][]string{
		"algorithm-any-case":      {"alg-lower-case"},
		"algorithm-unknown":       {"alg-unknown", "alg-missing", "alg-empty-or-null", "alg-lower-case"},
		"b64-skipped":             {"b64-false-without-crit"},
		"block-tail-ignored":      {"sig-pkcs1-garbage-padding"},
		"certificate-believed":    {"x5c-real-cert-own-key"},
		"clock-ahead":             {"exp-just-inside-skew", "nbf-inside-skew"},
		"crit-absent-skipped":     {"crit-lists-absent-member"},
		"crit-nothing-new":        {"crit-empty-array", "crit-lists-registered-name"},
		"digest-info-believed":    {"sig-swapped-hash-in-digestinfo"},
		"digest-info-lenient":     {"sig-digestinfo-without-null"},
		"ecdsa-unbounded":         {"alg-es256-zero-signature", "alg-es256-r-equals-n"},
		"embedded-certificate":    {"x5c-self-signed"},
		"embedded-secret":         {"jwk-embedded-symmetric"},
		"exp-in-list":             {"exp-array"},
		"exp-null-ignored":        {"exp-null"},
		"exp-overflow":            {"exp-int64-overflow", "exp-milliseconds"},
		"exp-unsigned":            {"exp-negative"},
		"exp-whole-seconds":       {"exp-fraction"},
		"exp-zero-unset":          {"exp-zero"},
		"first-key":               {"kid-unknown-genuine-signature"},
		"header-rewritten":        {"sig-header-member-added"},
		"hmac-longer":             {"alg-hs384-hs512-pubkey"},
		"hmac-with-certificate":   {"alg-hs256-cert-pem"},
		"hmac-with-common-secret": {"alg-hs256-common-secrets"},
		"hmac-with-der":           {"alg-hs256-pubkey-der"},
		"hmac-with-jwk":           {"alg-hs256-jwk-json"},
		"hmac-with-prefixed-pem":  {"alg-hs256-pubkey-pem-prefixed"},
		"hmac-with-trimmed-pem":   {"alg-hs256-pubkey-pem-no-eol"},
		"hmac-without-secret":     {"alg-hs256-empty-secret"},
		"iat-optional":            {"iat-missing"},
		"jku-by-part":             {"jku-lookalike-host"},
		"jku-followed":            {"jku-attacker", "jku-open-redirect"},
		"key-alg-ignored":         {"alg-jwk-alg-disagrees"},
		"key-ops-ignored":         {"key-ops-without-verify"},
		"key-use-ignored":         {"key-use-is-enc"},
		"kid-as-path":             {"kid-path-traversal", "kid-nul-byte"},
		"kid-followed":            {"kid-url"},
		"kid-in-sql":              {"kid-sql-injection"},
		"kid-optional":            {"kid-missing-many-keys", "kid-missing-single-key"},
		"nbf-optional":            {"nbf-missing"},
		"nbf-string-ignored":      {"nbf-string"},
		"none-by-spelling":        {"alg-none-title-case", "alg-none-upper-case", "alg-none-mixed-case"},
		"none-trimmed":            {"alg-none-padded"},
		"payload-rewritten":       {"sig-payload-whitespace-added"},
		"rs1":                     {"alg-rs1"},
		"signature-error-ignored": {"sig-truncated", "sig-extended"},
		"signature-tail-ignored":  {"sig-extended"},
		"skew-of-minutes":         {"exp-just-outside-skew"},
		"weak-key":                {"key-rsa-1024"},
		"x5u-followed":            {"x5u-attacker"},
	}
}
