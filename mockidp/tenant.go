package mockidp

import (
	"cmp"
	"strings"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// tenant is what the first segment of a path names.
type tenant struct {
	// path is how URLs name it: a GUID, common, organizations or consumers.
	path string
	// id is how issuers name it: a GUID, or the literal {tenantid} where the
	// path stands for many (entra-tokens 0, line 20).
	id string
	// region is tenant_region_scope.
	region string
}

// template reports whether the path stands for many tenants.
func (t tenant) template() bool { return t.id == tenantTemplate }

// usualRegion is the region of a tenant of which nothing is said.
const usualRegion = "EU"

const tenantTemplate = "{tenantid}"

// organizations stands for every tenant but the consumers'.
const organizations = "organizations"

// tenant resolves a name as Entra does.
func (i *Issuer) tenant(name string, q *request) (tenant, *problem) {
	name = strings.ToLower(name)
	switch {
	case name == organizations && q.route.path == discoveryV1 && !i.cfg.Variations.OrganizationsInV1:
		p := unknownTenant(name)
		return tenant{}, &p
	case name == "common", name == organizations:
		return tenant{path: name, id: tenantTemplate}, nil
	case name == "consumers" && i.cfg.Variations.ConsumersByName:
		return tenant{name, mint.ConsumerTenant, usualRegion}, nil
	case name == "consumers":
		return tenant{mint.ConsumerTenant, mint.ConsumerTenant, usualRegion}, nil
	case !mint.IsGUID(name) && !strings.Contains(name, "."):
		p := malformedTenant(name)
		return tenant{}, &p
	}
	known := i.directory.Load()
	id, ok := known.tenantID(name)
	if !ok {
		p := unknownTenant(name)
		return tenant{}, &p
	}
	return known.named(id), nil
}

// named is the tenant of that id.
func (s *snapshot) named(id string) tenant {
	return tenant{id, id, cmp.Or(s.regions[id], usualRegion)}
}
