package gateway

import (
	"net/http"
	"time"

	"github.com/entraproof/entraproof/internal/policy"
)

// link is one policy of a chain.
type link struct {
	policy string
	place  func(Options) (func(next http.Handler) http.Handler, error)
}

// mulesoft is a set-up of MuleSoft's policies: the first link judges first.
func mulesoft(name, title string, links ...link) setup {
	s := setup{Setup: Setup{Name: name, Title: title, MuleSoft: true}}
	for _, l := range links {
		s.Chain = append(s.Chain, l.policy)
	}
	s.build = func(o Options) (http.Handler, error) {
		h := o.Upstream
		for i := len(links) - 1; i >= 0; i-- {
			place, err := links[i].place(o)
			if err != nil {
				return nil, err
			}
			h = place(h)
		}
		return h, nil
	}
	return s
}

func oidcLink(config func(Environment) policy.OpenIDConnect) link {
	return link{oidcPolicy, func(o Options) (func(http.Handler) http.Handler, error) {
		return newOpenIDConnect(config(o.Environment), claimsAsTheyAre, o.Environment.Introspection.URL, o)
	}}
}

// shimLink is the OIDC policy over an introspection shim that turns Entra's
// claims into those the policy reads.
func shimLink(config func(Environment) policy.OpenIDConnect) link {
	return link{oidcPolicy + " (shim)", func(o Options) (func(http.Handler) http.Handler, error) {
		return newOpenIDConnect(config(o.Environment), claimsThroughShim, o.Environment.Introspection.ShimURL, o)
	}}
}

func jwtLink(config func(Environment) policy.JWTValidation) link {
	return link{jwtPolicy, func(o Options) (func(http.Handler) http.Handler, error) {
		return newJWTValidation(config(o.Environment), o)
	}}
}

// mulesoftKeys is the key set as the JWT policy keeps it.
func mulesoftKeys(o Options, url string, life, timeout time.Duration) *keyring {
	k := &keyring{url: url, client: o.Client, now: o.Now, life: life, timeout: timeout, within: o.Timeout}
	if o.Switches.RefetchUnknownKeyID {
		k.refetch = newRefetch()
	}
	return k
}

// verified returns the key that signed the token with RS256; false is a
// refusal, an error means that no key set could be had.
func (o Options) verified(r *http.Request, k *keyring, t *token) (bool, error) {
	id, hasID := t.header.lastText("kid")
	keys, err := k.knowing(r.Context(), id)
	if err != nil {
		return false, err
	}
	switch {
	case hasID:
		keys = named(keys, id)
	case o.Switches.RefuseMissingKeyID:
		keys = nil
	}
	return t.readable() && t.algorithm() == "RS256" && t.verifies(keys), nil
}

// readable reports whether a common library would take the token: three
// segments, two objects, no extension that it would have to understand.
func (t *token) readable() bool {
	return len(t.segments) == 3 && t.header != nil && t.payload != nil && t.clean && !t.header.has("crit")
}
