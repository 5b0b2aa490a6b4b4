package engine_test

import (
	"math"
	"runtime/debug"
	"testing"

	"github.com/entraproof/entraproof/internal/engine"
)

// TestCollectRarely: rarer than usual, unless the environment decides.
func TestCollectRarely(t *testing.T) {
	for _, row := range []struct {
		name, percentSet, limitSet string
		percent                    int
		limit                      int64
	}{
		{"nothing said", "", "", 400, 272 << 20},
		{"the environment decides how much garbage", "50", "", 100, 272 << 20}, // as it was: the runtime has read it at the start
		{"the environment decides how much memory", "", "1GiB", 400, math.MaxInt64},
	} {
		t.Run(row.name, func(t *testing.T) {
			percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(math.MaxInt64)
			t.Cleanup(func() { debug.SetGCPercent(percent); debug.SetMemoryLimit(limit) })
			t.Setenv("GOGC", row.percentSet)
			t.Setenv("GOMEMLIMIT", row.limitSet)
			engine.CollectRarely()
			if got := debug.SetGCPercent(100); got != row.percent {
				t.Errorf("expected %d %%, got %d", row.percent, got)
			}
			if got := debug.SetMemoryLimit(-1); got != row.limit {
				t.Errorf("expected a limit of %d, got %d", row.limit, got)
			}
			engine.CollectUsually()
			if got := debug.SetMemoryLimit(-1); got != math.MaxInt64 {
				t.Errorf("expected no limit any more, got %d", got)
			}
		})
	}
}
