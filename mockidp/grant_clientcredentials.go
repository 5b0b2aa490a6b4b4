package mockidp

import (
	"strings"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// redeemClientCredentials gives a client a token of its own (entra-tokens 4.1).
func redeemClientCredentials(t *tokenRequest) (*issuance, *problem) {
	if t.tenant.template() {
		return nil, new(noTenant())
	}
	if p := t.prove(new(noCredential(t.client.entry.ID))); p != nil {
		return nil, p
	}
	name, p := t.askedByApplication()
	if p != nil {
		return nil, p
	}
	r, p := t.known.find(name, t.tenant, t.client.entry)
	if p != nil {
		return nil, p
	}
	return t.applicationToken(r)
}

// askedByApplication is the API that is asked for: resource at the v1 endpoint,
// and scope at the v2 endpoint, where only the last "/.default" is taken off
// (entra-tokens 2.3).
func (t *tokenRequest) askedByApplication() (string, *problem) {
	if t.endpoint == mint.V1 {
		if name := t.form.Get("resource"); name != "" {
			return name, nil
		}
		return "", new(missingParameter("resource"))
	}
	text := t.form.Get("scope")
	var scopes []string
	for _, s := range strings.Fields(text) {
		if s != openid && s != profile && s != offline { // MSAL Go adds these to every request (entra-tokens 6.2)
			scopes = append(scopes, s)
		}
	}
	switch {
	case t.form.Has("resource"):
		return "", new(resourceOnV2())
	case len(scopes) == 0:
		return "", new(missingField("scope"))
	case len(scopes) > 1:
		return "", new(manyResources(text))
	case !strings.HasSuffix(scopes[0], "/"+defaultScope):
		return "", new(scopeWithoutDefault(scopes[0]))
	}
	return strings.TrimSuffix(scopes[0], "/"+defaultScope), nil
}

// applicationToken is the token of a client for an API: with the roles that it
// was granted there, and without any if it was granted none.
func (t *tokenRequest) applicationToken(r resource) (*issuance, *problem) {
	capabilities, p := readCapabilities(t.form.Get("claims"))
	if p != nil {
		return nil, p
	}
	client := t.client.entry
	g := mint.Grant{
		Tenant: t.tenant.id, Kind: mint.Kind{Subject: mint.SubjectApp}, Client: t.proof(),
		Roles: client.Roles[r.name], Capabilities: r.narrowed(capabilities),
	}
	r.fill(&g)
	if r.wellKnown == "" {
		g.ManagedIdentity = client.ManagedIdentity
	}
	if r.entry.AssignmentRequired && len(g.Roles) == 0 {
		return nil, new(notAssigned(client.ID, r.written))
	}
	return &issuance{access: g, resource: r.written}, nil
}
