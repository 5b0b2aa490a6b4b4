package mockidp

import (
	"slices"
	"strings"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// The names of Microsoft's own APIs that every tenant has.
const (
	graphName  = "https://graph.microsoft.com"
	graphAppID = "00000003-0000-0000-c000-000000000000"
	armAppID   = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
)

// resource is an API as a request named it.
type resource struct {
	registered[API]
	wellKnown mint.WellKnown
	// written is the name by which it was asked for: aud of v1 tokens.
	written string
}

// wellKnown is the Microsoft API of that name.
func wellKnown(name string) mint.WellKnown {
	switch strings.TrimSuffix(name, "/") {
	case "", graphName, graphAppID:
		return mint.Graph
	case "https://management.azure.com", "https://management.core.windows.net", armAppID:
		return mint.ARM
	}
	return ""
}

// identity is the same for all names of one API.
func (s *snapshot) identity(name string) string {
	if w := wellKnown(name); w != "" {
		return string(w)
	}
	if a, ok := s.resources[resourceKey(strings.TrimSuffix(name, "/"))]; ok {
		return a.name
	}
	return resourceKey(name)
}

// find is the API of that name in a tenant. A client may always ask for a token
// for itself.
func (s *snapshot) find(name string, in tenant, client ClientRegistration) (resource, *problem) {
	r := resource{written: name, wellKnown: wellKnown(name)}
	key := strings.TrimSuffix(name, "/")
	if r.wellKnown != "" {
		if name == "" {
			r.written = graphName
		}
		return r, nil
	}
	var ok bool
	if r.registered, ok = s.resource(key, in.id); ok {
		return r, nil
	}
	if strings.EqualFold(strings.TrimPrefix(key, "api://"), client.ID) {
		r.registered = registered[API]{entry: API{AppID: client.ID, Version: mint.V2}}
		return r, nil
	}
	return r, new(unknownResource(name, in.path))
}

// appID is the id of the API, which errors name.
func (r resource) appID() string {
	switch r.wellKnown {
	case mint.Graph:
		return graphAppID
	case mint.ARM:
		return armAppID
	}
	return r.entry.AppID
}

// fill says in a grant what depends on the API: its registration decides the
// version, whatever the endpoint (entra-tokens 2.1); aud is the app id in v2
// tokens, and in v1 tokens what was asked for, as it was written (2.2).
func (r resource) fill(g *mint.Grant) {
	g.Kind.Version, g.Audience = mint.V1, r.written
	if r.wellKnown != "" {
		g.WellKnown = r.wellKnown
		return
	}
	g.Resource, g.Optional = r.entry.AppID, r.entry.OptionalClaims
	if r.entry.Version == mint.V2 {
		g.Kind.Version, g.Audience = mint.V2, r.entry.AppID
	}
	if slices.Contains(r.entry.OptionalClaims, "use_guid") {
		g.Audience = r.entry.AppID
	}
	if r.entry.Keys == keysApp {
		g.AppKey = r.entry.AppID
	}
}

// narrowed are the capabilities that tokens for the API tell of: those of
// Microsoft's own, and where the registration asks for them (entra-tokens 1.3,
// xms_cc).
func (r resource) narrowed(capabilities []string) []string {
	if r.wellKnown != "" || slices.Contains(r.entry.OptionalClaims, "xms_cc") {
		return capabilities
	}
	return nil
}
