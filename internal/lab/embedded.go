package lab

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp"
)

// Embedded is an issuer and an echo in this process, and emulated gateways
// between them: what reproduce, selftest, predict and tests run against. The
// gateways meet the issuer over HTTP, as real ones do.
type Embedded struct {
	// Issuer signs; it is an engine's source of tokens.
	Issuer *mockidp.Issuer
	// Clock is the issuer's and the gateways'.
	Clock  *Clock
	target *targets.File

	echo    *gateway.Echo
	log     log
	served  served
	stop    context.CancelFunc
	ctx     context.Context //nolint:containedctx // the life of the listeners, which outlive each call
	serving sync.WaitGroup
}

// NewEmbedded starts an issuer for the target's tenants.
func NewEmbedded(target *targets.File) (*Embedded, error) {
	cfg := IssuerConfig(target)
	cfg.Directory.APIs, cfg.Directory.Clients = nil, nil // nobody asks its token endpoint
	cfg.ManagementAddr = mockidp.Off
	cfg.Introspection = mockidp.IntrospectRaw // a set-up names its own
	clock := &Clock{}
	cfg.Now, cfg.NewKey = clock.Now, new(keyRound).key
	issuer, err := mockidp.New(cfg)
	if err != nil {
		return nil, fmt.Errorf("lab: the embedded issuer: %w", err)
	}
	e := &Embedded{Issuer: issuer, Clock: clock, target: target, echo: &gateway.Echo{Limit: 1 << 16}}
	e.ctx, e.stop = context.WithCancel(context.Background())
	if err := issuer.Start(e.ctx); err != nil {
		e.Close()
		return nil, fmt.Errorf("lab: the embedded issuer: %w", err)
	}
	return e, nil
}

// Close stops everything and waits for it.
func (e *Embedded) Close() {
	e.stop()
	e.serving.Wait()
	e.Issuer.Close()
}

// Seen is what the echo saw of a case.
func (e *Embedded) Seen(_ context.Context, run, id string) ([]probe.Echo, error) {
	return e.echo.Seen(run, id), nil
}

// Log is what the gateways have written of a run's refusals.
func (e *Embedded) Log(_ context.Context, run string) ([]string, error) { return e.log.of(run), nil }

// Setup says which emulated gateway stands in front of the echo.
type Setup struct {
	// Name is that of a set-up of internal/gateway.
	Name string
	// Lacks and Softens make a mutant of strict.
	Lacks, Softens []string
	// DeniesAfter is for turns-deny.
	DeniesAfter int
	// OIDCModel is that of the OIDC policy; empty: local-claims. In the documented
	// model the provider's endpoint answers by the profile Introspection; empty:
	// raw-claims.
	OIDCModel     string
	Introspection mockidp.Introspection
	// Report is told of strict's refusals.
	Report func(gateway.Refusal)
}

// keySets are the addresses of the key set, with TLS and without, and of the
// discovery document.
func (e *Embedded) keySets() (secure, plain, discovery string) {
	const path = "/discovery/v2.0/keys"
	tenant := "/" + e.target.Tenant.ID
	return e.Issuer.TLSURL() + tenant + path, e.Issuer.URL() + tenant + path, e.Issuer.TLSURL() + tenant + "/v2.0/.well-known/openid-configuration"
}

// Introspection is what a gateway asks of the issuer at base about a tenant's
// tokens: as a provider by a profile, the issuer's own where it is empty, and as
// a shim by the normalised one. The credentials will do where the issuer knows no
// client with a secret.
func Introspection(base, tenant string, profile mockidp.Introspection) gateway.Introspection {
	at := strings.TrimSuffix(base, "/") + "/" + tenant + "/introspect"
	by := func(p mockidp.Introspection) string { return at + "?profile=" + string(p) }
	asked := gateway.Introspection{URL: at, ShimURL: by(mockidp.IntrospectNormalised), ClientID: "gateway", ClientSecret: "gateway"}
	if profile != "" {
		asked.URL = by(profile)
	}
	return asked
}

// basePath is the path of the environment's gateway address in the file.
func basePath(env *targets.Environment) string {
	if len(env.Gateways) == 0 {
		return ""
	}
	_, rest, _ := strings.Cut(env.Gateways[0].URL, "://")
	_, path, found := strings.Cut(rest, "/")
	if !found {
		return ""
	}
	return "/" + path
}

// EmulatedEnvironment is what an emulated gateway at an address should admit:
// the target file's environment in the emulator's words.
func EmulatedEnvironment(f *targets.File, env *targets.Environment, address, jwks string) gateway.Environment {
	out := gateway.Environment{
		Name: env.Name, Tenant: f.Tenant.ID, Issuers: gateway.Issuers(f.Tenant.Issuers), JWKSURL: jwks,
		Scopes: env.Requires.Scopes, Roles: env.Requires.Roles, ScopeCriteria: "and", Skew: f.Skew(),
		Route: env.Home.Method + " " + routePath(address, env.Home.Path), Routes: map[string]string{},
	}
	if env.Requires.Any {
		out.ScopeCriteria = "or"
	}
	if env.Declared {
		out.Enforces = env.Enforces
	}
	for _, a := range env.APIs {
		out.URIs, out.AppIDs = append(out.URIs, a.URIs...), append(out.AppIDs, a.AppID)
	}
	if env.Other != nil {
		out.Routes[env.Other.Method+" "+routePath(address, env.Other.Path)] = env.Other.Scope
	}
	for _, c := range f.Clients {
		if c.Contract(env) {
			out.Contracts = append(out.Contracts, c.ID)
		}
	}
	slices.Sort(out.Contracts)
	return out
}

func routePath(address, path string) string {
	joined, err := probe.JoinPath(address, path)
	if err != nil {
		return path
	}
	return joined
}

// Setups are the names of the emulated gateways, sorted.
func Setups() []string {
	names := map[string]bool{}
	for _, s := range gateway.Setups() {
		names[s.Name] = true
	}
	return slices.Sorted(maps.Keys(names))
}
