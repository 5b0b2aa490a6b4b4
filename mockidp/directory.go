package mockidp

import (
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// Directory is what exists in the issuer's tenants: registrations of APIs and
// clients, each under a name that is for people and by which the others refer
// to it. A mockidp.yaml holds one.
//
// What names no tenants exists in all of them.
type Directory struct {
	// Tenants are the tenants that exist, by id. Empty: every GUID is one.
	Tenants map[string]Tenant             `json:"tenants,omitempty"`
	APIs    map[string]API                `json:"apis,omitempty"`
	Clients map[string]ClientRegistration `json:"clients,omitempty"`
}

// Tenant is one tenant.
type Tenant struct {
	// Domains are names by which requests may call the tenant, such as
	// contoso.example; documents come back with its id.
	Domains []string `json:"domains,omitempty"`
	// Region is tenant_region_scope; empty: EU.
	Region string `json:"region,omitempty"`
}

// API is the registration of one API.
type API struct {
	AppID string `json:"app-id"`
	// URIs are its App ID URIs; api:// and the app id always is one.
	URIs []string `json:"uris,omitempty"`
	// Version of its access tokens. Empty: v1, as with Entra.
	Version mint.Version `json:"version,omitempty"`
	// Roles are the app roles that applications can be granted.
	Roles []string `json:"roles,omitempty"`
	// AssignmentRequired refuses tokens to clients without a role.
	AssignmentRequired bool `json:"assignment-required,omitempty"`
	// Keys is whose key signs: the tenant's, or one of the API's own (`?appid=`).
	Keys string `json:"keys,omitempty" jsonschema:"enum=tenant,enum=app"`
	// OptionalClaims are claims and additional properties, by Entra's names:
	// mint.OptionalClaims and mint.ClaimProperties.
	OptionalClaims []string `json:"optional-claims,omitempty"`
	// Tenants are the tenants that have a service principal for it.
	Tenants []string `json:"tenants,omitempty"`
}

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
	// Roles are the app roles that it was granted, by the name of the API.
	Roles map[string][]string `json:"roles,omitempty"`
	// ManagedIdentity is the resource id of the managed identity that it is.
	ManagedIdentity string   `json:"managed-identity,omitempty"`
	Disabled        bool     `json:"disabled,omitempty"`
	Tenants         []string `json:"tenants,omitempty"`
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

// keysApp says that an API has a signing key of its own.
const keysApp = "app"

// names are what a resource may be called by.
func (a API) names() []string {
	return uniqueTexts(append([]string{a.AppID, "api://" + a.AppID}, a.URIs...))
}

// public reports whether the client proves nothing about itself.
func (c ClientRegistration) public() bool {
	return len(c.Secrets)+len(c.Certificates)+len(c.Federated) == 0
}
