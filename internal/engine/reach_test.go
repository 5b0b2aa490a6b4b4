package engine_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/verdict"
)

// stolen forwards the request and hides the upstream's answer.
func stolen(v visit, status int) {
	v.site.echo.ServeHTTP(httptest.NewRecorder(), v.r)
	v.refuse(status)
}

// TestUpstreamDecides: whether the request arrived is the verdict, the status
// grades the refusal (design 5.3); the echo is asked apart from the answer, and
// its silence is never taken for a refusal.
func TestUpstreamDecides(t *testing.T) {
	t.Parallel()
	silent := func(context.Context, string, string) ([]probe.Echo, error) { return nil, errors.New("no echo here") }
	rows := []struct {
		name    string
		odd     func(visit)
		seen    func(context.Context, string, string) ([]probe.Echo, error)
		answer  bool // the echo is asked over HTTP, if at all
		want    verdict.Reason
		reached string
	}{
		{name: "refused, not seen", odd: func(v visit) { v.refuse(401) }, want: verdict.RefusedAsRequired, reached: "not-reached"},
		{name: "refused, other status", odd: func(v visit) { v.refuse(400) }, want: verdict.RefusedWithToleratedStatus, reached: "not-reached"},
		{name: "forwarded, then refused", odd: func(v visit) { stolen(v, 401) }, want: verdict.ReachedUpstream, reached: "forwarded"},
		{name: "forwarded, then 500", odd: func(v visit) { stolen(v, 500) }, want: verdict.ReachedUpstream, reached: "forwarded"},
		{name: "forwarded, then dropped", odd: func(v visit) {
			v.site.echo.ServeHTTP(httptest.NewRecorder(), v.r)
			panic(http.ErrAbortHandler)
		}, want: verdict.ReachedUpstream, reached: "forwarded"},
		{name: "let in", odd: func(v visit) { v.admit() }, want: verdict.ReachedUpstream, reached: "reached"},
		{name: "the echo is silent", odd: func(v visit) { v.refuse(401) }, seen: silent, want: verdict.EchoUnreachable, reached: "unknown"},
		{name: "the echo is silent, let in", odd: func(v visit) { v.admit() }, seen: silent, want: verdict.ReachedUpstream, reached: "reached"},
		{name: "nobody asks the echo", odd: func(v visit) { stolen(v, 401) }, answer: true, want: verdict.RefusedAsRequired, reached: "not-reached"},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(v visit) {
				if v.control() {
					careful(v)
					return
				}
				tt.odd(v)
			}, devOnly()...)
			if tt.seen != nil || tt.answer {
				w.engine.Seen = tt.seen
			}
			w.run(noneRow)
			w.want("none/dev", tt.want)
			if got := string(w.cases["none/dev"].Reached); got != tt.reached {
				t.Errorf("expected %s, got %s", tt.reached, got)
			}
		})
	}
}

// TestEchoOverHTTP: with {echo: URL} the echo is asked at its own address.
func TestEchoOverHTTP(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name   string
		answer func(*world) http.Handler
		want   verdict.Reason
	}{
		{"asked", func(w *world) http.Handler { return w.echo }, verdict.ReachedUpstream},
		{"answers 500", func(*world) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
		}, verdict.EchoUnreachable},
		{"answers something else", func(*world) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) })
		}, verdict.EchoUnreachable},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(v visit) {
				if v.control() {
					careful(v)
					return
				}
				stolen(v, 401)
			}, devOnly()...)
			server := httptest.NewServer(tt.answer(w))
			t.Cleanup(server.Close)
			t.Cleanup(http.DefaultClient.CloseIdleConnections)
			w.engine.Seen = nil
			w.target.Accepted.EchoURL = server.URL
			w.run(noneRow)
			w.want("none/dev", tt.want)
		})
	}
}

// TestMarks: without the echo the backend's answers are known by a mark; a
// refusal counts only without it, and a bare status is at best a warning
// (design 5.3).
func TestMarks(t *testing.T) {
	t.Parallel()
	backend := func(v visit, status int) {
		v.w.Header().Set("X-Backend", "orders")
		v.w.WriteHeader(status)
		_, _ = v.w.Write([]byte("pong of orders"))
	}
	rows := []struct {
		name, accepted string
		odd            func(visit)
		none, good     verdict.Reason
	}{
		{"header", "accepted: {header: {x-backend: orders}}", func(v visit) { v.refuse(401) }, verdict.RefusedAsRequired, verdict.AcceptedAsRequired},
		{"header, the backend's own 401", "accepted: {header: {x-backend: orders}}", func(v visit) { backend(v, 401) }, verdict.ReachedUpstream, verdict.AcceptedAsRequired},
		{"header, let in", "accepted: {header: {x-backend: orders}}", func(v visit) { backend(v, 200) }, verdict.ReachedUpstream, verdict.AcceptedAsRequired},
		{"body", "accepted: {body: {contains: pong}}", func(v visit) { v.refuse(401) }, verdict.RefusedAsRequired, verdict.AcceptedAsRequired},
		{"body, let in", "accepted: {body: {contains: pong}}", func(v visit) { backend(v, 200) }, verdict.ReachedUpstream, verdict.AcceptedAsRequired},
		{"no mark", "", func(v visit) { v.refuse(401) }, verdict.WeakRefusal, verdict.WeakAcceptance},
		{"no mark, let in", "", func(v visit) { backend(v, 200) }, verdict.AcceptedForbidden, verdict.WeakAcceptance},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(v visit) {
				if v.good() {
					backend(v, 200)
					return
				}
				tt.odd(v)
			}, append(devOnly(), "accepted: echo", tt.accepted)...)
			w.engine.Seen = nil
			w.run(noneRow + goodRow)
			w.want("none/dev", tt.none)
			w.want("good/dev", tt.good)
		})
	}
}

// TestRefusedBy: who wrote a refusal is recorded; an acceptance has no refuser.
func TestRefusedBy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, careful, devOnly()...)
	w.run(noneRow + goodRow)
	if a, b := w.cases["none/dev"].RefusedBy, w.cases["good/dev"].RefusedBy; a != "gateway" || b != "" {
		t.Errorf("expected gateway and nobody, got %q and %q", a, b)
	}
}
