package mockidp

import (
	"errors"
	"net/http"
	"strings"

	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// graphRoutes are the few resources of Microsoft Graph by which a token is tried
// out: they take Graph's tokens and no others. Which scope or role a token holds
// does not count.
func graphRoutes() []route {
	return []route{
		{methods: get(), path: "/v1.0", serve: serveGraph(graphRoot)},
		{methods: get(), path: "/v1.0/me", serve: serveGraph(graphMe)},
		{methods: get(), path: "/v1.0/organization", serve: serveGraph(graphOrganization)},
	}
}

// graphError is a refusal in Graph's form. The texts about the audience, the
// lifetime and an empty token are reported of Graph, the others are our own.
type graphError struct {
	status        int
	code, message string
}

func invalidAuthentication(message string) *graphError {
	return &graphError{http.StatusUnauthorized, "InvalidAuthenticationToken", message}
}

// graphResource is what one resource makes of a token's claims.
type graphResource func(i *Issuer, base string, claims value.Value) (value.Value, *graphError)

// serveGraph answers as Graph does: with its headers, not those of the sign-in
// service, and to scripts of every origin.
func serveGraph(resource graphResource) func(*Issuer, *request) {
	return func(i *Issuer, q *request) {
		graphHeaders(q)
		if q.Method == http.MethodOptions {
			q.w.Header().Set("Access-Control-Allow-Headers", "Authorization")
			q.write(http.StatusOK, nil)
			return
		}
		base, ok := i.reachedAs(q.Request)
		if !ok {
			i.refuse(q, malformedHost(q.Host))
			return
		}
		claims, problem := i.graphClaims(q)
		var body value.Value
		if problem == nil {
			body, problem = resource(i, base, claims)
		}
		if problem != nil {
			i.refuseGraph(q, base, *problem)
			return
		}
		q.write(http.StatusOK, body.JSON())
	}
}

// withoutEntraHeaders is for services that are not the sign-in service.
func withoutEntraHeaders(q *request) {
	h := q.w.Header()
	for _, name := range []string{"Set-Cookie", "P3P", "x-ms-ests-server", "x-ms-request-id", "X-XSS-Protection", "X-Content-Type-Options"} {
		delete(h, name) // as they were written
	}
}

func graphHeaders(q *request) {
	withoutEntraHeaders(q)
	h := q.w.Header()
	q.literal("request-id", q.id)
	q.literal("client-request-id", q.correlation)
	h.Set("Cache-Control", "no-cache")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET, OPTIONS")
}

// graphClaims are the claims of the request's token, where Graph takes it.
func (i *Issuer) graphClaims(q *request) (value.Value, *graphError) {
	scheme, token, _ := strings.Cut(q.Header.Get("Authorization"), " ")
	if token = strings.TrimSpace(token); token == "" || !strings.EqualFold(scheme, "Bearer") {
		return value.Value{}, invalidAuthentication("Access token is empty.")
	}
	claims, err := i.readIssued(token)
	switch {
	case errors.Is(err, errMalformed):
		return claims, invalidAuthentication("Access token is malformed.")
	case errors.Is(err, errLifetime):
		return claims, invalidAuthentication("Lifetime validation failed, the token is expired.")
	case err != nil, !i.isOf(claims, tenant{id: tenantTemplate}):
		return claims, invalidAuthentication("Access token validation failure. Invalid signature.")
	case !isGraph(claims.GetText("aud")):
		return claims, invalidAuthentication("Access token validation failure. Invalid audience.")
	}
	return claims, nil
}

// refuseGraph writes a refusal. Its error has no trace of the sign-in service.
func (i *Issuer) refuseGraph(q *request, base string, p graphError) {
	if p.status == http.StatusUnauthorized {
		q.w.Header().Set("WWW-Authenticate", `Bearer realm="", authorization_uri="`+base+`/common/oauth2/authorize", client_id="`+graphAppID+`"`)
	}
	i.cfg.Log.Info("refused", "endpoint", q.route.path, "graph", p.code, "status", p.status, "id", q.id)
	body := value.Dict(value.Member{Name: "error", Value: value.Dict(
		value.Member{Name: "code", Value: value.String(p.code)},
		value.Member{Name: "message", Value: value.String(p.message)},
		value.Member{Name: "innerError", Value: value.Dict(
			value.Member{Name: "date", Value: value.String(i.cfg.Now().UTC().Format("2006-01-02T15:04:05"))},
			value.Member{Name: "request-id", Value: value.String(q.id)},
			value.Member{Name: "client-request-id", Value: value.String(q.correlation)},
		)},
	)})
	q.write(p.status, body.JSON())
}

func graphRoot(_ *Issuer, base string, _ value.Value) (value.Value, *graphError) {
	var sets []value.Value
	for _, name := range []string{"me", "organization"} {
		sets = append(sets, value.Dict(value.Member{Name: "name", Value: value.String(name)}, value.Member{Name: "url", Value: value.String(name)}))
	}
	return graphDocument(base, "", value.Member{Name: "value", Value: value.List(sets...)}), nil
}

// graphMe is the signed-in user; an application is refused, in Graph's words.
func graphMe(_ *Issuer, base string, claims value.Value) (value.Value, *graphError) {
	if claims.GetText("scp") == "" {
		return value.Value{}, &graphError{http.StatusBadRequest, "BadRequest", "/me request is only valid with delegated authentication flow."}
	}
	var members []value.Member
	for _, m := range []struct{ name, claim string }{
		{"displayName", "name"}, {"givenName", "given_name"}, {"surname", "family_name"}, {"mail", ""}, {"userPrincipalName", "upn"}, {"id", "oid"},
	} {
		v, _ := claims.Get(m.claim) // null where there is none
		members = append(members, value.Member{Name: m.name, Value: v})
	}
	return graphDocument(base, "#users/$entity", members...), nil
}

// graphOrganization is the token's tenant.
func graphOrganization(i *Issuer, base string, claims value.Value) (value.Value, *graphError) {
	id := claims.GetText("tid")
	var domains []value.Value
	for _, name := range domainsOf(i.directory.Load().Tenants, id) {
		domains = append(domains, value.Dict(
			value.Member{Name: "name", Value: value.String(name)}, value.Member{Name: "isDefault", Value: value.Boolean(len(domains) == 0)},
		))
	}
	tenantType := "AAD"
	if id == mint.ConsumerTenant {
		tenantType = "MSA"
	}
	organization := value.Dict(
		value.Member{Name: "id", Value: value.String(id)},
		value.Member{Name: "tenantType", Value: value.String(tenantType)},
		value.Member{Name: "verifiedDomains", Value: value.List(domains...)},
	)
	return graphDocument(base, "#organization", value.Member{Name: "value", Value: value.List(organization)}), nil
}

// graphDocument puts the context before the members.
func graphDocument(base, fragment string, members ...value.Member) value.Value {
	at := value.Member{Name: "@odata.context", Value: value.String(base + "/v1.0/$metadata" + fragment)}
	return value.Dict(append([]value.Member{at}, members...)...)
}

func domainsOf(tenants map[string]Tenant, id string) []string {
	for key, t := range tenants {
		if strings.EqualFold(key, id) {
			return t.Domains
		}
	}
	return nil
}
