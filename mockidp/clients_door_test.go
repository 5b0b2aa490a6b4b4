package mockidp_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// named is the issuer under a name without a port, as an operator would run it.
// MSAL Java and MSAL Python lose the port of an authority in some places
// (entra-tokens 6.5).
const named = "https://issuer.example"

// door is a forward proxy that takes every name to the issuer, so that clients
// reach it as named. It is its URL.
func door(t *testing.T, issuer string) string {
	t.Helper()
	d := &doorway{to: strings.TrimPrefix(issuer, "https://")}
	s := httptest.NewServer(d)
	t.Cleanup(func() {
		s.Close()
		d.close()
	})
	return s.URL
}

// behindDoor is a client for whom every name is the issuer's.
func (s *stage) behindDoor(t *testing.T) *http.Client {
	t.Helper()
	proxy, err := url.Parse(s.door)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: s.issuer.RootCAs(), MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// doorway connects its callers to one address.
type doorway struct {
	to   string
	mu   sync.Mutex
	open []net.Conn
	wait sync.WaitGroup
}

// ServeHTTP answers CONNECT (RFC 9110 9.3.6).
func (d *doorway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		http.Error(w, "expected CONNECT", http.StatusMethodNotAllowed)
		return
	}
	near, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	far, err := net.Dial("tcp", d.to)
	if err != nil {
		near.Close()
		return
	}
	d.mu.Lock()
	d.open = append(d.open, near, far)
	d.mu.Unlock()
	_, _ = io.WriteString(near, "HTTP/1.1 200 Connection established\r\n\r\n") // a caller that has gone finds out itself
	d.wait.Go(func() { pipe(near, far) })
	d.wait.Go(func() { pipe(far, near) })
}

// pipe copies until either side ends, and then ends both.
func pipe(to, from net.Conn) {
	_, _ = io.Copy(to, from) // the ends of a connection are no news
	to.Close()
	from.Close()
}

func (d *doorway) close() {
	d.mu.Lock()
	for _, c := range d.open {
		c.Close()
	}
	d.mu.Unlock()
	d.wait.Wait()
}
