package mockidp

import (
	"net"
	"net/url"
	"slices"
	"strings"
)

// redirectKind is what stands behind a redirect URI: see RedirectURIs.
type redirectKind string

// The kinds.
const (
	redirectWeb    redirectKind = "web"
	redirectSPA    redirectKind = "spa"
	redirectPublic redirectKind = "public"
)

// kind is that of a redirect URI of the client; false: it is not registered.
func (r RedirectURIs) kind(uri string) (redirectKind, bool) {
	for _, list := range []struct {
		kind redirectKind
		uris []string
	}{{redirectWeb, r.Web}, {redirectSPA, r.SPA}, {redirectPublic, r.Public}} {
		if slices.ContainsFunc(list.uris, func(registered string) bool { return sameRedirect(registered, uri) }) {
			return list.kind, true
		}
	}
	return "", false
}

// all are the redirect URIs of every kind.
func (r RedirectURIs) all() []string { return slices.Concat(r.Web, r.SPA, r.Public) }

// sameRedirect compares as they stand; the port of a loopback address is the
// program's to choose (RFC 8252 7.3).
func sameRedirect(registered, got string) bool {
	if registered == got {
		return true
	}
	a, errA := url.Parse(registered)
	b, errB := url.Parse(got)
	if errA != nil || errB != nil || a.Scheme != "http" || !isLoopback(a.Hostname()) {
		return false
	}
	a.Host, b.Host = a.Hostname(), b.Hostname()
	return *a == *b
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// originOf is the origin of a URI as browsers send it (RFC 6454 6.2).
func originOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" {
		return ""
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}

// checkOrigin holds a script to its own origin: what went to a single-page
// application is redeemed by a script of one of its redirect URIs, and nothing
// else is redeemed by a script (entra-tokens 4.1). A script that may not can read
// why: MSAL Browser reports 9002326 in public issues.
func (t *tokenRequest) checkOrigin(kind redirectKind) *problem {
	origin := t.Header.Get("Origin")
	own := slices.ContainsFunc(t.client.entry.RedirectURIs.SPA, func(uri string) bool {
		return originOf(uri) == strings.ToLower(origin) || isLoopback(hostOf(origin)) && isLoopback(hostOf(uri))
	})
	switch {
	case kind == redirectSPA && origin == "":
		return new(sameOriginOnly())
	case origin != "" && (kind != redirectSPA || !own):
		allowScripts(t.request)
		return new(crossOrigin(origin))
	case kind == redirectSPA:
		allowScripts(t.request)
	}
	return nil
}

func hostOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// proveFor wants the proof that fits what stands behind the redirect URI: a
// server proves itself, a script has nothing to prove itself with, a program may.
func (t *tokenRequest) proveFor(kind redirectKind) *problem {
	switch {
	case kind == redirectSPA && (t.form.Has("client_secret") || t.form.Has("client_assertion")):
		return new(publicClient(t.client.entry.ID))
	case kind == redirectWeb:
		return t.proveUnlessPublic()
	}
	return t.prove(nil)
}
