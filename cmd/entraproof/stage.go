package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"

	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp"
)

// stage is the parts that serve runs.
type stage struct {
	p    *program
	plan servePlan

	issuer    *mockidp.Issuer
	echo      *gateway.Echo
	listeners []listening
	addresses []address
	// gateways are the URLs of the gateways by environment.
	gateways map[string][]string
	serving  sync.WaitGroup
}

// listening is one open listener and what answers there.
type listening struct {
	name     string
	listener net.Listener
	handler  http.Handler
}

// address is where one part can be reached, as serve prints it.
type address struct {
	Part        string `json:"part"`
	Setup       string `json:"setup,omitempty"`
	Environment string `json:"environment,omitempty"`
	URL         string `json:"url"`
}

// open opens every listener. Nothing is served by it but the issuer.
func (s *stage) open(ctx context.Context) error {
	s.gateways = map[string][]string{}
	if s.plan.issuer {
		if err := s.openIssuer(ctx); err != nil {
			return err
		}
	}
	if s.plan.echo {
		s.echo = &gateway.Echo{}
		l, err := s.listen(ctx, "echo", s.plan.echoAddr)
		if err != nil {
			return err
		}
		s.serveAt(listening{"echo", l, s.echo})
		s.addresses = append(s.addresses, address{Part: "echo", URL: reachable("http://" + l.Addr().String())})
	}
	for _, g := range s.plan.gateways {
		if err := s.openGateway(ctx, g); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) serveAt(l listening) { s.listeners = append(s.listeners, l) }

// listen opens one port; an empty address is a free one on loopback.
func (s *stage) listen(ctx context.Context, name, addr string) (net.Listener, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("serve %s: %w", name, err)
	}
	return l, nil
}

func (s *stage) openIssuer(ctx context.Context) error {
	issuer, err := mockidp.New(s.plan.issuerConfig())
	if err != nil {
		return wrongUsage(err, "")
	}
	// It outlives ctx: the last requests of the gateways may ask it for keys.
	if err := issuer.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	s.issuer = issuer
	for _, a := range []address{
		{Part: "issuer", URL: issuer.URL()},
		{Part: "issuer-tls", URL: issuer.TLSURL()},
		{Part: "management", URL: issuer.ManagementURL()},
		{Part: "console", URL: issuer.ConsoleURL()},
	} {
		if a.URL != "" {
			a.URL = reachable(a.URL)
			s.addresses = append(s.addresses, a)
		}
	}
	return nil
}

// reachable puts a loopback address in the place of "all addresses", which
// nobody can ask for.
func reachable(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return text
	}
	if ip := net.ParseIP(u.Hostname()); ip != nil && ip.IsUnspecified() {
		u.Host = net.JoinHostPort("127.0.0.1", u.Port())
	}
	return u.String()
}

func (s *stage) openGateway(ctx context.Context, g gatewayPlan) error {
	upstream, err := s.upstream()
	if err != nil {
		return err
	}
	l, err := s.listen(ctx, "gateway "+g.environment.Name, g.addr)
	if err != nil {
		return err
	}
	at := reachable("http://"+l.Addr().String()) + pathOf(g.environment)
	environment := lab.EmulatedEnvironment(s.targetFile(), g.environment, at, s.jwksURL())
	environment.Introspection = s.introspection()
	options := gateway.Options{
		Setup: g.setup, Environment: environment, Upstream: upstream, DeniesAfter: s.plan.deniesAfter, Client: s.client(),
		Switches: gateway.Switches{OIDCModel: s.plan.oidcModel},
	}
	if g.instance != nil {
		s.emulate(&options, g)
	}
	handler, err := gateway.New(options)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	s.serveAt(listening{"gateway " + g.environment.Name, l, handler})
	s.addresses = append(s.addresses, address{"gateway", cmp.Or(g.setup, g.name()), g.environment.Name, at})
	s.gateways[g.environment.Name] = append(s.gateways[g.environment.Name], at)
	return nil
}

// pathOf is the path of an environment's gateway address in the target file.
func pathOf(e *targets.Environment) string {
	if len(e.Gateways) == 0 {
		return ""
	}
	u, err := url.Parse(e.Gateways[0].URL)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(u.Path, "/")
}

// upstream is what gateways forward to.
func (s *stage) upstream() (http.Handler, error) {
	if s.plan.upstream == "" {
		return s.echo, nil
	}
	to, err := url.Parse(s.plan.upstream)
	if err != nil {
		return nil, wrongUsage(err, "")
	}
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}, nil
}

// issuerBase is the URL of the issuer that gateways ask for keys.
func (s *stage) issuerBase() string {
	switch {
	case s.issuer == nil:
		return s.plan.issuerURL
	case s.issuer.URL() != "":
		return reachable(s.issuer.URL())
	}
	return reachable(s.issuer.TLSURL())
}

// jwksURL is where the gateways have the keys from: with TLS, where the issuer of
// this process speaks it, for whoever chooses the keys chooses the callers.
func (s *stage) jwksURL() string {
	base := s.issuerBase()
	if s.keysOverTLS() {
		base = reachable(s.issuer.TLSURL())
	}
	return strings.TrimSuffix(base, "/") + "/" + s.plan.file.Tenant.ID + "/discovery/v2.0/keys"
}

func (s *stage) keysOverTLS() bool { return s.issuer != nil && s.issuer.TLSURL() != "" }

// client is what the gateways fetch with; nil: as ever.
func (s *stage) client() *http.Client {
	if !s.keysOverTLS() {
		return nil
	}
	return &http.Client{Transport: s.transport()}
}

// transport trusts the issuer of this process.
func (s *stage) transport() *http.Transport {
	return &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.issuer.RootCAs(), MinVersion: tls.VersionTLS12}}
}

// targetFile is the target with the issuer names that are in force.
func (s *stage) targetFile() *targets.File {
	file := *s.plan.file
	if s.plan.issuerNames == namesOwn {
		base := s.plan.publicURL
		if base == "" {
			base = s.issuerBase()
		}
		file.Tenant.Issuers = mockidp.OwnIssuers(strings.TrimSuffix(base, "/"), file.Tenant.ID)
	}
	return &file
}

// close stops what was opened. Requests to the issuer that are under way get
// their answers; what takes too long is cut off, and nobody's error.
func (s *stage) close() error {
	var problems []error
	for _, l := range s.listeners {
		if err := l.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			problems = append(problems, err)
		}
	}
	if s.issuer != nil {
		ctx, cancel := context.WithTimeout(context.Background(), mockidp.GraceTime)
		defer cancel()
		_ = s.issuer.Shutdown(ctx)
	}
	return errors.Join(problems...)
}
