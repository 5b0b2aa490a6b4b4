package mockidp

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// keyView is one key. A key-set state may hide it from the key set.
type keyView struct {
	mint.PublicKey
	Signs, Hidden bool
}

// tenantView is one tenant with its documents.
type tenantView struct {
	ID, Region string
	Domains    []string
	// Discovery are its discovery documents, v2 first.
	Discovery []string
}

// apiView is the registration of one API.
type apiView struct {
	Name string
	API
	// ScopesBy are the scopes by who must agree to them, none first.
	ScopesBy []consentView
	// Granted are those that have a role or permission there, by name.
	Granted []string
}

// consentView are scopes that the same people must agree to.
type consentView struct {
	Need   ConsentNeed
	Scopes []string
}

// clientView is the registration of one client, without what it proves itself
// with.
type clientView struct {
	Name, ID string
	Proof    string
	// Roles and Permissions are written API: WORD, WORD.
	Roles, Permissions []string
	Disabled           bool
}

// userView is one user, without the password.
type userView struct {
	Name string
	User
	Roles []string
}

func (r *ring) keyViews() []keyView {
	var all []keyView
	for _, k := range r.public() {
		all = append(all, keyView{k, k.Name == mint.KeyTenant, r.hidden(r.find(k.Name))})
	}
	return all
}

func (i *Issuer) tenantViews(d Directory) []tenantView {
	var all []tenantView
	for id, t := range sorted(d.Tenants) {
		all = append(all, tenantView{ID: id, Region: t.Region, Domains: t.Domains, Discovery: i.discoveryURLs(id)})
	}
	if len(all) == 0 {
		all = append(all, tenantView{ID: "any GUID", Discovery: i.discoveryURLs("common")})
	}
	return all
}

func (i *Issuer) discoveryURLs(tenant string) []string {
	at := i.baseURL() + "/" + tenant
	return []string{at + "/v2.0/.well-known/openid-configuration", at + "/.well-known/openid-configuration"}
}

func (s *snapshot) apiViews() []apiView {
	var all []apiView
	for name, a := range sorted(s.APIs) {
		v := apiView{Name: name, API: a, ScopesBy: a.consentViews()}
		if v.Version == "" {
			v.Version = mint.V1
		}
		for client, r := range sorted(s.Clients) {
			if len(r.rights(name)) > 0 {
				v.Granted = append(v.Granted, client)
			}
		}
		all = append(all, v)
	}
	return all
}

func (s *snapshot) clientViews() []clientView {
	var all []clientView
	for name, r := range sorted(s.Clients) {
		all = append(all, clientView{
			Name: name, ID: r.ID, Proof: r.proofs(), Disabled: r.Disabled, Roles: byAPI(r.Roles), Permissions: byAPI(r.Permissions),
		})
	}
	return all
}

func (s *snapshot) userViews() []userView {
	var all []userView
	for name, u := range sorted(s.Users) {
		all = append(all, userView{name, u, byAPI(u.Roles)})
	}
	return all
}

// byAPI writes grants as API: WORD, WORD.
func byAPI(grants map[string][]string) []string {
	var all []string
	for api, words := range sorted(grants) {
		if len(words) > 0 {
			all = append(all, api+": "+strings.Join(words, ", "))
		}
	}
	return all
}

// consentViews sorts scopes by who must agree.
func (a API) consentViews() []consentView {
	var all []consentView
	for _, need := range []ConsentNeed{NoConsent, UserConsent, AdminConsent} {
		v := consentView{Need: need}
		for name, n := range sorted(a.Scopes) {
			if cmp.Or(n, UserConsent) == need {
				v.Scopes = append(v.Scopes, name)
			}
		}
		if len(v.Scopes) > 0 {
			all = append(all, v)
		}
	}
	return all
}

// proofs says by what the client proves who it is, never the thing itself.
func (c ClientRegistration) proofs() string {
	var words []string
	for _, p := range []struct {
		n    int
		noun string
	}{{len(c.Secrets), "secret"}, {len(c.Certificates), "certificate"}, {len(c.Federated), "trusted issuer"}} {
		if p.n > 0 {
			words = append(words, plural(p.n, p.noun))
		}
	}
	if c.ManagedIdentity != "" {
		words = append(words, "managed identity")
	}
	if len(words) == 0 {
		return "nothing: a public client"
	}
	return strings.Join(words, ", ")
}

// plural is a number with its noun, such as "2 keys".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
