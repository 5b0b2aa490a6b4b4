package targets

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// TrustsMock reports whether gateways that others can reach are to take a mock's
// tokens under Entra's issuer names. Whoever can have the mock sign enters there
// as anybody, and nothing in the token tells it from a genuine one.
func (f *File) TrustsMock(e *Environment) bool {
	if f.Tokens.Mock == nil {
		return false
	}
	named := slices.ContainsFunc(e.APIs, func(a *API) bool { return f.Tenant.saysEntra(a.Version) })
	return named && slices.ContainsFunc(e.Gateways, Gateway.beyondLoopback)
}

// saysEntra reports whether the iss of a version is on a host of Entra's
// (entra-tokens 2.4).
func (t Tenant) saysEntra(v mint.Version) bool {
	u, err := url.Parse(t.Issuers.Of(v))
	return err == nil && slices.Contains([]string{
		"login.microsoftonline.com", "sts.windows.net", "login.microsoftonline.us", "login.partner.microsoftonline.cn", "sts.chinacloudapi.cn",
	}, strings.ToLower(u.Hostname()))
}

// beyondLoopback reports whether an address of the gateway is not this machine's
// own.
func (g Gateway) beyondLoopback() bool {
	hosts := slices.Clone(g.Replicas) // host:port
	for _, text := range []string{g.URL, g.Origin, g.PlainHTTP} {
		if u, err := url.Parse(text); err == nil && u.Host != "" {
			hosts = append(hosts, u.Host)
		}
	}
	return slices.ContainsFunc(hosts, func(host string) bool { return !isLoopback((&url.URL{Host: host}).Hostname()) })
}

// isLoopback: localhost and the names below it are loopback by RFC 6761 6.3.
func isLoopback(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && addr.IsLoopback()
}
