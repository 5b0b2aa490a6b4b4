package flows_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/flows"
	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var ownKey = sync.OnceValues(func() (*mint.Key, error) { return mint.NewKey(nil, time.Now()) })

// oneGateway is the embedded target with one gateway, for daemons, and what it
// declares of key sets.
func oneGateway(declares ...string) *targets.File {
	f := targets.Default()
	for _, e := range f.Environments[1:] {
		e.Gateways = nil
	}
	f.Environments[0].APIs = f.Environments[0].APIs[:1]
	f.Supports = slices.DeleteFunc(f.Supports, func(d targets.Declaration) bool { return strings.HasPrefix(d.Key, "jwks-") })
	f.OptIn = true
	for i := 0; i < len(declares); i += 2 {
		f.Supports = slices.DeleteFunc(f.Supports, func(d targets.Declaration) bool { return d.Key == declares[i] })
		if declares[i+1] != "" {
			f.Supports = append(f.Supports, targets.Declaration{Key: declares[i], Value: declares[i+1]})
		}
	}
	return f
}

// collected is a sink in memory.
type collected struct {
	mu    sync.Mutex
	cases []reports.Case
}

func (c *collected) Case(r reports.Case) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cases = append(c.cases, r)
	return nil
}

func (c *collected) Control(reports.Control) error { return nil }

// world is an embedded lab with one set-up in front of the echo.
type world struct {
	t      *testing.T
	lab    *lab.Embedded
	target *targets.File
	// foreign: nobody here runs the gateway.
	foreign bool
}

