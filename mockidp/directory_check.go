package mockidp

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// DirectoryError is one thing wrong with a Directory.
type DirectoryError struct {
	// Path leads to it, such as "apis.orders.uris.0".
	Path string
	// Text says what was expected and what is there, Hint what may be meant; it
	// may be empty.
	Text, Hint string
}

func (e *DirectoryError) Error() string {
	if e.Hint != "" {
		return fmt.Sprintf("mockidp: %s: %s (%s)", e.Path, e.Text, e.Hint)
	}
	return fmt.Sprintf("mockidp: %s: %s", e.Path, e.Text)
}

// Validate gives everything that is wrong with the directory, joined; each
// part is a DirectoryError.
func (d Directory) Validate() error {
	c := &directoryCheck{d: d, resources: map[string]string{}, ids: map[string]string{}, domains: map[string]string{}, people: map[string]string{}}
	for id, t := range sorted(d.Tenants) {
		c.tenant("tenants."+id, id, t)
	}
	for name, a := range sorted(d.APIs) {
		c.api("apis."+name, a)
	}
	for name, r := range sorted(d.Clients) {
		c.client("clients."+name, r)
	}
	for name, u := range sorted(d.Users) {
		c.user("users."+name, u)
	}
	for name, id := range sorted(d.Groups) {
		c.guid("groups."+name, id)
		c.once(c.people, "groups."+name, id)
	}
	for i, consent := range d.Consents {
		c.consent(fmt.Sprintf("consents.%d", i), consent)
	}
	return errors.Join(c.problems...)
}

// directoryCheck collects what is wrong. The maps hold what has been seen, with
// its path.
type directoryCheck struct {
	d                               Directory
	problems                        []error
	resources, ids, domains, people map[string]string
}

func (c *directoryCheck) problem(path, hint, format string, args ...any) {
	c.problems = append(c.problems, &DirectoryError{Path: path, Text: fmt.Sprintf(format, args...), Hint: hint})
}

func (c *directoryCheck) guid(path, id string) {
	if !mint.IsGUID(id) {
		c.problem(path, "", "expected a GUID, got %q", id)
	}
}

// once refuses a text that stands elsewhere already.
func (c *directoryCheck) once(seen map[string]string, path, text string) {
	key := strings.ToLower(text)
	if first, ok := seen[key]; ok {
		c.problem(path, "", "%q is that of %s already", text, first)
		return
	}
	seen[key] = path
}

func (c *directoryCheck) tenant(path, id string, t Tenant) {
	c.guid(path, id)
	if strings.ContainsFunc(t.Region, func(r rune) bool { return r < 'A' || r > 'Z' }) {
		c.problem(path+".region", "", "expected letters such as EU, got %q", t.Region)
	}
	for i, domain := range t.Domains {
		at := fmt.Sprintf("%s.domains.%d", path, i)
		if !strings.Contains(domain, ".") || strings.ContainsAny(domain, "/:@ ") {
			c.problem(at, "", "expected a domain such as contoso.example, got %q", domain)
		}
		c.once(c.domains, at, domain)
	}
}

func (c *directoryCheck) api(path string, a API) {
	c.guid(path+".app-id", a.AppID)
	c.once(c.resources, path+".app-id", a.AppID)
	c.once(c.resources, path+".app-id", "api://"+a.AppID)
	if a.Version != "" && a.Version != mint.V1 && a.Version != mint.V2 {
		c.problem(path+".version", "", "expected v1 or v2, got %q", a.Version)
	}
	for i, uri := range a.URIs {
		at := fmt.Sprintf("%s.uris.%d", path, i)
		if u, err := url.Parse(uri); err != nil || u.Scheme == "" || u.Host == "" && u.Opaque == "" {
			c.problem(at, "", "expected an App ID URI such as api://orders, got %q", uri)
		}
		if strings.HasSuffix(uri, "/") {
			c.problem(at, "Entra refuses such a URI as well", "expected no slash at the end, got %q", uri) // entra-tokens 2.3
		}
		if !strings.EqualFold(uri, "api://"+a.AppID) {
			c.once(c.resources, at, uri)
		}
	}
	for name := range sorted(a.Scopes) {
		if !isScopeName(name) {
			c.problem(path+".scopes."+name, "", "expected a scope such as Orders.Read, got %q", name)
		}
	}
	c.optionalClaims(path, a.OptionalClaims)
	c.inTenants(path, a.Tenants)
}

