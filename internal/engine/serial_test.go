package engine_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// ownIssuer gives the source an issuer of its own, for tests that change it.
func (w *world) ownIssuer() *mockidp.Issuer {
	w.t.Helper()
	issuer, err := mockidp.New(mockidp.Config{Addr: mockidp.Off, TLSAddr: mockidp.Off, ManagementAddr: mockidp.Off})
	if err != nil {
		w.t.Fatal(err)
	}
	w.source.Authority = issuer
	return issuer
}

// TestNext: `next: accept` looks at the control right after the case.
func TestNext(t *testing.T) {
	t.Parallel()
	const row = "- {id: bomb, guards: cost, source: real, base: none, expect: {refuse: [401], next: accept}}\n"
	rows := []struct {
		name   string
		script func(visit)
		want   verdict.Reason
	}{
		{"alive", careful, verdict.RefusedAsRequired},
		{"dead after it", func(v visit) {
			if v.control() && v.site.firedBefore("bomb/dev") {
				v.refuse(http.StatusServiceUnavailable)
				return
			}
			careful(v)
		}, verdict.ControlAfterRefused},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tt.script, devOnly()...)
			w.run(row)
			w.want("bomb/dev", tt.want)
			if got := w.order[4]; got != "control/dev/v2-app/shot-4" {
				t.Errorf("expected the control right after the case, got %v", w.order)
			}
		})
	}
}

// TestNextAfterNext: a case that stopped the gateway for one request does not
// spoil the verdict on the next case, which has a control of its own before it;
// a gateway that stays down is blamed on the case that stopped it alone.
func TestNextAfterNext(t *testing.T) {
	t.Parallel()
	const two = `
- {id: bomb, guards: cost, source: real, base: none, expect: {refuse: [401], next: accept}}
- {id: bomc, guards: cost, source: real, base: none, expect: {refuse: [401], next: accept}}
`
	for name, row := range map[string]struct {
		stays  bool
		second verdict.Reason
	}{
		"back for the request after": {false, verdict.ControlAfterRefused},
		"stays down":                 {true, verdict.ControlUnproven},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var down atomic.Bool
			w := newWorld(t, func(v visit) {
				switch {
				case !v.control():
					down.Store(true)
					careful(v)
				case down.Load():
					down.Store(row.stays)
					v.refuse(http.StatusServiceUnavailable)
				default:
					careful(v)
				}
			}, devOnly()...)
			w.run(two)
			w.want("bomb/dev", verdict.ControlAfterRefused)
			w.want("bomc/dev", row.second)
		})
	}
}

// firedBefore reports whether a case has been fired.
func (w *world) firedBefore(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.counts[id] > 0
}

