package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
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

// Unwrap is the gateway that serves now.
func (g *emulated) Unwrap() http.Handler { return *g.handler.Load() }

func (g *emulated) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.Unwrap().ServeHTTP(w, r)
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

// reset gives each client the contracts that the environment names.
func (g *emulated) reset() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.contracts = g.options.Environment.Contracts
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

// Emulation is the emulated gateways in front of the echo, one for each judged
// environment.
type Emulation struct {
	// Target has their addresses.
	Target *targets.File
	in     *Embedded
	setup  Setup
	all    []*emulated
	end    context.CancelFunc
}

// Close ends them.
func (g *Emulation) Close() {
	g.end()
	g.in.served.without(g.all)
}

// Replace puts another mutant of the same set-up at the addresses. It remembers
// nothing of the one before, and has the contracts that the target gives.
func (g *Emulation) Replace(s Setup) error {
	if s.Name != g.setup.Name {
		return fmt.Errorf("lab: replace %s: expected a mutant of it, got %s", g.setup.Name, s.Name)
	}
	process := &gateway.Process{}
	for _, e := range g.all {
		e.reset()
		e.options.Process, e.options.Lacks, e.options.Softens = process, s.Lacks, s.Softens
		e.options.Report = g.in.log.reporting(s.Report)
		if err := e.start(); err != nil {
			return err
		}
	}
	return nil
}

// Serve is Open for those who want no more than the target with the addresses,
// and stop to end the gateways.
func (e *Embedded) Serve(s Setup) (target *targets.File, stop func(), err error) {
	g, err := e.Open(s)
	if err != nil {
		return nil, nil, err
	}
	return g.Target, g.Close, nil
}

// Open starts one gateway for each judged environment.
func (e *Embedded) Open(s Setup) (*Emulation, error) {
	ctx, cancel := context.WithCancel(e.ctx)
	if s.Target == nil {
		s.Target = e.target
	}
	g := &Emulation{in: e, setup: s, end: cancel}
	gateways := map[string]targets.Gateway{}
	process := &gateway.Process{}
	for _, env := range s.Target.Environments {
		if !env.Judged() {
			continue
		}
		address, started, err := e.serve(ctx, s, env, process)
		if err != nil {
			g.Close()
			return nil, err
		}
		gateways[env.Name], g.all = address, append(g.all, started)
	}
	e.served.with(g.all)
	g.Target = s.Target.WithGateways(func(name string) targets.Gateway { return gateways[name] })
	return g, nil
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
func (e *Embedded) serve(ctx context.Context, s Setup, env *targets.Environment, process *gateway.Process) (targets.Gateway, *emulated, error) {
	listeners, err := e.listen(ctx, s, env)
	if err != nil {
		return targets.Gateway{}, nil, err
	}
	address := listeners.gateway(basePath(env))
	admits := e.admits(s, env, address)
	g := &emulated{contracts: admits.Contracts}
	switches := s.Switches
	switches.OIDCModel = cmp.Or(s.OIDCModel, switches.OIDCModel)
	g.options = gateway.Options{
		Setup: s.Name, Instance: s.Instances[env.Name], BasePath: basePath(env), Environment: admits, Switches: switches, Accepted: s.Accepted,
		Now: e.Clock.Now, Timeout: e.Clock.Timeout, Wait: e.Clock.Wait, Contracts: g.current, Process: process,
		Upstream: e.echo, Lacks: s.Lacks, Softens: s.Softens, DeniesAfter: s.DeniesAfter, Report: e.log.reporting(s.Report),
		Client: e.clientOf(s),
	}
	if err := g.start(); err != nil {
		return address, nil, errors.Join(err, listeners.close())
	}
	for ingress, listener := range listeners {
		e.serving.Go(func() {
			// A broken listener shows as a refused connection.
			_ = gateway.Serve(ctx, gateway.ServeOptions{Listener: e.Clock.Listener(listener), Handler: g, Ingress: ingress})
		})
	}
	return address, g, nil
}

// admits is what the gateway of an environment should let in, and where it finds
// what it needs for that.
func (e *Embedded) admits(s Setup, env *targets.Environment, g targets.Gateway) gateway.Environment {
	secure, plain, discovery := e.keySets(e.Issuer)
	out := EmulatedEnvironment(s.Target, env, g.URL, secure)
	out.PlainJWKSURL, out.DiscoveryURL = plain, discovery
	if two, _ := s.Target.Declared("two-issuers"); two == "true" {
		out.ForeignJWKSURL = e.Issuer.URL() + "/entraproof/other-issuer/keys"
	}
	if e.Former != nil {
		_, out.FormerJWKSURL, _ = e.keySets(e.Former)
	}
	out.Introspection = Introspection(e.Issuer.URL(), s.Target.Tenant.ID, s.Introspection)
	for _, address := range []string{g.URL, g.PlainHTTP, g.Origin} {
		if u, err := url.Parse(address); err == nil && u.Host != "" {
			out.Hosts = append(out.Hosts, u.Host)
		}
	}
	return out
}
