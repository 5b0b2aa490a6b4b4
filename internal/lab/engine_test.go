package lab

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ory/dockertest/v3/docker"
)

// startInside starts a container whose program is the test binary.
func startInside(t *testing.T, e *Engine, part string) (*Running, error) {
	t.Helper()
	recipe, finder := contained(part)
	return begin(t, Options{Recipe: recipe, Finder: finder, Engine: e})
}

func TestContainerStartsAndStops(t *testing.T) {
	e := openEngine(t)
	r, err := startInside(t, e, "inside")
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "what it printed", func() bool { return r.Log() == "in the container\n" })
	select {
	case <-r.Done():
		t.Error("expected it to run")
	default:
	}
	if left := inventory(t, e.run); len(left) != 2 {
		t.Errorf("expected a container and a network while it runs, got %q", left)
	}
	for range 2 {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
	}
	<-r.Done()
	wantGone(t, r)
	if left := inventory(t, e.run); len(left) != 1 {
		t.Errorf("expected the network only, got %q", left)
	}
}

func TestContextEndsTheContainer(t *testing.T) {
	e := openEngine(t)
	ctx, cancel := context.WithCancel(t.Context())
	recipe, finder := contained("inside")
	r, err := Start(ctx, Options{Recipe: recipe, Finder: finder, Mode: Leaky, Site: wide(), Engine: e, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	<-r.Done()
	if err := r.Stop(); err != nil {
		t.Error(err)
	}
	wantGone(t, r)
}

func TestEngineEndsWhatNobodyStopped(t *testing.T) {
	e := openEngine(t)
	recipe, finder := contained("inside")
	r, err := Start(t.Context(), Options{Recipe: recipe, Finder: finder, Mode: Leaky, Site: wide(), Engine: e, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	wantRunGone(t, e.run)
	<-r.Done()
	if err := r.Stop(); err != nil {
		t.Error(err)
	}
}

func TestContainerShowsWhyItDied(t *testing.T) {
	e := openEngine(t)
	for _, checked := range []bool{false, true} {
		recipe, finder := contained("dying")
		if checked {
			recipe.check = []string{"check"}
		}
		_, err := begin(t, Options{Recipe: recipe, Finder: finder, Engine: e})
		var failed *ProgramError
		if !errors.As(err, &failed) || !slices.Equal(failed.Log, []string{"one", "cannot find my shoes"}) {
			t.Fatalf("expected its last words, got %v", err)
		}
		if checked != (failed.Doing == "check the configuration") || !strings.Contains(err.Error(), "exit status 3") {
			t.Errorf("check %v: got %v", checked, err)
		}
		if left := inventory(t, e.run); len(left) != 1 {
			t.Errorf("a container that died is left: %q", left)
		}
	}
}

// TestTwoRunsDoNotClash: two engines at once, each with the same gateways.
func TestTwoRunsDoNotClash(t *testing.T) {
	first, second := openEngine(t), openEngine(t)
	var all [4]*Running
	var errs [4]error
	var both sync.WaitGroup
	recipe, finder := contained("inside")
	for i := range all {
		o := Options{Recipe: recipe, Finder: finder, Mode: Leaky, Site: wide(), Engine: []*Engine{first, second}[i%2], Dir: t.TempDir()}
		both.Go(func() { all[i], errs[i] = Start(t.Context(), o) })
	}
	both.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	seen := map[string]bool{}
	for i, r := range all {
		_, err := r.ping(t.Context())
		if alive := i%2 == 1; alive != (err == nil) {
			t.Errorf("gateway %d: expected alive %v after the end of the first run, got %v", i, alive, err)
		}
		if seen[r.URL] {
			t.Errorf("%s was given twice", r.URL)
		}
		seen[r.URL] = true
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
	}
}

// TestYoungImagesAreNotSwept: one that another run is about to name, or to make
// a container of, is left alone.
func TestYoungImagesAreNotSwept(t *testing.T) {
	t.Parallel()
	now := time.Now()
	fake := &fakeEngine{unnamed: []docker.APIImages{
		{ID: "young", Created: now.Add(-settled / 2).Unix()}, {ID: "old", Created: now.Add(-2 * settled).Unix()},
	}}
	o := fake.serve(t)
	o.Now = func() time.Time { return now }
	e, err := OpenEngine(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	if fake.was("DELETE /images/young") || !fake.was("DELETE /images/old") {
		t.Errorf("expected the old one to be removed, and no other: %q", fake.asked)
	}
}

// TestDeadRunsAreSwept: what a run that panicked or was killed has left is
// removed at the next start, and what a living one has is not.
func TestDeadRunsAreSwept(t *testing.T) {
	openEngine(t) // or skip
	living, _ := child(t, "waits")
	for _, part := range []string{"panics", "waits"} {
		t.Run(part, func(t *testing.T) {
			run, end := child(t, part)
			dir := end()
			if left := inventory(t, run); len(left) != 2 {
				t.Fatalf("planted remains: expected a container and a network, got %q", left)
			}
			openEngine(t)
			wantRunGone(t, run)
			if left := inventory(t, living); len(left) != 2 {
				t.Errorf("the living run lost something: it has %q", left)
			}
			if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 1 {
				t.Fatalf("planted folder: expected one, got %q, %v", left, err)
			}
			mine, err := makeFolder(dir)
			if left, globErr := filepath.Glob(filepath.Join(dir, "*")); err != nil || globErr != nil || !slices.Equal(left, []string{mine}) {
				t.Errorf("folders: expected %s only, got %q, %v", mine, left, err)
			}
		})
	}
}

// child is another harness with a container. end waits for its end by itself,
// or kills it, and gives the folder of its temporary folders.
func child(t *testing.T, part string) (run string, end func() string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), actVariable+"="+part, "LAB_TEST_DIR="+dir)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	var once sync.Once
	end = func() string {
		once.Do(func() {
			if part != "panics" {
				_ = cmd.Process.Kill()
			}
			_ = cmd.Wait()
		})
		return dir
	}
	t.Cleanup(func() { end() })
	if err != nil {
		t.Fatalf("the child: %v; it said %s", err, said.String())
	}
	return strings.TrimSpace(line), end
}
