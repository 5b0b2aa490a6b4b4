package mockidp

import (
	"slices"
	"strings"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// snapshot is a Directory as requests look things up in it. It is never
// changed: a change makes a new one.
type snapshot struct {
	Directory
	resources map[string]registered[API]
	clients   map[string]registered[ClientRegistration]
	tenants   map[string]string           // ids, by id and domain
	regions   map[string]string           // by id
	users     map[string]registered[User] // by username
}

// registered is an entry with its name.
type registered[E any] struct {
	name  string
	entry E
}

// snapshot indexes a directory that has been validated.
func (d Directory) snapshot() *snapshot {
	s := &snapshot{
		Directory: d, resources: map[string]registered[API]{}, clients: map[string]registered[ClientRegistration]{}, tenants: map[string]string{},
		regions: map[string]string{}, users: map[string]registered[User]{},
	}
	for name, a := range d.APIs {
		for _, resource := range a.names() {
			s.resources[resourceKey(resource)] = registered[API]{name, a}
		}
	}
	for name, c := range d.Clients {
		s.clients[strings.ToLower(c.ID)] = registered[ClientRegistration]{name, c}
	}
	for name, u := range d.Users {
		s.users[strings.ToLower(u.Username)] = registered[User]{name, u}
	}
	for id, t := range d.Tenants {
		s.regions[strings.ToLower(id)] = t.Region
		for _, name := range append(slices.Clone(t.Domains), id) {
			s.tenants[strings.ToLower(name)] = strings.ToLower(id)
		}
	}
	return s
}

// resource is the API that a client means, if the tenant has it.
func (s *snapshot) resource(name, tenant string) (registered[API], bool) {
	a, ok := s.resources[resourceKey(name)]
	return a, ok && isIn(tenant, a.entry.Tenants)
}

// resourceKey is a resource's name as it is compared: GUIDs in any case, App ID
// URIs as they stand.
func resourceKey(name string) string {
	if mint.IsGUID(strings.TrimPrefix(name, "api://")) {
		return strings.ToLower(name)
	}
	return name
}

// client is the registration behind a client id, if the tenant has it; where the
// path names none, any tenant will do for now.
func (s *snapshot) client(id string, in tenant) (registered[ClientRegistration], bool) {
	c, ok := s.clients[strings.ToLower(id)]
	return c, ok && (in.template() || isIn(in.id, c.entry.Tenants))
}

// isIn reports whether an entry exists in a tenant; one that names none exists
// in all.
func isIn(tenant string, tenants []string) bool {
	return len(tenants) == 0 || slices.ContainsFunc(tenants, func(t string) bool { return strings.EqualFold(t, tenant) })
}

// tenantID is the id behind a GUID or domain. Where no tenants are registered
// every GUID is one.
func (s *snapshot) tenantID(name string) (string, bool) {
	if len(s.tenants) == 0 {
		return name, mint.IsGUID(name)
	}
	id, ok := s.tenants[name]
	return id, ok
}
