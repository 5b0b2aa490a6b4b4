package mockidp

import (
	"fmt"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// Directory is what exists in the issuer's tenants: registrations of APIs and
// clients, people and what they agreed to, each under a name that is for people
// and by which the others refer to it. A mockidp.yaml holds one.
//
// What names no tenants exists in all of them.
type Directory struct {
	// Tenants are the tenants that exist, by id. Empty: every GUID is one.
	Tenants map[string]Tenant             `json:"tenants,omitempty"`
	APIs    map[string]API                `json:"apis,omitempty"`
	Clients map[string]ClientRegistration `json:"clients,omitempty"`
	Users   map[string]User               `json:"users,omitempty"`
	// Groups are the object ids of the groups.
	Groups   map[string]string `json:"groups,omitempty"`
	Consents []Consent         `json:"consents,omitempty"`
}

// Tenant is one tenant.
type Tenant struct {
	// Domains are names by which requests may call the tenant, such as
	// contoso.example; documents come back with its id. A user whose name ends in
	// one is at home there.
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
	// Scopes are the permissions that clients can have on behalf of a user, and
	// what each of them needs.
	Scopes map[string]ConsentNeed `json:"scopes,omitempty"`
	// Roles are the app roles that applications and users can be granted.
	Roles []string `json:"roles,omitempty"`
	// AssignmentRequired refuses tokens to clients and users without a role.
	AssignmentRequired bool `json:"assignment-required,omitempty"`
	// Keys is whose key signs: the tenant's, or one of the API's own (`?appid=`).
	Keys string `json:"keys,omitempty" jsonschema:"enum=tenant,enum=app"`
	// OptionalClaims are claims and additional properties, by Entra's names:
	// mint.OptionalClaims and mint.ClaimProperties.
	OptionalClaims []string `json:"optional-claims,omitempty"`
	// GroupMembershipClaims says what the tokens tell of the user's groups: the
	// groups, the directory roles, or both. Empty: None.
	GroupMembershipClaims string `json:"group-membership-claims,omitempty" jsonschema:"enum=None,enum=SecurityGroup,enum=DirectoryRole,enum=All"`
	// Tenants are the tenants that have a service principal for it.
	Tenants []string `json:"tenants,omitempty"`
}

// The values of GroupMembershipClaims, by the names of Entra's manifest.
const (
	groupsSecurity = "SecurityGroup"
	groupsRoles    = "DirectoryRole"
	groupsAll      = "All"
)

// ConsentNeed is who must agree before a client gets a scope. The zero
// ConsentNeed is that of UserConsent.
type ConsentNeed string

// Who must agree: nobody, as if every client were pre-authorized; the user or
// an administrator; an administrator.
const (
	NoConsent    ConsentNeed = "none"
	UserConsent  ConsentNeed = "user"
	AdminConsent ConsentNeed = "admin"
)

// UnmarshalText reads the three words.
func (c *ConsentNeed) UnmarshalText(text []byte) error {
	switch word := ConsentNeed(text); word {
	case "", NoConsent, UserConsent, AdminConsent:
		*c = word
		return nil
	}
	return fmt.Errorf("consent: expected none, user or admin, got %q", text)
}

// Consent is what a user, or an administrator for all users, has agreed that a
// client may do at an API.
type Consent struct {
	// Client and API are names of this directory.
	Client string   `json:"client"`
	API    string   `json:"api"`
	Scopes []string `json:"scopes"`
	// User is the name of the user who agreed. Empty: an administrator did.
	User string `json:"user,omitempty"`
}

// keysApp says that an API has a signing key of its own.
const keysApp = "app"

// names are what a resource may be called by.
func (a API) names() []string {
	return uniqueTexts(append([]string{a.AppID, "api://" + a.AppID}, a.URIs...))
}
