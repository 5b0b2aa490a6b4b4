package lab

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
	"github.com/entraproof/entraproof/scenarios"
)

func newEmbedded(t *testing.T) *Embedded {
	t.Helper()
	e, err := NewEmbedded(targets.Default())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// ask sends one request over a connection of its own.
func ask(t *testing.T, url, token, id string) (status int, echo bool) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set(probe.RunHeader, "r")
	r.Header.Set(probe.CaseHeader, id)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }() // read to its end below
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header.Get(probe.EchoHeader) == "1"
}

// tokenFor is a genuine token of a control at an environment.
func tokenFor(t *testing.T, e *Embedded, f *targets.File, env *targets.Environment) string {
	t.Helper()
	kind := mint.Kind{Version: mint.V2, Subject: mint.SubjectApp}
	g, ok := scenarios.Expansion{Target: f}.ControlGrant(scenarios.Control{Environment: env.Name, Kind: kind, Client: f.Holder(env).ID, Route: "home"})
	if !ok {
		t.Fatal("no grant")
	}
	tokens, err := e.Issuer.Genuine(t.Context(), []mint.Grant{g})
	if err != nil {
		t.Fatal(err)
	}
	return tokens[0]
}

// TestEmbedded: issuer, gateway and echo work together over HTTP, under the
// base path of the file, and several gateways in one lab.
func TestEmbedded(t *testing.T) {
	e := newEmbedded(t)
	rows := []struct {
		setup     Setup
		own, none int
	}{
		{Setup{Name: "strict"}, 200, 401},
		{Setup{Name: "accept-all"}, 200, 200},
		{Setup{Name: "deny-all"}, 401, 401},
		{Setup{Name: "wrong-path"}, 404, 404},
		{Setup{Name: "fix1"}, 200, 401},
		{Setup{Name: "oidc-client-check"}, 403, 401},
		{Setup{Name: "oidc-client-check", OIDCModel: gateway.Documented}, 403, 401},
		{Setup{Name: "oidc-client-check", OIDCModel: gateway.Documented, Introspection: mockidp.IntrospectNormalised}, 200, 401},
		{Setup{Name: "fix2-roles", OIDCModel: gateway.Documented, Introspection: mockidp.IntrospectInactive}, 200, 401},
	}
	for _, tt := range rows {
		t.Run(strings.Trim(tt.setup.Name+" "+tt.setup.OIDCModel+" "+string(tt.setup.Introspection), " "), func(t *testing.T) {
			f, stop, err := e.Serve(tt.setup)
			if err != nil {
				t.Fatal(err)
			}
			defer stop()
			for _, env := range f.Environments {
				url := env.Gateways[0].URL
				if !strings.HasSuffix(url, "/orders") || !f.Accepted.Echo {
					t.Errorf("expected the base path and the echo, got %s", url)
				}
				id := "a-case/" + t.Name() + "/" + env.Name
				status, echo := ask(t, url+env.Home.Path, tokenFor(t, e, f, env), id)
				if status != tt.own || echo != (tt.own == 200) {
					t.Errorf("%s: own token: expected %d, got %d, echo %t", env.Name, tt.own, status, echo)
				}
				if status, _ := ask(t, url+env.Home.Path, "nothing", "other"); status != tt.none {
					t.Errorf("%s: no token: expected %d, got %d", env.Name, tt.none, status)
				}
				seen, err := e.Seen(t.Context(), "r", id)
				if err != nil || len(seen) != map[bool]int{true: 1}[tt.own == 200] {
					t.Errorf("%s: expected the echo to tell what arrived, got %v, %v", env.Name, seen, err)
				}
			}
		})
	}
}

