package mockidp

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

func (c *directoryCheck) user(path string, u User) {
	if at := strings.IndexByte(u.Username, '@'); at < 1 || at == len(u.Username)-1 || strings.ContainsAny(u.Username, " /") {
		c.problem(path+".username", "", "expected a name such as alice@contoso.example, got %q", u.Username)
	}
	c.once(c.people, path+".username", u.Username)
	if u.ObjectID != "" {
		c.guid(path+".object-id", u.ObjectID)
		c.once(c.people, path+".object-id", u.ObjectID)
	}
	if u.HomeTenant != "" {
		c.guid(path+".home-tenant", u.HomeTenant)
	}
	known := slices.Sorted(maps.Keys(c.d.Groups))
	for i, name := range u.Groups {
		if !slices.Contains(known, name) {
			c.problem(fmt.Sprintf("%s.groups.%d", path, i), didYouMean(name, known), "expected the name of a group, got %q", name)
		}
	}
	c.granted(path+".roles", u.Roles, API.roleNames)
	c.inTenants(path, u.Tenants)
}

// consent wants names on all sides; what only an administrator can agree to no
// user has agreed to.
func (c *directoryCheck) consent(path string, consent Consent) {
	if _, known := c.d.Clients[consent.Client]; !known {
		c.problem(path+".client", didYouMean(consent.Client, slices.Sorted(maps.Keys(c.d.Clients))), "expected the name of a client, got %q", consent.Client)
	}
	if _, known := c.d.Users[consent.User]; consent.User != "" && !known {
		c.problem(path+".user", didYouMean(consent.User, slices.Sorted(maps.Keys(c.d.Users))), "expected the name of a user, got %q", consent.User)
	}
	a, known := c.named(path+".api", consent.API)
	if !known {
		return
	}
	c.listed(path+".scopes", consent.API, consent.Scopes, a.scopeNames())
	for i, name := range consent.Scopes {
		if consent.User != "" && a.Scopes[name] == AdminConsent {
			c.problem(fmt.Sprintf("%s.scopes.%d", path, i), "leave user out", "%q needs an administrator's consent, got that of %q", name, consent.User)
		}
	}
}

// redirects wants absolute URIs without fragment (RFC 6749 3.1.2), each of one
// kind; those of browsers lead to a web page.
func (c *directoryCheck) redirects(path string, r RedirectURIs) {
	seen := map[string]string{}
	for _, kind := range []struct {
		name string
		uris []string
		web  bool
	}{{"web", r.Web, true}, {"spa", r.SPA, true}, {"public", r.Public, false}} {
		for i, uri := range kind.uris {
			at := fmt.Sprintf("%s.%s.%d", path, kind.name, i)
			u, err := url.Parse(uri)
			switch {
			case err != nil || u.Scheme == "" || strings.ContainsAny(uri, "#* ") || kind.web && (u.Host == "" || u.Scheme != "http" && u.Scheme != "https"):
				c.problem(at, "", "expected a URI such as https://app.example/signed-in, got %q", uri)
			case u.Scheme == "javascript" || u.Scheme == "data" || u.Scheme == "vbscript":
				c.problem(at, "", "expected a scheme of a program, got %q", uri)
			}
			c.once(seen, at, uri)
		}
	}
}

// isScopeName reports whether a text can be the name of a scope: what
// RFC 6749 3.3 allows, without the slash that ends the resource.
func isScopeName(name string) bool {
	return name != "" && !strings.HasPrefix(name, ".") && !strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"\/`, r)
	})
}
