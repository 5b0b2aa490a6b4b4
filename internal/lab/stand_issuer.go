package lab

import (
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
			APIs:    registrations(f), Clients: clientRegistrations(f),
		},
		Issuers: func(_, tenant string) mint.Issuers {
			if strings.EqualFold(tenant, f.Tenant.ID) {
				return f.Tenant.Issuers
			}
			return mint.EntraIssuers(tenant)
		},
	}
}

func registrations(f *targets.File) map[string]mockidp.API {
	all := map[string]mockidp.API{}
	for _, a := range f.APIs {
		r := mockidp.API{AppID: a.AppID, URIs: a.URIs, Version: a.Version, Roles: a.Roles}
		if a.OwnKeys {
			r.Keys = "app"
		}
		all[a.Name] = r
	}
	return all
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
				r.Roles[a.Name] = append(r.Roles[a.Name], e.Requires.Roles...)
			}
		}
		all[c.Name] = r
	}
	return all
}
