package engine

import (
	"os"
	"runtime/debug"
)

// garbagePercent is how much garbage there may be, in percent of what is in
// use, before it is collected.
const garbagePercent = 400

// CollectRarely has the garbage of this process collected less often than is
// usual, unless GOGC says how often: a run makes much garbage and keeps little,
// and would spend a tenth of its CPU time on marking. It is for programs that
// run an engine and end.
func CollectRarely() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
}
