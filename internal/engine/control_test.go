package engine_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/verdict"
)

// TestRefusalBetweenControls: a refusal passes between two accepted controls
// of its kind and nowhere else (design 5.1), and what was let in fails
// whatever the controls say (5.2).
func TestRefusalBetweenControls(t *testing.T) {
	t.Parallel()
	controlsUntil := func(n int, other func(visit)) func(visit) {
		return func(v visit) {
			if v.control() && v.N > n {
				other(v)
				return
			}
			careful(v)
		}
	}
	refused := func(v visit) { v.refuse(http.StatusUnauthorized) }
	lets := func(script func(visit)) func(visit) {
		return func(v visit) {
			if v.Case == "none/dev" {
				v.admit()
				return
			}
			script(v)
		}
	}
	rows := []struct {
		name   string
		script func(visit)
		want   verdict.Reason
	}{
		{"accepted on both sides", careful, verdict.RefusedAsRequired},
		{"turned to refusing", controlsUntil(3, refused), verdict.ControlLost},
		{"refused on both sides", controlsUntil(0, refused), verdict.ControlRefused},
		{"route gone", controlsUntil(3, func(v visit) { v.refuse(http.StatusNotFound) }), verdict.ControlLost},
		{"no route", controlsUntil(0, func(v visit) { v.refuse(http.StatusNotFound) }), verdict.ControlUnproven},
		{"a failing backend", controlsUntil(0, func(v visit) { v.refuse(http.StatusBadGateway) }), verdict.ControlUnproven},
		{"controls limited", controlsUntil(3, func(v visit) { v.refuse(http.StatusTooManyRequests) }), verdict.ControlLost},
		{"a stranger's 200 to the last control", controlsUntil(3, func(v visit) { v.refuse(http.StatusOK) }), verdict.ControlLost},
		{"let in, controls accepted", lets(careful), verdict.ReachedUpstream},
		{"let in, controls refused", lets(controlsUntil(0, refused)), verdict.ReachedUpstream},
		{"let in, no route for controls", lets(controlsUntil(0, func(v visit) { v.refuse(http.StatusNotFound) })), verdict.ReachedUpstream},
		{"a stranger's 200 to the case", func(v visit) {
			if v.Case == "none/dev" {
				v.refuse(http.StatusOK)
				return
			}
			careful(v)
		}, verdict.AcceptedForbidden},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tt.script, devOnly()...)
			w.run(noneRow)
			w.want("none/dev", tt.want)
		})
	}
}

// TestControlAfter25: of one kind, at most 25 refusals lie between two
// controls; they are settled as soon as the next is accepted (design 5.1).
func TestControlAfter25(t *testing.T) {
	t.Parallel()
	w := newWorld(t, careful, append(devOnly(), "{concurrency: 4}", "{concurrency: 1}")...)
	w.run(manyRefusals(60))
	if n := w.count(verdict.RefusedAsRequired); n != 60 {
		t.Errorf("expected 60 refusals to pass, got %d", n)
	}
	var when []string
	for _, s := range w.controls["control/dev/v2-app"] {
		when = append(when, s.When)
	}
	if want := []string{"start", "start", "start", "after 25 refusals", "after 25 refusals", "end"}; !slices.Equal(when, want) {
		t.Errorf("expected controls %v, got %v", want, when)
	}
	run, longest := 0, 0
	for _, id := range w.order {
		if run++; strings.HasPrefix(id, "control/") {
			run = 0
		}
		longest = max(longest, run)
	}
	if longest > 25 {
		t.Errorf("expected at most 25 requests without a control, got %d", longest)
	}
}

// TestControlLostMidRun: a gateway that turns to denying in mid-run passes no
// refusal after its last good control, and firing goes on (design 5.1, 5.2).
func TestControlLostMidRun(t *testing.T) {
	t.Parallel()
	served := 0
	w := newWorld(t, func(v visit) {
		if served++; served > 40 {
			v.refuse(http.StatusUnauthorized)
			return
		}
		careful(v)
	}, append(devOnly(), "{concurrency: 4}", "{concurrency: 1}")...)
	w.run(manyRefusals(60))
	passed, lost, refused := w.count(verdict.RefusedAsRequired), w.count(verdict.ControlLost), w.count(verdict.ControlRefused)
	if passed != 25 || lost != 25 || refused != 10 {
		t.Errorf("expected 25 passed, 25 between, 10 behind the loss, got %d, %d, %d", passed, lost, refused)
	}
	for id, n := range w.counts {
		if !strings.HasPrefix(id, "control/") && n != 1 {
			t.Errorf("%s: expected one request, got %d", id, n)
		}
	}
}

