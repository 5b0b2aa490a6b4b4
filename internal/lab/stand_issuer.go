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
		Tenants: []string{f.Tenant.ID, f.TenantB(), mint.ConsumerTenant},
		APIs:    registrations(f), Clients: clientRegistrations(f),
		Issuers: func(_, tenant string) mint.Issuers {
			if strings.EqualFold(tenant, f.Tenant.ID) {
				return f.Tenant.Issuers
			}
			return mint.EntraIssuers(tenant)
		},
	}
}

func registrations(f *targets.File) []mockidp.API {
	var all []mockidp.API
	for _, a := range f.APIs {
		all = append(all, mockidp.API{AppID: a.AppID, URIs: a.URIs, Version: a.Version, AppKey: a.OwnKeys})
	}
	return all
}

// clientRegistrations are the target's clients with the roles that each was
// granted.
func clientRegistrations(f *targets.File) []mockidp.ClientRegistration {
	var all []mockidp.ClientRegistration
	for _, c := range f.Clients {
		r := mockidp.ClientRegistration{ID: c.ID, Secret: c.Secret, Roles: map[string][]string{}}
		for _, e := range f.Environments {
			if !c.Grant(e) {
				continue
			}
			for _, a := range e.APIs {
				r.Roles[a.AppID] = append(r.Roles[a.AppID], e.Requires.Roles...)
			}
		}
		all = append(all, r)
	}
	return all
}
