package lab

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// Embedded is an issuer and an echo in this process, and emulated gateways
// between them: what reproduce, selftest, predict and tests run against. The
// gateways meet the issuer over HTTP, as real ones do.
type Embedded struct {
	// Issuer signs; it is an engine's source of tokens.
	Issuer *mockidp.Issuer
	// Clock is the issuer's and the gateways'.
	Clock *Clock
	// Former is a mock that the gateways trusted once; nil where the target names
	// none.
	Former *mockidp.Issuer
	target *targets.File

	echo    *gateway.Echo
	client  *http.Client     // of the gateways, which ask the issuer over TLS
	inside  *inside          // where the gateways listen; nil: on loopback
	tenants []targets.Tenant // beside those of target
	log     log
	served  served
	stop    context.CancelFunc
	ctx     context.Context //nolint:containedctx // the life of the listeners, which outlive each call
	serving sync.WaitGroup
}

// keptToIssuer is how many connections the gateways keep: a handshake costs as
// much as signing a token.
const keptToIssuer = 16

// NewEmbedded starts an issuer for the target's tenants, and another for a
// former mock that the target names.
func NewEmbedded(target *targets.File) (*Embedded, error) { return new(Keys).NewEmbedded(target) }

// NewEmbedded is a lab whose issuers sign with these keys.
func (k *Keys) NewEmbedded(target *targets.File) (*Embedded, error) {
	return k.open(&Embedded{target: target})
}

// NewInside is NewEmbedded with gateways that listen within this process, where
// Dial finds them: no connection of the system's is made to them. Its issuer knows
// further tenants.
func (k *Keys) NewInside(target *targets.File, tenants ...targets.Tenant) (*Embedded, error) {
	return k.open(&Embedded{target: target, inside: &inside{}, tenants: tenants})
}

// Dial meets a gateway of NewInside.
func (e *Embedded) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return e.inside.dial(ctx, network, address)
}

func (k *Keys) open(e *Embedded) (*Embedded, error) {
	e.Clock, e.echo = &Clock{}, &gateway.Echo{Limit: 1 << 13}
	e.ctx, e.stop = context.WithCancel(context.Background())
	var err error
	if e.Issuer, err = e.startIssuer(k); err == nil && e.target.Tokens.Former != nil {
		e.Former, err = e.startIssuer(k.ofFormer())
	}
	if err != nil {
		e.Close()
		return nil, fmt.Errorf("lab: the embedded issuer: %w", err)
	}
	e.client = &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: keptToIssuer, TLSClientConfig: &tls.Config{RootCAs: e.Issuer.RootCAs(), MinVersion: tls.VersionTLS12},
	}}
	return e, nil
}

// issuersOf are the iss values of some tenants as they are named; others knows the
// rest.
func issuersOf(all []targets.Tenant, others func(base, tenant string) mint.Issuers) func(base, tenant string) mint.Issuers {
	named := map[string]mint.Issuers{}
	for _, t := range all {
		named[strings.ToLower(t.ID)] = t.Issuers
	}
	return func(base, tenant string) mint.Issuers {
		if i, ok := named[strings.ToLower(tenant)]; ok {
			return i
		}
		return others(base, tenant)
	}
}

func (e *Embedded) startIssuer(keys *Keys) (*mockidp.Issuer, error) {
	cfg := IssuerConfig(e.target)
	for _, t := range e.tenants {
		cfg.Directory.Tenants[t.ID] = mockidp.Tenant{}
	}
	cfg.Issuers = issuersOf(e.tenants, cfg.Issuers)
	cfg.Directory.APIs, cfg.Directory.Clients, cfg.Directory.Consents = nil, nil, nil // nobody asks its token endpoint
	cfg.ManagementAddr = mockidp.Off
	cfg.Introspection = mockidp.IntrospectRaw // a set-up names its own
	cfg.Now = e.Clock.Now
	keys.give(&cfg)
	issuer, err := mockidp.New(cfg)
	if err != nil {
		return nil, err
	}
	if err := issuer.Start(e.ctx); err != nil {
		issuer.Close()
		return nil, err
	}
	return issuer, nil
}

// Close stops everything and waits for it.
func (e *Embedded) Close() {
	e.stop()
	e.serving.Wait()
	for _, issuer := range []*mockidp.Issuer{e.Issuer, e.Former} {
		if issuer != nil {
			issuer.Close()
		}
	}
	if e.client != nil {
		e.client.CloseIdleConnections()
	}
}

// Seen is what the echo saw of a case.
func (e *Embedded) Seen(_ context.Context, run, id string) ([]probe.Echo, error) {
	return e.echo.Seen(run, id), nil
}

