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
			// RFC 3986 3.3, 3.5: what the upstream may decode or cut off makes it
			// another path than the one that was judged.
			Check{"plain-path", "route", badRequest, "the path has no fragment and no encoded delimiter"},
			func(c *call) bool {
				lower := strings.ToLower(c.path)
				return slices.ContainsFunc([]string{"#", "%00", "%23", "%25", "%2e", "%2f", "%3b", "%3f", "%5c"}, func(code string) bool {
					return strings.Contains(lower, code)
				})
			},
		},
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
			// What comes after an upgrade passes no check at all.
			Check{"upgrade", "route", badRequest, "no other protocol is asked for"},
			func(c *call) bool { return c.request.Header.Get("Upgrade") != "" },
		},
		{
			Check{"listener", "route", http.StatusMisdirectedRequest, "the request came in by the address that callers are meant to use"},
			func(c *call) bool { return c.ingress != IngressCallers },
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
