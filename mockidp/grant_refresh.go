package mockidp

import (
	"strings"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// Refresh tokens end when they are not used, those in a browser after a day
// (entra-tokens 1.5).
const (
	refreshInactive = 90 * 24 * time.Hour
	refreshInSPA    = 24 * time.Hour
)

// refreshState is what a refresh token holds, sealed.
type refreshState struct {
	Tenant string       `json:"t"`
	Client string       `json:"c"`
	User   mint.User    `json:"u"`
	Asked  scopeRequest `json:"a"`
	Kind   redirectKind `json:"k"`
	AtPage bool         `json:"p,omitempty"`
	Issued time.Time    `json:"i"`
	// Until is the end that using it does not move; zero: none.
	Until time.Time `json:"e,omitzero"`
}

// refreshFor is the refresh token of an occasion.
func (t *tokenRequest) refreshFor(o occasion, asked scopeRequest) *refreshState {
	s := refreshState{t.tenant.id, t.client.entry.ID, o.user.User, asked, o.kind, o.atPage, t.now, o.until}
	if s.Until.IsZero() && o.kind == redirectSPA {
		s.Until = t.now.Add(refreshInSPA)
	}
	return &s
}

// sealRefresh writes a refresh token: it begins as Entra's do, with the tenant
// and the client.
func (i *Issuer) sealRefresh(s refreshState) string {
	return mint.RefreshPrefix(s.Tenant, s.Client) + i.sealer.seal(refreshPurpose, s)
}

// openRefresh reads a refresh token. One that looks like ours and is none is
// told from one that is no token at all.
func (i *Issuer) openRefresh(text string) (refreshState, *problem) {
	var s refreshState
	version, rest, _ := strings.Cut(text, ".")
	_, sealed, ours := strings.Cut(rest, ".")
	switch {
	case version != "1" || !ours:
		return s, new(malformedGrant())
	case !i.sealer.open(refreshPurpose, sealed, &s):
		return s, new(invalidRefresh())
	}
	return s, nil
}

// redeemRefresh gives new tokens for a refresh token, for the same API or
// another one. The old token stays good (entra-tokens 4.1).
func redeemRefresh(t *tokenRequest) (*issuance, *problem) {
	text := t.form.Get("refresh_token")
	if text == "" {
		return nil, new(missingParameter("refresh_token"))
	}
	s, p := t.issuer.openRefresh(text)
	if p == nil {
		p = s.redeemable(t)
	}
	if p != nil {
		return nil, p
	}
	user, ok := t.known.recall(s.User, t.tenant.id)
	switch {
	case !ok:
		return nil, new(unknownUser(s.User.Username, t.tenant.id))
	case user.revoked(s.Issued):
		return nil, new(revokedGrant(user.entry.TokensValidFrom))
	}
	asked, p := t.refreshed(s.Asked)
	if p != nil {
		return nil, p
	}
	return t.deliver(occasion{user: user, atPage: s.AtPage, kind: s.Kind, until: s.Until}, asked)
}

// redeemable checks that a refresh token is the client's, in its time.
func (s refreshState) redeemable(t *tokenRequest) *problem {
	if !strings.EqualFold(s.Client, t.client.entry.ID) {
		return new(otherClient())
	}
	if p := t.enter(s.Tenant); p != nil {
		return p
	}
	if p := t.checkOrigin(s.Kind); p != nil {
		return p
	}
	if p := t.proveFor(s.Kind); p != nil {
		return p
	}
	switch {
	case !s.Until.IsZero() && !t.now.Before(s.Until):
		return new(expiredInSPA(s.Issued))
	case t.now.Sub(s.Issued) >= refreshInactive:
		return new(inactiveRefresh(s.Issued))
	}
	return nil
}

// refreshed is what is asked for now: what the request names, or the same as
// before. Another refresh token always comes along.
func (t *tokenRequest) refreshed(before scopeRequest) (scopeRequest, *problem) {
	asked, p := t.asked(scopeProblems{manyResourcesOf, noResource})
	if p != nil || !t.form.Has("scope") && t.endpoint == mint.V2 {
		return before, p
	}
	if len(asked.Resources) == 0 {
		asked.Resources = before.Resources
	}
	if !asked.has(offline) {
		asked.OIDC = append(asked.OIDC, offline)
	}
	return asked, nil
}

// enter goes into the tenant that something was issued in: a request to another
// tenant is refused, one to common or organizations is meant for it.
func (t *tokenRequest) enter(issuedIn string) *problem {
	if !t.tenant.template() && t.tenant.id != issuedIn {
		return new(otherTenant())
	}
	t.tenant = t.known.named(issuedIn)
	var p *problem
	t.client, p = t.known.clientFor(t.client.entry.ID, t.tenant)
	return p
}