func newWorld(t *testing.T, s lab.Setup, declares ...string) *world {
	t.Helper()
	f := oneGateway(append([]string{"user-tokens", "false"}, declares...)...)
	e, err := lab.NewEmbedded(f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	target, stop, err := e.Serve(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return &world{t: t, lab: e, target: target}
}

// through makes connections to the gateway end at a proxy. The Host field stays
// the gateway's own, since strict answers to no other.
func (w *world) through(proxy *httptest.Server) {
	w.target.Environments[0].Gateways[0].Replicas = []string{proxy.Listener.Addr().String()}
}

// run runs the flow of an id, which must be one case.
func (w *world) run(id string) reports.Case {
	w.t.Helper()
	all, err := scenarios.Builtin()
	if err != nil {
		w.t.Fatal(err)
	}
	row, ok := all.ByID(id)
	if !ok {
		w.t.Fatalf("the catalogue has no row %s", id)
	}
	own, err := ownKey()
	if err != nil {
		w.t.Fatal(err)
	}
	sink := &collected{}
	x := scenarios.Expansion{Target: w.target, Slow: true}
	eng := &engine.Engine{Tokens: w.lab.Issuer, Own: own, Seen: w.lab.Seen, Now: w.lab.Clock.Now, Wait: w.lab.Clock.Wait, Log: w.lab.Log, Operator: w.lab}
	if w.foreign {
		eng.Operator = nil
	}
	run := eng.Start(w.t.Context(), engine.Plan{Expansion: x, Cases: x.Expand([]scenarios.Scenario{row}), Flows: flows.All(), Run: "r", Sink: sink})
	if _, err := run.End(); err != nil {
		w.t.Fatal(err)
	}
	if len(sink.cases) != 1 {
		w.t.Fatalf("expected one case, got %d", len(sink.cases))
	}
	return sink.cases[0]
}

// TestFlows runs each flow against strict and against the mutant that it is
// for.
func TestFlows(t *testing.T) {
	t.Parallel()
	refetches := []string{"jwks-refetch", "unknown-kid"}
	users := []string{"user-tokens", "true"}
	soft := func(names ...string) lab.Setup { return lab.Setup{Name: "strict", Softens: names} }
	rows := []struct {
		name, id string
		setup    lab.Setup
		declares []string
		want     verdict.Reason
	}{
		{"tampered", "state-tampered-after-good", soft(), nil, verdict.AcceptedAsRequired},
		{"tampered, verdicts cached", "state-tampered-after-good", soft("cached-verdict"), nil, verdict.ReachedUpstream},
		{"tampered, genuine refused", "state-tampered-after-good", lab.Setup{Name: "deny-all"}, nil, verdict.RefusedGenuine},
		{"warm connection", "state-anonymous-on-warm-connection", soft(), nil, verdict.AcceptedAsRequired},
		{"warm connection, stays authenticated", "state-anonymous-on-warm-connection", soft("warm-connection"), nil, verdict.ReachedUpstream},
		{"warm connection, genuine refused", "state-anonymous-on-warm-connection", lab.Setup{Name: "deny-all"}, nil, verdict.RefusedGenuine},
		{"new key", "jwks-new-key-just-published", soft(), refetches, verdict.AcceptedAsRequired},
		{"new key, never fetched", "jwks-new-key-just-published", soft("never-refetch"), refetches, verdict.NewKeyNotTrusted},
		{"new key, nothing declared", "jwks-new-key-just-published", soft(), nil, verdict.NotDeclared},
		{"new key, nothing declared, never fetched", "jwks-new-key-just-published", soft("never-refetch"), nil, verdict.NotDeclared},
		{"new key, longer than a run waits", "jwks-new-key-just-published", soft("never-refetch"), []string{"jwks-cache", "1h"}, verdict.NotDeclared},
		{"new key, not within the declared cache", "jwks-new-key-just-published", soft("never-refetch"), []string{"jwks-cache", "500ms"}, verdict.NewKeyNotTrusted},
		{"retired", "jwks-key-retired", soft(), refetches, verdict.AcceptedAsRequired},
		{"retired, withdrawn keys kept", "jwks-key-retired", soft("withdrawn-keys-kept"), refetches, verdict.WithdrawnKeyTrusted},
		{"retired, nothing declared", "jwks-key-retired", soft("withdrawn-keys-kept"), nil, verdict.NotDeclared},
		{"retired, the next key never known", "jwks-key-retired", lab.Setup{Name: "deny-all"}, refetches, verdict.RefusedGenuine},
		{"retired a moment ago", "jwks-key-retired-in-cache-window", soft(), refetches, verdict.Measured},
		{"emergency", "jwks-emergency-roll", soft(), refetches, verdict.AcceptedAsRequired},
		{"emergency, withdrawn keys kept", "jwks-emergency-roll", soft("withdrawn-keys-kept"), refetches, verdict.WithdrawnKeyTrusted},
		{"emergency, new key never fetched", "jwks-emergency-roll", soft("never-refetch"), refetches, verdict.WithdrawnKeyTrusted},
		{"emergency, nothing declared", "jwks-emergency-roll", soft(), nil, verdict.NotDeclared},
		{"outage", "jwks-down-warm", soft(), refetches, verdict.AcceptedAsRequired},
		{"outage, keys forgotten", "jwks-down-warm", soft("outage-forgets-keys"), refetches, verdict.ServerError},
		{"outage, forged", "jwks-down-forged", soft(), refetches, verdict.RefusedAsRequired},
		{"outage, forged and let in", "jwks-down-forged", soft("outage-opens"), refetches, verdict.ReachedUpstream},
		{"routes", "state-scope-across-routes", soft(), users, verdict.AcceptedAsRequired},
		{"routes, cache without route", "state-scope-across-routes", soft("cache-without-route"), users, verdict.ReachedUpstream},
		{"one API only", "state-audience-across-apis", soft(), nil, verdict.DeclaredUnsupported},
		{"expired", "state-expired-after-cached", soft(), nil, verdict.AcceptedAsRequired},
		{"expired, cached for longer", "state-expired-after-cached", soft("cache-without-expiry"), nil, verdict.ReachedUpstream},
		{"expired on a connection", "exp-passes-on-open-connection", soft(), nil, verdict.AcceptedAsRequired},
		{"expired on a connection, looked at once", "exp-passes-on-open-connection", soft("checked-once-per-connection"), nil, verdict.ReachedUpstream},
		{"poison", "state-bad-does-not-poison", soft(), nil, verdict.RefusedAsRequired},
		{"poison, refusals cached", "state-bad-does-not-poison", soft("negative-cache"), nil, verdict.RefusedGenuine},
		{"two callers", "state-two-callers-one-connection", soft(), nil, verdict.AcceptedAsRequired},
		{"two callers, the first counts", "state-two-callers-one-connection", soft("connection-caller"), nil, verdict.ReachedUpstream},
		{"shared cache", "state-shared-cache", soft(), nil, verdict.AcceptedAsRequired},
		{"shared cache, answers kept", "state-shared-cache", soft("shared-cache"), nil, verdict.ReachedUpstream},
		{"replicas", "state-replica-agreement", soft(), nil, verdict.RefusedAsRequired},
		{"replicas, one bad", "state-replica-agreement", soft("one-bad-replica"), nil, verdict.ReplicasDisagree},
		{"replicas, all bad", "state-replica-agreement", lab.Setup{Name: "accept-all"}, nil, verdict.ReachedUpstream},
		{"replay", "state-replay", soft(), nil, verdict.Measured},
		{"revoked user", "state-revoked-user", soft(), users, verdict.Measured},
		{"contract", "client-contract-revoked", soft(), nil, verdict.AcceptedAsRequired},
		{"contract kept", "client-contract-revoked", soft("contract-remembered"), nil, verdict.ReachedUpstream},
		{"contract, no delay declared", "client-contract-revoked", soft(), []string{"revocation-delay", ""}, verdict.NotDeclared},
		{"slow head", "dos-slow-headers", soft(), nil, verdict.ClosedAsRequired},
		{"cold", "jwks-down-cold", soft(), refetches, verdict.RefusedAsRequired},
		{"cold, let in", "jwks-down-cold", soft("cold-opens"), refetches, verdict.ReachedUpstream},
		{"malformed", "jwks-malformed", soft(), refetches, verdict.RefusedAsRequired},
		{"malformed, let in", "jwks-malformed", soft("garbage-opens"), refetches, verdict.ReachedUpstream},
		{"oversized", "jwks-oversized", soft(), refetches, verdict.RefusedAsRequired},
		{"oversized, read to the end", "jwks-oversized", soft("key-set-unbounded"), refetches, verdict.ReachedUpstream},
		{"redirected", "jwks-redirected", soft(), refetches, verdict.RefusedAsRequired},
		{"redirected, followed", "jwks-redirected", soft("redirect-followed"), refetches, verdict.CalloutSeen},
		{"untrusted", "jwks-untrusted-tls", soft(), refetches, verdict.RefusedAsRequired},
		{"untrusted, not looked at", "jwks-untrusted-tls", soft("certificate-unchecked"), refetches, verdict.ReachedUpstream},
		{"mismatch", "discovery-issuer-mismatch", soft(), refetches, verdict.RefusedAsRequired},
		{"mismatch, ignored", "discovery-issuer-mismatch", soft("discovery-issuer-ignored"), refetches, verdict.ReachedUpstream},
		{"slow", "jwks-slow", soft(), []string{"jwks-timeout", "10s"}, verdict.RefusedAsRequired},
		{"slow, nothing declared", "jwks-slow", soft(), nil, verdict.AcceptedAsRequired},
		{"slow, waited for", "jwks-slow", soft("waits-for-keys"), []string{"jwks-timeout", "10s"}, verdict.TooSlow},
		{"flood", "jwks-unknown-kid-flood", soft(), refetches, verdict.RefusedAsRequired},
		{"flood, unknown keys taken", "jwks-unknown-kid-flood", lab.Setup{Name: "accept-all"}, refetches, verdict.ReachedUpstream},
		{"new key after flood", "jwks-new-key-after-flood", soft(), refetches, verdict.RefusedAsRequired},
		{"new key after flood, no reserve", "jwks-new-key-after-flood", soft("budget-without-reserve"), refetches, verdict.NewKeyNotTrusted},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tt.setup, tt.declares...)
			c := w.run(tt.id)
			if c.Reason != tt.want {
				t.Errorf("expected %s, got %s %s: %s", tt.want, c.Outcome, c.Reason, c.Detail)
			}
			if len(c.Steps) == 0 && c.Reason != verdict.CapabilityAbsent && c.Reason != verdict.DeclaredUnsupported {
				t.Error("expected the steps in the report")
			}
			w.unchanged()
		})
	}
}

