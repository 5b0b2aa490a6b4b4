package gateway

// messageMutants lack a check of the message or of the way that it came.
func messageMutants() []Mutant {
	return []Mutant{
		{"blank-before-colon", "placement", []string{"field-name"}, nil, "a blank before the colon is cut off the name", []string{"auth-space-before-colon"}},
		{"folded-lines", "placement", []string{"unfolded"}, nil, "folded lines are joined", []string{"auth-obs-fold"}},
		{"control-characters", "placement", []string{"field-value"}, nil, "control characters in a field are read as blanks", []string{"auth-nul-byte"}},
		{"plain-http", "placement", []string{"tls", "listener"}, nil, "what comes without TLS is served like anything else", []string{"auth-on-plain-http"}},
	}
}

// httpRows are the rows that must fail the mistakes in placement, route and what
// the upstream is told.
func httpRows() map[string][]string {
	return map[string][]string{
		"absolute-form":             {"path-absolute-form", "host-authority-mismatch"},
		"any-scheme":                {"auth-basic-scheme", "auth-other-scheme", "auth-dpop-scheme-without-proof"},
		"comma-cut":                 {"auth-params-appended", "auth-two-in-one-line"},
		"conditional-open":          {"conditional-request-anonymous"},
		"decoded-twice":             {"path-double-encoding"},
		"dots-encoded":              {"path-encoded-dots"},
		"format-characters-removed": {"auth-zero-width-prefix"},
		"head-open":                 {"method-unknown"},
		"health-probe":              {"health-probe-user-agent"},
		"hop-by-hop":                {"identity-headers-hop-by-hop", "auth-connection-names-it"},
		"host-spelling":             {"host-variants"},
		"identity-spelling":         {"identity-headers-underscore"},
		"internal-address":          {"internal-ip-headers"},
		"last-word":                 {"auth-double-scheme"},
		"matrix-parameters":         {"path-matrix-parameter"},
		"method-override":           {"method-unknown"},
		"methods-listed":            {"method-unknown"},
		"origin-from-claim":         {"cors-reflects-token-claims"},
		"open-query":                {"path-query-decoy"},
		"origin-open":               {"upstream-direct"},
		"path-case":                 {"path-case-changed"},
		"path-fragment":             {"path-fragment-decoy"},
		"path-nul":                  {"path-nul-byte"},
		"path-tail":                 {"path-trailing-slash-or-dot"},
		"paths-listed":              {"path-unknown-anonymous"},
		"percent-decoded":           {"auth-percent-encoded", "auth-crlf-encoded"},
		"plain-listener":            {"alternate-listener"},
		"prefix-cut":                {"auth-glued-scheme"},
		"preflight-open":            {"options-preflight"},
		"query-wins":                {"auth-bad-header-good-query"},
		"quotes-removed":            {"auth-quoted"},
		"rewritten-path":            {"rewrite-headers"},
		"slashes-encoded":           {"path-encoded-slash"},
		"slashes-kept":              {"path-double-slash"},
		"token-in-cookie":           {"auth-cookie"},
		"token-in-form":             {"auth-form-body"},
		"token-in-json":             {"auth-json-body"},
		"token-in-other-header":     {"auth-custom-header"},
		"token-in-path":             {"auth-path-segment"},
		"token-in-query-aliases":    {"auth-query-other-names"},
		"token-in-trailer":          {"auth-in-trailer"},
		"trace-open":                {"method-trace"},
		"two-lengths":               {"smuggling-te-cl"},
		"underscore-names":          {"auth-underscore-name"},
		"upgrade-open":              {"upgrade-websocket-anonymous", "alternate-listener"},
		"websocket-protocol":        {"auth-websocket-protocol"},
		"white-space":               {"auth-several-spaces", "auth-tab-after-scheme", "auth-non-ascii-space"},
	}
}
