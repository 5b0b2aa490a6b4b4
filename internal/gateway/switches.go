package gateway

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Switches are what is not known about MuleSoft's policies. The zero value is
// the default of SwitchTable, which says what each one means and where it comes
// from.
type Switches struct {
	// OIDCModel is local-claims (also when empty): the OIDC policy reads the token
	// itself, as the article says; or documented: it asks Environment.Introspection.
	OIDCModel string
	// ScopeArrays reads a scope member that is an array, too.
	ScopeArrays bool
	// HeaderWins lets the header win over a token in the query, instead of 400.
	HeaderWins bool
	// InvalidClientBody is the body of every refusal of a client.
	InvalidClientBody string
	// JWTClientStatus is the status of the JWT policy's client refusal: 403 or 401.
	JWTClientStatus int
	// RefuseMissingKeyID refuses tokens without kid, instead of trying all keys.
	RefuseMissingKeyID bool
	// RefetchUnknownKeyID fetches the key set again for an unknown kid.
	RefetchUnknownKeyID bool
	// Skew is the tolerance of clocks.
	Skew time.Duration
	// InvalidTokenBody is the body of the JWT policy's other refusals.
	InvalidTokenBody string
	// Profile is mule4 (also when empty), flex-connected or flex-local.
	Profile string
	// ClaimFailureBody is the body of the JWT policy's refusals for claims.
	ClaimFailureBody string
	// NoKeySetBody is the body of its answer where no key set can be had.
	NoKeySetBody string
	// FirstKeyServer takes the keys of the first server that answers, where several
	// are configured, instead of those of all.
	FirstKeyServer bool
	// SkipEmptyAudiences looks at no aud where no value is configured for it, instead
	// of finding each of them wrong.
	SkipEmptyAudiences bool
	// RefuseShortSecret takes no HMAC secret that is shorter than the hash.
	RefuseShortSecret bool
	// HugeExpCrashes has Flex answer 503 to an exp that is too large for it.
	HugeExpCrashes bool
	// ClientIDStatus is the status of Client ID Enforcement: 401 or 403.
	ClientIDStatus int
	// OIDCRealm is the realm of the OIDC policy's challenge.
	OIDCRealm string
	// Provider names the profile by which the provider at Environment.Introspection
	// answers. It changes nothing here: it is for reports.
	Provider string
	// FlexVersion is 1.13 (also when empty) or 1.8: whether local mode has the OIDC
	// policy, and which DataWeave.
	FlexVersion string
	// ContractRefresh is how old the gateway's copy of the contracts becomes.
	ContractRefresh time.Duration
}

// The OIDC models and gateway profiles that Switches know.
const (
	LocalClaims   = "local-claims"
	Documented    = "documented"
	Mule4         = "mule4"
	FlexConnected = "flex-connected"
	FlexLocal     = "flex-local"
)

// The versions of Flex Gateway that differ here; from 1.13 on it is called Omni
// Gateway.
const (
	FlexCurrent = "1.13"
	FlexFormer  = "1.8"
)

// OIDCModels are the models of the OIDC policy, the default first.
func OIDCModels() []string { return []string{LocalClaims, Documented} }

// Providers are the profiles of an introspection endpoint, the default first.
func Providers() []string {
	return []string{"raw-claims", "rfc7662-normalised", "graph-probe", "inactive", "403", "500", "slow", "down"}
}

// FlexVersions are the versions, the default first.
func FlexVersions() []string { return []string{FlexCurrent, FlexFormer} }

// Profiles are the gateways, the default first.
func Profiles() []string { return []string{Mule4, FlexConnected, FlexLocal} }

func (s Switches) filled() Switches {
	s.OIDCModel = cmp.Or(s.OIDCModel, LocalClaims)
	s.InvalidClientBody = cmp.Or(s.InvalidClientBody, `{"error":"Invalid Client"}`)
	s.InvalidTokenBody = cmp.Or(s.InvalidTokenBody, `{"error":"Invalid token."}`)
	s.Profile = cmp.Or(s.Profile, Mule4)
	s.JWTClientStatus = cmp.Or(s.JWTClientStatus, forbidden)
	s.ClaimFailureBody = cmp.Or(s.ClaimFailureBody, `{"error":"Invalid token."}`)
	s.NoKeySetBody = cmp.Or(s.NoKeySetBody, `{"error":"JWKS service is unavailable."}`)
	s.ClientIDStatus = cmp.Or(s.ClientIDStatus, unauthorized)
	s.OIDCRealm = cmp.Or(s.OIDCRealm, "OpenId Client Realm")
	s.Provider = cmp.Or(s.Provider, Providers()[0])
	s.FlexVersion = cmp.Or(s.FlexVersion, FlexCurrent)
	return s
}

func (s Switches) check() error {
	var problems []error
	for _, name := range []struct {
		what, got string
		known     []string
	}{
		{"oidc model", s.OIDCModel, OIDCModels()},
		{"profile", s.Profile, Profiles()},
		{"provider", s.Provider, Providers()},
		{"flex version", s.FlexVersion, FlexVersions()},
	} {
		if !slices.Contains(name.known, name.got) {
			problems = append(problems, unknownName(name.what, name.got, name.known))
		}
	}
	problems = append(problems,
		refusingStatus("jwt client status", s.JWTClientStatus), refusingStatus("client id status", s.ClientIDStatus),
		length("skew", s.Skew), length("contract refresh", s.ContractRefresh))
	return errors.Join(problems...)
}

func refusingStatus(what string, got int) error {
	if got != unauthorized && got != forbidden {
		return fmt.Errorf("gateway: %s: expected 401 or 403, got %d", what, got)
	}
	return nil
}

func length(what string, got time.Duration) error {
	if got < 0 {
		return fmt.Errorf("gateway: %s: expected a duration from 0s, got %s", what, got)
	}
	return nil
}
