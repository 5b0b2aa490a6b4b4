package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"

	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp"
)

// labTarget is the target that the lab's gateways are configured for.
func labTarget() *targets.File { return targets.Default() }

// labSite is the issuer and the echo that the lab's gateways work with.
type labSite struct {
	p       *program
	issuer  *mockidp.Issuer
	echo    net.Listener
	serving sync.WaitGroup
	stop    context.CancelFunc
	failed  error
}

// openLab starts issuer and echo on loopback. token is the management token;
// empty makes one.
func (p *program) openLab(ctx context.Context, token string) (*labSite, error) {
	cfg := issuerFor(labTarget())
	cfg.TLSAddr, cfg.ManagementToken = mockidp.Off, token
	issuer, err := mockidp.New(cfg)
	if err != nil {
		return nil, err
	}
	// What is under way when ctx ends is told by its verdicts; issuer and echo
	// stay until then.
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &labSite{p: p, issuer: issuer, stop: stop}
	if err := issuer.Start(life); err != nil {
		stop()
		return nil, err
	}
	if s.echo, err = (&net.ListenConfig{}).Listen(life, "tcp", "127.0.0.1:0"); err != nil {
		s.issuer.Close()
		stop()
		return nil, fmt.Errorf("lab: the echo: %w", err)
	}
	s.serving.Go(func() {
		s.failed = gateway.Serve(life, gateway.ServeOptions{Listener: s.echo, Handler: &gateway.Echo{Limit: 1 << 16}})
	})
	return s, nil
}

func (s *labSite) close() error {
	s.stop()
	s.serving.Wait()
	s.issuer.Close()
	return s.failed
}

func (s *labSite) echoURL() string { return "http://" + s.echo.Addr().String() }

// labGateways are the gateways of one kind in one mode, one an environment.
type labGateways struct {
	running []*lab.Running
	target  *targets.File
}

// start starts a gateway for each environment and makes the target that they
// are.
func (s *labSite) start(ctx context.Context, r lab.Recipe, m lab.Mode, environments []string) (*labGateways, error) {
	file := labTarget()
	file.Name = r.Name + "-" + string(m)
	file.Tokens = targets.Tokens{Mock: &targets.Mock{URL: s.issuer.URL(), Management: s.issuer.ManagementURL(), Token: s.issuer.ManagementToken()}}
	file.Accepted = targets.Accepted{Echo: true, EchoURL: s.echoURL()}
	file.Supports = declarations(r, m)
	all := &labGateways{target: file}
	for _, e := range file.Environments {
		declare(e, m)
		if !contains(environments, e.Name) {
			e.Gateways = nil
			continue
		}
		site, err := s.siteOf(ctx, file, e)
		if err != nil {
			return nil, errors.Join(err, all.close())
		}
		site.Skew = 0
		running, err := lab.Start(ctx, lab.Options{Recipe: r, Mode: m, Site: site, Finder: s.p.finder()})
		if err != nil {
			return nil, errors.Join(labFailed(err), all.close())
		}
		all.running = append(all.running, running)
		e.Gateways = []targets.Gateway{{URL: running.URL + pathOf(e)}}
	}
	return all, nil
}

func (g *labGateways) close() error {
	var problems []error
	for _, r := range g.running {
		problems = append(problems, r.Stop())
	}
	return errors.Join(problems...)
}

// siteOf is an environment in the lab's words.
func (s *labSite) siteOf(ctx context.Context, f *targets.File, e *targets.Environment) (lab.Site, error) {
	site := lab.Site{
		Tenant: f.Tenant.ID, Issuers: lab.Issuers(f.Tenant.Issuers), IssuerURL: s.issuer.URL(),
		Upstream: s.echo.Addr().String(), Scope: e.Requires.Scopes[0],
	}
	for _, a := range e.APIs {
		site.Audiences = append(site.Audiences, slices.Concat(a.URIs, []string{a.AppID})...)
	}
	for _, c := range f.Clients {
		if c.Contract(e) {
			site.Contracts = append(site.Contracts, c.ID)
		}
	}
	published, err := s.issuer.Keys(ctx, f.Tenant.ID)
	if err != nil {
		return site, fmt.Errorf("lab: the issuer's keys: %w", err)
	}
	for _, k := range published {
		site.Keys = append(site.Keys, lab.Key{KeyID: k.KeyID, FileName: k.FileName, PEM: k.PEM})
	}
	return site, nil
}

// declarations are what the target of a lab's gateway declares: where its keys
// come from, the clock difference that it takes, and, for the fix by scope, that
// daemons are not admitted.
func declarations(r lab.Recipe, m lab.Mode) []targets.Declaration {
	all := []targets.Declaration{{Key: "jwks", Value: string(r.KeySet)}, {Key: "skew", Value: r.Skew.String()}}
	if m == lab.FixedScope {
		all = append(all, targets.Declaration{Key: "app-tokens", Value: "false"})
	}
	return all
}

// declare says what a gateway in a fixed mode is meant to check. The faulty
// modes declare nothing: all is expected of them.
func declare(e *targets.Environment, m lab.Mode) {
	switch m {
	case lab.FixedAudience:
		e.Declared, e.Enforces = true, []string{"audience", "client"}
	case lab.FixedScope:
		e.Declared, e.Enforces = true, []string{"scope"}
	case lab.Broken, lab.Leaky:
	}
}
