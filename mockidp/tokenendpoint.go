package mockidp

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

const tokenMember = "token_endpoint"

func tokenRoutes() []route {
	post := []string{http.MethodPost}
	return []route{
		{methods: post, path: "/{tenant}/oauth2/v2.0/token", member: tokenMember, version: mint.V2, serve: serveToken(mint.V2)},
		{methods: post, path: "/{tenant}/oauth2/token", member: tokenMember, version: mint.V1, serve: serveToken(mint.V1)},
	}
}

// maxForm bounds the body of a token request.
const maxForm = 64 << 10

// tokenRequest is a client_credentials request in the order in which it is
// checked.
type tokenRequest struct {
	endpoint mint.Version
	tenant   tenant
	form     url.Values
	client   ClientRegistration
	known    *snapshot
	// authentication is how the client has proven who it is: mint.Client.
	authentication string
	// resource is what was asked for, as it was written.
	resource string
	grant    mint.Grant
}

func serveToken(v mint.Version) func(*Issuer, *request) {
	return func(i *Issuer, q *request) {
		q.Body = http.MaxBytesReader(q.w, q.Body, maxForm)
		if err := q.ParseForm(); err != nil {
			i.refuse(q, oversizedBody())
			return
		}
		t := tokenRequest{endpoint: v, tenant: q.tenant, form: q.PostForm, known: i.directory.Load()}
		id, secret, basic := basicCredentials(q.Request)
		for _, check := range []func() *problem{
			t.checkGrant,
			func() *problem { return t.checkClient(id) },
			func() *problem { return t.checkCredential(i.cfg.Now(), secret, basic) },
			t.readResource,
			t.findResource,
		} {
			if p := check(); p != nil {
				i.refuse(q, *p)
				return
			}
		}
		i.serveGrant(q, t)
	}
}

// basicCredentials reads HTTP Basic, whose parts are form-encoded (RFC 6749
// 2.3.1).
func basicCredentials(r *http.Request) (id, secret string, ok bool) {
	id, secret, ok = r.BasicAuth()
	if decoded, err := url.QueryUnescape(id); err == nil {
		id = decoded
	}
	if decoded, err := url.QueryUnescape(secret); err == nil {
		secret = decoded
	}
	return id, secret, ok
}

func (t *tokenRequest) checkGrant() *problem {
	var p problem
	switch grant := t.form.Get("grant_type"); {
	case grant == "":
		p = missingParameter("grant_type")
	case grant != "client_credentials":
		p = unknownGrant(grant)
	case t.tenant.template():
		p = noTenant()
	default:
		return nil
	}
	return &p
}

func (t *tokenRequest) checkClient(basicID string) *problem {
	id := t.form.Get("client_id")
	if id == "" {
		id = basicID
	}
	id = strings.ToLower(id)
	var p problem
	switch {
	case id == "":
		p = missingParameter("client_id")
		return &p
	case !mint.IsGUID(id) || id == "00000000-0000-0000-0000-000000000000":
		p = malformedClient(id)
		return &p
	}
	c, ok := t.known.client(id, t.tenant.id)
	switch {
	case !ok:
		p = unknownClient(id, t.tenant.path)
	case c.entry.Disabled:
		p = disabledClient(id)
	default:
		t.client = c.entry
		return nil
	}
	return &p
}

func (t *tokenRequest) checkCredential(now time.Time, basicSecret string, basic bool) *problem {
	secret, given := t.form.Get("client_secret"), t.form.Has("client_secret") || basic
	if secret == "" {
		secret = basicSecret
	}
	var p problem
	switch {
	case t.client.public() && (given || t.form.Has("client_assertion")):
		p = publicClient(t.client.ID)
	case t.form.Has("client_assertion"):
		return t.checkAssertion(now)
	case !given:
		p = noCredential(t.client.ID)
	default:
		return t.client.checkSecret(secret, now)
	}
	return &p
}

// checkSecret looks for the secret among those that are registered: one that
// has expired is told from one that is wrong.
func (c ClientRegistration) checkSecret(given string, now time.Time) *problem {
	p := wrongSecret(c.ID)
	for _, s := range c.Secrets {
		switch {
		case !sameSecret(given, s.Value):
		case s.Expires.IsZero() || now.Before(s.Expires):
			return nil
		default:
			p = expiredSecret(c.ID)
		}
	}
	return &p
}

