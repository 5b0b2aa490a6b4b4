package mint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/value"
)

// AuthenticationContext is the one that users of the mock have met, as acrs
// names it.
const AuthenticationContext = "c1"

// OptionalClaims are the claims that a registration can ask for (entra-tokens
// 1.3, "opt"), sorted.
func OptionalClaims() []string {
	return strings.Fields("acct acrs auth_time ctry email family_name fwd given_name idtyp in_corp ipaddr login_hint nickname preferred_username " +
		"sid tenant_ctry tenant_region_scope upn vnet wids xms_cc xms_edov xms_pdl xms_pl xms_tpl ztdid")
}

// ClaimProperties are the additional properties of optional claims, sorted.
// use_guid is for whoever decides the audience; the others are for Draft.
func ClaimProperties() []string {
	return strings.Fields("emit_as_roles include_externally_authenticated_upn include_user_token use_guid")
}

// asks reports whether the registration asks for a claim or property.
func (c *claims) asks(name string) bool { return slices.Contains(c.g.Optional, name) }

// optionalTexts are the optional claims that say nothing here but belong to the
// shape.
func optionalTexts() map[string]string {
	return map[string]string{
		"ctry": "SE", "tenant_ctry": "SE", "fwd": "203.0.113.7", "in_corp": "true", "nickname": "robin",
		"login_hint": "O.CiQwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDA", "vnet": "none",
		"xms_edov": "1", "xms_pdl": "EUR", "xms_pl": "en", "xms_tpl": "en", "ztdid": "00000000-0000-0000-0000-000000000000",
	}
}

// listsGroups and linksGroups say how the token tells the groups: one by one,
// or by a link to them where they are too many (overage, entra-tokens 1.3).
func (c *claims) listsGroups() bool { return len(c.g.Groups) > 0 && len(c.g.Groups) <= MostGroups }
func (c *claims) linksGroups() bool { return len(c.g.Groups) > MostGroups }

func (c *claims) groupsAsRoles() bool { return c.asks("emit_as_roles") }

// roles are the granted roles; groups that are emitted as roles take their
// place (entra-tokens 1.3).
func (c *claims) roles() []string {
	if c.groupsAsRoles() && c.listsGroups() {
		return c.g.Groups
	}
	return c.g.Roles
}

// groupSource is the link to the groups: really on the host of the old Graph
// (entra-tokens 1.3, _claim_sources).
func (c *claims) groupSource() value.Value {
	owner := "users"
	if c.g.Kind.Subject == SubjectApp {
		owner = "servicePrincipals"
	}
	endpoint := fmt.Sprintf("https://graph.windows.net/%s/%s/%s/getMemberObjects", c.g.Tenant, owner, c.objectID())
	return value.Dict(value.Member{Name: "src1", Value: value.Dict(member("endpoint", endpoint))})
}