// Forget drops what the echo saw: nobody asks for runs that are over.
func (e *Embedded) Forget() { e.echo.Forget() }

// Log is what the gateways have written of a run's refusals.
func (e *Embedded) Log(_ context.Context, run string) ([]string, error) { return e.log.of(run), nil }

// Setup says which emulated gateway stands in front of the echo.
type Setup struct {
	// Name is that of a set-up of internal/gateway; empty where there are Instances.
	Name string
	// Instances are what a policy document has for each environment, by its name.
	// Whatever address they name, the issuer answers there.
	Instances map[string]*policy.Instance
	// Accepted is told of what their policies forward.
	Accepted func(gateway.Acceptance)
	// Switches decide what is not known of them.
	Switches gateway.Switches
	// Target says what the gateways should admit; nil: the target that the lab was
	// started for, whose tenants it must share.
	Target *targets.File
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

// listeners are the addresses of one gateway. Beside the reference gateway's own
// there are those by which it must not be reached; what the other set-ups do
// there, nobody says.
type listeners map[gateway.Ingress]net.Listener

func (e *Embedded) listen(ctx context.Context, s Setup, env *targets.Environment) (listeners, error) {
	wanted := []gateway.Ingress{gateway.IngressCallers}
	if s.Name == "strict" {
		wanted = append(wanted, gateway.IngressPlainHTTP, gateway.IngressOrigin)
	}
	all := listeners{}
	for _, ingress := range wanted {
		l, err := e.listenOne(ctx)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("lab: listen for %s: %w", env.Name, err), all.close())
		}
		all[ingress] = l
	}
	return all, nil
}

func (e *Embedded) listenOne(ctx context.Context) (net.Listener, error) {
	if e.inside != nil {
		return e.inside.listen(), nil
	}
	return (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0") //nolint:wrapcheck // the caller says what for
}

// gateway is what a target file says about the addresses. The callers' has a
// name with letters, as a real one has, so that it can be spelled in other ways.
func (l listeners) gateway(path string) targets.Gateway {
	own := l[gateway.IngressCallers].Addr().(*net.TCPAddr)
	g := targets.Gateway{URL: fmt.Sprintf("http://localhost:%d%s", own.Port, path), Replicas: []string{own.String()}}
	if plain, ok := l[gateway.IngressPlainHTTP]; ok {
		g.PlainHTTP = "http://" + plain.Addr().String() + path
	}
	if origin, ok := l[gateway.IngressOrigin]; ok {
		g.Origin = "http://" + origin.Addr().String() + path
	}
	return g
}

func (l listeners) close() error {
	var all []error
	for _, listener := range l {
		all = append(all, listener.Close())
	}
	return errors.Join(all...)
}

// keySets are the addresses of the key set, with TLS and without, and of the
// discovery document.
func (e *Embedded) keySets(of *mockidp.Issuer) (secure, plain, discovery string) {
	const path = "/discovery/v2.0/keys"
	tenant := "/" + e.target.Tenant.ID
	return of.TLSURL() + tenant + path, of.URL() + tenant + path, of.TLSURL() + tenant + "/v2.0/.well-known/openid-configuration"
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
	out.URIs, out.AppIDs = audiences(f, env)
	emulateDeclared(&out, f, env)
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

// emulateDeclared adds what the target declares beside its environments.
func emulateDeclared(out *gateway.Environment, f *targets.File, env *targets.Environment) {
	if !f.Takes(mint.V1) {
		out.Issuers.V1 = ""
	}
	if !f.Takes(mint.V2) {
		out.Issuers.V2 = ""
	}
	if asked, _ := f.Declared("authentication-context"); asked == "true" {
		out.AuthenticationContext = mint.AuthenticationContext
	}
	if asked, _ := f.Declared("write-scope"); asked != "true" || env.Other == nil {
		return
	}
	_, path, _ := strings.Cut(out.Route, " ")
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		out.Routes[method+" "+path] = env.Other.Scope
	}
}

// audiences are the forms of aud that the target declares to be listed: URIs
// and GUIDs, unless it says otherwise.
func audiences(f *targets.File, env *targets.Environment) (uris, ids []string) {
	slashed, _ := f.Declared("audience-slash-listed")
	guids, _ := f.Declared("audience-app-id-listed")
	for _, a := range env.APIs {
		uris = append(uris, a.URIs...)
		if slashed == "true" {
			for _, uri := range a.URIs {
				uris = append(uris, uri+"/")
			}
		}
		if a.Version != mint.V1 || guids != "false" {
			ids = append(ids, a.AppID)
		}
	}
	return uris, ids
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
