package engine

import (
	"context"
	"errors"
	"sync/atomic"

	"golang.org/x/time/rate"

	"github.com/entraproof/entraproof/internal/targets"
)

// errBudget says that the target's budget of requests is spent.
var errBudget = errors.New("engine: the budget of requests is spent")

// pace bounds how fast and how much a run sends.
type pace struct {
	limiter *rate.Limiter
	budget  int64
	sent    atomic.Int64
}

func newPace(p targets.Pace) *pace {
	limit := rate.Inf
	if p.Rate > 0 {
		limit = rate.Limit(p.Rate)
	}
	return &pace{limiter: rate.NewLimiter(limit, max(1, p.Concurrency)), budget: int64(p.Budget)}
}

// wait returns when one more request may be sent.
func (p *pace) wait(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if n := p.sent.Add(1); p.budget > 0 && n > p.budget {
		return errBudget
	}
	return p.limiter.Wait(ctx)
}