// TestSerial: rows that run alone run one after the other, with nothing beside
// them, and keep the rule of 25.
func TestSerial(t *testing.T) {
	t.Parallel()
	var under atomic.Int64
	second := make(chan struct{}, 64)
	w := newWorld(t, func(v visit) {
		if under.Add(1) > 1 {
			second <- struct{}{}
		}
		defer under.Add(-1)
		if strings.HasSuffix(v.Case, "v1003") { // what runs beside it would come now
			select {
			case <-second:
				v.refuse(http.StatusTeapot)
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
		careful(v)
	}, devOnly()...)
	w.run(strings.Replace(manyRefusals(30), "  base: none\n", "  base: none\n  serial: true\n", 1))
	if n := w.count(verdict.RefusedAsRequired); n != 30 {
		t.Errorf("expected 30 to pass one by one, got %d", n)
	}
	if got := w.states("control/dev/v2-app"); got != "accepted accepted accepted accepted accepted" {
		t.Errorf("expected a control after 25 of 30, got %s", got)
	}
}

// TestCallout: a call-out is a failure; none seen proves something only where
// the gateway was shown to reach the listener (design 12).
func TestCallout(t *testing.T) {
	t.Parallel()
	const row = "- {id: jku, guards: key, source: mock, base: v2 app home, token: [{set: {in: header, jku: \"http://${callout.host}/callout/jku\"}}], expect: {refuse: [401], callout: false}}\n"
	rows := []struct {
		name          string
		before, after map[string]int
		failBefore    bool
		want          verdict.Reason
	}{
		{"called out", map[string]int{"/t/discovery/keys 127.0.0.1": 1}, map[string]int{"/t/discovery/keys 127.0.0.1": 1, "/callout/jku 127.0.0.1": 1}, false, verdict.CalloutSeen},
		{"once more", map[string]int{"/callout/jku 127.0.0.1": 1}, map[string]int{"/callout/jku 127.0.0.1": 2}, false, verdict.CalloutSeen},
		{"could, and did not", map[string]int{"/t/discovery/keys 127.0.0.1": 1}, map[string]int{"/t/discovery/keys 127.0.0.1": 1}, false, verdict.RefusedAsRequired},
		{"an earlier one is none", map[string]int{"/callout/jku 127.0.0.1": 1, "/t/discovery/keys 127.0.0.1": 1}, map[string]int{"/callout/jku 127.0.0.1": 1, "/t/discovery/keys 127.0.0.1": 1}, false, verdict.RefusedAsRequired},
		{"cannot be shown to", map[string]int{}, map[string]int{}, false, verdict.CalloutUnprovable},
		{"the issuer did not tell before", nil, map[string]int{"/callout/jku 127.0.0.1": 1, "/t/discovery/keys 127.0.0.1": 1}, true, verdict.CalloutUnprovable},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, careful, devOnly()...)
			asked := 0
			w.source.counts = func() (map[string]int, error) {
				if asked++; asked == 1 {
					if tt.failBefore {
						return nil, errors.New("down")
					}
					return tt.before, nil
				}
				return tt.after, nil
			}
			w.run(row)
			w.want("jku/dev", tt.want)
		})
	}
}

const stateRow = "- {id: enc, guards: key, source: mock, base: v2 app home, issuer: {keys: [{name: enc, use: enc}]}, token: [{sign: {key: enc}}], expect: refuse 401}\n"

// TestKeySetState: a row's state of the key set holds while it is fired, under
// a lease, and is over right after it.
func TestKeySetState(t *testing.T) {
	t.Parallel()
	w := newWorld(t, careful, devOnly()...)
	issuer := w.ownIssuer()
	var within []mint.PublicKey
	w.script = func(v visit) {
		if v.Case == "enc/dev" {
			within, _ = issuer.Keys(t.Context(), "")
		}
		careful(v)
	}
	before, err := issuer.Keys(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	w.run(stateRow + noneRow)
	w.want("enc/dev", verdict.RefusedAsRequired)
	after, err := issuer.Keys(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if len(within) != len(before)+1 || len(after) != len(before) {
		t.Errorf("expected one more key during the case, got %d, %d, %d", len(before), len(within), len(after))
	}
	if _, err := issuer.Lease(t.Context(), time.Minute); err != nil {
		t.Errorf("expected the lease released, got %v", err)
	}
}

// TestLease: without the lease the row is skipped by name, and so it is where
// the source cannot be changed at all.
func TestLease(t *testing.T) {
	t.Parallel()
	w := newWorld(t, careful, devOnly()...)
	issuer := w.ownIssuer()
	if _, err := issuer.Lease(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	w.run(stateRow)
	w.want("enc/dev", verdict.LeaseMissing)
	if w.counts["enc/dev"] > 0 {
		t.Error("expected nothing fired")
	}
}

// TestWrongState: a state that the issuer cannot take is told, and the lease
// given back.
func TestWrongState(t *testing.T) {
	t.Parallel()
	w := newWorld(t, careful, devOnly()...)
	w.ownIssuer()
	w.run(strings.Replace(stateRow, "use: enc", "use: enc, kid: \"${second.app-id}\"", 1))
	c := w.cases["enc/dev"]
	if c.Outcome == verdict.Pass || w.counts["enc/dev"] > 0 {
		t.Errorf("expected nothing fired, got %s", c.Reason)
	}
	if fmt.Sprint(c.Reason) == "" {
		t.Error("expected a reason")
	}
}
