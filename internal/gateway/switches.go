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

// OIDCModels are the models of the OIDC policy, the default first.
func OIDCModels() []string { return []string{LocalClaims, Documented} }

// Profiles are the gateways, the default first.
func Profiles() []string { return []string{Mule4, FlexConnected, FlexLocal} }

func (s Switches) filled() Switches {
	s.OIDCModel = cmp.Or(s.OIDCModel, LocalClaims)
	s.InvalidClientBody = cmp.Or(s.InvalidClientBody, `{"error":"Invalid Client"}`)
	s.InvalidTokenBody = cmp.Or(s.InvalidTokenBody, `{"error":"Invalid token."}`)
	s.Profile = cmp.Or(s.Profile, Mule4)
	s.JWTClientStatus = cmp.Or(s.JWTClientStatus, forbidden)
	return s
}

func (s Switches) check() error {
	var problems []error
	if !slices.Contains(OIDCModels(), s.OIDCModel) {
		problems = append(problems, unknownName("oidc model", s.OIDCModel, OIDCModels()))
	}
	if !slices.Contains(Profiles(), s.Profile) {
		problems = append(problems, unknownName("profile", s.Profile, Profiles()))
	}
	if s.JWTClientStatus != unauthorized && s.JWTClientStatus != forbidden {
		problems = append(problems, fmt.Errorf("gateway: jwt client status: expected 401 or 403, got %d", s.JWTClientStatus))
	}
	for name, d := range map[string]time.Duration{"skew": s.Skew, "contract refresh": s.ContractRefresh} {
		if d < 0 {
			problems = append(problems, fmt.Errorf("gateway: %s: expected a duration from 0s, got %s", name, d))
		}
	}
	return errors.Join(problems...)
}
