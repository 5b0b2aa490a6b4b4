package lab

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp/mint"
)

func newStand(t *testing.T) *Stand {
	t.Helper()
	s, err := NewStand(t.Context(), StandOptions{Target: targets.Default()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// TestStandSite: what a gateway is told of an environment, the secure way to
// the keys included, under both names of the issuer.
func TestStandSite(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	dev := s.options.Target.Environment("dev")
	site, err := s.site(t.Context(), dev, Order{KeyCache: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if len(site.Audiences) != 4 || len(site.Contracts) != 4 || site.Scope != "DEV.Access" || len(site.Keys) != 2 || site.KeyCache != time.Second {
		t.Errorf("expected the environment's registrations, contracts, scope and keys, got %+v", site)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(site.Authority)) {
		t.Fatal("expected the issuer's authority as PEM")
	}
	for _, name := range []string{"", issuerHost} {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: name}, DisableKeepAlives: true}
		resp, err := (&http.Client{Transport: transport}).Get(site.SecureURL + "/" + site.Tenant + "/discovery/v2.0/keys")
		if err != nil {
			t.Fatalf("as %q: %v", name, err)
		}
		if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("as %q: expected 200, got %d", name, resp.StatusCode)
		}
	}
}

// TestStandTarget: the target of a mode says what is known of its gateways, and
// the stand's own is not touched.
func TestStandTarget(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	for _, row := range []struct {
		mode     Mode
		enforces []string
		supports int
	}{
		{Broken, nil, 2},
		{Leaky, nil, 2},
		{FixedAudience, []string{"audience", "client"}, 2},
		{FixedScope, []string{"scope"}, 3},
	} {
		t.Run(string(row.mode), func(t *testing.T) {
			t.Parallel()
			f := s.Target(Order{Recipe: haproxy(), Mode: row.mode, Environments: []string{"uat"}})
			uat, dev := f.Environment("uat"), f.Environment("dev")
			if !slices.Equal(uat.Enforces, row.enforces) || len(f.Supports) != row.supports || f.Name != "haproxy-"+string(row.mode) {
				t.Errorf("got %s, enforces %q, supports %v", f.Name, uat.Enforces, f.Supports)
			}
			if !uat.Judged() || dev.Judged() || !s.options.Target.Environment("dev").Judged() {
				t.Error("expected a gateway for uat alone, and the stand's target as it was")
			}
		})
	}
}

// TestStandStart: a gateway for each environment, below the environment's path,
// and none is left when one cannot be started. What others fetched from the
// issuer before is not counted.
func TestStandStart(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	if _, err := s.options.Finder.Find(t.Context(), haproxy()); err != nil {
		optional(t, err, "haproxy")
	}
	keys, err := http.Get(s.Issuer.JWKSURL(s.options.Target.Tenant.ID, mint.V2))
	if err != nil || keys.Body.Close() != nil {
		t.Fatal(err)
	}
	up, err := s.Start(t.Context(), Order{Recipe: haproxy(), Mode: Leaky, Environments: []string{"dev", "uat"}})
	if err != nil {
		t.Fatal(err)
	}
	if counts, err := s.Issuer.Counters(t.Context()); err != nil || len(counts) != 0 || s.Started.IsZero() {
		t.Errorf("expected nothing counted since a time, got %v since %v, %v", counts, s.Started, err)
	}
	for i, name := range []string{"dev", "uat"} {
		if got, want := up.Target.Environment(name).Gateways[0].URL, up.Running[i].URL+"/orders"; got != want {
			t.Errorf("%s: expected %s, got %s", name, want, got)
		}
	}
	if err := up.Stop(); err != nil {
		t.Error(err)
	}
	for _, r := range up.Running {
		wantGone(t, r)
	}
	broken := *s.options.Target
	broken.Environments = slices.Clone(broken.Environments)
	uat := *broken.Environments[2]
	uat.Requires.Scopes = []string{"a b"}
	broken.Environments[2] = &uat
	s.options.Target = &broken
	_, err = s.Start(t.Context(), Order{Recipe: haproxy(), Mode: FixedScope, Environments: []string{"dev", "uat"}})
	if err == nil || !strings.Contains(err.Error(), "scope") {
		t.Errorf("expected an error about the scope, got %v", err)
	}
}
