package policy

// JWTValidation is the configuration of the policy JWT Validation (asset
// jwt-validation).
type JWTValidation struct {
	// JWTOrigin says where the token is: httpBearerAuthenticationHeader or customExpression.
	JWTOrigin string `json:"jwtOrigin" yaml:"jwtOrigin"`
	// JWTExpression finds the token when the origin is customExpression.
	JWTExpression string `json:"jwtExpression,omitempty" yaml:"jwtExpression,omitempty"`
	// SigningMethod is rsa, hmac, es or none.
	SigningMethod string `json:"signingMethod" yaml:"signingMethod"`
	// SigningKeyLength is 256, 384 or 512.
	SigningKeyLength int `json:"signingKeyLength" yaml:"signingKeyLength"`
	// JWTKeyOrigin is text, jwks or customExpression.
	JWTKeyOrigin string `json:"jwtKeyOrigin" yaml:"jwtKeyOrigin"`
	// TextKey is a secret, or a PEM body without its first and last line.
	TextKey string `json:"textKey,omitempty" yaml:"textKey,omitempty"`
	// CustomKeyExpression finds the key when its origin is customExpression.
	CustomKeyExpression string `json:"customKeyExpression,omitempty" yaml:"customKeyExpression,omitempty"`
	// JWKSURL is the address of the key set; on Flex several, separated by commas.
	JWKSURL string `json:"jwksUrl,omitempty" yaml:"jwksUrl,omitempty"`
	// JWKSServiceTimeToLive is how long a key set is kept, in minutes.
	JWKSServiceTimeToLive int `json:"jwksServiceTimeToLive" yaml:"jwksServiceTimeToLive"`
	// JWKSServiceConnectionTimeout bounds one fetch, in milliseconds.
	JWKSServiceConnectionTimeout int `json:"jwksServiceConnectionTimeout" yaml:"jwksServiceConnectionTimeout"`
	// SkipClientIDValidation leaves out the contract check.
	SkipClientIDValidation bool `json:"skipClientIdValidation" yaml:"skipClientIdValidation"`
	// ClientIDExpression finds the client id among the claims.
	ClientIDExpression string `json:"clientIdExpression" yaml:"clientIdExpression"`
	// ValidateAudClaim switches the audience check on; without it the two
	// members below do nothing.
	ValidateAudClaim bool `json:"validateAudClaim" yaml:"validateAudClaim"`
	// MandatoryAudClaim refuses a token without aud.
	MandatoryAudClaim bool `json:"mandatoryAudClaim" yaml:"mandatoryAudClaim"`
	// SupportedAudiences are the admitted values, separated by commas.
	SupportedAudiences string `json:"supportedAudiences" yaml:"supportedAudiences"`
	// MandatoryExpClaim refuses a token without exp.
	MandatoryExpClaim bool `json:"mandatoryExpClaim" yaml:"mandatoryExpClaim"`
	// MandatoryNbfClaim refuses a token without nbf.
	MandatoryNbfClaim bool `json:"mandatoryNbfClaim" yaml:"mandatoryNbfClaim"`
	// ValidateCustomClaim switches the two lists below on.
	ValidateCustomClaim bool `json:"validateCustomClaim" yaml:"validateCustomClaim"`
	// MandatoryCustomClaims must be there and must hold.
	MandatoryCustomClaims []CustomClaim `json:"mandatoryCustomClaims,omitempty" yaml:"mandatoryCustomClaims,omitempty"`
	// NonMandatoryCustomClaims must hold where the claim is there.
	NonMandatoryCustomClaims []CustomClaim `json:"nonMandatoryCustomClaims,omitempty" yaml:"nonMandatoryCustomClaims,omitempty"`
	// ClaimsToHeaders hands claims to the upstream.
	ClaimsToHeaders []ClaimHeader `json:"claimsToHeaders,omitempty" yaml:"claimsToHeaders,omitempty"`
}

// ClaimHeader is a claim that the upstream gets as a header field.
type ClaimHeader struct {
	ClaimName  string `json:"claimName" yaml:"claimName"`
	HeaderName string `json:"headerName" yaml:"headerName"`
}

// ListedAudiences are the values in SupportedAudiences, checked or not, without the
// blanks around them.
func (c *JWTValidation) ListedAudiences() []string { return parts(c.SupportedAudiences) }

// CustomClaim is one rule over a claim: Value is a literal, or a #[…] whose
// result must be a boolean.
type CustomClaim struct {
	Key   string `json:"key" yaml:"key"`
	Value string `json:"value" yaml:"value"`
}

// NewJWTValidation returns the documented defaults. Audience, exp and nbf are
// not mandatory by default, and the issuer is not checked at all.
func NewJWTValidation() JWTValidation {
	return JWTValidation{
		JWTOrigin:                    "httpBearerAuthenticationHeader",
		JWTExpression:                "#[attributes.headers['jwt']]",
		SigningMethod:                "rsa",
		SigningKeyLength:             256,
		JWTKeyOrigin:                 "text",
		TextKey:                      "your-256-bit-secret",
		CustomKeyExpression:          "#[authentication.properties['key_to_your_public_pem_certificate']]",
		JWKSURL:                      "http://your-jwks-service.example:80/base/path",
		JWKSServiceTimeToLive:        60,
		JWKSServiceConnectionTimeout: 10_000,
		ClientIDExpression:           "#[vars.claimSet.client_id]",
	}
}
