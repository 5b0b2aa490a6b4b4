package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp"
)

// issuerHost is a name for which the issuer's certificate holds, beside
// loopback: for gateways that meet the issuer from another network.
const issuerHost = "issuer.entraproof.test"

// StandOptions say what a stand is made for.
type StandOptions struct {
	// Target holds the tenant and the environments that gateways are configured
	// for. It is not changed.
	Target *targets.File
	// ManagementToken is the issuer's; empty makes one.
	ManagementToken string
	// Finder looks for the gateways' programs.
	Finder Finder
	// Engine runs the gateways in containers; nil: they are processes.
	Engine *Engine
}

// Stand is an issuer and an echo on loopback, with room for real gateways
// between them: what lab up, lab run and the suites run against.
type Stand struct {
	// Issuer signs, publishes its keys and counts who fetches them.
	Issuer *mockidp.Issuer
	// Started is when the last gateways were started, by the issuer's clock; zero:
	// none were.
	Started time.Time

	options StandOptions
	echo    net.Listener
	accepts *gateway.Echo
	serving sync.WaitGroup
	stop    context.CancelFunc
	failed  error
}

// NewStand starts issuer and echo. They stay until Close even if ctx ends
// before: what is under way then is still judged.
func NewStand(ctx context.Context, o StandOptions) (*Stand, error) {
	cfg := IssuerConfig(o.Target)
	cfg.ManagementToken, cfg.Hosts = o.ManagementToken, []string{issuerHost}
	issuer, err := mockidp.New(cfg)
	if err != nil {
		return nil, fmt.Errorf("lab: the issuer: %w", err)
	}
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &Stand{Issuer: issuer, options: o, accepts: &gateway.Echo{Limit: 1 << 16}, stop: stop}
	if err := issuer.Start(life); err != nil {
		stop()
		return nil, fmt.Errorf("lab: the issuer: %w", err)
	}
	if s.echo, err = (&net.ListenConfig{}).Listen(life, "tcp", "127.0.0.1:0"); err != nil {
		s.Issuer.Close()
		stop()
		return nil, fmt.Errorf("lab: the echo: %w", err)
	}
	s.serving.Go(func() {
		s.failed = gateway.Serve(life, gateway.ServeOptions{Listener: s.echo, Handler: s.accepts})
	})
	return s, nil
}

// Close stops issuer and echo and waits for them.
func (s *Stand) Close() error {
	s.stop()
	s.serving.Wait()
	s.Issuer.Close()
	return s.failed
}

// EchoURL is where the echo is asked directly.
func (s *Stand) EchoURL() string { return "http://" + s.echo.Addr().String() }

// Seen is what the echo saw of a case.
func (s *Stand) Seen(_ context.Context, run, id string) ([]probe.Echo, error) {
	return s.accepts.Seen(run, id), nil
}

// Order says which gateways a stand starts.
type Order struct {
	Recipe Recipe
	Mode   Mode
	// Environments get a gateway each; the target's others supply tokens only.
	Environments []string
	// KeyCache is how long fetched keys are kept; 0: five minutes.
	KeyCache time.Duration
}

// Gateways are gateways of one kind in one mode, one an environment.
type Gateways struct {
	// Stand is where they stand.
	Stand   *Stand
	Running []*Running
	// Ready is how long each took from its start to its first answer.
	Ready []time.Duration
	// Target is the stand's, with their addresses and what is known of them.
	Target *targets.File
}

// Start starts a gateway for each environment of the order, those of one order
// at a time: what the issuer counts from now on is their doing. With an error
// nothing is left running.
func (s *Stand) Start(ctx context.Context, o Order) (*Gateways, error) {
	if err := s.countAnew(ctx); err != nil {
		return nil, fmt.Errorf("lab: the issuer: %w", err)
	}
	file := s.Target(o)
	all := &Gateways{Stand: s, Target: file}
	for _, e := range file.Environments {
		if !slices.Contains(o.Environments, e.Name) {
			continue
		}
		site, err := s.site(ctx, e, o)
		if err != nil {
			return nil, errors.Join(err, all.Stop())
		}
		began := time.Now()
		running, err := Start(ctx, Options{
			Recipe: o.Recipe, Mode: o.Mode, Site: site, Finder: s.options.Finder, Engine: s.options.Engine,
		})
		if err != nil {
			return nil, errors.Join(err, all.Stop())
		}
		all.Running, all.Ready = append(all.Running, running), append(all.Ready, time.Since(began))
		e.Gateways = []targets.Gateway{{URL: running.URL + basePath(e)}}
	}
	return all, nil
}

// countAnew forgets what the gateways before these have fetched: that one of
// them reached the issuer proves nothing of the next.
func (s *Stand) countAnew(ctx context.Context) error {
	now, err := s.Issuer.Now(ctx)
	s.Started = now
	return errors.Join(err, s.Issuer.ResetCounters(ctx))
}

// Warnings are what is unusual about the gateways, each once: a program of
// another version.
func (g *Gateways) Warnings() []string {
	var all []string
	for _, r := range g.Running {
		all = append(all, r.Warnings...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Tried reports whether the program has the version that the recipe was tried
// with: what comes of another one is not held against its matrix.
func (g *Gateways) Tried() bool {
	return !slices.ContainsFunc(g.Running, func(r *Running) bool { return r.Program.Warning != "" })
}

// Stop ends every gateway.
func (g *Gateways) Stop() error {
	var problems []error
	for _, r := range g.Running {
		problems = append(problems, r.Stop())
	}
	return errors.Join(problems...)
}
