package mockidp

import (
	"slices"
	"strings"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// issuance is what a request is answered with.
type issuance struct {
	access mint.Grant
	// resource is the API as it was asked for, which v1 answers repeat.
	resource string
	// delegated is nil where the client acts for itself.
	delegated *delegated
}

// delegated is what an answer has besides where a user stands behind it.
type delegated struct {
	scope   string
	user    mint.User
	id      *mint.Grant // nil: no id token
	refresh *refreshState
	// itself: the id token takes the place of the access token.
	itself bool
}

// occasion is how a user came to be the one behind a request.
type occasion struct {
	user account
	// atPage: they signed in at the page, not by a program.
	atPage bool
	nonce  string
	// kind is who may redeem the refresh token; until is its end where that is
	// fixed, as in a browser.
	kind  redirectKind
	until time.Time
}

// deliver gives what a user's client asked for, as far as it is agreed to.
func (t *tokenRequest) deliver(o occasion, asked scopeRequest) (*issuance, *problem) {
	if p := o.user.admitted(o.atPage); p != nil {
		return nil, p
	}
	at := asked.first()
	d := delegation{known: t.known, book: &t.issuer.consents, tenant: t.tenant, client: t.client, user: o.user}
	got, p := d.permit(at, asked.OIDC)
	if p != nil {
		return nil, p
	}
	if len(got.missing) > 0 {
		return nil, new(noConsent(t.client))
	}
	if p := d.assigned(got); p != nil {
		return nil, p
	}
	capabilities, p := readCapabilities(t.form.Get("claims"))
	if p != nil {
		return nil, p
	}
	g := d.grant(got, t.proof())
	g.Capabilities = got.narrowed(capabilities)
	answer := &issuance{access: g, resource: got.written, delegated: &delegated{scope: strings.Join(got.forms, " "), user: o.user.User, itself: got.itself}}
	if t.endpoint == mint.V1 {
		answer.delegated.scope = strings.Join(got.scopes, " ")
	}
	if asked.has(openid) || got.itself {
		answer.delegated.id = new(d.idGrant(t.endpoint, t.proof(), asked.OIDC))
		answer.delegated.id.Nonce = o.nonce
	}
	if asked.has(offline) {
		answer.delegated.refresh = t.refreshFor(o, scopeRequest{asked.OIDC, []resourceRequest{at}})
	}
	return answer, nil
}

// first is the API that a token is for: Graph where nothing but OpenID Connect
// was asked for.
func (q *scopeRequest) first() resourceRequest {
	if len(q.Resources) == 0 {
		return resourceRequest{}
	}
	return q.Resources[0]
}

// assigned wants the user to have a role at an API that requires one.
func (d delegation) assigned(got permission) *problem {
	if got.wellKnown == "" && got.entry.AssignmentRequired && len(d.user.entry.Roles[got.name]) == 0 {
		return new(notAssignedUser(d.user.Username, got.resource))
	}
	return nil
}

// grant is the access token of a permission.
func (d delegation) grant(got permission, by mint.Client) mint.Grant {
	g := mint.Grant{Tenant: d.tenant.id, Kind: mint.Kind{Subject: mint.SubjectUser}, Client: by, User: d.user.User, Scopes: got.scopes}
	got.fill(&g)
	if got.wellKnown == "" {
		g.Roles = d.user.entry.Roles[got.name]
		d.user.belonging(&g, got.entry.GroupMembershipClaims, d.known.Groups)
	}
	return g
}

// idGrant is the id token of the client: only its version follows the endpoint
// (entra-tokens 0, line 1).
func (d delegation) idGrant(endpoint mint.Version, by mint.Client, oidc []string) mint.Grant {
	client := d.client.entry
	g := mint.Grant{Token: mint.ID, Tenant: d.tenant.id, Client: by, User: d.user.User, Optional: slices.Clone(client.OptionalClaims)}
	if endpoint == mint.V1 {
		g.Token = mint.IDV1
	} else {
		g.Scopes = oidc
	}
	d.user.belonging(&g, client.GroupMembershipClaims, d.known.Groups)
	return g
}
