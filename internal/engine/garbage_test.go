package engine_test

import (
	"runtime/debug"
	"testing"

	"github.com/entraproof/entraproof/internal/engine"
)

// TestCollectRarely: rarer than usual, unless the environment decides.
func TestCollectRarely(t *testing.T) {
	for _, row := range []struct {
		name, environment string
		percent           int
	}{
		{"nothing said", "", 400},
		{"the environment decides", "50", 100}, // as it was: the runtime has read it at the start
	} {
		t.Run(row.name, func(t *testing.T) {
			before := debug.SetGCPercent(100)
			t.Cleanup(func() { debug.SetGCPercent(before) })
			t.Setenv("GOGC", row.environment)
			engine.CollectRarely()
			if got := debug.SetGCPercent(100); got != row.percent {
				t.Errorf("expected %d %%, got %d", row.percent, got)
			}
		})
	}
}
