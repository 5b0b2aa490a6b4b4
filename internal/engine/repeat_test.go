package engine_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// repeated rows: a critical refusal, the same in a line of its own, and two
// that are not repeated.
const (
	criticalRow = "- {id: critical, guards: placement, source: real, severity: critical, base: none, expect: refuse 401}\n"
	aloneRow    = "- {id: alone, guards: placement, source: real, severity: critical, serial: true, base: none, request: {method: PUT}, expect: refuse 401}\n"
	highRow     = "- {id: high, guards: placement, source: real, severity: high, base: none, request: {method: POST}, expect: refuse 401}\n"
	openRow     = "- {id: open, guards: audience, source: real, severity: critical, base: v2 app home, request: {method: GET}, expect: accept}\n"
)

// TestRepeat fires critical refusals four times at a gateway of several
// replicas and holds what they come to together.
func TestRepeat(t *testing.T) {
	t.Parallel()
	drop := func(v visit) {
		if c, _, err := v.w.(http.Hijacker).Hijack(); err == nil {
			c.Close()
		}
	}
	admit, refuse := visit.admit, func(v visit) { v.refuse(http.StatusUnauthorized) }
	for _, tt := range []struct {
		name     string
		replicas []func(visit) // by the number of the repeat
		reason   verdict.Reason
		outcome  verdict.Outcome
		detail   string
		shots    []verdict.Reason
	}{
		{"all refuse", []func(visit){refuse, refuse, refuse, refuse}, verdict.RefusedAsRequired, verdict.Pass, "", []verdict.Reason{verdict.RefusedAsRequired, verdict.RefusedAsRequired, verdict.RefusedAsRequired, verdict.RefusedAsRequired}},
		{"the third lets in", []func(visit){refuse, refuse, admit, refuse}, verdict.ReplicasDisagree, verdict.Fail, "let in 1 times of 4", []verdict.Reason{verdict.RefusedAsRequired, verdict.RefusedAsRequired, verdict.ReachedUpstream, verdict.RefusedAsRequired}},
		{"all let in", []func(visit){admit, admit, admit, admit}, verdict.ReachedUpstream, verdict.Fail, "", []verdict.Reason{verdict.ReachedUpstream, verdict.ReachedUpstream, verdict.ReachedUpstream, verdict.ReachedUpstream}},
		{"another status is no disagreement", []func(visit){refuse, refuse, func(v visit) { v.refuse(http.StatusForbidden) }, refuse}, verdict.RefusedWithToleratedStatus, verdict.Warn, "", []verdict.Reason{verdict.RefusedAsRequired, verdict.RefusedAsRequired, verdict.RefusedWithToleratedStatus, verdict.RefusedAsRequired}},
		{"a hole is not undone by silence", []func(visit){drop, admit, drop, drop}, verdict.ReplicasDisagree, verdict.Fail, "let in 1 times of 4", []verdict.Reason{verdict.RefusedWithoutAnswer, verdict.ReachedUpstream, verdict.RefusedWithoutAnswer, verdict.RefusedWithoutAnswer}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			connections := map[string]bool{}
			w := newWorld(t, func(v visit) {
				if v.control() || v.Case == "open/dev" || v.Case == "high/dev" {
					careful(v)
					return
				}
				mu.Lock()
				connections[v.r.RemoteAddr] = true
				mu.Unlock()
				number := 0
				if _, n, found := strings.Cut(v.Case, "/repeat-"); found {
					number = int(n[0] - '1')
				}
				tt.replicas[number](v)
			}, devOnly()...)
			w.plan.Repeat = 4
			w.run(criticalRow + aloneRow + highRow + openRow)
			for _, id := range []string{"critical/dev", "alone/dev"} {
				c := w.cases[id]
				if c.Reason != tt.reason || c.Grade() != tt.outcome || (tt.detail != "" && c.Detail != tt.detail) {
					t.Errorf("%s: expected %s, %s, %q, got %s, %s, %q", id, tt.outcome, tt.reason, tt.detail, c.Grade(), c.Reason, c.Detail)
				}
				if c.FalseAccept() != (tt.outcome == verdict.Fail) {
					t.Errorf("%s: expected a false accept where it fails", id)
				}
				var got []verdict.Reason
				for _, s := range c.Repeats {
					got = append(got, s.Reason)
				}
				if diff := cmp.Diff(tt.shots, got); diff != "" {
					t.Errorf("%s: %s", id, diff)
				}
			}
			for _, id := range []string{"high/dev", "open/dev"} {
				if n := len(w.cases[id].Repeats); n != 0 || w.counts[id] != 1 {
					t.Errorf("%s: expected one request, got %d and %d repeats", id, w.counts[id], n)
				}
			}
			if len(connections) != 8 {
				t.Errorf("expected a connection for each of 8 requests, got %d", len(connections))
			}
		})
	}
}

