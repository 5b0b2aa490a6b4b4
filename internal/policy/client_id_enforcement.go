package policy

// ClientIDEnforcement is the configuration of the policy Client ID Enforcement
// (asset client-id-enforcement).
type ClientIDEnforcement struct {
	// CredentialsOrigin is customExpression or httpBasicAuthenticationHeader.
	CredentialsOrigin string `json:"credentialsOriginHasHttpBasicAuthenticationHeader" yaml:"credentialsOriginHasHttpBasicAuthenticationHeader"`
	// ClientIDExpression finds the client id when the origin is customExpression.
	ClientIDExpression string `json:"clientIdExpression" yaml:"clientIdExpression"`
	// ClientSecretExpression finds its secret; empty checks none.
	ClientSecretExpression string `json:"clientSecretExpression,omitempty" yaml:"clientSecretExpression,omitempty"`
}

// NewClientIDEnforcement returns the documented defaults (mulesoft-policies.md 3).
func NewClientIDEnforcement() ClientIDEnforcement {
	return ClientIDEnforcement{
		CredentialsOrigin:      "customExpression",
		ClientIDExpression:     "#[attributes.headers['client_id']]",
		ClientSecretExpression: "#[attributes.headers['client_secret']]",
	}
}
