package mockidp

import (
	"maps"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// naming is what one API's registration has to do with a token: which of its
// words the token holds. That is no verdict. A gateway may check less, or look
// elsewhere.
type naming struct {
	API string
	// Audience, Client, Right and Tenant are the four ways in which a token can
	// name a registration.
	Audience, Client, Right, Tenant named
}

// named is one way, with what it rests on.
type named struct {
	Yes  bool
	Text string
}

// All reports whether the token names the registration in every way.
func (n naming) All() bool { return n.Audience.Yes && n.Client.Yes && n.Right.Yes && n.Tenant.Yes }

// Any reports whether it does in any way but the tenant, which the environments
// share.
func (n naming) Any() bool { return n.Audience.Yes || n.Client.Yes || n.Right.Yes }

// namings hold a token against every registration, by name. issuers tells the
// iss values of a tenant.
func (s *snapshot) namings(payload value.Value, issuers func(tenant string) mint.Issuers) []naming {
	var all []naming
	for name, a := range sorted(s.APIs) {
		all = append(all, naming{
			API: name, Audience: a.namedByAudience(payload), Client: s.namedByClient(name, payload),
			Right: a.namedByRight(payload), Tenant: s.namedByTenant(a, payload, issuers),
		})
	}
	return all
}

// namedByAudience: one aud is a name of the API, compared as it stands but for
// the case of GUIDs.
func (a API) namedByAudience(payload value.Value) named {
	audiences := texts(payload, "aud")
	for _, aud := range audiences {
		switch {
		case strings.EqualFold(aud, a.AppID):
			return named{true, "its app id"}
		case slices.ContainsFunc(a.names(), func(n string) bool { return resourceKey(n) == resourceKey(aud) }):
			return named{true, "its App ID URI " + aud}
		}
	}
	if len(audiences) == 0 {
		return named{false, "no aud"}
	}
	return named{false, "none of its names"}
}

// namedByClient: the client of the token has a role at the API, or a permission
// for users. The gateway's contracts are not registered here.
func (s *snapshot) namedByClient(api string, payload value.Value) named {
	ids := append(texts(payload, "appid"), texts(payload, "azp")...)
	if len(ids) == 0 {
		return named{false, "neither appid nor azp"}
	}
	reply := named{false, "no client of this id"}
	for _, id := range ids {
		c, known := s.clients[strings.ToLower(id)]
		switch {
		case known && len(c.entry.rights(api)) > 0:
			return named{true, c.name + ": " + strings.Join(c.entry.rights(api), ", ")}
		case known:
			reply = named{false, c.name + " has no grant here"}
		}
	}
	return reply
}

// namedByRight: a scope or role of the token is one of the API's.
func (a API) namedByRight(payload value.Value) named {
	held := map[string][]string{"roles": texts(payload, "roles")}
	for _, scp := range texts(payload, "scp") {
		held["scp"] = append(held["scp"], strings.Fields(scp)...)
	}
	var own []string
	for claim, registered := range map[string][]string{"roles": a.Roles, "scp": a.scopeNames()} {
		for _, word := range held[claim] {
			if slices.Contains(registered, word) {
				own = append(own, claim+" "+word)
			}
		}
	}
	slices.Sort(own)
	switch {
	case len(own) > 0:
		return named{true, strings.Join(own, ", ")}
	case len(held["roles"])+len(held["scp"]) == 0:
		return named{false, "neither scp nor roles"}
	}
	return named{false, "none of its scopes and roles"}
}

// namedByTenant: tid is a tenant that has the API, and iss is that tenant's.
func (s *snapshot) namedByTenant(a API, payload value.Value, issuers func(string) mint.Issuers) named {
	tid, iss := payload.GetText("tid"), payload.GetText("iss")
	id, known := s.tenantID(strings.ToLower(tid))
	of := issuers(id)
	switch {
	case tid == "":
		return named{false, "no tid"}
	case !known:
		return named{false, "no tenant of this id"}
	case !isIn(id, a.Tenants):
		return named{false, "the tenant does not have it"}
	case iss != of.V1 && iss != of.V2:
		return named{false, "iss is not of this tenant"}
	case len(s.tenants) == 0:
		return named{true, "every GUID is a tenant"}
	}
	return named{true, "tid and iss"}
}

// rights are what a client may do at an API: by itself its roles, for users its
// permissions.
func (c ClientRegistration) rights(api string) []string {
	var all []string
	for _, role := range c.Roles[api] {
		all = append(all, "role "+role)
	}
	for _, scope := range c.Permissions[api] {
		all = append(all, "scope "+scope)
	}
	return all
}

// texts are the texts of a claim, however often it stands there: its own, or
// those of its list.
func texts(payload value.Value, name string) []string {
	var all []string
	for _, m := range payload.Members {
		switch {
		case m.Name != name:
		case m.Value.Kind == value.Text:
			all = append(all, m.Value.Text)
		case m.Value.Kind == value.Array:
			for _, item := range m.Value.Items {
				if item.Kind == value.Text {
					all = append(all, item.Text)
				}
			}
		}
	}
	return all
}

// apiNames are the names of the registrations, sorted.
func (s *snapshot) apiNames() []string { return slices.Sorted(maps.Keys(s.APIs)) }
