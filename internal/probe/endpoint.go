package probe

import (
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Endpoint is where a request goes and as what.
type Endpoint struct {
	// URL is the gateway's address; its host is the Host header and the TLS
	// server name.
	URL string
	// Host replaces the Host header, not the server name.
	Host string
	// RoutePath is the whole request target, the gateway's base path included;
	// empty: the path of URL.
	RoutePath string
	// Method is the route's method; empty: GET.
	Method string
	// Dial is the host:port of one replica; empty: that of URL.
	Dial string
	// RootCAs are the trusted roots; nil: the system's.
	RootCAs *x509.CertPool
	// InsecureTLS takes any certificate. It is safe only where the answer's
	// origin does not matter, which it does for every verdict.
	InsecureTLS bool
}

// Wire is one request, ready to be written.
type Wire struct {
	Address     string // host:port to dial
	ServerName  string
	TLS         bool
	RootCAs     *x509.CertPool
	InsecureTLS bool

	Bytes   []byte
	NoBody  bool     // the answer has no body whatever its head says (HEAD)
	Fresh   bool     // never on a connection that others used or will use
	Secrets []string // secret parts of the tokens in Bytes, for Record
}

// JoinPath returns the request target of a route behind a gateway's URL: the
// URL's path, then the route, with one slash between them.
func JoinPath(gateway, route string) (string, error) {
	u, err := url.Parse(gateway)
	if err != nil {
		return "", fmt.Errorf("probe: gateway address: %w", err)
	}
	return strings.TrimSuffix(u.EscapedPath(), "/") + "/" + strings.TrimPrefix(route, "/"), nil
}

func (e Endpoint) method() string {
	if e.Method == "" {
		return "GET"
	}
	return e.Method
}

// wire returns where to dial, the Host header and the request target.
func (e Endpoint) wire() (w Wire, host, path string, err error) {
	u, err := url.Parse(e.URL)
	if err != nil {
		return Wire{}, "", "", fmt.Errorf("probe: gateway address: %w", err)
	}
	port, ok := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	if !ok || u.Hostname() == "" {
		return Wire{}, "", "", fmt.Errorf("probe: gateway address: expected http(s)://host, got %q", e.URL)
	}
	if u.Port() != "" {
		port = u.Port()
	}
	w = Wire{
		Address: net.JoinHostPort(u.Hostname(), port), ServerName: u.Hostname(),
		TLS: u.Scheme == "https", RootCAs: e.RootCAs, InsecureTLS: e.InsecureTLS,
	}
	if e.Dial != "" {
		w.Address = e.Dial
	}
	return w, firstOf(e.Host, u.Host), firstOf(e.RoutePath, u.RequestURI()), nil
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
