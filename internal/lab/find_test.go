package lab

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// nowhere is a finder on a machine without any program.
func nowhere(dir string) Finder {
	return Finder{
		LookupEnv: func(string) (string, bool) { return "", false },
		LookPath:  func(string) (string, error) { return "", exec.ErrNotFound },
		Output:    func(*exec.Cmd) ([]byte, error) { return nil, errors.New("no python here") },
		Dir:       dir,
	}
}

func executable(t *testing.T, path string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFindNamesTheInstallCommand(t *testing.T) {
	for _, r := range Recipes() {
		r.places = nil
		_, err := nowhere(t.TempDir()).Find(t.Context(), r)
		var missing *MissingError
		if !errors.As(err, &missing) || missing.Install != r.Install || missing.Program != r.Program {
			t.Errorf("%s: expected a *MissingError, got %v", r.Name, err)
		}
		if !strings.Contains(err.Error(), r.Install) {
			t.Errorf("%s: expected %q in %v", r.Name, r.Install, err)
		}
	}
}

func TestFindLooksInOrder(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "a", "b")
	lab := executable(t, filepath.Join(root, ".lab", "fake", "bin", "gw"))
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "go.mod"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	onPath := executable(t, filepath.Join(t.TempDir(), "gw"))
	named := executable(t, filepath.Join(t.TempDir(), "bin", "gw"))
	place := executable(t, filepath.Join(t.TempDir(), "gw"))
	asked := executable(t, filepath.Join(t.TempDir(), "gw"))

	r := fake()
	r.places, r.ask = []string{filepath.Dir(place)}, []string{"where"}
	f := nowhere(deep)
	f.Output = func(cmd *exec.Cmd) ([]byte, error) {
		if cmd.Args[0] == "where" {
			return []byte(asked + "\n"), nil
		}
		return []byte("gw 1.2"), nil
	}
	steps := []struct {
		reason, want string
		change       func()
	}{
		{"asked-last", asked, func() { r.places = nil; f.Dir = t.TempDir() }},
		{"usual-place", place, func() { r.places = []string{filepath.Dir(place)} }},
		{"lab-folder-above", lab, func() { f.Dir = deep }},
		{"path", onPath, func() { f.LookPath = func(string) (string, error) { return onPath, nil } }},
		{"variable", named, func() {
			f.LookupEnv = func(name string) (string, bool) {
				return filepath.Dir(filepath.Dir(named)), name == "ENTRAPROOF_LAB_FAKE"
			}
		}},
	}
	for _, s := range steps {
		s.change()
		got, err := f.Find(t.Context(), r)
		if err != nil || got.Path != s.want {
			t.Errorf("%s: expected %s, got %s, %v", s.reason, s.want, got.Path, err)
		}
	}
}

func TestFindDoesNotLookAboveWithoutAModule(t *testing.T) {
	root := t.TempDir()
	executable(t, filepath.Join(root, ".lab", "fake", "bin", "gw"))
	below := filepath.Join(root, "below")
	if err := os.Mkdir(below, 0o700); err != nil {
		t.Fatal(err)
	}
	if p, err := nowhere(below).Find(t.Context(), fake()); err == nil {
		t.Errorf("expected nothing, got %s", p.Path)
	}
}

func TestFindSaysThatTheVariableLeadsNowhere(t *testing.T) {
	f := nowhere(t.TempDir())
	f.LookupEnv = func(string) (string, bool) { return "/nonexistent", true }
	_, err := f.Find(t.Context(), fake())
	var missing *MissingError
	if !errors.As(err, &missing) || !strings.Contains(err.Error(), "ENTRAPROOF_LAB_FAKE: /nonexistent") {
		t.Errorf("got %v", err)
	}
}

func TestFindWarnsOfAnotherVersion(t *testing.T) {
	for version, warned := range map[string]bool{"1.2": false, "1.2.9": false, "1.20": true, "1.3.0": true, "2": true} {
		f := nowhere(t.TempDir())
		path := executable(t, filepath.Join(t.TempDir(), "gw"))
		f.LookPath = func(string) (string, error) { return path, nil }
		f.Output = func(*exec.Cmd) ([]byte, error) { return []byte("gw " + version + "\n"), nil }
		p, err := f.Find(t.Context(), fake())
		if err != nil || p.Version != version || (p.Warning != "") != warned {
			t.Errorf("%s: expected warning %v, got %+v, %v", version, warned, p, err)
		}
	}
}

func TestFindShowsAProgramThatDoesNotAnswer(t *testing.T) {
	f := nowhere(t.TempDir())
	path := executable(t, filepath.Join(t.TempDir(), "gw"))
	f.LookPath = func(string) (string, error) { return path, nil }
	for reason, output := range map[string]func(*exec.Cmd) ([]byte, error){
		"fails":      func(*exec.Cmd) ([]byte, error) { return []byte("wrong glibc"), errors.New("exit status 1") },
		"no-version": func(*exec.Cmd) ([]byte, error) { return []byte("wrong glibc"), nil },
	} {
		f.Output = output
		_, err := f.Find(t.Context(), fake())
		var failed *ProgramError
		if !errors.As(err, &failed) || !strings.Contains(err.Error(), "wrong glibc") {
			t.Errorf("%s: got %v", reason, err)
		}
	}
}

func TestVersionPatternsReadWhatProgramsSay(t *testing.T) {
	for _, tc := range []struct{ recipe, said, want string }{
		{"haproxy", "HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/\nStatus: …\n", "2.6.12-1+deb12u4"},
		{"haproxy", "HA-Proxy version 2.2.9-2+deb11u6 2023/12/21\n", "2.2.9-2+deb11u6"},
		{"apache", "Server version: Apache/2.4.71 (Debian)\nServer built:   2026-11-12T08:58:41\n", "2.4.71"},
		{"nginx", "nginx version: nginx/1.22.1\n", "1.22.1"},
		{"envoy", "\nenvoy  version: 9e5580933739775e8bce696a57a2e1bc99368f23/1.40.0/Clean/RELEASE/BoringSSL\n\n", "1.40.0"},
	} {
		r, err := Lookup(tc.recipe)
		if err != nil {
			t.Fatal(err)
		}
		m := r.version.pattern.FindStringSubmatch(tc.said)
		if m == nil || m[1] != tc.want {
			t.Errorf("%s: expected %s, got %v", tc.recipe, tc.want, m)
		}
	}
}

func TestListNamesEveryGateway(t *testing.T) {
	list, err := List(t.Context(), nowhere(t.TempDir()), nil)
	if err != nil || len(list) != len(Recipes()) {
		t.Fatalf("expected %d entries, got %d, %v", len(Recipes()), len(list), err)
	}
	for _, e := range list {
		if e.Path == "" && e.Install == "" && e.Warning == "" {
			t.Errorf("%s: expected a path or the command that adds it, got %+v", e.Name, e)
		}
		if len(e.Modes) != len(Modes()) {
			t.Errorf("%s: modes %v", e.Name, e.Modes)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := List(ctx, nowhere(t.TempDir()), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: got %v", err)
	}
}