// sameSecret compares in constant time, whatever the lengths.
func sameSecret(got, want string) bool {
	a, b := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// readResource reads resource at the v1 endpoint, and scope at the v2
// endpoint, where only the last "/.default" is taken off (entra-tokens 2.3).
func (t *tokenRequest) readResource() *problem {
	var p problem
	if t.endpoint == mint.V1 {
		if t.resource = t.form.Get("resource"); t.resource == "" {
			p = missingParameter("resource")
			return &p
		}
		return nil
	}
	// MSAL Go adds these to every request (entra-tokens 6.2).
	scopes := slices.DeleteFunc(strings.Fields(t.form.Get("scope")), func(s string) bool {
		return s == "openid" || s == "profile" || s == "offline_access"
	})
	switch {
	case t.form.Has("resource"):
		p = resourceOnV2()
	case len(scopes) == 0:
		p = missingParameter("scope")
	case len(scopes) > 1:
		p = manyResources(t.form.Get("scope"))
	case !strings.HasSuffix(scopes[0], "/.default"):
		p = scopeWithoutDefault(scopes[0])
	default:
		t.resource = strings.TrimSuffix(scopes[0], "/.default")
		return nil
	}
	return &p
}

// findResource finds the registration and makes the grant: its version decides
// the token's, whatever the endpoint (entra-tokens 2.1).
func (t *tokenRequest) findResource() *problem {
	t.grant = mint.Grant{
		Tenant: t.tenant.id, Kind: mint.Kind{Version: mint.V1, Subject: mint.SubjectApp},
		Client: t.proof(),
	}
	name := strings.TrimSuffix(t.resource, "/")
	switch name {
	case "https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000":
		t.grant.WellKnown, t.grant.Audience = mint.Graph, t.resource
		return nil
	case "https://management.azure.com", "https://management.core.windows.net":
		t.grant.WellKnown, t.grant.Audience = mint.ARM, t.resource
		return nil
	}
	if a, ok := t.known.resource(name, t.tenant.id); ok {
		return t.fill(a)
	}
	if strings.EqualFold(strings.TrimPrefix(name, "api://"), t.client.ID) { // a token for the client itself
		return t.fill(registered[API]{entry: API{AppID: t.client.ID, Version: mint.V2}})
	}
	p := unknownResource(t.resource, t.tenant.path)
	return &p
}

// fill completes the grant: aud is the app id in v2 tokens, and in v1 tokens
// what was asked for, as it was written (entra-tokens 2.2).
func (t *tokenRequest) fill(to registered[API]) *problem {
	a := to.entry
	t.grant.Resource, t.grant.Audience, t.grant.Roles = a.AppID, t.resource, t.client.Roles[to.name]
	if a.AssignmentRequired && len(t.grant.Roles) == 0 {
		p := notAssigned(t.client.ID, t.resource)
		return &p
	}
	if a.Version == mint.V2 {
		t.grant.Kind.Version, t.grant.Audience = mint.V2, a.AppID
	}
	if slices.Contains(a.OptionalClaims, "use_guid") {
		t.grant.Audience = a.AppID
	}
	t.grant.Optional, t.grant.ManagedIdentity = a.OptionalClaims, t.client.ManagedIdentity
	if a.Keys == keysApp {
		t.grant.AppKey = a.AppID
	}
	return nil
}

// serveGrant issues the token. Version 1 answers numbers as strings, version 2
// has four members and no scope (entra-tokens 4.3).
func (i *Issuer) serveGrant(q *request, t tokenRequest) {
	o := order{grant: t.grant, requestID: q.id}
	err := i.random(o.seed[:])
	var token string
	var draft mint.Draft
	if err == nil {
		token, draft, err = i.issue(o)
	}
	if err != nil {
		i.cfg.Log.Error("cannot issue", "id", q.id, "error", err)
		i.refuse(q, ownFailure())
		return
	}
	uncached(q)
	q.literal("x-ms-clitelem", "1,0,0,,")
	seconds := int64(draft.Lifetime.Seconds()) - 1
	number := func(n int64) value.Value { return value.Int(n) }
	if t.endpoint == mint.V1 {
		number = func(n int64) value.Value { return value.String(strconv.FormatInt(n, 10)) }
	}
	body := value.Dict(
		value.Member{Name: "token_type", Value: value.String("Bearer")},
		value.Member{Name: "expires_in", Value: number(seconds)},
		value.Member{Name: "ext_expires_in", Value: number(seconds)},
	)
	if t.endpoint == mint.V1 {
		exp, _ := draft.Payload.Get("exp")
		nbf, _ := draft.Payload.Get("nbf")
		body = body.Append("expires_on", value.String(exp.Text)).Append("not_before", value.String(nbf.Text)).Append("resource", value.String(t.resource))
	}
	q.write(http.StatusOK, body.Append("access_token", value.String(token)).JSON())
}
