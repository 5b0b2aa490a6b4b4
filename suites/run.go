package suites

import (
	"context"
	"io"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/extensions/globals"
	"github.com/onsi/ginkgo/v2/formatter"
	"github.com/onsi/ginkgo/v2/types"
)

// Run judges as cfg says, with Ginkgo for a scheduler and without a word on
// standard output. It is for plain programs: it drops whatever specs were
// declared in this process before, and two calls must not overlap (a Session
// has neither limit). The results hold the exit code; an error is a
// *UsageError, or says why nothing could be run or written. A cancelled ctx
// ends the run early, with results that say so.
func Run(ctx context.Context, cfg Config) (*Results, error) {
	s, err := NewSession(cfg)
	if err != nil {
		return nil, err
	}
	globals.Reset()
	s.declare(ctx)
	suite := types.NewDefaultSuiteConfig()
	suite.RandomSeed, suite.FailOnEmpty, suite.Timeout = s.cfg.Seed, true, 0
	defer silence()()
	var told failed // the results say it better
	ginkgo.RunSpecs(&told, container, suite, types.ReporterConfig{Succinct: true, NoColor: true, SilenceSkips: true})
	return s.end()
}

// failed stands in for a *testing.T: RunSpecs only needs Fail.
type failed bool

// Fail notes that a spec failed.
func (f *failed) Fail() { *f = true }

// silence keeps Ginkgo's reporter from the terminal, which it cannot be told,
// and gives the way back.
func silence() (restore func()) {
	out := formatter.ColorableStdOut
	formatter.ColorableStdOut = io.Discard
	return func() { formatter.ColorableStdOut = out }
}
