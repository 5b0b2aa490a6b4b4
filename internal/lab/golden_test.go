package lab

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestConfigurationsAreAsReviewed(t *testing.T) {
	sites := map[string]Site{"wide": wide(), "narrow": narrow()}
	for _, r := range Recipes() {
		for _, m := range Modes() {
			for size, site := range sites {
				name := r.Name + "-" + string(m) + "-" + size
				t.Run(name, func(t *testing.T) { golden(t, name, rendered(t, r, m, site)) })
			}
		}
	}
}

// rendered is the recipe's configuration; the other files are only counted.
func rendered(t *testing.T, r Recipe, m Mode, s Site) string {
	t.Helper()
	if r.FixedSkew {
		s.Skew = 0
	}
	p, err := newPage(r, m, s)
	if err != nil {
		t.Fatal(err)
	}
	p.Listen = endpoint{Host: "127.0.0.1"}
	dir := t.TempDir()
	if err := r.render(dir, p); err != nil {
		t.Fatal(err)
	}
	for _, k := range p.Keys {
		pem, err := os.ReadFile(filepath.Join(dir, k.FileName))
		if r.KeySet == StaticKeys && (err != nil || string(pem) != k.PEM) {
			t.Errorf("key %s: got %q, %v", k.KeyID, pem, err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, strings.TrimSuffix(r.config, ".tmpl")))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got; -update writes it):\n%s", path, diff)
	}
}