// unchanged checks that the issuer is as it was: no lease, two keys.
func (w *world) unchanged() {
	w.t.Helper()
	keys, err := w.lab.Issuer.Keys(w.t.Context(), "")
	if err != nil || len(keys) != 2 {
		w.t.Errorf("expected two keys, got %d, %v", len(keys), err)
	}
	lease, err := w.lab.Issuer.Lease(w.t.Context(), time.Minute)
	if err != nil {
		w.t.Fatalf("expected the lease released, got %v", err)
	}
	if err := w.lab.Issuer.Release(w.t.Context(), lease.ID); err != nil {
		w.t.Error(err)
	}
}

// TestFetchesForEach: a gateway that fetches the key set for every unknown key
// id refuses them all, and fails for the fetches.
func TestFetchesForEach(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lab.Setup{Name: "strict"})
	strict := w.target.Environments[0].Gateways[0].URL
	keys := w.lab.Issuer.URL() + "/" + w.target.Tenant.ID + "/discovery/v2.0/keys"
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		for _, address := range []string{keys, strings.TrimSuffix(strict, "/orders") + r.URL.Path} {
			out, err := http.NewRequestWithContext(r.Context(), http.MethodGet, address, nil)
			if err != nil {
				t.Error(err)
				return
			}
			out.Header = r.Header.Clone()
			response, err := client.Do(out)
			if err != nil {
				rw.WriteHeader(http.StatusBadGateway)
				return
			}
			body, _ := io.ReadAll(response.Body) // what is missing shows as another answer
			_ = response.Body.Close()
			if address != keys {
				rw.Header().Set("X-Entraproof-Echo", response.Header.Get("X-Entraproof-Echo"))
				rw.WriteHeader(response.StatusCode)
				_, _ = rw.Write(body)
			}
		}
	}))
	t.Cleanup(server.Close)
	w.through(server)
	if c := w.run("jwks-unknown-kid-flood"); c.Reason != verdict.KeyFetchesUnbounded {
		t.Errorf("expected %s, got %s: %s", verdict.KeyFetchesUnbounded, c.Reason, c.Detail)
	}
}

