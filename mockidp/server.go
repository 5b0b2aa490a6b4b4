package mockidp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// server is what listens for an issuer.
type server struct {
	tokenIsRandom bool
	mu            sync.Mutex
	running       []*http.Server
	wait          sync.WaitGroup
	stop          func() bool
	// The addresses that are listened on; empty: not at all.
	plain, secure, management string
}

// Start listens and serves until Close or until ctx is done.
func (i *Issuer) Start(ctx context.Context) error {
	public, management := http.Handler(i), i.managementHandler()
	for _, l := range []struct {
		addr    string
		handler http.Handler
		tls     bool
		at      *string
	}{
		{i.cfg.Addr, public, false, &i.server.plain},
		{i.cfg.TLSAddr, public, true, &i.server.secure},
		{i.cfg.ManagementAddr, management, i.cfg.ManagementTLS, &i.server.management},
	} {
		if l.addr == Off {
			continue
		}
		at, err := i.listen(ctx, l.addr, l.handler, l.tls)
		if err != nil {
			i.Close()
			return err
		}
		*l.at = at
	}
	i.settle()
	i.server.mu.Lock()
	defer i.server.mu.Unlock()
	i.server.stop = context.AfterFunc(ctx, i.Close)
	return nil
}

// settle writes the key sets anew: the issuer's own URL is known now.
func (i *Issuer) settle() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.base = i.base.documents(i.keyIssuer())
	i.ring = i.ring.documents(i.keyIssuer())
}

// keyIssuer is the issuer member of the keys: a template for all tenants.
func (i *Issuer) keyIssuer() string { return i.Issuers(tenantTemplate).V2 }

func (i *Issuer) listen(ctx context.Context, addr string, h http.Handler, secure bool) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return "", fmt.Errorf("mockidp: listen: %w", err)
	}
	if i.server.tokenIsRandom {
		if err := requireLoopback(l.Addr()); err != nil {
			return "", errors.Join(err, l.Close())
		}
	}
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(i.cfg.Log.Handler(), slog.LevelDebug),
	}
	at := l.Addr().String()
	if secure {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{i.tls.certificate}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}})
	}
	i.server.mu.Lock()
	defer i.server.mu.Unlock()
	i.server.running = append(i.server.running, s)
	i.server.wait.Go(func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			i.cfg.Log.Error("stopped serving", "error", err)
		}
	})
	return at, nil
}

// Close stops listening and waits until nothing of the issuer runs any more.
func (i *Issuer) Close() {
	i.server.mu.Lock()
	running := i.server.running
	i.server.running = nil
	if i.server.stop != nil {
		i.server.stop()
	}
	i.server.mu.Unlock()
	for _, s := range running {
		_ = s.Close() // closes listeners and connections; there is nothing to lose
	}
	i.server.wait.Wait()
}

// URL is the address of the HTTP listener, empty where there is none.
func (i *Issuer) URL() string { return withScheme("http", i.server.plain) }

// TLSURL is the address of the TLS listener, empty where there is none.
func (i *Issuer) TLSURL() string { return withScheme("https", i.server.secure) }

// ManagementURL is the address of the management listener, empty where there
// is none.
func (i *Issuer) ManagementURL() string {
	if i.cfg.ManagementTLS {
		return withScheme("https", i.server.management)
	}
	return withScheme("http", i.server.management)
}

// ManagementToken is what the management listener asks for.
func (i *Issuer) ManagementToken() string { return i.cfg.ManagementToken }

// AuthorityPEM is the certificate to trust for the TLS listeners.
func (i *Issuer) AuthorityPEM() string { return i.tls.authorityPEM }

// RootCAs is AuthorityPEM as a pool, for clients in this process.
func (i *Issuer) RootCAs() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(i.tls.authority)
	return pool
}

// JWKSURL is where the key set of a tenant and version is.
func (i *Issuer) JWKSURL(tenant string, v mint.Version) string {
	if v == mint.V1 {
		return i.baseURL() + "/" + tenant + "/discovery/keys"
	}
	return i.baseURL() + "/" + tenant + "/discovery/v2.0/keys"
}

func withScheme(scheme, addr string) string {
	if addr == "" {
		return ""
	}
	return scheme + "://" + addr
}

// baseURL is the URL that the issuer itself goes by.
func (i *Issuer) baseURL() string {
	for _, u := range []string{i.cfg.PublicURL, i.URL(), i.TLSURL()} {
		if u != "" {
			return u
		}
	}
	return ""
}

// reachedAs is the URL under which a client reached the issuer: gateways in
// containers know it by other names than its own. A Host that could break out
// of a JSON string or a URL is refused.
func (i *Issuer) reachedAs(r *http.Request) (string, bool) {
	if i.cfg.PublicURL != "" {
		return i.cfg.PublicURL, true
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	ok, err := regexp.MatchString(`^[A-Za-z0-9.:_\[\]-]+$`, r.Host)
	return scheme + "://" + r.Host, ok && err == nil
}
