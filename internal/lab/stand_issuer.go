package lab

import (
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// IssuerConfig is an issuer that knows what a target file names.
func IssuerConfig(f *targets.File) mockidp.Config {
	return mockidp.Config{
		Directory: mockidp.Directory{
			Tenants: map[string]mockidp.Tenant{f.Tenant.ID: {}, f.TenantB(): {}, mint.ConsumerTenant: {}},
			APIs:    registrations(f), Clients: clientRegistrations(f), Consents: consents(f),
		},
		Issuers: func(_, tenant string) mint.Issuers {
			if strings.EqualFold(tenant, f.Tenant.ID) {
				return f.Tenant.Issuers
			}
			return mint.EntraIssuers(tenant)
		},
	}
}

// registrations are the target's APIs with their scopes and roles, and those
// that an environment asks for: what is asked for must exist.
func registrations(f *targets.File) map[string]mockidp.API {
	all := map[string]mockidp.API{}
	for _, a := range f.APIs {
		r := mockidp.API{AppID: a.AppID, URIs: a.URIs, Version: a.Version, Scopes: map[string]mockidp.ConsentNeed{}, Roles: slices.Clone(a.Roles)}
		if a.OwnKeys {
			r.Keys = "app"
		}
		asked := slices.Clone(a.Scopes)
		for _, e := range f.Environments {
			if slices.Contains(e.APIs, a) {
				asked, r.Roles = append(asked, e.Requires.Scopes...), union(r.Roles, e.Requires.Roles)
			}
		}
		for _, scope := range asked {
			r.Scopes[scope] = mockidp.UserConsent
		}
		all[a.Name] = r
	}
	return all
}

// union is a with the words of b that it lacks.
func union(a, b []string) []string {
	for _, word := range b {
		if !slices.Contains(a, word) {
			a = append(a, word)
		}
	}
	return a
}

// clientRegistrations are the target's clients with the roles that each was
// granted.
func clientRegistrations(f *targets.File) map[string]mockidp.ClientRegistration {
	all := map[string]mockidp.ClientRegistration{}
	for _, c := range f.Clients {
		r := mockidp.ClientRegistration{ID: c.ID, Roles: map[string][]string{}}
		if c.Secret != "" {
			r.Secrets = []mockidp.Secret{{Value: c.Secret}}
		}
		for _, e := range f.Environments {
			if !c.Grant(e) {
				continue
			}
			for _, a := range e.APIs {
				r.Roles[a.Name] = union(r.Roles[a.Name], e.Requires.Roles)
			}
		}
		all[c.Name] = r
	}
	return all
}

// consents are an administrator's to the scopes that each client was granted.
func consents(f *targets.File) []mockidp.Consent {
	var all []mockidp.Consent
	for _, c := range f.Clients {
		for _, e := range f.Environments {
			for _, a := range e.APIs {
				if c.Grant(e) && len(e.Requires.Scopes) > 0 {
					all = append(all, mockidp.Consent{Client: c.Name, API: a.Name, Scopes: slices.Clone(e.Requires.Scopes)})
				}
			}
		}
	}
	return all
}
