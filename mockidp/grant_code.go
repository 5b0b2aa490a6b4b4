package mockidp

import (
	"crypto/rand"
	"strings"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// codeLife is how long an authorization code is good (entra-tokens 1.5), and
// mostCodes how many there can be.
const (
	codeLife  = 10 * time.Minute
	mostCodes = 4096
)

// authorizationCode is what stands behind a code: what the authorize endpoint
// has found out.
type authorizationCode struct {
	client, redirect, tenant string
	kind                     redirectKind
	user                     mint.User
	asked                    scopeRequest
	nonce                    string
	challenge                challenge
	redeemed                 bool
}

// issueCode makes a code; it begins as Entra's do, with the tenant and the
// client.
func (a *authorization) issueCode(d delegation) string {
	code := mint.RefreshPrefix(d.tenant.id, a.Client) + rand.Text() + rand.Text()
	a.issuer.codes.put(code, authorizationCode{
		client: a.Client, redirect: a.Redirect, tenant: d.tenant.id, kind: a.Kind, user: d.user.User, asked: a.Asked, nonce: a.Nonce, challenge: a.Challenge,
	}, a.issuer.cfg.Now())
	return code
}

// redeemCode gives the tokens for a code, once (entra-tokens 4.1).
func redeemCode(t *tokenRequest) (*issuance, *problem) {
	text := t.form.Get("code")
	if text == "" {
		return nil, new(missingParameter("code"))
	}
	if version, rest, _ := strings.Cut(text, "."); version != "1" || !strings.Contains(rest, ".") {
		return nil, new(malformedGrant())
	}
	code, ok := t.issuer.codes.get(text, t.now)
	if !ok {
		return nil, new(expiredCode())
	}
	if p := code.redeemable(t); p != nil {
		return nil, p
	}
	user, ok := t.known.recall(code.user, t.tenant.id)
	if !ok {
		return nil, new(unknownUser(code.user.Username, t.tenant.id))
	}
	asked, p := t.askedForCode(code.asked)
	if p != nil {
		return nil, p
	}
	given, p := t.deliver(occasion{user: user, atPage: true, nonce: code.nonce, kind: code.kind}, asked)
	if p == nil && !t.issuer.redeemOnce(text, t.now) {
		p = new(redeemedCode())
	}
	return given, p
}

// redeemable checks that a code is the client's, and that the client is who it
// was made for.
func (c authorizationCode) redeemable(t *tokenRequest) *problem {
	if !strings.EqualFold(c.client, t.client.entry.ID) {
		return new(otherClient())
	}
	if p := t.enter(c.tenant); p != nil {
		return p
	}
	if p := t.checkOrigin(c.kind); p != nil {
		return p
	}
	if p := t.proveFor(c.kind); p != nil {
		return p
	}
	switch got := t.form.Get("redirect_uri"); {
	case got == "":
		return new(missingParameter("redirect_uri"))
	case got != c.redirect:
		return new(otherRedirect(got, c.redirect))
	}
	return c.challenge.met(t.form.Get("code_verifier"))
}

// redeemOnce marks a code; false: somebody else was faster.
func (i *Issuer) redeemOnce(code string, now time.Time) bool {
	first := false
	i.codes.take(code, now, func(c *authorizationCode) { first, c.redeemed = !c.redeemed, true })
	return first
}

// askedForCode is what is asked for now, or what was asked for at the authorize
// endpoint: of several APIs the first.
func (t *tokenRequest) askedForCode(before scopeRequest) (scopeRequest, *problem) {
	named := t.form.Has("scope") && t.endpoint == mint.V2 || t.form.Get("resource") != "" && t.endpoint == mint.V1
	if named && t.endpoint == mint.V2 && strings.TrimSpace(t.form.Get("scope")) == "" {
		return before, new(emptyScopeForCode())
	}
	if !named {
		if t.form.Has("resource") {
			return before, new(resourceOnV2())
		}
		return before, nil
	}
	asked, p := t.asked(scopeProblems{manyResources, noResourceForCode})
	if len(asked.Resources) == 0 {
		asked.Resources = before.Resources
	}
	for _, s := range before.OIDC {
		if !asked.has(s) {
			asked.OIDC = append(asked.OIDC, s)
		}
	}
	return asked, p
}
