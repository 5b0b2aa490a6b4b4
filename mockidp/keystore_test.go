package mockidp

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestKeyFileModes: a key file that anybody else can read, or write, is refused,
// each of the three; what only its owner can do anything with is taken.
func TestKeyFileModes(t *testing.T) {
	for _, file := range []string{signingFile, publishedFile, authorityFile} {
		for mode, refused := range map[os.FileMode]bool{0o600: false, 0o400: false, 0o640: true, 0o604: true, 0o620: true, 0o602: true, 0o644: true} {
			cfg := testConfig(t)
			path := filepath.Join(cfg.KeyDir, file)
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
			_, err := New(cfg)
			if (err != nil) != refused || refused && !strings.Contains(err.Error(), "expected mode 0600") {
				t.Errorf("%s %#o: %v", file, mode, err)
			}
		}
	}
}

// TestKeyFilesOverLeftovers: what somebody left where a key file is written does
// not let them read the key.
func TestKeyFilesOverLeftovers(t *testing.T) {
	cfg := testConfig(t)
	i, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var open []*os.File
	for _, file := range []string{signingFile, publishedFile} {
		f, err := os.Create(filepath.Join(cfg.KeyDir, file+".new"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := f.Chmod(0o666); err != nil {
			t.Fatal(err)
		}
		open = append(open, f)
	}
	if _, err := i.Rotate(t.Context(), RotateRequest{}); err != nil {
		t.Fatal(err)
	}
	for _, f := range open {
		if info, err := f.Stat(); err != nil || info.Size() != 0 {
			t.Errorf("%s: %d bytes where others can read them, %v", filepath.Base(f.Name()), info.Size(), err)
		}
	}
	if _, err := New(cfg); err != nil {
		t.Errorf("the next start: %v", err)
	}
}