// TestWarmConnectionThatEnds: a gateway that keeps no connection is asked on
// another one, and not found guilty of having closed the first.
func TestWarmConnectionThatEnds(t *testing.T) {
	t.Parallel()
	for setup, want := range map[string]verdict.Reason{"strict": verdict.AcceptedAsRequired, "accept-all": verdict.ReachedUpstream} {
		w := newWorld(t, lab.Setup{Name: setup})
		gateway, err := url.Parse(w.target.Environments[0].Gateways[0].URL)
		if err != nil {
			t.Fatal(err)
		}
		proxy := httptest.NewUnstartedServer(httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: gateway.Host}))
		proxy.Config.SetKeepAlivesEnabled(false)
		proxy.Start()
		t.Cleanup(proxy.Close)
		w.through(proxy)
		c := w.run("state-anonymous-on-warm-connection")
		if c.Reason != want || len(c.Steps) != 2 || !strings.Contains(c.Steps[1].Title, "another connection") {
			t.Errorf("%s: expected %s, got %s: %s, %d steps", setup, want, c.Reason, c.Detail, len(c.Steps))
		}
	}
}

// TestLeaseHeld: flows that change a shared issuer are skipped by name while
// somebody else holds the lease (design 7.7); the others run.
func TestLeaseHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lab.Setup{Name: "strict"})
	if _, err := w.lab.Issuer.Lease(t.Context(), mockidp.MaxLease); err != nil {
		t.Fatal(err)
	}
	for _, f := range flows.All() {
		if c := w.run(f.ID); (c.Reason == verdict.LeaseMissing) != f.ChangesIssuer {
			t.Errorf("%s: changes the issuer %t, got %s: %s", f.ID, f.ChangesIssuer, c.Reason, c.Detail)
		}
	}
}

// TestAll: every flow and observer of the catalogue has a value, and every value
// a row; so many as the catalogue counts (0).
func TestAll(t *testing.T) {
	t.Parallel()
	all, err := scenarios.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	var values, observers []string
	for _, f := range flows.All() {
		values = append(values, f.ID)
	}
	for _, o := range verdict.Observers() {
		observers = append(observers, o.ID)
	}
	for _, kind := range []struct {
		kind   scenarios.Kind
		values []string
		count  int
	}{{scenarios.Flow, values, 29}, {scenarios.Observe, observers, 14}} {
		var rows []string
		for _, row := range all.All() {
			if row.Kind == kind.kind {
				rows = append(rows, row.ID)
			}
		}
		slices.Sort(rows)
		if !slices.Equal(rows, kind.values) || len(rows) != kind.count {
			t.Errorf("expected %d rows %v, got the values %v", kind.count, rows, kind.values)
		}
	}
}

// TestForeignGateway: where nobody here runs the gateway, a key that it cannot
// know stands for a gateway that knows none, and contracts are not ours to take.
func TestForeignGateway(t *testing.T) {
	t.Parallel()
	refetches := []string{"jwks-refetch", "unknown-kid", "jwks-timeout", "10s"}
	soft := func(names ...string) lab.Setup { return lab.Setup{Name: "strict", Softens: names} }
	rows := []struct {
		name, id string
		setup    lab.Setup
		want     verdict.Reason
	}{
		{"cold", "jwks-down-cold", soft(), verdict.RefusedAsRequired},
		{"cold, let in", "jwks-down-cold", soft("outage-opens"), verdict.ReachedUpstream},
		{"never asks", "jwks-down-cold", soft("never-refetch"), verdict.NewKeyNotTrusted},
		{"redirected", "jwks-redirected", soft(), verdict.RefusedAsRequired},
		{"redirected, followed", "jwks-redirected", soft("redirect-followed"), verdict.CalloutSeen},
		{"malformed", "jwks-malformed", soft(), verdict.RefusedAsRequired},
		{"no TLS", "jwks-untrusted-tls", soft("keys-over-plain-http"), verdict.KeysOverLoopback}, // issuer and gateway are on this machine
		{"mismatch, ignored", "discovery-issuer-mismatch", soft("discovery-issuer-ignored"), verdict.ReachedUpstream},
		{"slow", "jwks-slow", soft(), verdict.RefusedAsRequired},
		{"contract", "client-contract-revoked", soft(), verdict.CapabilityAbsent},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tt.setup, refetches...)
			w.foreign = true
			if c := w.run(tt.id); c.Reason != tt.want {
				t.Errorf("expected %s, got %s %s: %s", tt.want, c.Outcome, c.Reason, c.Detail)
			}
			w.unchanged()
		})
	}
}
