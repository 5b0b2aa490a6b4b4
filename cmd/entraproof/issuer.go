package main

import (
	"strings"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// issuerConfig is the issuer for the target's tenants, registrations and
// clients.
func (s *servePlan) issuerConfig() mockidp.Config {
	cfg := issuerFor(s.file)
	cfg.Addr, cfg.TLSAddr, cfg.ManagementAddr = s.issuerAddr, s.issuerTLSAddr, s.managementAddr
	cfg.ManagementToken, cfg.ManagementTLS = s.managementToken, s.managementTLS
	cfg.PublicURL, cfg.Hosts, cfg.KeyDir = s.publicURL, s.hosts, s.keys
	if s.issuerNames == namesOwn {
		cfg.Issuers = func(base, tenant string) mint.Issuers {
			if s.publicURL == "" {
				base = reachable(base)
			}
			return mockidp.OwnIssuers(base, tenant)
		}
	}
	return cfg
}

// issuerFor is an issuer that knows what a target file names.
func issuerFor(f *targets.File) mockidp.Config {
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
