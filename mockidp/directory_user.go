package mockidp

import (
	"cmp"
	"strings"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// User is a person who can sign in.
type User struct {
	// Username is the name to sign in with, such as alice@contoso.example.
	Username string `json:"username"`
	// Name is the display name; empty: the part of the username before the @.
	Name string `json:"name,omitempty"`
	// Password is what the sign-in page and the password grant ask for. Empty: the
	// page asks for none, and the grant is refused.
	Password string `json:"password,omitempty"`
	// ObjectID is the user's in every tenant; empty: one derived from tenant and
	// username.
	ObjectID string `json:"object-id,omitempty"`
	// HomeTenant is the id of the tenant whose account the user is, where that is
	// another one: a guest.
	HomeTenant string `json:"home-tenant,omitempty"`
	// Groups are names of this directory's groups.
	Groups []string `json:"groups,omitempty"`
	// Roles are the app roles that the user was assigned, by the name of the API.
	Roles    map[string][]string `json:"roles,omitempty"`
	Disabled bool                `json:"disabled,omitempty"`
	// Obstacle is why tokens are refused although name and password are right.
	// mfa and mfa-enrolment are met at the sign-in page; the others stand in every
	// way.
	Obstacle string `json:"obstacle,omitempty" jsonschema:"enum=locked,enum=password-expired,enum=mfa,enum=mfa-enrolment,enum=device,enum=conditional-access"`
	// TokensValidFrom is when the user's sessions and refresh tokens were last
	// revoked: older ones are refused. Zero: never.
	TokensValidFrom time.Time `json:"tokens-valid-from,omitzero"`
	// Tenants are the tenants in which the user has an account.
	Tenants []string `json:"tenants,omitempty"`
}

// displayName is Name, or what stands for it.
func (u User) displayName() string {
	local, _, _ := strings.Cut(u.Username, "@")
	return cmp.Or(u.Name, local)
}

// domain is what stands behind the @ of the username.
func (u User) domain() string {
	_, domain, _ := strings.Cut(strings.ToLower(u.Username), "@")
	return domain
}

// in is the user as tokens of a tenant tell of them.
func (u User) in(tenant string) mint.User {
	m := mint.User{
		Name: u.displayName(), Username: u.Username,
		ObjectID: cmp.Or(strings.ToLower(u.ObjectID), mint.DerivedGUID("user", tenant, strings.ToLower(u.Username))),
	}
	if !strings.EqualFold(u.HomeTenant, tenant) {
		m.HomeTenant = strings.ToLower(u.HomeTenant)
	}
	return m
}
