package lab

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// endpoint is a host and a port as configurations write them.
type endpoint struct {
	Host string
	Port uint16
}

// String joins host and port.
func (e endpoint) String() string {
	return net.JoinHostPort(e.Host, strconv.Itoa(int(e.Port)))
}

// Discovery is the Envoy cluster type that can resolve the host.
func (e endpoint) Discovery() string {
	if _, err := netip.ParseAddr(e.Host); err == nil {
		return "STATIC"
	}
	return "STRICT_DNS"
}

// parseEndpoint reads host:port. The host is an address or a plain name.
func parseEndpoint(field, hostPort string) (endpoint, error) {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return endpoint{}, &SiteError{field, hostPort, "must be host:port"}
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return endpoint{}, &SiteError{field, hostPort, "must end in a port number"}
	}
	if !plainHost(host) {
		return endpoint{}, &SiteError{field, hostPort, "must name an address or a host"}
	}
	return endpoint{host, uint16(n)}, nil
}

func plainHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	odd := func(c rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", c)
	}
	return host != "" && !strings.ContainsFunc(host, odd)
}

// urlEndpoint is the host and port that an http or https URL leads to.
func urlEndpoint(u *url.URL) (endpoint, error) {
	if u.Port() == "" {
		port := map[string]string{"http": "80", "https": "443"}[u.Scheme]
		return parseEndpoint("issuer URL", net.JoinHostPort(u.Hostname(), port))
	}
	return parseEndpoint("issuer URL", u.Host)
}
