package targets

import (
	"slices"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// The well-known client of the Azure CLI, which anybody in a tenant may use.
const azureCLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"

// Ids of the clients that the harness invents where a mock signs. They are in
// no gateway's contracts.
const (
	madeUpStranger = "5a7a0e00-57ba-4a6e-8000-57ba46e20001"
	madeUpManaged  = "5a7a0e00-57ba-4a6e-8000-3a4a6ed00002"
	madeUpOther    = "5a7a0e00-57ba-4a6e-8000-07be40000003"
	madeUpNamesake = "5a7a0e00-57ba-4a6e-8000-2a3e5a4e0004"
)

// madeUpIdentity is the resource id of the managed identity that is made up.
const madeUpIdentity = "/subscriptions/5a7a0e00-57ba-4a6e-8000-5b5c21b70005/resourcegroups/entraproof/providers/" +
	"Microsoft.ManagedIdentity/userAssignedIdentities/entraproof"

// Role is what a row wants of the client that asks for its token (design 12).
type Role string

// The client roles.
const (
	Contracted Role = "contracted"
	Second     Role = "second"
	Stranger   Role = "stranger"
	OtherOnly  Role = "other"
	Ungranted  Role = "ungranted"
	FirstParty Role = "first-party"
	Managed    Role = "managed"
	Namesake   Role = "namesake"
	APIItself  Role = "api"
)

// Roles are all client roles, sorted.
func Roles() []Role {
	return []Role{APIItself, Contracted, FirstParty, Managed, Namesake, OtherOnly, Second, Stranger, Ungranted}
}

// UserRole is what a row wants of the user on whose behalf its token speaks.
type UserRole string

// The user roles: from another tenant, in more groups than a token lists, and
// without the authentication context that an API asks for.
const (
	Guest          UserRole = "guest"
	ManyGroups     UserRole = "many-groups"
	WithoutContext UserRole = "without-context"
)

// UserRoles are all user roles, sorted.
func UserRoles() []UserRole { return []UserRole{Guest, ManyGroups, WithoutContext} }

// User is the first user of the file who is that, or nil.
func (f *File) User(r UserRole) *User {
	for i, u := range f.Users {
		if slices.Contains(u.Is, r) {
			return &f.Users[i]
		}
	}
	return nil
}

// Has reports whether the client has a contract with, and a grant for, e.
func (c *Client) Has(e *Environment) bool { return c.Contract(e) && c.Grant(e) }

// Contract reports whether e's gateway permits the client.
func (c *Client) Contract(e *Environment) bool { return slices.Contains(c.Contracts, e.Name) }

// Grant reports whether the client holds e's scope and role.
func (c *Client) Grant(e *Environment) bool { return slices.Contains(c.Granted, e.Name) }

// Holder is the client that opens e: contract and grant. The one with fewest
// other contracts comes first, so that controls prove as little as they must.
func (f *File) Holder(e *Environment) *Client {
	return f.fewest(func(c *Client) bool { return c.Has(e) })
}

// Bearer is the client that asks for other's token when it is presented to
// home: one contracted in both where there is one, so that not the contract
// refuses it (design 5.7), else whoever holds other's grant.
func (f *File) Bearer(other, home *Environment) *Client {
	if c := f.fewest(func(c *Client) bool { return c.Has(other) && c.Contract(home) }); c != nil {
		return c
	}
	return f.fewest(func(c *Client) bool { return c.Grant(other) })
}

// Client finds the client in a role at home; other is the environment whose
// contract the role other means. It is nil where the file has none and none
// can be made up.
func (f *File) Client(r Role, home, other *Environment) *Client {
	holder := f.Holder(home)
	switch r {
	case Contracted:
		return holder
	case Second:
		return f.fewest(func(c *Client) bool { return c != holder && c.Has(home) })
	case Stranger:
		return f.orMadeUp(madeUpStranger, func(c *Client) bool { return len(c.Contracts) == 0 && c.Grant(home) })
	case OtherOnly:
		return f.otherOnly(home, other)
	case Ungranted:
		return f.ungranted(home, holder)
	case FirstParty:
		return f.invented(azureCLI, "0")
	case Managed:
		return f.managed()
	case Namesake:
		return f.orMadeUp(madeUpNamesake, func(c *Client) bool {
			return holder != nil && c.DisplayName != "" && c.DisplayName == holder.DisplayName && !c.Contract(home) && c.Grant(home)
		})
	case APIItself:
		return f.itself(home)
	}
	return nil
}

// Proving is a client with contract and grant at e which proves who it is in
// that way (Client.Authentication), or nil.
func (f *File) Proving(e *Environment, authentication string) *Client {
	return f.fewest(func(c *Client) bool { return c.Has(e) && c.Authentication == authentication })
}

func (f *File) managed() *Client {
	c := f.invented(madeUpManaged, "2")
	if c != nil {
		c.ManagedIdentity = madeUpIdentity
	}
	return c
}

// itself is the registration of the environment's API as a client of its own:
// that of the v2 one, whose tokens have its id as audience, if there is one.
func (f *File) itself(home *Environment) *Client {
	if len(home.APIs) == 0 {
		return nil
	}
	a := home.API(mint.V2)
	if a == nil {
		a = home.APIs[0]
	}
	return f.orMadeUp(a.AppID, func(c *Client) bool { return c.ID == a.AppID })
}

// otherOnly is a client with a contract in other and none at home. It is made
// up only where other has no gateway: there a contract is nobody's business.
func (f *File) otherOnly(home, other *Environment) *Client {
	if other == nil {
		return nil
	}
	match := func(c *Client) bool {
		return c.Contract(other) && !c.Contract(home) && (f.Tokens.CanMint() || c.Grant(home))
	}
	if other.Judged() {
		return f.fewest(match)
	}
	return f.orMadeUp(madeUpOther, match)
}

// ungranted is a client with a contract and no grant. A mock gives any
// contracted client a token without scope and role.
func (f *File) ungranted(home *Environment, holder *Client) *Client {
	c := f.fewest(func(c *Client) bool { return c.Contract(home) && !c.Grant(home) })
	if c == nil && f.Tokens.CanMint() {
		return holder
	}
	return c
}

func (f *File) orMadeUp(id string, match func(*Client) bool) *Client {
	if c := f.fewest(match); c != nil {
		return c
	}
	return f.invented(id, "1")
}

func (f *File) invented(id, authentication string) *Client {
	if !f.Tokens.CanMint() {
		return nil
	}
	return &Client{Name: "made-up", ID: id, MadeUp: true, Authentication: authentication}
}

// fewest is the matching client with the fewest contracts, then grants, in the
// order of the file.
func (f *File) fewest(match func(*Client) bool) *Client {
	var best *Client
	for _, c := range f.Clients {
		if !match(c) {
			continue
		}
		if best == nil || len(c.Contracts) < len(best.Contracts) || (len(c.Contracts) == len(best.Contracts) && len(c.Granted) < len(best.Granted)) {
			best = c
		}
	}
	return best
}
