package lab

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestWhoIsOver(t *testing.T) {
	me := self()
	if me == (owner{}) {
		t.Fatal("expected this process to be known")
	}
	gone := exec.CommandContext(t.Context(), "true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	with := func(change func(*owner)) string {
		o := me
		change(&o)
		return o.String()
	}
	for _, row := range []struct {
		reason, owner string
		busy          bool
		age           time.Duration
		want          bool
	}{
		{"myself", me.String(), false, 48 * time.Hour, false},
		{"ended", with(func(o *owner) { o.pid = gone.Process.Pid }), true, 0, true},
		{"number-given-again", with(func(o *owner) { o.start = "1" }), true, 0, true},
		{"parent-lives", with(func(o *owner) { o.pid = os.Getppid(); o.start = started(t, o.pid) }), false, 48 * time.Hour, false},
		{"other-numbering", with(func(o *owner) { o.space, o.pid = "1", gone.Process.Pid }), false, 48 * time.Hour, false},
		{"other-boot-new", with(func(o *owner) { o.boot = "x" }), false, time.Hour, false},
		{"other-boot-running", with(func(o *owner) { o.boot = "x" }), true, 48 * time.Hour, false},
		{"other-boot-forgotten", with(func(o *owner) { o.boot = "x" }), false, 48 * time.Hour, true},
		{"no-process", with(func(o *owner) { o.pid = 0 }), false, 48 * time.Hour, false},
		{"unreadable", "nonsense", false, 48 * time.Hour, false},
		{"no-number", "a/b/c/d", false, 48 * time.Hour, false},
	} {
		if got := over(row.owner, row.busy, row.age); got != row.want {
			t.Errorf("%s: expected over %v, got %v", row.reason, row.want, got)
		}
	}
}

func started(t *testing.T, pid int) string {
	t.Helper()
	start, err := startOf(pid)
	if err != nil {
		t.Fatal(err)
	}
	return start
}

// TestSweptFolderTakesItsWorkersAlong: a worker of a killed gateway still has
// the folder as its own.
func TestSweptFolderTakesItsWorkersAlong(t *testing.T) {
	me := self()
	ended := me
	ended.start = "1"
	parent := t.TempDir()
	stale := filepath.Join(parent, resources+folderMark(ended)+"-1")
	foreign := filepath.Join(parent, resources+"notes-1")
	for _, dir := range []string{stale, foreign} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	worker := exec.CommandContext(t.Context(), "sleep", "1000")
	worker.Dir = stale
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	mine, err := makeFolder(parent)
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Wait(); err == nil {
		t.Error("the worker ended by itself")
	}
	left, err := filepath.Glob(filepath.Join(parent, "*"))
	if want := []string{mine, foreign}; err != nil || len(left) != 2 || !slices.Contains(left, mine) || !slices.Contains(left, foreign) {
		t.Errorf("folders: expected %q, got %q, %v", want, left, err)
	}
}
