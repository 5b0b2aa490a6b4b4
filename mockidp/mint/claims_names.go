package mint

import (
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/value"
)

// payload lists the claims in the order observed (entra-tokens 1.2); those
// without a value fall away.
func (c *claims) payload() value.Value {
	names := c.names()
	members := make([]value.Member, 0, len(names))
	for _, name := range names {
		if v, ok := c.claim(name); ok {
			members = append(members, value.Member{Name: name, Value: v})
		}
	}
	return value.Dict(members...)
}

// alwaysFirst are the claims that every token begins with; lastOfFirst is the
// last of them.
const (
	alwaysFirst = "aud iss iat nbf exp"
	lastOfFirst = "exp"
)

// usualNames is room for the names of most tokens.
const usualNames = 32

// names are the claims of the grant's token in their order: its set, and what
// the registration asks for besides.
func (c *claims) names() []string {
	names := make([]string, 0, usualNames)
	names = slices.AppendSeq(names, strings.FieldsSeq(alwaysFirst))
	names = slices.AppendSeq(names, strings.FieldsSeq(c.set()))
	for _, name := range c.besides() {
		if !slices.Contains(names, name) {
			names = slices.Insert(names, c.place(names, name), name)
		}
	}
	return names
}

// set is the claim set behind alwaysFirst.
func (c *claims) set() string {
	g := c.g
	switch {
	case g.Token == ID:
		return "aio at_hash c_hash name nonce oid preferred_username rh sub tid uti ver"
	case g.Token == IDV1:
		return "amr at_hash c_hash family_name given_name ipaddr name nonce oid rh sub tid unique_name upn uti ver"
	case g.WellKnown == Graph && g.Kind.Subject == SubjectApp:
		return "aio app_displayname appid appidacr idp idtyp oid rh roles sub tenant_region_scope tid uti ver wids " +
			"xms_acd xms_act_fct xms_ftd xms_idrel xms_rd xms_sub_fct xms_tcdt xms_tdbr xms_tnt_fct"
	case g.WellKnown == Graph:
		return "acct acr aio amr app_displayname appid appidacr family_name given_name idp idtyp ipaddr name oid platf puid rh scp roles sub " +
			"tenant_region_scope tid unique_name upn uti ver wids xms_ftd xms_idrel xms_st xms_tcdt xms_tdbr"
	case g.Kind == Kind{V1, SubjectUser}:
		return "acr aio amr appid appidacr email family_name given_name idp ipaddr name oid rh scp roles sub tid unique_name upn uti ver"
	case g.Kind == Kind{V2, SubjectUser}:
		return "aio azp azpacr name oid preferred_username rh roles scp sid sub tid uti ver xms_ftd"
	case g.Kind == Kind{V1, SubjectApp}:
		return "aio appid appidacr idp oid rh roles sub tid uti ver"
	default:
		return "aio azp azpacr oid rh roles sub tid uti ver xms_ftd"
	}
}

// besides are the claims that depend on the registration, the user's groups and
// what the client can handle.
func (c *claims) besides() []string {
	names := []string{"_claim_names", "_claim_sources", "groups", "xms_cc", "xms_mirid"}
	if c.mailbox() {
		names = append(names, "email")
	}
	for _, name := range OptionalClaims() {
		if c.asks(name) && (c.g.Kind.Subject == SubjectUser || !aboutPeople(name)) {
			names = append(names, name)
		}
	}
	return names
}

// aboutPeople reports whether an optional claim is none of an application's.
func aboutPeople(name string) bool {
	return !slices.Contains(strings.Fields("idtyp tenant_ctry tenant_region_scope wids xms_tpl"), name)
}

// place is where a further claim stands: the sets are in alphabetical order but
// for what every token begins with.
func (c *claims) place(names []string, name string) int {
	first := slices.Index(names, lastOfFirst) + 1
	for i, other := range names[first:] {
		if other > name {
			return first + i
		}
	}
	return len(names)
}
