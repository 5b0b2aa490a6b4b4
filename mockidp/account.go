package mockidp

import (
	"slices"
	"strings"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// account is a user as one tenant knows them. A person whom only a token names
// has no entry.
type account struct {
	registered[User]
	mint.User
	tenant string
}

// account is the user of that name in a tenant.
func (s *snapshot) account(username, tenant string) (account, bool) {
	u, ok := s.users[strings.ToLower(username)]
	return account{u, u.entry.in(tenant), tenant}, ok && isIn(tenant, u.entry.Tenants)
}

// accounts are the users of a tenant, by their names; at a path that names no
// tenant, all users.
func (s *snapshot) accounts(in tenant) []account {
	var all []account
	for name, u := range sorted(s.Users) {
		if in.template() || isIn(in.id, u.Tenants) {
			all = append(all, account{registered[User]{name, u}, u.in(in.id), in.id})
		}
	}
	return all
}

// recall finds the user of an earlier token again. Who stands in the directory
// no more is gone; who never stood there is taken as they are.
func (s *snapshot) recall(m mint.User, tenant string) (account, bool) {
	if a, ok := s.account(m.Username, tenant); ok && strings.EqualFold(a.ObjectID, m.ObjectID) {
		return a, true
	}
	for _, u := range s.Users {
		if a := u.in(tenant); a.ObjectID == strings.ToLower(m.ObjectID) && isIn(tenant, u.Tenants) {
			return s.account(u.Username, tenant)
		}
	}
	return account{User: m, tenant: tenant}, len(s.Users) == 0
}

// home is the tenant that a user signs in to where the path names none: that of
// the account, of the domain, or the only one there is.
func (s *snapshot) home(u User) (tenant, bool) {
	id, ok := strings.ToLower(u.HomeTenant), u.HomeTenant != ""
	if !ok {
		id, ok = s.tenants[u.domain()]
	}
	if !ok && len(u.Tenants) > 0 {
		id, ok = strings.ToLower(u.Tenants[0]), true
	}
	if !ok && len(s.Tenants) == 1 {
		for only := range s.Tenants {
			id, ok = strings.ToLower(only), true
		}
	}
	return s.named(id), ok
}

// visitor is the user of that name in a tenant, or, where the path names none,
// in the tenant where they are at home.
func (s *snapshot) visitor(username string, in tenant) (account, *problem) {
	if in.template() {
		u, known := s.users[strings.ToLower(username)]
		home, at := s.home(u.entry)
		if !known || !at {
			return account{}, new(noTenantOf(username))
		}
		in = home
	}
	user, ok := s.account(username, in.id)
	if !ok {
		return user, new(unknownUser(username, in.id))
	}
	return user, nil
}

// admitted says why a user gets no token although they are who they say;
// atPage tells a person at the sign-in page from a program.
func (a account) admitted(atPage bool) *problem {
	if a.entry.Disabled {
		return new(disabledUser())
	}
	if p, stands := obstacles()[a.entry.Obstacle]; stands && (!atPage || !metAtPage(a.entry.Obstacle)) {
		return &p
	}
	return nil
}

// revoked reports whether what was issued at a time has been revoked since.
func (a account) revoked(issued time.Time) bool { return issued.Before(a.entry.TokensValidFrom) }

// groupIDs are the object ids of the user's groups.
func (a account) groupIDs(groups map[string]string) []string {
	var ids []string
	for _, name := range a.entry.Groups {
		ids = append(ids, strings.ToLower(groups[name]))
	}
	slices.Sort(ids)
	return ids
}

// belonging says in a grant what a registration asks to tell of the user's
// groups and directory roles.
func (a account) belonging(g *mint.Grant, asks string, groups map[string]string) {
	if asks == groupsSecurity || asks == groupsAll {
		g.Groups = a.groupIDs(groups)
	}
	if asks == groupsRoles || asks == groupsAll {
		g.Optional = append(slices.Clip(g.Optional), "wids")
	}
}
