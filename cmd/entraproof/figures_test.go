//go:build figures

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestFigureReproduce: reproduce from a built binary takes at most 5 s, as the
// median of 9.
func TestFigureReproduce(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "entraproof")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var took []time.Duration
	var cpu time.Duration
	for range 9 {
		cmd := exec.Command(binary, "reproduce")
		cmd.Stderr = os.Stderr
		began := time.Now()
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		took = append(took, time.Since(began))
		cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	slices.Sort(took)
	t.Logf("reproduce: median %s of 9, %s CPU in the last", took[4], cpu)
	if took[4] > 5*time.Second {
		t.Errorf("expected at most 5s, got %s", took[4])
	}
}
