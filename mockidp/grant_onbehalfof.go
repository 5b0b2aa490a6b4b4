package mockidp

import (
	"errors"
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// grantOnBehalfOf is the grant by which an API calls another one in the name of
// its own caller (entra-tokens 4.1).
const grantOnBehalfOf = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// redeemOnBehalfOf takes the access token that a user's client has sent to the
// API that asks now.
func redeemOnBehalfOf(t *tokenRequest) (*issuance, *problem) {
	if p := t.checkOrigin(redirectWeb); p != nil {
		return nil, p
	}
	if p := t.prove(new(noCredentialOfConfidential())); p != nil {
		return nil, p
	}
	switch {
	case t.form.Get("requested_token_use") != "on_behalf_of":
		return nil, new(missingParameter("requested_token_use"))
	case t.form.Get("assertion") == "":
		return nil, new(missingParameter("assertion"))
	}
	claims, p := t.readUserAssertion(t.form.Get("assertion"))
	if p == nil {
		p = t.enter(strings.ToLower(claims.GetText("tid")))
	}
	if p != nil {
		return nil, p
	}
	user := t.known.personOf(claims, t.tenant.id)
	if issued, _ := numericDate(claims, "iat"); user.revoked(instant(issued)) {
		return nil, new(revokedGrant(user.entry.TokensValidFrom))
	}
	asked, p := t.askedNow(scopeProblems{manyResourcesOf, noResource})
	if p != nil {
		return nil, p
	}
	return t.deliver(occasion{user: user, kind: redirectWeb}, asked)
}

// readUserAssertion wants an access token of this issuer that a user's client
// got for the caller.
func (t *tokenRequest) readUserAssertion(text string) (value.Value, *problem) {
	claims, err := t.issuer.readIssued(text)
	switch {
	case errors.Is(err, errMalformed):
		return claims, new(malformedAssertion())
	case errors.Is(err, errLifetime):
		return claims, new(userAssertionOutOfTime(t.now, text))
	case err != nil, t.issuer.byOwnKeyOfAPI(text):
		return claims, new(wrongUserAssertion("Assertion failed signature validation. [Reason - The key was not found.]"))
	case !t.issuer.isOf(claims, t.tenant):
		return claims, new(wrongUserAssertion("Assertion is not issued by the tenant of the request."))
	case clientOf(claims) == "":
		return claims, new(idTokenAsAssertion())
	case !t.known.isNameOf(claims.GetText("aud"), t.client.entry.ID):
		return claims, new(otherAudience(claims.GetText("aud"), t.client))
	case claims.GetText("scp") == "":
		return claims, new(applicationAsUser(t.client.entry.ID))
	}
	return claims, nil
}

// byOwnKeyOfAPI reports whether an API's own key has signed: Entra takes no such
// token here (entra-tokens 4.1).
func (i *Issuer) byOwnKeyOfAPI(token string) bool {
	header, _, err := mint.Decode(token)
	return err == nil && i.keys.ofAPI(header.GetText("kid")) != nil
}

// isNameOf reports whether an audience is the API that a client is.
func (s *snapshot) isNameOf(audience, client string) bool {
	audience = strings.TrimSuffix(audience, "/")
	if a, ok := s.resources[resourceKey(audience)]; ok {
		return strings.EqualFold(a.entry.AppID, client)
	}
	return strings.EqualFold(strings.TrimPrefix(audience, "api://"), client)
}

// personOf is the user whom a token tells of. One that the directory does not
// have is taken as the token tells them: it is this issuer's own.
func (s *snapshot) personOf(claims value.Value, tenant string) account {
	m := mint.User{Name: claims.GetText("name"), ObjectID: strings.ToLower(claims.GetText("oid"))}
	for _, name := range []string{"upn", "preferred_username", "unique_name"} {
		if m.Username == "" {
			m.Username = claims.GetText(name)
		}
	}
	if home, ok := strings.CutPrefix(claims.GetText("idp"), "https://sts.windows.net/"); ok { // a guest's
		m.HomeTenant = strings.TrimSuffix(home, "/")
	}
	if a, ok := s.recall(m, tenant); ok {
		return a
	}
	return account{User: m, tenant: tenant}
}

func userAssertionOutOfTime(now time.Time, text string) problem {
	_, claims, _ := mint.Decode(text) // it has been read before
	exp, _ := numericDate(claims, "exp")
	return invalidGrant(500133, "Assertion is not within its valid time range. Ensure that the access token is not expired before using it for user assertion, or request a new token. Current time: "+
		instantText(now)+", expiry time of assertion "+instantText(instant(exp))+".")
}
