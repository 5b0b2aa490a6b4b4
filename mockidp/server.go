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
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// server is what listens for an issuer.
type server struct {
	tokenIsRandom bool
	mu            sync.Mutex
	running       []*http.Server
	shakes        *http.Server // the one of running whose handshakes can go wrong; nil: none
	wait          sync.WaitGroup
	// stop keeps the end of the context that was given to Start from being acted
	// on; ended is closed once it was, or will not be.
	stop  func() bool
	ended chan struct{}
	// The addresses that are listened on; empty: not at all.
	plain, secure, management string
}

// GraceTime is how long requests under way may take once the context of Start is
// done.
const GraceTime = 5 * time.Second

// Start listens and serves until Close, or until ctx is done and requests under
// way have got their answers, for which they have GraceTime.
func (i *Issuer) Start(ctx context.Context) error {
	management := i.managementHandler()
	wanted := []*listener{
		{addr: i.cfg.Addr, handler: i, at: &i.server.plain},
		{addr: i.cfg.TLSAddr, handler: i, tls: true, handshake: i.handshake, at: &i.server.secure},
		{addr: i.cfg.ManagementAddr, handler: management, tls: i.cfg.ManagementTLS, at: &i.server.management},
	}
	wanted = slices.DeleteFunc(wanted, func(l *listener) bool { return l.addr == Off })
	for n, l := range wanted {
		if err := i.listen(ctx, l); err != nil {
			for _, open := range wanted[:n] {
				_ = open.net.Close() // nothing was served on it
			}
			return err
		}
	}
	// Only now, with all addresses known, can anything be answered rightly.
	i.settle()
	i.server.mu.Lock()
	defer i.server.mu.Unlock()
	for _, l := range wanted {
		i.serve(l)
	}
	ended := make(chan struct{})
	i.server.ended = ended
	i.server.stop = context.AfterFunc(ctx, func() {
		defer close(ended)
		bound, cancel := context.WithTimeout(context.Background(), GraceTime)
		defer cancel()
		if err := i.Shutdown(bound); err != nil {
			i.cfg.Log.Error("stopped", "error", err)
		}
	})
	return nil
}

// listener is one address that is served.
type listener struct {
	addr    string
	handler http.Handler
	tls     bool
	// handshake may choose another configuration for a client.
	handshake func(*tls.ClientHelloInfo) (*tls.Config, error)
	at        *string // where the address that was found is noted
	net       net.Listener
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

func (i *Issuer) listen(ctx context.Context, l *listener) error {
	opened, err := (&net.ListenConfig{}).Listen(ctx, "tcp", l.addr)
	if err != nil {
		return fmt.Errorf("mockidp: listen: %w", err)
	}
	if i.server.tokenIsRandom {
		if err := requireLoopback(opened.Addr()); err != nil {
			return errors.Join(err, opened.Close())
		}
	}
	*l.at = opened.Addr().String()
	l.net = opened
	if l.tls {
		cfg := i.tls.config(i.tls.certificate)
		cfg.GetConfigForClient = l.handshake
		l.net = tls.NewListener(opened, cfg)
	}
	return nil
}

// serve answers on a listener until Close; i.server.mu is held.
func (i *Issuer) serve(l *listener) {
	s := &http.Server{
		Handler: l.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(i.cfg.Log.Handler(), slog.LevelDebug),
	}
	i.server.running = append(i.server.running, s)
	if l.handshake != nil {
		i.server.shakes = s
	}
	i.server.wait.Go(func() {
		if err := s.Serve(l.net); !errors.Is(err, http.ErrServerClosed) {
			i.cfg.Log.Error("stopped serving", "error", err)
		}
	})
}

// keepConnections says whether clients may keep connections over TLS for their
// next request. Those that are kept when they may not any more are closed.
func (s *server) keepConnections(may bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shakes != nil {
		s.shakes.SetKeepAlivesEnabled(may)
	}
}

// Shutdown stops listening, ends a lease with its misbehaviours, lets requests
// under way get their answers and waits until nothing of the issuer runs any
// more. When ctx is done what is still under way is cut off, which is an error.
func (i *Issuer) Shutdown(ctx context.Context) error {
	i.mu.Lock()
	i.endLease()
	i.mu.Unlock()
	var work errgroup.Group
	for _, s := range i.detach() {
		work.Go(func() error {
			err := s.Shutdown(ctx)
			if err != nil {
				_ = s.Close() // what is left
			}
			return err
		})
	}
	err := work.Wait()
	i.server.wait.Wait()
	if err != nil {
		return fmt.Errorf("mockidp: requests were cut off: %w", err)
	}
	return nil
}

// Close stops listening, cuts off what is under way, and waits until nothing of
// the issuer runs any more.
func (i *Issuer) Close() {
	running := i.detach()
	for _, s := range running {
		_ = s.Close() // closes listeners and connections; there is nothing to lose
	}
	if len(running) > 0 {
		<-i.server.ended
	}
	i.server.wait.Wait()
}

// detach is what runs, which the end of the context of Start will not stop any
// more.
func (i *Issuer) detach() []*http.Server {
	i.server.mu.Lock()
	defer i.server.mu.Unlock()
	if i.server.stop != nil && i.server.stop() {
		close(i.server.ended)
	}
	return i.server.running
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
	switch {
	case i.cfg.PublicURL != "":
		return i.cfg.PublicURL
	case i.server.plain != "":
		return i.URL()
	}
	return i.TLSURL()
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
	return scheme + "://" + r.Host, harmlessHost.MatchString(r.Host)
}

var harmlessHost = regexp.MustCompile(`^[A-Za-z0-9.:_\[\]-]+$`)
