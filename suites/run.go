package suites

import "context"

// Run judges as cfg says, with Ginkgo for a scheduler and without a word on
// standard output. It drops whatever specs were declared in this process
// before. The results hold the exit code; an error is a *UsageError, or says
// why nothing could be run or written. A cancelled ctx ends the run early, with
// results that say so.
func Run(ctx context.Context, cfg Config) (*Results, error) {
	s, err := NewSession(cfg)
	if err != nil {
		return nil, err
	}
	return s.Run(ctx)
}