// TestEmbeddedAddresses: beside its own address the reference gateway has those by
// which it must not be reached, and says so; the other set-ups have none.
func TestEmbeddedAddresses(t *testing.T) {
	e := newEmbedded(t)
	f, stop, err := e.Serve(Setup{Name: "strict"})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	env := f.Environments[0]
	g, token := env.Gateways[0], tokenFor(t, e, f, env)
	if !strings.HasPrefix(g.URL, "http://localhost:") || len(g.Replicas) != 1 || !strings.HasPrefix(g.Replicas[0], "127.0.0.1:") {
		t.Errorf("expected a name with letters and the address that is dialled, got %+v", g)
	}
	for address, want := range map[string]int{g.URL: 200, g.PlainHTTP: 403, g.Origin: 421} {
		if status, echo := ask(t, address+env.Home.Path, token, "x"); status != want || echo != (want == 200) {
			t.Errorf("%s: expected %d, got %d, echo %t", address, want, status, echo)
		}
	}
	other, stopOther, err := e.Serve(Setup{Name: "fix1"})
	if err != nil {
		t.Fatal(err)
	}
	defer stopOther()
	if g := other.Environments[0].Gateways[0]; g.PlainHTTP != "" || g.Origin != "" {
		t.Errorf("expected one address, got %+v", g)
	}
}

// TestEmbeddedSetups: every set-up of the emulator can be served; one that is
// none is an error and leaves nothing behind.
func TestEmbeddedSetups(t *testing.T) {
	e := newEmbedded(t)
	names := Setups()
	if !slices.IsSorted(names) || !slices.Contains(names, "strict") || !slices.Contains(names, "both-issuer") {
		t.Errorf("expected the emulator's set-ups, got %v", names)
	}
	for _, name := range names {
		_, stop, err := e.Serve(Setup{Name: name})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		stop()
	}
	if _, _, err := e.Serve(Setup{Name: "fix3"}); err == nil {
		t.Error("expected an error for a set-up that is none")
	}
}

// TestEmbeddedMutant: what a mutant lacks reaches the gateway, and strict tells
// its refusals.
func TestEmbeddedMutant(t *testing.T) {
	e := newEmbedded(t)
	told := make(chan gateway.Refusal, 64)
	for name, want := range map[string]int{"": 401, "audience,role": 200} {
		s := Setup{Name: "strict", Report: func(r gateway.Refusal) { told <- r }}
		if name != "" {
			s.Lacks = strings.Split(name, ",")
		}
		f, stop, err := e.Serve(s)
		if err != nil {
			t.Fatal(err)
		}
		dev, uat := f.Environment("dev"), f.Environment("uat")
		g, ok := scenarios.Expansion{Target: f}.ControlGrant(scenarios.Control{
			Environment: "uat", Kind: mint.Kind{Version: mint.V2, Subject: mint.SubjectApp}, Client: f.Bearer(uat, dev).ID, Route: "home",
		})
		tokens, err := e.Issuer.Genuine(t.Context(), []mint.Grant{g})
		if err != nil || !ok {
			t.Fatal(err)
		}
		status, _ := ask(t, dev.Gateways[0].URL+dev.Home.Path, tokens[0], "x")
		if (status == 200) != (want == 200) {
			t.Errorf("lacks %q: expected %d, got %d", name, want, status)
		}
		stop()
	}
	if len(told) == 0 {
		t.Error("expected strict to tell its refusals")
	}
}

// TestIntrospection: the provider's endpoint is the issuer's own unless a profile
// is named; the shim's is the normalised one.
func TestIntrospection(t *testing.T) {
	want := gateway.Introspection{
		URL: "http://issuer.example/T/introspect", ShimURL: "http://issuer.example/T/introspect?profile=rfc7662-normalised", ClientID: "gateway", ClientSecret: "gateway",
	}
	if diff := cmp.Diff(want, Introspection("http://issuer.example/", "T", "")); diff != "" {
		t.Error(diff)
	}
	want.URL += "?profile=graph-probe"
	if diff := cmp.Diff(want, Introspection("http://issuer.example", "T", mockidp.IntrospectGraph)); diff != "" {
		t.Error(diff)
	}
}

