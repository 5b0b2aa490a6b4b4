package lab

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/mockidp"
)

// clientOf is how the gateways of a set-up ask. The policies of a document name
// the addresses of the real tenant, or of anybody: there the issuer answers.
func (e *Embedded) clientOf(s Setup) *http.Client {
	if s.Instances == nil {
		return e.client
	}
	return Routed(e.Issuer, s.Target.Tenant.ID, e.client.Transport)
}

// Routed is a client that meets the issuer at every address, by way of transport.
func Routed(issuer *mockidp.Issuer, tenant string, transport http.RoundTripper) *http.Client {
	return &http.Client{Transport: routed{issuer, tenant, transport}}
}

// routed sends whatever is asked for to an issuer, by TLS where that was asked
// for.
type routed struct {
	issuer    *mockidp.Issuer
	tenant    string
	transport http.RoundTripper
}

// errNobody is for the address of the documentation, where nobody answers.
var errNobody = errors.New("lab: no such host")

// RoundTrip changes where the request goes and nothing else of it.
func (t routed) RoundTrip(r *http.Request) (*http.Response, error) {
	switch asked := r.URL.String(); {
	case policy.IsPlaceholder(asked):
		return nil, errNobody
	case policy.IsEntra(asked) && !entraHas(r.URL.Path):
		return &http.Response{
			StatusCode: http.StatusNotFound, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{}, Body: http.NoBody, Request: r,
		}, nil
	}
	to := t.issuer.URL()
	if r.URL.Scheme == "https" {
		to = t.issuer.TLSURL()
	}
	at, err := url.Parse(to)
	if err != nil {
		return nil, err //nolint:wrapcheck // the issuer's own address
	}
	asked := r.Clone(r.Context())
	asked.URL.Scheme, asked.URL.Host, asked.Host = at.Scheme, at.Host, at.Host
	asked.URL.Path, asked.URL.RawPath = t.path(r.URL.Path), ""
	return t.transport.RoundTrip(asked) //nolint:wrapcheck // it stands in for that one
}

// How the addresses end that a tenant of Entra's has, and that of introspection,
// which only the mock has (mulesoft-policies.md 0, fact 2).
const (
	v1Keys        = "discovery/keys"
	v2Keys        = "discovery/v2.0/keys"
	configuration = ".well-known/openid-configuration"
	introspection = "introspect"
)

// entraHas reports whether Entra has anything at a path that gateways ask for.
func entraHas(path string) bool {
	return endsIn(strings.TrimSuffix(path, "/"), v1Keys, v2Keys, configuration)
}

func endsIn(path string, ends ...string) bool {
	return slices.ContainsFunc(ends, func(end string) bool { return strings.HasSuffix(path, end) })
}

// path is where the issuer has what an address of somebody names. All tenants
// share Entra's keys, so any tenant's are this one's. An address that is none of
// Entra's stands for a copy of the tenant's key set.
func (t routed) path(asked string) string {
	_, rest, _ := strings.Cut(strings.TrimPrefix(asked, "/"), "/")
	if !endsIn(rest, v1Keys, configuration, introspection) {
		rest = v2Keys
	}
	return "/" + t.tenant + "/" + rest
}
