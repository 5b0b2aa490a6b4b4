package suites_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/suites"
)

const (
	managementToken = "management-token-of-this-test"
	workerSecret    = "client-secret-of-the-worker"
	bothSecret      = "client-secret-of-both"
)

// siteFile is a target of two environments; gateways and issuer are filled in.
const siteFile = `
version: 1
name: site
tenant: {id: 7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40}
tokens:
  mock: {url: %s, management: %s, token: "${MANAGEMENT}"}
apis:
  dev-v1: {app-id: 6e740000-0d0e-4a10-8001-0123456789d1, uris: [api://orders.dev], version: 1, scopes: [DEV.Access, DEV.Admin], roles: [DEV.Access]}
  dev-v2: {app-id: 6e740000-0d0e-4a10-8001-0123456789d2, uris: [api://orders.dev.v2], version: 2, scopes: [DEV.Access, DEV.Admin], roles: [DEV.Access]}
  uat-v2: {app-id: 91d00000-0a7a-4a10-8003-0123456789f1, uris: [api://orders.uat], version: 2, scopes: [UAT.Access, UAT.Admin], roles: [UAT.Access]}
environments:
  dev: {api: [dev-v1, dev-v2], gateways: [{url: %s/orders}], routes: {home: GET /v1/ping}}
  uat: {api: uat-v2, gateways: [{url: %s/orders}], routes: {home: GET /v1/ping}}
clients:
  worker: {id: 0d2c0000-0001-4c11-8000-00000000d001, credential: {secret: "${WORKER}"}, contracts: [dev], granted: [dev]}
  both:   {id: 77ab0000-0003-4c11-8000-00000000a003, credential: {secret: "${BOTH}"}, contracts: [dev, uat], granted: [dev, uat]}
accepted: echo
`

// site is an issuer with a management listener and two strict gateways, met
// over HTTP only.
type site struct {
	path   string
	target *suites.Target
	watch  *watch
}

// watch stands in front of the gateways.
type watch struct {
	// denyFrom is the number of the first request that is refused whatever it
	// holds; 0 is none.
	denyFrom int

	mu     sync.Mutex
	n      int
	tokens []string
	denied map[string]bool // case ids
}

func (w *watch) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.n++
		w.tokens = append(w.tokens, r.Header.Values("Authorization")...)
		deny := w.denyFrom > 0 && w.n >= w.denyFrom
		if deny {
			w.denied[r.Header.Get("X-Entraproof-Case")] = true
		}
		w.mu.Unlock()
		if deny {
			rw.WriteHeader(http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(rw, r)
	})
}

// secrets in clients' and issuer's hands, as the target file names them.
func secrets(name string) (string, bool) {
	value, ok := map[string]string{"MANAGEMENT": managementToken, "WORKER": workerSecret, "BOTH": bothSecret}[name]
	return value, ok
}

// newSite starts a site that ends with the test.
func newSite(t *testing.T, w *watch) *site {
	t.Helper()
	w.denied = map[string]bool{}
	issuer := mockidp.Start(t, mockidp.Config{ManagementToken: managementToken, TLSAddr: mockidp.Off})
	listeners := []net.Listener{listen(t), listen(t)}
	s := &site{watch: w, path: filepath.Join(t.TempDir(), "site.yaml")}
	src := fmt.Sprintf(siteFile, issuer.URL(), issuer.ManagementURL(), "http://"+listeners[0].Addr().String(), "http://"+listeners[1].Addr().String())
	if err := os.WriteFile(s.path, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.target, err = suites.LoadTarget(s.path, secrets); err != nil {
		t.Fatal(err)
	}
	echo := &gateway.Echo{}
	for i, env := range s.target.Environments {
		jwks := issuer.URL() + "/" + s.target.Tenant.ID + "/discovery/v2.0/keys"
		handler, err := gateway.New(gateway.Options{
			Setup: "strict", Upstream: echo, Environment: lab.EmulatedEnvironment(s.target, env, env.Gateways[0].URL, jwks),
			Client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		})
		if err != nil {
			t.Fatal(err)
		}
		serve(t, listeners[i], w.guard(handler))
	}
	return s
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func serve(t *testing.T, l net.Listener, h http.Handler) {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	_ = server.Listener.Close()
	server.Listener = l
	server.Start()
	t.Cleanup(server.Close)
}

// closedAddress is one that refuses connections.
func closedAddress(t *testing.T) string {
	t.Helper()
	l := listen(t)
	defer l.Close()
	return "http://" + l.Addr().String()
}

// signatures are the third segments of the tokens that the gateways got.
func (w *watch) signatures() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for _, value := range w.tokens {
		parts := strings.Split(value, ".")
		last := parts[len(parts)-1]
		zeros := strings.Trim(last, "A") == "" // as the catalogue has it, and as padding is written
		if len(parts) == 3 && len(last) >= 40 && !zeros {
			all = append(all, last)
		}
	}
	return all
}
