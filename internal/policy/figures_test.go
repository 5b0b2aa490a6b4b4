//go:build figures && linux

package policy_test

import (
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
)

// The stated figure (issue 7); the test fails only beyond tolerance times it
// (design 9), because machines are noisy.
const (
	lintTolerance = 1.3
	lintStated    = 5 // seconds for lintDocuments
	lintDocuments = 10_000
	lintRounds    = 3
)

// TestFigureLint holds the CPU time of reading and linting 10,000 documents,
// spread over the cores as its work is, against the stated time. Wall time is
// printed.
func TestFigureLint(t *testing.T) {
	files := manyDocuments(t, lintDocuments)
	var cpus, walls []float64
	for range lintRounds {
		started, before := time.Now(), lintCPU(t)
		if found := lintAll(t, files); len(found) < lintDocuments {
			t.Fatalf("expected a finding a document, got %d", len(found))
		}
		walls = append(walls, time.Since(started).Seconds())
		cpus = append(cpus, (lintCPU(t) - before).Seconds())
	}
	slices.Sort(cpus)
	slices.Sort(walls)
	cpu := cpus[lintRounds/2] / float64(runtime.NumCPU())
	t.Logf("lint of %d documents: CPU ÷ cores %.2f s, wall time %.2f s (stated: at most %d s)", lintDocuments, cpu, walls[lintRounds/2], lintStated)
	if cpu > lintStated*lintTolerance {
		t.Errorf("lint of %d documents: %.2f s, expected at most %g × %d s", lintDocuments, cpu, lintTolerance, lintStated)
	}
}

func lintCPU(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
