package suites_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// ginkgoSignals is Ginkgo's own: it waits for Ctrl-C as long as the process lives.
const ginkgoSignals = "github.com/onsi/ginkgo/v2/internal/interrupt_handler.(*InterruptHandler).registerForInterrupts.func2"

// TestMain lets the test program stand in for others, and wants every goroutine
// gone in the end.
func TestMain(m *testing.M) {
	if name := os.Getenv(childVariable); name != "" {
		os.Exit(children()[name]())
	}
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction(ginkgoSignals))
}
