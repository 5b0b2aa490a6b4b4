package gateway

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestSetups: the table of design.md 5, each one built.
func TestSetups(t *testing.T) {
	t.Parallel()
	want := strings.Fields("oidc-client-check oidc-check-skipped fix1-as-written fix1 fix2 fix2-roles both both-issuer strict accept-all deny-all wrong-path turns-deny")
	if got := SetupNames(); !slices.Equal(got, want) {
		t.Errorf("expected %v, got %v", want, got)
	}
	b := newBench(t)
	for _, s := range Setups() {
		if s.Title == "" || s.MuleSoft != (len(s.Chain) > 0) {
			t.Errorf("%s: expected a title, and a chain of MuleSoft's policies alone, got %+v", s.Name, s)
		}
		b.gateway(b.options(s.Name))
	}
}

// TestHarnessSetups: the set-ups that only the checks of the harness use.
func TestHarnessSetups(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	good := b.genuine(v2App)
	for setup, status := range map[string]int{"accept-all": 200, "deny-all": 401, "wrong-path": 404} {
		for _, r := range []*http.Request{bearerOf(good), ask(), askFor("POST", "/elsewhere")} {
			if got := fire(t, b.gateway(b.options(setup)), r); got.status != status {
				t.Errorf("%s: expected %d, got %d", setup, status, got.status)
			}
		}
	}
	o := b.options("turns-deny")
	o.DeniesAfter = 3
	h := b.gateway(o)
	for i, want := range []bool{true, false, true, false, false} {
		r := bearerOf(good)
		if i == 1 {
			r = ask()
		}
		if got := fire(t, h, r); got.forwarded != want {
			t.Errorf("turns-deny: request %d: expected forwarded %t, got %t", i+1, want, got.forwarded)
		}
	}
}
