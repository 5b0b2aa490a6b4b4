package mint

import (
	"slices"
	"strings"
)

// userText is a claim about the person behind the token.
func (c *claims) userText(name string) string {
	u := c.user()
	given, family, _ := strings.Cut(u.Name, " ")
	switch name {
	case "idtyp":
		return c.subjectType()
	case "acr":
		return "1"
	case "name", "preferred_username":
		return c.nameFor(name)
	case "given_name":
		return given
	case "family_name":
		return family
	case "unique_name":
		return u.Username
	case "upn":
		return c.principalName()
	case "email":
		if u.HomeTenant != "" || c.mailbox() || c.asks("email") {
			return u.Username
		}
	case "ipaddr":
		return "203.0.113.7" // RFC 5737: an address of no one
	case "sid":
		return derived("sid", c.g.Tenant, u.ObjectID).String()
	}
	return optionalTexts()[name]
}

// nameFor is a name of the user, in id tokens only with the scope profile
// (entra-tokens 1.3, name).
func (c *claims) nameFor(claim string) string {
	if c.idOf("openid") && !c.idOf("profile") {
		return ""
	}
	if claim == "name" {
		return c.user().Name
	}
	return c.user().Username
}

// idOf reports whether this is an id token that was asked for with a scope.
func (c *claims) idOf(scope string) bool {
	return (c.g.Token == ID || c.g.Token == IDV1) && slices.Contains(c.g.Scopes, scope)
}

// mailbox reports whether an id token tells the address because the scope email
// was asked for (entra-tokens 1.4).
func (c *claims) mailbox() bool { return c.idOf("email") }

// subjectType says that the token is an application's; that it is a person's is
// said in Graph's tokens, and where the registration asks for it (entra-tokens
// 1.3, idtyp).
func (c *claims) subjectType() string {
	if c.g.Kind.Subject == SubjectApp || c.g.WellKnown == Graph || c.asks("include_user_token") {
		return string(c.g.Kind.Subject)
	}
	return ""
}

// principalName is the user's name to sign in with. Guests have one only where
// the registration asks for it, in the form of their account in this tenant
// (entra-tokens 1.3, upn).
func (c *claims) principalName() string {
	u := c.user()
	switch {
	case u.HomeTenant == "":
		return u.Username
	case c.asks("include_externally_authenticated_upn"):
		return strings.ReplaceAll(u.Username, "@", "_") + "#EXT#@" + c.g.Tenant + ".example"
	}
	return ""
}

// account is 0 for a member and 1 for a guest.
func (c *claims) account() int64 {
	if c.g.User.HomeTenant != "" {
		return 1
	}
	return 0
}

// identityProvider is iss for v1 tokens of applications, the home tenant for
// guests, and absent for the tenant's own users (entra-tokens 1.3).
func (c *claims) identityProvider() string {
	switch {
	case c.g.Kind.Subject == SubjectApp:
		return c.s.Issuers.V1
	case c.g.User.HomeTenant != "":
		return EntraIssuers(c.g.User.HomeTenant).V1
	}
	return ""
}

// user is the grant's user with the empty fields filled in.
func (c *claims) user() User { return c.g.User.In(c.g.Tenant) }

// In is the user with the empty fields filled in as the mock's own user of a
// tenant has them.
func (u User) In(tenant string) User {
	if u.Name == "" {
		u.Name = "Robin Mock"
	}
	if u.ObjectID == "" {
		u.ObjectID = derived("user", tenant, u.Name).String()
	}
	if u.Username == "" {
		u.Username = strings.ReplaceAll(strings.ToLower(u.Name), " ", ".") + "@" + tenant + ".example"
	}
	return u
}
