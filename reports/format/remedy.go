package format

import (
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
)

// remedy says what to look at first, for a finding without a proven cause.
func remedy(f reports.Finding) string {
	switch {
	case f.Reason == verdict.EnvironmentsNotSeparable:
		return "give each environment a registration of its own, or at least a role or scope of its own"
	case f.Scenario == "mock-no-longer-trusted" && f.FalseAccept:
		return "put the address of the key set back to Entra's and restart every replica: kept keys outlive the setting"
	case f.FalseReject:
		return "compare the claim that the policy reads with the token: v1 has appid, v2 has azp; users have scp, daemons have roles"
	case f.FalseAccept:
		return guardRemedy(f.Guards)
	}
	return ""
}

// guardRemedy says what makes a gateway check what the row guards.
func guardRemedy(guard string) string {
	switch guard {
	case "audience":
		return "make the audience mandatory and list exactly this environment's App ID URIs and its API's GUID, compared as whole text"
	case "client":
		return "compare azp (v2) or appid (v1) with this environment's contracts, and nothing that a caller can choose"
	case "scope":
		return "require this environment's own scope in scp, compared word by word"
	case "role":
		return "require this environment's own app role in roles, for daemons as well"
	case "issuer", "tenant":
		return "compare iss, and tid, with this tenant's: all tenants share Entra's signing keys"
	case "signature", "algorithm", "key":
		return "verify RS256 only, with keys from the configured key set only, whatever the token's header says"
	case "format":
		return "refuse what is not one well-formed compact JWS (RFC 7515 3.1, RFC 7519 7.2)"
	case "time":
		return "make exp mandatory, check nbf, and allow minutes of skew at most"
	case "token-kind":
		return "accept access tokens for this API only, no ID tokens and none that were made for others"
	case "placement", "route":
		return "put the policy before every route and method, and read one Authorization header only (RFC 6750 2)"
	case "upstream-identity":
		return "drop identity headers that callers send before setting your own"
	case "state":
		return "decide each request anew: nothing that an earlier request left may let it through"
	}
	return ""
}
