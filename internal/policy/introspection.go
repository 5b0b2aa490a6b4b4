package policy

// Introspection is the configuration of the policy OAuth 2.0 Token Introspection
// (asset oauth2-token-introspection), which only Flex Gateway has.
type Introspection struct {
	// IntrospectionURL is the endpoint that is asked about each token.
	IntrospectionURL string `json:"introspectionURL" yaml:"introspectionURL"`
	// AuthorizationValue is sent to it as Authorization.
	AuthorizationValue string `json:"authorizationValue" yaml:"authorizationValue"`
	// ValidatedTokenTTL bounds how long an answer is kept, in seconds.
	ValidatedTokenTTL int `json:"validatedTokenTTL" yaml:"validatedTokenTTL"`
	// AuthenticationTimeout bounds the call, in milliseconds.
	AuthenticationTimeout int `json:"authenticationTimeout" yaml:"authenticationTimeout"`
	// SkipClientIDValidation leaves out the contract check.
	SkipClientIDValidation bool `json:"skipClientIdValidation" yaml:"skipClientIdValidation"`
	// ConsumerBy is the member that must have a contract: client_id or username.
	ConsumerBy string `json:"consumerBy" yaml:"consumerBy"`
	// ExposeHeaders copies members of the answer to X-AGW-* fields.
	ExposeHeaders bool `json:"exposeHeaders" yaml:"exposeHeaders"`
	// Scopes are the required scopes, separated by blanks; empty checks none.
	Scopes string `json:"scopes" yaml:"scopes"`
	// ScopeValidationCriteria says whether all scopes are needed or any.
	ScopeValidationCriteria Criteria `json:"scopeValidationCriteria" yaml:"scopeValidationCriteria"`
	// MaxCacheEntries is the number of answers that are kept.
	MaxCacheEntries int `json:"maxCacheEntries" yaml:"maxCacheEntries"`
}

// NewIntrospection returns the documented defaults (mulesoft-policies.md 1.7).
func NewIntrospection() Introspection {
	return Introspection{
		ValidatedTokenTTL: 600, AuthenticationTimeout: 10_000, ConsumerBy: "client_id",
		ScopeValidationCriteria: All, MaxCacheEntries: 1_000,
	}
}
