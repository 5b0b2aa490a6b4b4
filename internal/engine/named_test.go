package engine_test

import (
	"sync"
	"testing"

	"github.com/entraproof/entraproof/internal/probe"
)

// TestNamedToken: ${control} is what the environment lets in, beside the token
// of another one; ${run} and ${case} name the case in a request that the row
// writes whole.
func TestNamedToken(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	type seen struct{ audience, first, second, run string }
	got := map[string]seen{}
	w := newWorld(t, func(v visit) {
		if v.control() {
			careful(v)
			return
		}
		values := append(v.r.Header.Values("Authorization"), "", "")
		mu.Lock()
		got[v.Case] = seen{v.Audience, values[0], values[1], v.r.Header.Get(probe.RunHeader)}
		mu.Unlock()
		v.refuse(401)
	}, devOnly()...)
	w.run(`- id: two-tokens
  guards: audience
  source: real
  base: exactly v2 app other
  request: {authorization: ["Bearer ${control}", "Bearer ${token}"]}
  expect: refuse 401
- id: whole
  guards: placement
  source: real
  base: none
  request: {bytes: "GET ${home.route.path} HTTP/1.1\r\nHost: ${home.host}\r\nX-Entraproof-Run: ${run}\r\nX-Entraproof-Case: ${case}\r\nConnection: close\r\n\r\n"}
  expect: refuse 401
`)
	two := got["two-tokens/dev/from-uat"]
	if two.audience != devAudience || two.first == two.second || len(two.second) < len("Bearer a.b.c") {
		t.Errorf("expected dev's token and uat's, got %d and %d bytes, the first for %s", len(two.first), len(two.second), two.audience)
	}
	if whole, ok := got["whole/dev"]; !ok || whole.run != "r" {
		t.Errorf("expected the request to name its run and case, got %v", got)
	}
}
