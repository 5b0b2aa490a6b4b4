package lab

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// requireVariable names the programs that must be there: the words of a
// comma-separated list.
const requireVariable = "ENTRAPROOF_REQUIRE"

// optional skips a test that lacks a program, unless the environment says, by
// one of its names, that it must not.
func optional(t *testing.T, why error, names ...string) {
	t.Helper()
	required := strings.Split(os.Getenv(requireVariable), ",")
	for _, name := range names {
		if slices.Contains(required, name) {
			t.Fatalf("%s is required: %v", name, why)
		}
	}
	t.Skip(why)
}

// openEngine is the engine of this machine, with a run of its own.
func openEngine(t *testing.T) *Engine {
	t.Helper()
	e, err := OpenEngine(t.Context(), EngineOptions{})
	var broken *EngineError
	if errors.As(err, &broken) && (broken.Problem == EngineMissing || broken.Problem == EngineForbidden || broken.Problem == EngineElsewhere) {
		optional(t, errors.New(err.Error()+": "+broken.Problem.Remedy()), "docker")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		wantRunGone(t, e.run)
		for _, part := range []string{"inside", "dying"} {
			recipe, _ := contained(part)
			_ = e.pool.Client.RemoveImage(recipe.ImageName("")) // not built by every test, and in use by some
		}
	})
	return e
}

// wantRunGone checks that the engine holds nothing of a run.
func wantRunGone(t *testing.T, run string) {
	t.Helper()
	for _, left := range inventory(t, run) {
		t.Errorf("run %s has left %s", run, left)
	}
}

// inventory is what the engine holds of a run.
func inventory(t *testing.T, run string) []string {
	t.Helper()
	ctx := context.WithoutCancel(t.Context()) // it is also asked when the test has ended
	e, err := ConnectEngine(ctx, EngineOptions{})
	if err != nil {
		t.Fatal(err)
	}
	containers, err := e.containers(ctx)
	if err != nil {
		t.Fatal(err)
	}
	networks, err := e.pool.Client.ListNetworks()
	if err != nil {
		t.Fatal(err)
	}
	var held []string
	for _, c := range containers {
		if c.Labels[runLabel] == run {
			held = append(held, "container "+strings.Join(c.Names, " "))
		}
	}
	for _, n := range networks {
		if n.Labels[runLabel] == run {
			held = append(held, "network "+n.Name)
		}
	}
	return held
}

// newStage is a rig without a gateway, whose issuer has the name by which
// containers meet it.
func newStage(t *testing.T) *rig {
	t.Helper()
	g := &rig{t: t}
	g.publish.Store(2)
	g.keySet = httptest.NewServer(http.HandlerFunc(g.serveKeys))
	t.Cleanup(g.keySet.Close)
	g.secure = httptest.NewUnstartedServer(http.HandlerFunc(g.serveKeys))
	g.secure.TLS = &tls.Config{Certificates: []tls.Certificate{namedCertificate(t)}}
	g.secure.StartTLS()
	t.Cleanup(g.secure.Close)
	g.upstream = httptest.NewServer(http.HandlerFunc(g.receive))
	t.Cleanup(g.upstream.Close)
	return g
}

// namedCertificate holds for loopback and for issuerHost.
func namedCertificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: issuerHost}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{issuerHost}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// TestContainersDoAsProcessesDo sends the same tokens to each gateway, once as a
// process and once as a container. All rows in all modes are what lab run
// compares.
func TestContainersDoAsProcessesDo(t *testing.T) {
	e := openEngine(t)
	tokens := map[string]claims{
		"v1-user": genuine("v1", "user"), "v2-user": genuine("v2", "user"),
		"v1-app": genuine("v1", "app"), "v2-app": genuine("v2", "app"),
		"other-environment": genuine("v2", "user").with(claims{"aud": otherID, "scp": "UAT.Access"}),
		"no-contract":       genuine("v2", "user").with(claims{"azp": stranger}),
		"expired":           genuine("v2", "user").with(claims{"exp": time.Now().Add(-time.Hour).Unix()}),
	}
	for _, r := range Recipes() {
		t.Run(r.Name, func(t *testing.T) {
			g := newStage(t)
			answers := map[string][]string{}
			for _, engine := range []*Engine{nil, e} {
				g.gateway = startInstalled(t, Options{Recipe: r, Mode: FixedAudience, Site: g.site(), Engine: engine})
				for name, c := range tokens {
					answers[name] = append(answers[name], g.bearer(c.token(t, 0)).outcome())
				}
			}
			for name, got := range answers {
				if got[0] != got[1] {
					t.Errorf("%s: as a process %s, as a container %s; its log:\n%s", name, got[0], got[1], g.gateway.Log())
				}
			}
			if got := answers["v2-user"][1]; got != "accepted" {
				t.Errorf("genuine token: expected accepted, got %s; its log:\n%s", got, g.gateway.Log())
			}
		})
	}
}
