package engine

import (
	"math"
	"os"
	"runtime/debug"
)

const (
	// garbagePercent is how much garbage there may be, in percent of what is in
	// use, before it is collected.
	garbagePercent = 400
	// memoryLimit is where collecting becomes usual again: four times what a run of
	// many cases keeps would be much. It is in bytes, and no bound on what is kept.
	memoryLimit = 272 << 20
)

// CollectRarely has the garbage of this process collected less often than is
// usual, unless GOGC or GOMEMLIMIT say how often: a run makes much garbage and
// keeps little, and would spend a tenth of its CPU time on marking. It is for
// programs that run an engine and end.
func CollectRarely() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}

// CollectUsually takes the limit back that CollectRarely has set: results that
// are turned into a report may need more, and would be collected without end.
func CollectUsually() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(math.MaxInt64)
	}
}
