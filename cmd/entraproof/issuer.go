package main

import (
	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// issuerConfig is the issuer for the target's tenants, registrations and
// clients.
func (s *servePlan) issuerConfig() mockidp.Config {
	cfg := lab.IssuerConfig(s.file)
	if s.known != nil {
		cfg.Directory = *s.known
	}
	cfg.Addr, cfg.TLSAddr, cfg.ManagementAddr = s.issuerAddr, s.issuerTLSAddr, s.managementAddr
	cfg.ManagementToken, cfg.ManagementTLS = s.managementToken, s.managementTLS
	cfg.Introspection = mockidp.Introspection(s.introspect)
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