func (c *directoryCheck) optionalClaims(path string, names []string) {
	known := slices.Concat(mint.OptionalClaims(), mint.ClaimProperties())
	for i, name := range names {
		if !slices.Contains(known, name) {
			c.problem(fmt.Sprintf("%s.optional-claims.%d", path, i), didYouMean(name, known), "unknown optional claim %q", name)
		}
	}
}

func (c *directoryCheck) client(path string, r ClientRegistration) {
	c.guid(path+".id", r.ID)
	c.once(c.ids, path+".id", r.ID)
	if r.ObjectID != "" {
		c.guid(path+".object-id", r.ObjectID)
	}
	for i, text := range r.Certificates {
		if _, err := parseCertificate(text); err != nil {
			c.problem(fmt.Sprintf("%s.certificates.%d", path, i), "", "expected a certificate as PEM: %v", err)
		}
	}
	for i, f := range r.Federated {
		if _, err := f.keys(); err != nil {
			c.problem(fmt.Sprintf("%s.federated.%d.jwks", path, i), "", "expected a key set: %v", err)
		}
	}
	c.redirects(path+".redirect-uris", r.RedirectURIs)
	c.granted(path+".permissions", r.Permissions, API.scopeNames)
	c.granted(path+".roles", r.Roles, API.roleNames)
	c.optionalClaims(path, r.OptionalClaims)
	c.inTenants(path, r.Tenants)
}

// granted checks grants by API: both sides must have been registered; known is
// what an API can grant.
func (c *directoryCheck) granted(path string, grants map[string][]string, known func(API) []string) {
	for name, words := range sorted(grants) {
		if a, ok := c.named(path+"."+name, name); ok {
			c.listed(path+"."+name, name, words, known(a))
		}
	}
}

// named is the API of that name.
func (c *directoryCheck) named(path, name string) (API, bool) {
	a, ok := c.d.APIs[name]
	if !ok {
		c.problem(path, didYouMean(name, slices.Sorted(maps.Keys(c.d.APIs))), "expected the name of an API, got %q", name)
	}
	return a, ok
}

// listed wants every word of a list among those that an API has.
func (c *directoryCheck) listed(path, api string, words, known []string) {
	for i, word := range words {
		if !slices.Contains(known, word) {
			c.problem(fmt.Sprintf("%s.%d", path, i), didYouMean(word, known), "API %s has no %q", api, word)
		}
	}
}

func (a API) roleNames() []string  { return a.Roles }
func (a API) scopeNames() []string { return slices.Sorted(maps.Keys(a.Scopes)) }

func (c *directoryCheck) inTenants(path string, tenants []string) {
	for i, id := range tenants {
		at := fmt.Sprintf("%s.tenants.%d", path, i)
		c.guid(at, id)
		if _, known := c.d.Tenants[id]; len(c.d.Tenants) > 0 && !known {
			c.problem(at, "", "expected one of the tenants, got %q", id)
		}
	}
}

func parseCertificate(text string) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("no block CERTIFICATE")
	}
	return x509.ParseCertificate(block.Bytes)
}

func (f FederatedCredential) keys() (*jose.JSONWebKeySet, error) {
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(f.JWKS), &set); err != nil {
		return nil, err
	}
	if len(set.Keys) == 0 {
		return nil, errors.New("no keys")
	}
	return &set, nil
}
