package mockidp

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// ManagedIdentity is where a program on a machine of Azure asks for tokens of its
// managed identity, which needs no secret: whoever reaches the listener gets
// them. The zero ManagedIdentity is no such place.
//
// There are the instance metadata service, at /metadata/identity/oauth2/token,
// and the endpoint of App Service, at /msi/token. The identities are the clients
// of the directory that have a managed-identity, the resource id.
type ManagedIdentity struct {
	// Tenant is the id of the identities' tenant.
	Tenant string
	// Header is what X-IDENTITY-HEADER must hold at App Service's endpoint, by
	// which a program shows that it runs there. Empty: a random text, see
	// Issuer.IdentityHeader.
	Header string
}

func (m ManagedIdentity) validate() error {
	if m.Tenant == "" || mint.IsGUID(m.Tenant) {
		return nil
	}
	return fmt.Errorf("mockidp: managed identity: expected the id of a tenant, got %q", m.Tenant)
}

// IdentityHeader is the value of IDENTITY_HEADER for programs that ask at
// /msi/token, which IDENTITY_ENDPOINT names.
func (i *Issuer) IdentityHeader() string { return i.cfg.ManagedIdentity.Header }

// identityToken is a token of an identity and what answers say of it: its numbers
// as texts, lifetime in seconds.
type identityToken struct {
	token, client, resource string
	lifetime, expires, from string
}

// identityProblem is a refusal. Those of metadata and of what the directory lacks
// are documented of Azure, the texts of the others are our own.
type identityProblem struct {
	status     int
	code, text string
}

func wrongIdentityRequest(text string) *identityProblem {
	return &identityProblem{http.StatusBadRequest, "invalid_request", text}
}

func identityRoutes() []route {
	on := func(c Config) bool { return c.ManagedIdentity.Tenant != "" }
	return []route{
		{methods: []string{http.MethodGet}, path: "/metadata/identity/oauth2/token", on: on, serve: serveIdentity(metadataService())},
		{methods: []string{http.MethodGet}, path: "/msi/token", on: on, serve: serveIdentity(appService())},
	}
}

func serveIdentity(host identityHost) func(*Issuer, *request) {
	return func(i *Issuer, q *request) {
		withoutEntraHeaders(q)
		uncached(q)
		p := host.trusts(i, q)
		var t identityToken
		if p == nil {
			t, p = i.redeemIdentity(q)
		}
		if p != nil {
			i.cfg.Log.Info("refused", "endpoint", q.route.path, "error", p.code, "status", p.status, "id", q.id)
			q.write(p.status, host.refuse(q, *p).JSON())
			return
		}
		q.write(http.StatusOK, host.answer(t).JSON())
	}
}

// redeemIdentity gives the token that a request asks for.
func (i *Issuer) redeemIdentity(q *request) (identityToken, *identityProblem) {
	asked, known := q.URL.Query(), i.directory.Load()
	switch {
	case asked.Get("api-version") == "":
		return identityToken{}, wrongIdentityRequest("Required query variable 'api-version' is missing")
	case asked.Get("resource") == "":
		return identityToken{}, wrongIdentityRequest("Required query variable 'resource' is missing")
	}
	in, problem := i.tenant(i.cfg.ManagedIdentity.Tenant, q)
	if problem != nil {
		return identityToken{}, i.identityRefusal(q, *problem)
	}
	client, p := known.managedIdentity(asked, in.id)
	if p != nil {
		return identityToken{}, p
	}
	q.tenant = in
	t := &tokenRequest{request: q, issuer: i, endpoint: mint.V1, known: known, now: i.cfg.Now(), client: client, authentication: "2"}
	r, problem := known.find(asked.Get("resource"), in, client.entry)
	if problem != nil {
		return identityToken{}, i.identityRefusal(q, *problem)
	}
	given, problem := t.applicationToken(r)
	if problem != nil {
		return identityToken{}, i.identityRefusal(q, *problem)
	}
	return t.issueIdentity(given)
}

// issueIdentity issues the token of a grant; those of Microsoft's own APIs tell
// the identity as well.
func (t *tokenRequest) issueIdentity(given *issuance) (identityToken, *identityProblem) {
	g, client := given.access, t.client.entry
	g.ManagedIdentity = client.ManagedIdentity
	token, draft, err := t.issuer.issueFor(t.request, g)
	if err != nil {
		t.issuer.cfg.Log.Error("cannot issue", "id", t.id, "error", err)
		return identityToken{}, t.issuer.identityRefusal(t.request, ownFailure())
	}
	exp, _ := draft.Payload.Get("exp")
	nbf, _ := draft.Payload.Get("nbf")
	return identityToken{
		token: token, client: client.ID, resource: given.resource,
		lifetime: strconv.Itoa(int(draft.Lifetime.Seconds()) - 1), expires: exp.Text, from: nbf.Text,
	}, nil
}

// identityRefusal passes an error of Entra's on.
func (i *Issuer) identityRefusal(q *request, p problem) *identityProblem {
	p = i.cfg.Variations.vary(p, q.route)
	q.aadsts = p.code
	return &identityProblem{p.status, p.oauth, fmt.Sprintf("AADSTS%d: %s", p.code, p.text)}
}

// managedIdentity is the identity that a request means: by one of its ids, or,
// where it names none, the machine's own, else the only one.
func (s *snapshot) managedIdentity(asked url.Values, tenant string) (registered[ClientRegistration], *identityProblem) {
	var all, own []registered[ClientRegistration]
	for name, c := range sorted(s.Clients) {
		if c.ManagedIdentity == "" || c.Disabled || !isIn(tenant, c.Tenants) {
			continue
		}
		all = append(all, registered[ClientRegistration]{name, c})
		if !strings.Contains(strings.ToLower(c.ManagedIdentity), "/userassignedidentities/") {
			own = append(own, all[len(all)-1])
		}
	}
	named := false
	for parameter, id := range identityNames(tenant) {
		if !asked.Has(parameter) {
			continue
		}
		named = true
		all = slices.DeleteFunc(all, func(c registered[ClientRegistration]) bool {
			return !strings.EqualFold(id(c.entry), asked.Get(parameter))
		})
	}
	switch {
	case !named && len(own) == 1:
		return own[0], nil
	case len(all) == 0:
		return registered[ClientRegistration]{}, wrongIdentityRequest("Identity not found")
	case len(all) > 1:
		return registered[ClientRegistration]{}, wrongIdentityRequest("Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request")
	}
	return all[0], nil
}

// identityNames are the parameters that name an identity, and what each of them
// compares.
func identityNames(tenant string) map[string]func(ClientRegistration) string {
	objectID := func(c ClientRegistration) string {
		return mint.Client{ID: c.ID, ObjectID: c.ObjectID}.ServicePrincipal(tenant)
	}
	resourceID := func(c ClientRegistration) string { return c.ManagedIdentity }
	return map[string]func(ClientRegistration) string{
		"client_id": func(c ClientRegistration) string { return c.ID },
		"object_id": objectID, "principal_id": objectID, "msi_res_id": resourceID, "mi_res_id": resourceID,
	}
}
