package policy

// Criteria says how several configured values are combined.
type Criteria string

// The criteria of MuleSoft's console: "Contains all scopes", "Contains any
// scope". Whatever is not AND counts as any.
const (
	All Criteria = "AND"
	Any Criteria = "OR"
)

// OpenIDConnect is the configuration of the policy OpenID Connect OAuth 2.0
// Access Token Enforcement (asset openidconnect-access-token-enforcement). The
// introspection endpoint is no part of it: the platform injects that.
type OpenIDConnect struct {
	// Scopes are the required scopes, separated by blanks and compared by case;
	// empty checks none.
	Scopes string `json:"scopes" yaml:"scopes"`
	// ScopeValidationCriteria says whether all scopes are needed or any.
	ScopeValidationCriteria Criteria `json:"scopeValidationCriteria" yaml:"scopeValidationCriteria"`
	// ExposeHeaders copies members of the introspection answer to X-AGW-* fields.
	ExposeHeaders bool `json:"exposeHeaders" yaml:"exposeHeaders"`
	// SkipClientIDValidation leaves out the contract check.
	SkipClientIDValidation bool `json:"skipClientIdValidation" yaml:"skipClientIdValidation"`
	// AuthenticationTimeout bounds the call to the provider, in milliseconds.
	AuthenticationTimeout int `json:"authenticationTimeout" yaml:"authenticationTimeout"`
	// SecureTrustStore verifies the provider's certificate (Mule only).
	SecureTrustStore bool `json:"secureTrustStore" yaml:"secureTrustStore"`
	// MaxFederationExpirationTime caps the cache in seconds; -1 caps nothing.
	MaxFederationExpirationTime int `json:"maxFederationExpirationTime" yaml:"maxFederationExpirationTime"`
	// MaxCacheSize is the number of cached tokens; 0 switches the cache off.
	MaxCacheSize int `json:"maxCacheSize" yaml:"maxCacheSize"`
}

// NewOpenIDConnect returns the documented defaults of API Manager. In local
// YAML skipClientIdValidation is true by default; here it is false, as exports
// of the control plane show it.
func NewOpenIDConnect() OpenIDConnect {
	return OpenIDConnect{
		ScopeValidationCriteria:     All,
		AuthenticationTimeout:       10_000,
		MaxFederationExpirationTime: -1,
		MaxCacheSize:                1_000,
	}
}
