package predict

import (
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// tenant is the one that an issuer rule names, else that of a key set's address.
func (d *derivation) tenant() {
	for _, s := range d.said {
		if len(s.tenants) > 0 {
			id := s.tenants[0].text
			d.assume("tenant %s (%s)", id, place(s.tenants[0].at))
			d.file.Tenant = targets.Tenant{ID: id, Issuers: d.issuers(s, id)}
			return
		}
	}
	id := madeUpID("tenant", d.subject.Name)
	d.file.Tenant = targets.Tenant{ID: id, Issuers: mint.EntraIssuers(id)}
	d.assume("a tenant, for the export names none")
}

// issuers are the iss values of a tenant: those of the cloud that its keys come
// from, else that the issuer rule is of; for a tenant for customers and a domain
// of its own, what the rule says.
func (d *derivation) issuers(s said, tenant string) mint.Issuers {
	d.foreignKeys(s)
	issuers := mint.EntraIssuers(tenant)
	for _, address := range slices.Concat(s.keys, s.issuers) {
		c, ok := policy.CloudOf(address.text)
		if !ok {
			continue
		}
		issuers.V1, issuers.V2 = c.Issuers(tenant)
		if issuers != mint.EntraIssuers(tenant) {
			d.assume("tokens of Entra's %s cloud (%s)", c.Name, place(address.at))
		}
		return issuers
	}
	for _, issuer := range s.issuers {
		for _, keys := range s.keys {
			if policy.CustomerIssuer(issuer.text, keys.text) {
				d.assume("tokens that have iss %s (%s) and else what Entra's have; whether those of that issuer do is not known here", issuer.text, place(issuer.at))
				issuers.V2 = issuer.text
				return issuers
			}
		}
	}
	return issuers
}

// foreignKeys tells addresses of keys that are not Entra's: they are answered with
// the tenant's keys all the same.
func (d *derivation) foreignKeys(s said) {
	for _, keys := range s.keys {
		_, entra := policy.CloudOf(keys.text)
		customers := slices.ContainsFunc(s.issuers, func(i word) bool { return policy.CustomerIssuer(i.text, keys.text) })
		if !entra && !customers {
			d.assume("the keys at the address of jwksUrl are the tenant's, though it is not Entra's: whoever serves them decides who gets in (%s)", place(keys.at))
		}
	}
}

// isOrAre names some instances, with their verb.
func isOrAre(names []string) string {
	if len(names) == 1 {
		return names[0] + " is"
	}
	return strings.Join(names, ", ") + " are"
}