// TestOneClientRefused: a control that fails for one client only vouches for
// no row of that client, and for those of the others (issue 3, bad input).
func TestOneClientRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(v visit) {
		if v.Client == bothID {
			v.refuse(http.StatusForbidden)
			return
		}
		careful(v)
	}, devOnly()...)
	w.run(goodRow + noneRow + foreignRow)
	w.want("good/dev", verdict.AcceptedAsRequired)
	w.want("none/dev", verdict.RefusedAsRequired)
	w.want("foreign/dev/from-uat", verdict.ControlRefused)
	if got := w.cases["foreign/dev/from-uat"].Control.ID; got != "control/dev/v2-app/both" {
		t.Errorf("expected the control of the client of both, got %s", got)
	}
}

// TestReadiness: a control is fired until three answers in a row are equal,
// before anything is judged, and never without end (design 5.4); what came
// before it settled proves nothing.
func TestReadiness(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name   string
		ready  func(n int) bool
		states string
		want   verdict.Reason
	}{
		{"ready", func(int) bool { return true }, "accepted accepted accepted accepted", verdict.AcceptedAsRequired},
		{"wakes up", func(n int) bool { return n > 2 }, "none none accepted accepted accepted accepted", verdict.AcceptedAsRequired},
		{"never", func(int) bool { return false }, "refused refused refused refused", verdict.RefusedGenuine},
		{"every other time", func(n int) bool { return n%2 == 1 }, strings.TrimSpace(strings.Repeat("accepted refused ", 6)) + " accepted", verdict.AcceptedAsRequired},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(v visit) {
				if v.control() && !tt.ready(v.N) || !v.control() && !tt.ready(1000+1) {
					v.refuse(http.StatusUnauthorized)
					return
				}
				careful(v)
			}, devOnly()...)
			w.run(goodRow)
			w.want("good/dev", tt.want)
			if got := w.states("control/dev/v2-app"); got != tt.states {
				t.Errorf("expected %s, got %s", tt.states, got)
			}
		})
	}
}

// TestRouteNotProven: 404, 5xx or no answer to the control could not be run;
// an equal refusal of it is a result (design 5.4).
func TestRouteNotProven(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name         string
		script       func(visit)
		row, control verdict.Reason
	}{
		{"404", func(v visit) { v.refuse(http.StatusNotFound) }, verdict.RouteNotProven, verdict.RouteNotProven},
		{"502", func(v visit) { v.refuse(http.StatusBadGateway) }, verdict.RouteNotProven, verdict.RouteNotProven},
		{"503", func(v visit) { v.refuse(http.StatusServiceUnavailable) }, verdict.RouteNotProven, verdict.RouteNotProven},
		{"no answer", func(visit) { panic(http.ErrAbortHandler) }, verdict.RouteNotProven, verdict.RouteNotProven},
		{"401", func(v visit) { v.refuse(http.StatusUnauthorized) }, verdict.RefusedGenuine, verdict.RefusedGenuine},
		{"403", func(v visit) { v.refuse(http.StatusForbidden) }, verdict.RefusedGenuine, verdict.RefusedGenuine},
		{"429", func(v visit) { v.refuse(http.StatusTooManyRequests) }, verdict.RateLimited, verdict.RateLimited},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tt.script, devOnly()...)
			w.run(goodRow + noneRow)
			w.want("good/dev", tt.row)
			for _, s := range w.controls["control/dev/v2-app"] {
				if s.Reason != tt.control {
					t.Errorf("control: expected %s, got %s", tt.control, s.Reason)
				}
			}
			if c := w.cases["none/dev"]; c.Outcome == verdict.Pass || c.Outcome == verdict.Warn {
				t.Errorf("expected no refusal to pass, got %s", c.Reason)
			}
		})
	}
}

// TestUnreachableGateway: a gateway that takes no connection could not be run,
// named, and every case is reported.
func TestUnreachableGateway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, careful, append(devOnly(), "%GATEWAY%/dev", "http://127.0.0.1:1/dev")...)
	w.run(goodRow + noneRow)
	w.want("good/dev", verdict.ConnectionRefused)
	w.want("none/dev", verdict.ConnectionRefused)
}

