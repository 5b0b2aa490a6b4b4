package gateway

import (
	"net/http"
	"slices"
	"strings"
)

// routeChecks judge the request line and what could stand in for it. They come
// last in the answer: who has no credentials learns no routes.
func routeChecks() []check {
	return []check{
		{
			Check{"path", "route", http.StatusNotFound, "the path as received is that of a route, byte for byte"},
			func(c *call) bool { return !c.env.serves(c.path) },
		},
		{
			Check{"method", "route", http.StatusMethodNotAllowed, "the method is that of the route"},
			func(c *call) bool {
				home := routeOf(c.env.Route)
				_, further := c.env.extra(c.request.Method, c.path)
				return c.env.serves(c.path) && !further && !(home.path == c.path && home.fits(c.request.Method))
			},
		},
		{
			// RFC 9112 3.2.2: the absolute form names a host of its own, and nobody
			// but a proxy needs it.
			Check{"origin-form", "route", badRequest, "the target begins with a slash"},
			func(c *call) bool { return !strings.HasPrefix(c.request.RequestURI, "/") },
		},
		{
			Check{"host", "route", http.StatusMisdirectedRequest, "the host is one of ours, byte for byte"},
			func(c *call) bool {
				return len(c.env.Hosts) > 0 && !slices.Contains(c.env.Hosts, c.request.Host)
			},
		},
		{
			Check{"rewrite-headers", "route", badRequest, "no field names another path"},
			func(c *call) bool {
				return slices.ContainsFunc(rewriteFields(), func(name string) bool { return c.request.Header.Get(name) != "" })
			},
		},
	}
}

func rewriteFields() []string {
	return []string{"X-Original-Url", "X-Rewrite-Url", "X-Forwarded-Uri", "X-Envoy-Original-Path", overrideField}
}
