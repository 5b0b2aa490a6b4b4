package predict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/internal/targets"
)

// regions are routes that meet different policies, for subjects whose policies are
// applied to some requests only: what holds on one of them says nothing of the
// others. The first is the usual one; those on which no policy looks at a token are
// not among them.
func (s Subject) regions() []Subject {
	paths := []string{usualPath}
	ruled := false
	for _, m := range s.Members {
		for _, a := range m.Instance.Policies {
			paths = append(paths, literalPaths(a)...)
			ruled = ruled || len(a.Rules) > 0
		}
	}
	if !ruled {
		return []Subject{s}
	}
	first := s.usualRoutes()
	seen := []string{s.met(func(i int) targets.Route { return first[i] })}
	all := []Subject{s}
	for _, path := range paths {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			route := targets.Route{Method: method, Path: path}
			met := s.met(func(int) targets.Route { return route })
			if met == "" || slices.Contains(seen, met) {
				continue
			}
			seen = append(seen, met)
			at := s
			at.Name, at.Route = fmt.Sprintf("%s at %s %s", s.Name, method, path), &route
			all = append(all, at)
		}
	}
	return all
}

// met names the policies that are met on a route of each member, by their places;
// empty where some member asks for no token there.
func (s Subject) met(route func(int) targets.Route) string {
	var text strings.Builder
	for i, m := range s.Members {
		asks := false
		for n, a := range m.Instance.Policies {
			at := route(i)
			if gateway.Emulates(a) && a.Applies(at.Method, at.Path) {
				fmt.Fprintf(&text, "%d.%d ", i, n)
				asks = asks || policy.Instance{Policies: []policy.Applied{a}}.AsksForToken()
			}
		}
		if !asks {
			return ""
		}
	}
	return text.String()
}

// unmet are the requests that meet no policy which looks at a token: a prediction
// is about one route, on which there is one.
func (s Subject) unmet() []string {
	var all []string
	for _, m := range s.Members {
		switch only := m.Instance.TokensAskedOnly(); {
		case !m.Instance.AsksForToken():
			all = append(all, m.Environment+": no policy looks at a token")
		case only != "":
			all = append(all, fmt.Sprintf("%s: whatever is not %s, for no policy that looks at a token is applied to it", m.Environment, only))
		}
	}
	return all
}

// metAt is an instance with those of its policies that a route meets, with all of
// them where it meets none.
func metAt(instance policy.Instance, route targets.Route) policy.Instance {
	var met []policy.Applied
	for _, a := range instance.Policies {
		if a.Applies(route.Method, route.Path) {
			met = append(met, a)
		}
	}
	if len(met) > 0 {
		instance.Policies = met
	}
	return instance
}

func (s Subject) usualRoutes() []targets.Route {
	var all []targets.Route
	for _, m := range s.Members {
		all = append(all, targets.Route{Method: "GET", Path: homePath(s.Name, m.Instance)})
	}
	return all
}

// usualPath is the path of a home route that nothing speaks against.
const usualPath = "/v1/ping"

// homePath is a path that the policies are applied to.
func homePath(name string, instance policy.Instance) string {
	base := "/" + pathWord(name)
	for _, a := range instance.Policies {
		if a.Applies("GET", base+usualPath) || a.Applies("GET", usualPath) {
			return usualPath
		}
	}
	for _, a := range instance.Policies {
		for _, path := range literalPaths(a) {
			if a.Applies("GET", path) {
				return path
			}
		}
	}
	return usualPath
}

// literalPaths are paths that the rules of a policy may be about.
func literalPaths(a policy.Applied) []string {
	var all []string
	for _, r := range a.Rules {
		if r.Path == nil {
			continue
		}
		prefix, _ := r.Path.LiteralPrefix()
		for _, path := range []string{prefix, prefix + "ping", prefix + "/ping"} {
			if strings.HasPrefix(path, "/") {
				all = append(all, path)
			}
		}
	}
	return all
}

// oneVersion leaves a target the first of two registrations that are one
// application with tokens of either version: where an issuer serves them, it knows
// each application once, as Entra does. It tells what was left out.
func oneVersion(f *targets.File) (assumed []string) {
	for _, e := range f.Environments {
		for len(e.APIs) > 1 && e.APIs[1].AppID == e.APIs[0].AppID {
			out := e.APIs[1]
			e.APIs = slices.Delete(e.APIs, 1, 2)
			f.APIs = slices.DeleteFunc(f.APIs, func(a *targets.API) bool { return a == out })
			assumed = append(assumed, fmt.Sprintf("%s: served with tokens of version %s; --token-versions %s serves the others",
				e.Name, strings.TrimPrefix(string(e.APIs[0].Version), "v"), strings.TrimPrefix(string(out.Version), "v")))
		}
	}
	return assumed
}
