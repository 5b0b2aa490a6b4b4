package mockidp_test

import (
	"testing"
)

// mark is one of the things that make a mock look fake, as entra-tokens 0 counts
// them, looked at from outside.
type mark struct {
	number int
	name   string
	show   func(*testing.T, *viewer)
}

// TestFidelity shows each of the twenty marks over TLS. docs/fidelity.md names
// the rows.
func TestFidelity(t *testing.T) {
	v := newViewer(t)
	for _, m := range marks() {
		t.Run(m.name, func(t *testing.T) { m.show(t, v) })
	}
}

func marks() []mark {
	return []mark{
		{1, "version of the resource", versionOfResource},
		{2, "x5t in v1 headers only", headerMembers},
		{3, "keys without alg", keysWithoutAlg},
		{4, "issuer in v2 keys only", keysWithIssuer},
		{5, "kid from the certificate", keyIDs},
		{6, "issued five minutes ago", issuedBefore},
		{7, "an hour and five minutes", lifetimes},
		{8, "claims of a v2 app", claimsV2},
		{9, "claims of a v1 app", claimsV1},
		{10, "uti is the request", requestInUTI},
		{11, "rh holds tenant and resource", referenceHint},
		{12, "four members", fourMembers},
		{13, "v1 numbers are texts", numbers},
		{14, "401 for invalid_client only", statuses},
		{15, "trace_id is the request", traceID},
		{16, "one blank in descriptions", description},
		{17, "error_uri not everywhere", errorURIs},
		{18, "a day of metadata", caching},
		{19, "discovery without PKCE and grants", unadvertised},
		{20, "literal tenantid", literalTenant},
	}
}
