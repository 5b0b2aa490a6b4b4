package flows_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// namesFirst is a proxy before the world's gateway that tells the upstream one
// client on each connection: the one that called first on it.
func (w *world) namesFirst() {
	w.t.Helper()
	gateway, err := url.Parse(w.target.Environments[0].Gateways[0].URL)
	if err != nil {
		w.t.Fatal(err)
	}
	var first sync.Map // client id by connection
	forward := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: gateway.Host})
	proxy := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if _, claims, err := mint.Decode(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")); err == nil {
			client, _ := first.LoadOrStore(r.RemoteAddr, claims.GetText("azp")+claims.GetText("appid"))
			r.Header.Set("X-Client", client.(string))
		}
		forward.ServeHTTP(rw, r)
	}))
	w.t.Cleanup(proxy.Close)
	w.through(proxy)
}

// TestTwoCallersWhereNobodyAsks: where the client is left open by declaration,
// the second caller may come in, and must not be told as the first.
func TestTwoCallersWhereNobodyAsks(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, setup string
		client      bool // the check is declared
		namesFirst  bool
		want        verdict.Reason
	}{
		{"let in", "accept-all", false, false, verdict.LeftOpenByDeclaration},
		{"refused all the same", "strict", false, false, verdict.LeftOpenByDeclaration},
		{"let in, and the client is declared", "accept-all", true, false, verdict.ReachedUpstream},
		{"told as the first", "accept-all", false, true, verdict.IdentityTakenOver},
		{"the genuine caller refused", "deny-all", false, false, verdict.RefusedGenuine},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, lab.Setup{Name: tt.setup})
			home := w.target.Environments[0]
			home.Declared = true
			home.Enforces = slices.DeleteFunc(targets.Declarable(), func(check string) bool { return check == "client" && !tt.client })
			if tt.namesFirst {
				w.namesFirst()
			}
			c := w.run("state-two-callers-one-connection")
			if c.Reason != tt.want || len(c.Steps) != 4 {
				t.Errorf("expected %s after 4 steps, got %s %s: %s, %d steps", tt.want, c.Outcome, c.Reason, c.Detail, len(c.Steps))
			}
		})
	}
}
