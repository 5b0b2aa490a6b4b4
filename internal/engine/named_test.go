package engine_test

import (
	"context"
	"sync"
	"testing"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/mockidp/mint"
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

// TestNeighbourOfAnotherVersion: an environment with a v1 registration is a
// neighbour of one with a v2 registration, by a token of its own version.
func TestNeighbourOfAnotherVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, careful, "uris: [api://orders.uat], version: 2", "uris: [api://orders.uat], version: 1")
	var got []engine.Neighbour
	w.plan.Flows = []engine.Flow{{ID: "my-flow", Run: func(ctx context.Context, s *engine.Stage) error {
		if s.Case.Home.Name != "dev" {
			return nil
		}
		var err error
		got, err = s.Neighbours(ctx)
		return err
	}}}
	w.run(flowRow)
	if len(got) != 1 || got[0].Name != "uat" {
		t.Fatalf("expected uat, got %d neighbours", len(got))
	}
	_, payload, err := mint.Decode(got[0].Token)
	if err != nil {
		t.Fatal(err)
	}
	if aud, ver := payload.GetText("aud"), payload.GetText("ver"); aud != "api://orders.uat" || ver != "1.0" {
		t.Errorf("expected a v1 token for uat, got %s for %s", ver, aud)
	}
}
