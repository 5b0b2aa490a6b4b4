package mockidp

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

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

// findClient finds who asks; that they are who they say is another matter.
func (t *tokenRequest) findClient() *problem {
	id := t.form.Get("client_id")
	if id == "" {
		id, _, _ = basicCredentials(t.Request)
	}
	if id == "" {
		return new(missingParameter("client_id"))
	}
	var p *problem
	t.client, p = t.known.clientFor(id, t.tenant)
	return p
}

// clientFor is the client of that id, if the tenant has it and lets it in.
func (s *snapshot) clientFor(id string, in tenant) (registered[ClientRegistration], *problem) {
	id = strings.ToLower(id)
	if !mint.IsGUID(id) || id == "00000000-0000-0000-0000-000000000000" {
		return registered[ClientRegistration]{}, new(malformedClient(id))
	}
	c, ok := s.client(id, in)
	switch {
	case !ok:
		return c, new(unknownClient(id, in.path))
	case c.entry.Disabled:
		return c, new(disabledClient(id))
	}
	return c, nil
}

// prove checks the credential of the client; without one it is refused as
// required says, or let through where that is nil.
func (t *tokenRequest) prove(required *problem) *problem {
	client := t.client.entry
	secret, given := t.form.Get("client_secret"), t.form.Has("client_secret")
	if _, basic, _ := basicCredentials(t.Request); secret == "" && basic != "" {
		secret, given = basic, true
	}
	switch {
	case client.public() && (given || t.form.Has("client_assertion")):
		return new(publicClient(client.ID))
	case t.form.Has("client_assertion"):
		return t.checkAssertion()
	case given:
		t.authentication = "1"
		return client.checkSecret(secret, t.now)
	}
	return required
}

// proveUnlessPublic wants a credential of every client that has one.
func (t *tokenRequest) proveUnlessPublic() *problem {
	if t.client.entry.public() {
		return t.prove(nil)
	}
	return t.prove(new(noCredentialOfConfidential()))
}

// checkSecret looks for the secret among those that are registered: one that
// has expired is told from one that is wrong.
func (c ClientRegistration) checkSecret(given string, now time.Time) *problem {
	expired := false
	for _, s := range c.Secrets {
		switch {
		case !sameSecret(given, s.Value):
		case s.Expires.IsZero() || now.Before(s.Expires):
			return nil
		default:
			expired = true
		}
	}
	if expired {
		return new(expiredSecret(c.ID))
	}
	return new(wrongSecret(c.ID))
}

// sameSecret compares in constant time, whatever the lengths.
func sameSecret(got, want string) bool {
	a, b := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// proof is what tokens say of the client: who it is, and how it has proven it.
func (t *tokenRequest) proof() mint.Client {
	return mint.Client{ID: t.client.entry.ID, ObjectID: t.client.entry.ObjectID, Authentication: t.authentication}
}
