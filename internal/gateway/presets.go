package gateway

import (
	"strings"

	"github.com/entraproof/entraproof/internal/policy"
)

func oidcClientCheck(Environment) policy.OpenIDConnect { return policy.NewOpenIDConnect() }

func oidcCheckSkipped(Environment) policy.OpenIDConnect {
	p := policy.NewOpenIDConnect()
	p.SkipClientIDValidation = true
	return p
}

func fix2(e Environment) policy.OpenIDConnect {
	p := oidcCheckSkipped(e)
	p.Scopes = strings.Join(e.Scopes, " ")
	if strings.EqualFold(e.ScopeCriteria, "or") {
		p.ScopeValidationCriteria = policy.Any
	}
	return p
}

// jwksValidation is what every set-up of JWT Validation shares.
func jwksValidation(e Environment) policy.JWTValidation {
	p := policy.NewJWTValidation()
	p.JWTKeyOrigin = "jwks"
	p.JWKSURL = e.JWKSURL
	p.ValidateAudClaim = true
	p.MandatoryAudClaim = true
	return p
}

func fix1AsWritten(e Environment) policy.JWTValidation {
	p := jwksValidation(e)
	p.ClientIDExpression = ClientIDFromAppID
	p.SupportedAudiences = strings.Join(e.URIs, ",")
	return p
}

func fix1(e Environment) policy.JWTValidation {
	p := jwksValidation(e)
	p.ClientIDExpression = ClientIDByVersion
	p.SupportedAudiences = strings.Join(e.audiences(), ",")
	return p
}

func fix1Issuer(e Environment) policy.JWTValidation {
	p := fix1(e)
	p.MandatoryExpClaim = true
	p.MandatoryNbfClaim = true
	p.ValidateCustomClaim = true
	p.MandatoryCustomClaims = []policy.CustomClaim{
		{Key: "iss", Value: eitherExpression("iss", e.Issuers.all()...)},
		{Key: "tid", Value: e.Tenant},
	}
	return p
}
