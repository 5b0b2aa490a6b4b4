package lab

import (
	"net/http"
	"net/url"
	"strings"
)

// clientOf is how the gateways of a set-up ask. The policies of a document name
// the addresses of the real tenant, or of anybody: there the issuer answers.
func (e *Embedded) clientOf(s Setup) *http.Client {
	if s.Instances == nil {
		return e.client
	}
	tenant := e.target.Tenant.ID
	if s.Target != nil {
		tenant = s.Target.Tenant.ID
	}
	return &http.Client{Transport: routed{e, tenant}}
}

// routed sends whatever is asked for to the issuer of this process, by TLS where
// that was asked for.
type routed struct {
	lab    *Embedded
	tenant string
}

// RoundTrip changes where the request goes and nothing else of it.
func (t routed) RoundTrip(r *http.Request) (*http.Response, error) {
	to := t.lab.Issuer.URL()
	if r.URL.Scheme == "https" {
		to = t.lab.Issuer.TLSURL()
	}
	at, err := url.Parse(to)
	if err != nil {
		return nil, err //nolint:wrapcheck // the issuer's own address
	}
	asked := r.Clone(r.Context())
	asked.URL.Scheme, asked.URL.Host, asked.Host = at.Scheme, at.Host, at.Host
	asked.URL.Path, asked.URL.RawPath = t.path(r.URL.Path), ""
	return t.lab.client.Transport.RoundTrip(asked) //nolint:wrapcheck // it stands in for that one
}

// path is where the issuer has what an address of somebody names. All tenants
// share Entra's keys, so any tenant's are this one's. An address that is none of
// Entra's stands for a copy of the tenant's key set.
func (t routed) path(asked string) string {
	tenant := "/" + t.tenant
	_, rest, _ := strings.Cut(strings.TrimPrefix(asked, "/"), "/")
	switch {
	case strings.HasSuffix(rest, "discovery/keys"), strings.HasSuffix(rest, "discovery/v2.0/keys"),
		strings.HasSuffix(rest, ".well-known/openid-configuration"), strings.HasSuffix(rest, "introspect"):
		return tenant + "/" + rest
	case strings.HasPrefix(asked, "/entraproof/"):
		return asked
	}
	return tenant + "/discovery/v2.0/keys"
}