// TestRepeatNeedsControls: repeats prove no more than one shot does where the
// control is refused.
func TestRepeatNeedsControls(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(v visit) { v.refuse(http.StatusUnauthorized) }, devOnly()...)
	w.plan.Repeat = 3
	w.run(criticalRow)
	w.want("critical/dev", verdict.ControlRefused)
	if n := len(w.cases["critical/dev"].Repeats); n != 3 {
		t.Errorf("expected 3 repeats, got %d", n)
	}
}

// results collects what a run finds.
type results struct {
	mu    sync.Mutex
	cases map[string]reports.Case
}

func (r *results) Case(c reports.Case) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cases[c.ID] = c
	return nil
}

func (r *results) Control(reports.Control) error { return nil }

// flapping is an environment of the embedded target behind two replicas: one is
// strict, one lets everything in, as if it had not been deployed anew. Behind
// the balancer they take turns at each case's requests.
type flapping struct {
	lab                    *lab.Embedded
	target                 *targets.File
	strict, unfixed, front string
}

func newFlapping(t *testing.T) *flapping {
	t.Helper()
	e, err := lab.NewEmbedded(targets.Default())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	f := &flapping{lab: e}
	for setup, address := range map[string]*string{"strict": &f.strict, "accept-all": &f.unfixed} {
		served, stop, err := e.Serve(lab.Setup{Name: setup})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
		f.target, *address = served, served.Environment("dev").Gateways[0].URL
	}
	var mu sync.Mutex
	turns := map[string]int{}
	balancer := httptest.NewServer(&httputil.ReverseProxy{
		Transport: &http.Transport{DisableKeepAlives: true},
		Rewrite: func(r *httputil.ProxyRequest) {
			id, _, _ := strings.Cut(r.In.Header.Get(probe.CaseHeader), "/repeat-")
			mu.Lock()
			turns[id]++
			r.Out.URL.Host = host(t, []string{f.strict, f.unfixed}[turns[id]%2])
			mu.Unlock()
			r.Out.URL.Scheme = "http"
		},
	})
	t.Cleanup(balancer.Close)
	f.front = strings.Replace(f.strict, host(t, f.strict), host(t, balancer.URL), 1)
	f.target.Environments = slices.DeleteFunc(f.target.Environments, func(e *targets.Environment) bool { return e.Name == "test" })
	return f
}

func host(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// run fires critical built-in refusals at dev.
func (f *flapping) run(t *testing.T, g targets.Gateway, repeat int) map[string]reports.Case {
	t.Helper()
	for _, e := range f.target.Environments {
		if e.Gateways = nil; e.Name == "dev" {
			e.Gateways = []targets.Gateway{g}
		}
	}
	all, err := scenarios.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := all.Select(scenarios.Selection{IDs: []string{"alg-none", "auth-missing", "aud-other-only", "sig-bit-flipped"}, Severities: []string{"critical"}})
	if err != nil {
		t.Fatal(err)
	}
	x := scenarios.Expansion{Target: f.target}
	sink := &results{cases: map[string]reports.Case{}}
	run := (&engine.Engine{Tokens: f.lab.Issuer, Seen: f.lab.Seen}).Start(t.Context(), engine.Plan{Expansion: x, Cases: x.Expand(rows), Run: "r", Repeat: repeat, Sink: sink})
	if _, err := run.End(); err != nil {
		t.Fatal(err)
	}
	if len(sink.cases) < 3 {
		t.Fatalf("expected cases, got %d", len(sink.cases))
	}
	return sink.cases
}

// TestFlappingGateway is self-flapping-gateway (catalogue 8): one replica of two
// is unfixed. Behind a balancer repeats notice it in every critical refusal;
// where the target lists the replicas, the bad one is named and the good one
// passes, without a repeat.
func TestFlappingGateway(t *testing.T) {
	t.Parallel()
	f := newFlapping(t)
	for id, c := range f.run(t, targets.Gateway{URL: f.front}, 4) {
		if c.Grade() != verdict.Fail || c.Reason != verdict.ReplicasDisagree || c.Detail != "let in 2 times of 4" || !c.FalseAccept() || len(c.Repeats) != 4 {
			t.Errorf("%s: expected that the replicas disagree in 4 repeats, got %s, %s (%s) in %d", id, c.Grade(), c.Reason, c.Detail, len(c.Repeats))
		}
	}
	for id, c := range f.run(t, targets.Gateway{URL: f.strict, Replicas: []string{host(t, f.strict), host(t, f.unfixed)}}, 0) {
		want, replica := verdict.Pass, "1/2"
		if strings.Contains(id, "/gw2") {
			want, replica = verdict.Fail, "2/2"
		}
		if c.Grade() != want || c.Replica != replica {
			t.Errorf("%s: expected %s of replica %s, got %s, %s (%s) of %s", id, want, replica, c.Grade(), c.Reason, c.Detail, c.Replica)
		}
	}
}
