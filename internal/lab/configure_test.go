package lab

import (
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/entraproof/entraproof/internal/targets"
)

// TestConfigurationsForOthers: whoever runs the container may read what was
// written, and no gateway is told of a socket or a port to ask for.
func TestConfigurationsForOthers(t *testing.T) {
	t.Parallel()
	for _, r := range Recipes() {
		t.Run(r.Name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "gw")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := Configure(Options{Recipe: r, Mode: FixedAudience, Site: wideWithKeys(), Listen: "0.0.0.0:8080"}, dir); err != nil {
				t.Fatal(err)
			}
			err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
				if err != nil {
					return err
				}
				info, err := d.Info()
				if err == nil && info.Mode().Perm()&0o044 != 0o044 {
					t.Errorf("%s: expected readable by all, got %v", path, info.Mode())
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	var unfit *SiteError
	err := Configure(Options{Recipe: haproxy(), Mode: Leaky, Site: wideWithKeys(), Listen: "8080"}, t.TempDir())
	if !errors.As(err, &unfit) || unfit.Field != "listen" {
		t.Errorf("listen: expected a *SiteError, got %v", err)
	}
}

// TestKeysAreAskedOfTheIssuer: each RSA key with the PEM of its own.
func TestKeysAreAskedOfTheIssuer(t *testing.T) {
	t.Parallel()
	g := &rig{t: t}
	g.publish.Store(2)
	issuer := httptest.NewServer(http.HandlerFunc(g.serveKeys))
	t.Cleanup(issuer.Close)
	site := Site{Tenant: rigTenant, IssuerURL: issuer.URL}
	keys, err := site.FetchKeys(t.Context(), issuer.Client())
	if err != nil || len(keys) != 2 {
		t.Fatalf("expected two keys, got %v, %v", keys, err)
	}
	for i, k := range keys {
		if k.KeyID != kid(i) || k.PEM != publicPEM(rigKeys()[i]) {
			t.Errorf("key %d: got %+v", i, k)
		}
	}
	for reason, answer := range map[string]http.HandlerFunc{
		"not-found": http.NotFound,
		"no-json":   func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
	} {
		bad := httptest.NewServer(answer)
		t.Cleanup(bad.Close)
		if _, err := (Site{Tenant: rigTenant, IssuerURL: bad.URL}).FetchKeys(t.Context(), bad.Client()); err == nil {
			t.Errorf("%s: expected an error", reason)
		}
	}
}

func TestSiteOfAnEnvironment(t *testing.T) {
	t.Parallel()
	f := targets.Default()
	for _, e := range f.Environments {
		s := SiteOf(f, e)
		if s.Tenant != f.Tenant.ID || len(s.Audiences) == 0 || len(s.Contracts) == 0 || s.Scope != e.Requires.Scopes[0] {
			t.Errorf("%s: got %+v", e.Name, s)
		}
	}
	if s := SiteOf(f, &targets.Environment{Name: "bare"}); s.Scope != "" || len(s.Audiences) != 0 {
		t.Errorf("bare: got %+v", s)
	}
}