// TestControlIDs: every shot of a control goes out under an id of its own, so
// that the echo is asked about this one only.
func TestControlIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, careful, devOnly()...)
	w.run(noneRow)
	for i := 1; i <= 4; i++ {
		id := fmt.Sprintf("control/dev/v2-app/shot-%d", i)
		if !slices.Contains(w.order, id) {
			t.Errorf("expected a request %s, got %v", id, w.order)
		}
		if n := len(w.echo.Seen("r", id)); n != 1 {
			t.Errorf("%s: expected one arrival, got %d", id, n)
		}
	}
}

// TestReplicas: each replica has controls of its own; one bad replica does not
// spoil, nor vouch for, the other.
func TestReplicas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(v visit) {
		if strings.HasPrefix(v.r.URL.Path, "/dev/b") {
			v.refuse(http.StatusUnauthorized)
			return
		}
		careful(v)
	}, append(devOnly(), `{url: "%GATEWAY%/dev"}`, `{url: "%GATEWAY%/dev"}, {url: "%GATEWAY%/dev/b"}`)...)
	w.run(noneRow + goodRow)
	w.want("none/dev/gw1", verdict.RefusedAsRequired)
	w.want("none/dev/gw2", verdict.ControlRefused)
	w.want("good/dev/gw1", verdict.AcceptedAsRequired)
	w.want("good/dev/gw2", verdict.RefusedGenuine)
	if c := w.cases["none/dev/gw2"]; c.Replica != "2/2" || c.Control.ID != "control/dev/v2-app/gw2" {
		t.Errorf("expected replica 2/2 and its control, got %s, %s", c.Replica, c.Control.ID)
	}
}

// TestKindFollowsControl: of the kinds that a row can take, one whose control
// is accepted is taken; where none is, the row's own (design 12).
func TestKindFollowsControl(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name    string
		refuses func(visit) bool
		want    string
		reason  verdict.Reason
	}{
		{"own kind", func(visit) bool { return false }, "v2 app", verdict.RefusedAsRequired},
		{"daemons refused", func(v visit) bool { return v.Payload.GetText("idtyp") == "app" || v.Payload.GetText("scp") == "" }, "v2 user", verdict.RefusedAsRequired},
		{"all refused", func(visit) bool { return true }, "v2 app", verdict.ControlRefused},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(v visit) {
				if v.Genuine && tt.refuses(v) {
					v.refuse(http.StatusUnauthorized)
					return
				}
				careful(v)
			}, append(devOnly(), "supports: {user-tokens: false}\n", "")...)
			w.run("- {id: forged, guards: signature, source: mock, base: v2 app home, token: [{edit: {in: signature, flip: 0}}], expect: refuse 401}\n")
			w.want("forged/dev", tt.reason)
			if got := w.cases["forged/dev"].Kind; got != tt.want {
				t.Errorf("expected kind %s, got %s", tt.want, got)
			}
		})
	}
}

// faults of an exchange are told apart and judged by the controls around them.
func TestFaults(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	rows := []struct {
		name string
		odd  func(visit)
		none verdict.Reason // the answer to a request that must be refused
		good verdict.Reason // and to one that must be accepted
	}{
		{"429", func(v visit) { v.refuse(http.StatusTooManyRequests) }, verdict.RateLimited, verdict.RateLimited},
		{"404", func(v visit) { v.refuse(http.StatusNotFound) }, verdict.NotFound, verdict.NotFound},
		{"500", func(v visit) { v.refuse(http.StatusInternalServerError) }, verdict.RefusedByServerError, verdict.ServerError},
		{"reset", func(visit) { panic(http.ErrAbortHandler) }, verdict.RefusedWithoutAnswer, verdict.ServerError},
		{"hang", func(v visit) {
			select {
			case <-hang:
			case <-v.r.Context().Done():
			}
		}, verdict.RefusedWithoutAnswer, verdict.ServerError},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(v visit) {
				if !v.control() {
					tt.odd(v)
					return
				}
				careful(v)
			}, devOnly()...)
			w.engine.Prober = &probe.Prober{Timeout: shortWhile}
			w.run(noneRow + goodRow)
			w.want("none/dev", tt.none)
			w.want("good/dev", tt.good)
			for _, id := range []string{"none/dev", "good/dev"} {
				if w.counts[id] != 1 {
					t.Errorf("%s: expected one request, got %d", id, w.counts[id])
				}
			}
		})
	}
}