// TestTurnsDeny: after so many requests everything is refused.
func TestTurnsDeny(t *testing.T) {
	e := newEmbedded(t)
	f, stop, err := e.Serve(Setup{Name: "turns-deny", DeniesAfter: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	env := f.Environments[0]
	token := tokenFor(t, e, f, env)
	var got []int
	for range 3 {
		status, _ := ask(t, env.Gateways[0].URL+env.Home.Path, token, "x")
		got = append(got, status)
	}
	if diff := cmp.Diff([]int{200, 200, 401}, got); diff != "" {
		t.Error(diff)
	}
}

// TestEmulatedEnvironment: the target file's environment in the emulator's
// words.
func TestEmulatedEnvironment(t *testing.T) {
	f := targets.Default()
	env := f.Environments[0]
	env.Declared, env.Enforces, env.Requires.Any = true, []string{"audience"}, true
	got := EmulatedEnvironment(f, env, "http://127.0.0.1:9/orders", "http://keys")
	want := gateway.Environment{
		Name: "dev", Tenant: f.Tenant.ID, Issuers: gateway.Issuers(f.Tenant.Issuers), JWKSURL: "http://keys",
		URIs: []string{"api://orders.dev", "api://orders-v1.dev"}, AppIDs: []string{env.APIs[0].AppID, env.APIs[1].AppID},
		Scopes: []string{"DEV.Access"}, Roles: []string{"DEV.Access"}, ScopeCriteria: "or", Enforces: []string{"audience"},
		Route: "GET /orders/v1/ping", Routes: map[string]string{"GET /orders/v1/admin": "DEV.Admin"},
	}
	for _, c := range f.Clients {
		if c.Contract(env) {
			want.Contracts = append(want.Contracts, c.ID)
		}
	}
	slices.Sort(want.Contracts)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestEmulatedDeclared: what the target declares, the emulator does.
func TestEmulatedDeclared(t *testing.T) {
	f := targets.Default()
	for key, value := range map[string]string{"versions": "v2", "write-scope": "true", "authentication-context": "true"} {
		f.Supports = slices.Insert(f.Supports, 0, targets.Declaration{Key: key, Value: value}) // the first counts
	}
	got := EmulatedEnvironment(f, f.Environments[0], "http://127.0.0.1:9/orders", "http://keys")
	if got.Issuers.V1 != "" || got.Issuers.V2 == "" || got.AuthenticationContext != "c1" {
		t.Errorf("expected v2 and the context c1, got %+v", got)
	}
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
		if scope := got.Routes[method+" /orders/v1/ping"]; scope != "DEV.Admin" {
			t.Errorf("%s: expected DEV.Admin, got %q", method, scope)
		}
	}
}

// TestEmulatedAudiences: what the target declares of its list is what the
// emulated gateway takes.
func TestEmulatedAudiences(t *testing.T) {
	f := targets.Default()
	env := f.Environments[0]
	f.Supports = []targets.Declaration{{Key: "audience-app-id-listed", Value: "false"}, {Key: "audience-slash-listed", Value: "true"}}
	got := EmulatedEnvironment(f, env, "http://127.0.0.1:9/orders", "http://keys")
	want := gateway.Environment{
		URIs:   []string{"api://orders.dev", "api://orders.dev/", "api://orders-v1.dev", "api://orders-v1.dev/"},
		AppIDs: []string{env.API(mint.V2).AppID},
	}
	if diff := cmp.Diff(want, gateway.Environment{URIs: got.URIs, AppIDs: got.AppIDs}); diff != "" {
		t.Error(diff)
	}
}

// TestServesATarget: a gateway can be told to admit what another target says.
func TestServesATarget(t *testing.T) {
	e, err := NewEmbedded(targets.Default())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	told := targets.Default()
	told.Name, told.Environments = "told", told.Environments[:1]
	f, stop, err := e.Serve(Setup{Name: "strict", Target: told})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if f.Name != "told" || len(f.Environments) != 1 {
		t.Errorf("expected the target that was told, got %s with %d environments", f.Name, len(f.Environments))
	}
}

// TestEmbeddedEnds: Close stops every gateway; what is asked afterwards takes
// no connection. The package's goleak sees what is left.
func TestEmbeddedEnds(t *testing.T) {
	e, err := NewEmbedded(targets.Default())
	if err != nil {
		t.Fatal(err)
	}
	f, _, err := e.Serve(Setup{Name: "strict"})
	if err != nil {
		t.Fatal(err)
	}
	e.Close()
	var p probe.Prober
	defer p.Close()
	wire, err := probe.Request{}.Build(mint.Parts("token", "x"), probe.Endpoint{URL: f.Environments[0].Gateways[0].URL, RoutePath: "/orders/v1/ping", Method: "GET"}, probe.Tags{})
	if err != nil {
		t.Fatal(err)
	}
	if o := p.Fire(context.Background(), wire); o.Fault != probe.FaultRefused {
		t.Errorf("expected no gateway, got %d %s", o.Status, o.Fault)
	}
}
