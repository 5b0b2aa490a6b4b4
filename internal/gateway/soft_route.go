package gateway

import (
	"net"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// softRoutes are doors beside the one that is watched: what a gateway lets
// through unjudged because it takes the request for another one.
func softRoutes() []softening {
	return slices.Concat(softRoutePaths(), softRouteMethods(), softRouteFields(), softRouteListeners())
}

// opens lets through, unjudged, what it admits.
func opens(name, sentence string, admits func(*call) bool) softening {
	return softening{Softening{name, "route", sentence}, func(s *strict) {
		s.bypasses = append(s.bypasses, bypass{admits: admits})
	}}
}

// spelled leaves other spellings of a route's path open, because only the
// upstream reads them as that path.
func spelled(name, sentence string, plain func(path string) string) softening {
	return opens(name, sentence, func(c *call) bool { return !c.env.serves(c.path) && c.env.serves(plain(c.path)) })
}

func softRoutePaths() []softening {
	return []softening{
		opens("open-prefix", "the open prefix /public/ is matched before dot segments are resolved", func(c *call) bool {
			return strings.HasPrefix(c.path, "/public/")
		}),
		opens("open-query", "the open prefix /public/ is looked for anywhere in the target", func(c *call) bool {
			_, query, _ := strings.Cut(c.request.RequestURI, "?")
			return strings.Contains(query, "/public/")
		}),
		opens("paths-listed", "a path that no policy names is open", func(c *call) bool { return !c.env.serves(c.path) }),
		opens("absolute-form", "the policy is looked up under the host that the target names", func(c *call) bool {
			return !strings.HasPrefix(c.request.RequestURI, "/")
		}),
		spelled("slashes-kept", "the policy's path is compared before double slashes are merged", path.Clean),
		spelled("dots-encoded", "the policy's path is compared before encoded dots are decoded", func(p string) string {
			return path.Clean(decoded(p, "%2e", "."))
		}),
		spelled("slashes-encoded", "the policy's path is compared before encoded slashes are decoded", func(p string) string {
			return path.Clean(decoded(decoded(p, "%2f", "/"), "%5c", "/"))
		}),
		spelled("decoded-twice", "what passed the check is decoded once more", func(p string) string {
			return path.Clean(decoded(decoded(p, "%25", "%"), "%2e", "."))
		}),
		spelled("matrix-parameters", "the policy's path is compared with the parameters of its segments", func(p string) string {
			before, _, _ := strings.Cut(p, ";")
			return before
		}),
		spelled("path-tail", "the policy's path is compared exactly, where the upstream ignores a slash or a dot at the end", func(p string) string {
			return strings.TrimRight(p, "/.")
		}),
		spelled("path-case", "the policy's path is compared with its case, where the upstream ignores it", strings.ToLower),
		spelled("path-fragment", "the policy's path is compared with the fragment, which the upstream cuts off", func(p string) string {
			before, _, _ := strings.Cut(decoded(p, "%23", "#"), "#")
			return before
		}),
		spelled("path-nul", "the policy's path is compared beyond a NUL, at which the upstream stops", func(p string) string {
			before, _, _ := strings.Cut(p, "%00")
			return before
		}),
	}
}

// decoded decodes one percent-encoded character, in either case of its digits.
func decoded(p, code, character string) string {
	return strings.NewReplacer(code, character, strings.ToUpper(code), character).Replace(p)
}

func softRouteMethods() []softening {
	return []softening{
		opens("methods-listed", "the policy lists the usual methods, and any other passes", func(c *call) bool {
			usual := []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
			return !slices.Contains(usual, c.request.Method)
		}),
		opens("head-open", "HEAD changes nothing, so it passes", func(c *call) bool { return c.request.Method == http.MethodHead }),
		opens("method-override", "the method is taken from a field, and OPTIONS passes", func(c *call) bool {
			return c.request.Header.Get("X-Http-Method-Override") == http.MethodOptions
		}),
		opens("preflight-open", "OPTIONS is forwarded without credentials, for CORS", func(c *call) bool {
			return c.request.Method == http.MethodOptions
		}),
		{
			Softening{"trace-open", "route", "TRACE is forwarded like any other method"},
			func(s *strict) {
				s.tolerates("method", func(c *call) bool { return c.request.Method == http.MethodTrace })
			},
		},
	}
}

func softRouteFields() []softening {
	return []softening{
		opens("rewritten-path", "the path is taken from a field that a proxy in front would set", func(c *call) bool {
			return slices.ContainsFunc(rewriteFields(), func(name string) bool {
				return strings.HasPrefix(c.request.Header.Get(name), "/public")
			})
		}),
		opens("internal-address", "a caller whom a field places within the network needs no token", func(c *call) bool {
			return slices.ContainsFunc(addressFields(), func(name string) bool { return internal(c.request.Header.Get(name)) })
		}),
		opens("health-probe", "health probes, known by their user agent, need no token", func(c *call) bool {
			agent := c.request.Header.Get("User-Agent")
			return strings.HasPrefix(agent, "GoogleHC/") || strings.HasPrefix(agent, "kube-probe/")
		}),
		opens("conditional-open", "conditional requests are answered before credentials are looked at", func(c *call) bool {
			return c.request.Header.Get("If-None-Match") != ""
		}),
		opens("upgrade-open", "a request for another protocol is forwarded unjudged", func(c *call) bool {
			return c.request.Header.Get("Upgrade") != ""
		}),
		opens("two-lengths", "of two lengths one is believed here and the other behind", func(c *call) bool {
			return c.head != nil && c.head.lengths > 0 && c.head.codings > 0
		}),
		opens("host-spelling", "the policy is bound to one spelling of the host, and others have none", func(c *call) bool {
			return len(c.env.Hosts) > 0 && !slices.Contains(c.env.Hosts, c.request.Host)
		}),
	}
}

func addressFields() []string {
	return []string{"X-Forwarded-For", "X-Real-Ip", "True-Client-Ip", "Forwarded"}
}

// internal reports whether the first address of a field is one of no public
// network; in Forwarded it stands behind for= (RFC 7239 4).
func internal(value string) bool {
	first, _, _ := strings.Cut(value, ",")
	host, _ := url.PathUnescape(strings.Trim(strings.TrimPrefix(strings.TrimSpace(first), "for="), `"`))
	ip := net.ParseIP(host)
	return ip.IsLoopback() || ip.IsPrivate()
}

func softRouteListeners() []softening {
	return []softening{
		opens("origin-open", "the upstream answers whoever reaches it", func(c *call) bool { return c.ingress == IngressOrigin }),
		opens("plain-listener", "the listener without TLS has no policies", func(c *call) bool { return c.ingress == IngressPlainHTTP }),
	}
}
