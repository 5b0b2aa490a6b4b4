package mockidp

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Introspection is a profile of POST /{tenant}/introspect (RFC 7662). Entra has
// no such endpoint; gateways of MuleSoft ask one, and these are the answers that
// they may get (mulesoft-policies 8).
//
// A request may choose another profile with ?profile= : one issuer stands behind
// gateways that meet a provider as it is and gateways that meet a shim in front
// of it, and each has the address of its own.
type Introspection string

// The profiles.
const (
	// IntrospectNormalised answers with the members of RFC 7662 2.2: client_id of
	// azp or appid, scope of scp and roles.
	IntrospectNormalised Introspection = "rfc7662-normalised"
	// IntrospectRaw answers with the token's claims as they are, which have
	// neither client_id nor scope.
	IntrospectRaw Introspection = "raw-claims"
	// IntrospectGraph is raw-claims for tokens of Microsoft Graph, as the provider
	// that MuleSoft documents tries a token out there. All others are inactive.
	IntrospectGraph Introspection = "graph-probe"
	// IntrospectInactive calls every token inactive.
	IntrospectInactive Introspection = "inactive"
	// IntrospectForbidden and IntrospectFailing answer with that status.
	IntrospectForbidden Introspection = "403"
	IntrospectFailing   Introspection = "500"
	// IntrospectSlow is rfc7662-normalised after Config.IntrospectionDelay.
	IntrospectSlow Introspection = "slow"
)

// Introspections are the profiles.
func Introspections() []Introspection {
	return []Introspection{
		IntrospectNormalised, IntrospectRaw, IntrospectGraph, IntrospectInactive, IntrospectForbidden, IntrospectFailing, IntrospectSlow,
	}
}

func (p Introspection) validate() error {
	if p == "" || slices.Contains(Introspections(), p) {
		return nil
	}
	return fmt.Errorf("mockidp: introspection: expected one of %q, got %q", Introspections(), p)
}

func introspectionRoutes() []route {
	return []route{{
		methods: []string{http.MethodPost}, path: "/{tenant}/introspect", serve: serveIntrospection,
		on: func(c Config) bool { return c.Introspection != "" },
	}}
}

// serveIntrospection authenticates the caller, and only then looks at what it
// asks (RFC 7662 2.1).
func serveIntrospection(i *Issuer, q *request) {
	form, p := readForm(q)
	if p != nil {
		i.refuse(q, *p)
		return
	}
	if p := i.checkIntrospector(q, form); p != nil {
		q.w.Header().Set("WWW-Authenticate", `Basic realm="introspection"`) // RFC 6749 5.2
		i.refuse(q, *p)
		return
	}
	profile := Introspection(cmp.Or(q.URL.Query().Get("profile"), string(i.cfg.Introspection)))
	switch {
	case profile.validate() != nil:
		i.refuse(q, badRequest(90014, "invalid_request", fmt.Sprintf("The profile '%s' is unknown.", profile)))
	case form.Get("token") == "":
		i.refuse(q, missingParameter("token"))
	default:
		i.introspect(q, profile, form.Get("token"))
	}
}

// introspect answers by a profile.
func (i *Issuer) introspect(q *request, profile Introspection, token string) {
	uncached(q)
	switch profile {
	case IntrospectForbidden:
		q.write(http.StatusForbidden, []byte(`{"error":"access_denied"}`))
		return
	case IntrospectFailing:
		q.write(http.StatusInternalServerError, []byte(`{"error":"server_error"}`))
		return
	case IntrospectSlow:
		if !wait(q, i.cfg.IntrospectionDelay) {
			return
		}
	default:
	}
	q.write(http.StatusOK, i.introspected(profile, token, q.tenant).JSON())
}

// wait reports whether the caller is still there after a while.
func wait(q *request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-q.Context().Done():
		return false
	}
}

// checkIntrospector authenticates the caller: a client of the tenant with its
// secret, in the body or as HTTP Basic (RFC 6749 2.3.1). Where no client that is
// registered has a secret, nobody could: there any id with any secret will do,
// and none at all will not.
func (i *Issuer) checkIntrospector(q *request, form url.Values) *problem {
	id, secret, basic := basicCredentials(q.Request)
	if !basic {
		id, secret = form.Get("client_id"), form.Get("client_secret")
	}
	known := i.directory.Load()
	var p *problem
	switch {
	case id == "" || secret == "":
		p = new(noCredentialOfConfidential())
	case !known.hasSecrets():
		return nil
	default:
		var client registered[ClientRegistration]
		if client, p = known.clientFor(id, q.tenant); p == nil {
			p = client.entry.checkSecret(secret, i.cfg.Now())
		}
	}
	if p != nil { // whatever is wrong, RFC 7662 2.3 and RFC 6749 5.2 say so
		p.oauth, p.status = "invalid_client", http.StatusUnauthorized
	}
	return p
}

// hasSecrets reports whether any client can prove itself by a secret.
func (s *snapshot) hasSecrets() bool {
	for _, c := range s.Clients {
		if len(c.Secrets) > 0 {
			return true
		}
	}
	return false
}
