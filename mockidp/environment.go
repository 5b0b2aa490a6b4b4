package mockidp

import (
	"cmp"
	"crypto/rand"
	"maps"
	"slices"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// Option adds to the configuration of an issuer; New and Start take any number.
type Option func(*Config)

// WithEnvironment registers an API under the name of an environment, and a
// client that may do all there is to do there: it has a secret, the API's roles,
// and an administrator's consent to its scopes. What the API leaves open, such
// as its app id, is made up. See Issuer.Environment.
func WithEnvironment(name string, a API) Option {
	return func(c *Config) {
		a.AppID = cmp.Or(a.AppID, mint.DerivedGUID("environment", name))
		client := ClientRegistration{
			ID: mint.DerivedGUID("client of environment", name), Secrets: []Secret{{Value: rand.Text()}},
			Roles: map[string][]string{name: a.Roles}, Permissions: map[string][]string{name: a.scopeNames()},
		}
		d := &c.Directory
		d.APIs, d.Clients = added(d.APIs, name, a), added(d.Clients, clientOfEnvironment(name), client)
		d.Consents = append(slices.Clip(d.Consents), Consent{Client: clientOfEnvironment(name), API: name, Scopes: a.scopeNames()})
	}
}

// clientOfEnvironment is the name of the client that comes with an environment.
func clientOfEnvironment(name string) string { return name + "-client" }

// added is a copy of a map with one more entry: a Config's maps may be others'.
func added[V any](m map[string]V, name string, v V) map[string]V {
	m = maps.Clone(m)
	if m == nil {
		m = map[string]V{}
	}
	m[name] = v
	return m
}

// Environment is an API and a client that may do all there is to do there.
type Environment struct {
	// Tenant is the tenant of both.
	Tenant string
	API    API
	// Client has one secret.
	Client ClientRegistration
	// Resource is what the client asks for: an App ID URI.
	Resource string
}

// Environment is that of WithEnvironment. Of a name that it was not given there
// is the zero Environment, of which no token can be made.
func (i *Issuer) Environment(name string) Environment {
	known := i.directory.Load()
	a, isAPI := known.APIs[name]
	client, isClient := known.Clients[clientOfEnvironment(name)]
	if !isAPI || !isClient {
		return Environment{}
	}
	e := Environment{Tenant: mint.DerivedGUID("tenant of the environments"), API: a, Client: client, Resource: "api://" + a.AppID}
	if tenants := slices.Sorted(maps.Keys(known.Tenants)); len(tenants) > 0 {
		e.Tenant = tenants[0]
	}
	if len(a.URIs) > 0 {
		e.Resource = a.URIs[0]
	}
	return e
}

// Grant is the token that the client gets for the API: its own, with all roles,
// or that of the mock's own user, with all scopes.
func (e Environment) Grant(subject mint.Subject) mint.Grant {
	g := mint.Grant{Tenant: e.Tenant, Kind: mint.Kind{Subject: subject}, Client: mint.Client{ID: e.Client.ID, ObjectID: e.Client.ObjectID}}
	resource{registered: registered[API]{entry: e.API}, written: e.Resource}.fill(&g)
	if subject == mint.SubjectUser {
		g.Scopes = e.API.scopeNames()
	} else {
		g.Roles = e.API.Roles
	}
	return g
}
