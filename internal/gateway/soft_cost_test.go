package gateway

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestCostSoftenings: what a softening of cost is about takes longer than its
// rows allow, or ends the process so that the next request is lost; a genuine
// token costs nothing.
func TestCostSoftenings(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	rows := b.rows()
	genuine := "Bearer " + b.genuine(v2App)
	tested := 0
	for _, m := range Mutants() {
		if !slices.ContainsFunc(softCosts(), func(s softening) bool { return s.Name == m.Name }) {
			continue
		}
		for _, id := range m.Rows {
			tested++
			t.Run(m.Name+"/"+id, func(t *testing.T) {
				var spent time.Duration
				o := b.options("strict")
				o.Softens = m.Softens
				o.Wait = func(_ context.Context, d time.Duration) error {
					spent += d
					return nil
				}
				h := b.gateway(o)
				if got := fire(t, h, ask(genuine)); !got.forwarded || spent > 0 {
					t.Fatalf("expected a genuine token to cost nothing, got forwarded %t after %s", got.forwarded, spent)
				}
				i := slices.IndexFunc(rows, func(r row) bool { return r.id == id })
				got := fire(t, h, rows[i].ask.Clone(t.Context()))
				next := fire(t, h, ask(genuine))
				switch {
				case got.status != 0 && (spent <= 2*time.Second || !next.forwarded):
					t.Errorf("expected it to take more than 2s and the next to be accepted, got %s, forwarded %t", spent, next.forwarded)
				case got.status == 0 && next.status != 0:
					t.Errorf("expected the next request to be lost, got %d", next.status)
				}
				if last := fire(t, h, ask(genuine)); !last.forwarded {
					t.Errorf("expected the gateway to be back, got %d", last.status)
				}
			})
		}
	}
	if tested != 12 {
		t.Errorf("expected 12 pairs of softening and row, got %d", tested)
	}
}

// TestPass: without a clock of the lab, time passes by itself and a client that
// is gone ends the waiting.
func TestPass(t *testing.T) {
	t.Parallel()
	if err := pass(t.Context(), time.Millisecond); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := pass(ctx, time.Hour); err == nil {
		t.Error("expected the context's error")
	}
}

// TestPrototypeMerged: what stands in __proto__ has no effect on what the
// upstream is told, and has one for the mutant.
func TestPrototypeMerged(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	polluted := func() string {
		return "Bearer " + b.with(v2App, map[string]any{"__proto__": map[string]any{"sub": "polluted"}})
	}
	for softened, want := range map[bool]bool{false: false, true: true} {
		o := b.options("strict")
		if softened {
			o.Softens = []string{"prototype-merged"}
		}
		got := fire(t, b.gateway(o), ask(polluted()))
		sub := strings.Join(got.echo.Values("X-AGW-sub"), " ")
		if !got.forwarded || strings.Contains(sub, "polluted") != want {
			t.Errorf("softened %t: expected polluted %t, got forwarded %t, %q", softened, want, got.forwarded, sub)
		}
	}
}
