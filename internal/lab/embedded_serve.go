package lab

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/targets"
)

// served are the gateways that an embedded lab serves at the moment.
type served struct {
	mu  sync.Mutex
	all []*emulated
}

// emulated is one gateway, which can be started anew at its address.
type emulated struct {
	options gateway.Options
	handler atomic.Pointer[http.Handler]

	mu        sync.Mutex
	contracts []string
}

func (g *emulated) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	(*g.handler.Load()).ServeHTTP(w, r)
}

// start makes a gateway that remembers nothing.
func (g *emulated) start() error {
	handler, err := gateway.New(g.options)
	if err != nil {
		return err
	}
	g.handler.Store(&handler)
	return nil
}

// current are the contracts of this moment.
func (g *emulated) current() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.contracts
}

// change gives a client a contract or takes it away.
func (g *emulated) change(client string, has bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	rest := slices.DeleteFunc(slices.Clone(g.contracts), func(id string) bool { return id == client })
	if has {
		rest = append(rest, client)
	}
	g.contracts = rest
}

// Serve starts one gateway for each judged environment and gives the target
// with their addresses. stop ends them.
func (e *Embedded) Serve(s Setup) (target *targets.File, stop func(), err error) {
	ctx, cancel := context.WithCancel(e.ctx)
	addresses := map[string]string{}
	var started []*emulated
	stop = func() {
		cancel()
		e.served.without(started)
	}
	process := &gateway.Process{}
	if s.Target == nil {
		s.Target = e.target
	}
	for _, env := range s.Target.Environments {
		if !env.Judged() {
			continue
		}
		address, g, err := e.serve(ctx, s, env, process)
		if err != nil {
			stop()
			return nil, nil, err
		}
		addresses[env.Name], started = address, append(started, g)
	}
	e.served.with(started)
	return s.Target.WithGateways(func(name string) string { return addresses[name] }), stop, nil
}

func (s *served) with(more []*emulated) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, more...)
}

func (s *served) without(gone []*emulated) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = slices.DeleteFunc(s.all, func(g *emulated) bool { return slices.Contains(gone, g) })
}

// now are those that are served, of one environment or, where the name is
// empty, of all.
func (s *served) now(environment string) []*emulated {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.all), func(g *emulated) bool {
		return environment != "" && g.options.Environment.Name != environment
	})
}

// Restart starts the gateways anew, without anything that they remember.
func (e *Embedded) Restart(context.Context) error {
	for _, g := range e.served.now("") {
		if err := g.start(); err != nil {
			return fmt.Errorf("lab: start %s anew: %w", g.options.Environment.Name, err)
		}
	}
	return nil
}

// Contract gives a client a contract at an environment, or takes it away.
func (e *Embedded) Contract(_ context.Context, environment, client string, has bool) error {
	all := e.served.now(environment)
	if len(all) == 0 {
		return fmt.Errorf("lab: contract at %s: no gateway is served there", environment)
	}
	for _, g := range all {
		g.change(client, has)
	}
	return nil
}

// serve starts the gateway of one environment.
func (e *Embedded) serve(ctx context.Context, s Setup, env *targets.Environment, process *gateway.Process) (string, *emulated, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("lab: listen for %s: %w", env.Name, err)
	}
	address := "http://" + listener.Addr().String() + basePath(env)
	secure, plain, discovery := e.keySets(e.Issuer)
	admits := EmulatedEnvironment(s.Target, env, address, secure)
	admits.PlainJWKSURL, admits.DiscoveryURL = plain, discovery
	if two, _ := s.Target.Declared("two-issuers"); two == "true" {
		admits.ForeignJWKSURL = e.Issuer.URL() + "/entraproof/other-issuer/keys"
	}
	if e.Former != nil {
		_, admits.FormerJWKSURL, _ = e.keySets(e.Former)
	}
	admits.Introspection = Introspection(e.Issuer.URL(), e.target.Tenant.ID, s.Introspection)
	g := &emulated{contracts: admits.Contracts}
	g.options = gateway.Options{
		Setup: s.Name, Environment: admits, Switches: gateway.Switches{OIDCModel: s.OIDCModel},
		Now: e.Clock.Now, Timeout: e.Clock.Timeout, Wait: e.Clock.Wait, Contracts: g.current, Process: process,
		Upstream: e.echo, Lacks: s.Lacks, Softens: s.Softens, DeniesAfter: s.DeniesAfter, Report: e.log.reporting(s.Report),
		Client: &http.Client{Transport: &http.Transport{
			DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: e.Issuer.RootCAs(), MinVersion: tls.VersionTLS12},
		}},
	}
	if err := g.start(); err != nil {
		return "", nil, errors.Join(err, listener.Close())
	}
	e.serving.Go(func() {
		_ = gateway.Serve(ctx, gateway.ServeOptions{Listener: e.Clock.Listener(listener), Handler: g}) // a broken listener shows as a refused connection
	})
	return address, g, nil
}
