package mockidp

import "time"

// ClientRegistration is the registration of one client. Without secrets,
// certificates and federated credentials it is a public client.
type ClientRegistration struct {
	ID string `json:"id"`
	// ObjectID is that of its service principal; empty: one derived from tenant
	// and id.
	ObjectID string   `json:"object-id,omitempty"`
	Secrets  []Secret `json:"secrets,omitempty"`
	// Certificates are PEM texts; who signs an assertion with one of their keys is
	// the client.
	Certificates []string              `json:"certificates,omitempty"`
	Federated    []FederatedCredential `json:"federated,omitempty"`
	// RedirectURIs are where users come back to.
	RedirectURIs RedirectURIs `json:"redirect-uris,omitzero"`
	// Implicit are the tokens that the authorize endpoint may send by way of the
	// browser. Empty: codes only, as with Entra.
	Implicit []ImplicitToken `json:"implicit,omitempty" jsonschema:"enum=id-token,enum=access-token"`
	// Permissions are the scopes that it asks for with /.default, by the name of
	// the API.
	Permissions map[string][]string `json:"permissions,omitempty"`
	// Roles are the app roles that it was granted, by the name of the API.
	Roles map[string][]string `json:"roles,omitempty"`
	// OptionalClaims and GroupMembershipClaims are those of its id tokens; see API.
	OptionalClaims        []string `json:"optional-claims,omitempty"`
	GroupMembershipClaims string   `json:"group-membership-claims,omitempty" jsonschema:"enum=None,enum=SecurityGroup,enum=DirectoryRole,enum=All"`
	// ManagedIdentity is the resource id of the managed identity that it is.
	ManagedIdentity string   `json:"managed-identity,omitempty"`
	Disabled        bool     `json:"disabled,omitempty"`
	Tenants         []string `json:"tenants,omitempty"`
}

// ImplicitToken is a token that travels through the browser.
type ImplicitToken string

// The tokens that can: enableIdTokenIssuance and enableAccessTokenIssuance of
// Entra's manifest.
const (
	ImplicitID     ImplicitToken = "id-token"
	ImplicitAccess ImplicitToken = "access-token"
)

// RedirectURIs are the redirect URIs of a client by what stands behind them,
// which decides who may redeem a code that went there. They are compared as
// they stand, but for the port of a loopback address (RFC 8252 7.3).
type RedirectURIs struct {
	// Web: servers, which prove who they are.
	Web []string `json:"web,omitempty"`
	// SPA: scripts in a browser, which redeem from their own origin.
	SPA []string `json:"spa,omitempty"`
	// Public: programs on a device, which keep no secret.
	Public []string `json:"public,omitempty"`
}

// Secret is a client secret.
type Secret struct {
	Value string `json:"value"`
	// Expires is when it is refused from; zero: never.
	Expires time.Time `json:"expires,omitzero"`
}

// FederatedCredential trusts another issuer's tokens as proof of who the client
// is. All three are compared exactly (entra-tokens 4.1).
type FederatedCredential struct {
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
	// Audience is what the token must be for; empty: api://AzureADTokenExchange.
	Audience string `json:"audience,omitempty"`
	// JWKS is the issuer's key set, as JSON.
	JWKS string `json:"jwks"`
}

// public reports whether the client proves nothing about itself.
func (c ClientRegistration) public() bool {
	return len(c.Secrets)+len(c.Certificates)+len(c.Federated) == 0
}
