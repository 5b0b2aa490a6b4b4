package gateway

import (
	"slices"
	"strings"
)

// formatChecks judge the serialization: where two parsers could read two
// things, the only safe answer is a refusal.
func formatChecks() []check {
	return []check{
		{
			Check{"segments", "format", unauthorized, "the token has three segments, none of them empty"},
			func(c *call) bool {
				return c.token != nil && (len(c.token.segments) != 3 || slices.Contains(c.token.segments, ""))
			},
		},
		{
			Check{"base64url", "format", unauthorized, "segments are base64url without padding and with zero tail bits"},
			func(c *call) bool { return c.token != nil && !c.token.canonical },
		},
		{
			Check{"json", "format", unauthorized, "header and payload are one UTF-8 JSON object each, and nothing else"},
			func(c *call) bool { return c.token != nil && !c.token.clean },
		},
		{
			// RFC 7515 4, RFC 7519 4: names are unique, and case matters.
			Check{"unique-members", "format", unauthorized, "no member stands twice, nor in another case"},
			func(c *call) bool { return ambiguous(c.header()) || ambiguous(c.claims()) },
		},
		{
			// RFC 7515 4.1.11, RFC 7797 6: an extension that is not understood is an error.
			Check{"critical-headers", "format", unauthorized, "no crit and no b64, since no extension is understood"},
			func(c *call) bool { return c.header().has("crit") || c.header().has("b64") },
		},
	}
}

// ambiguous reports whether a parser that folds case or keeps the other one of
// two members would read something else.
func ambiguous(o object) bool {
	return o.repeats() || slices.ContainsFunc(o, func(m member) bool {
		lower := strings.ToLower(m.name)
		return lower != m.name && slices.Contains(readNames(), lower)
	})
}

// readNames are the header parameters and claims that decide something.
func readNames() []string {
	return []string{
		"alg", "kid", "typ", "crit", "aud", "iss", "exp", "nbf", "iat", "sub", "oid", "tid", "ver", "idtyp",
		"azp", "appid", "client_id", "scp", "scope", "roles",
	}
}
