package flows

import (
	"context"
	"errors"
	"time"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/verdict"
)

// headTime is how long a gateway may wait for the head of a request. Servers
// allow a minute at most unless told otherwise, and some look at it every half
// minute.
const headTime = 90 * time.Second

// headPace is how long each byte takes. It is slow enough for a gateway to lose
// patience within the first line.
const headPace = 5 * time.Second

// errPatient ends the writing to a gateway that waits for ever.
var errPatient = errors.New("flows: the gateway waits for more")

// slowHeaders sends a request byte by byte, one in five seconds: each connection that
// is kept waiting holds something (CWE-400).
func slowHeaders() engine.Flow {
	return engine.Flow{ID: "dos-slow-headers", Run: func(ctx context.Context, s *engine.Stage) error {
		began := s.Now()
		expect := engine.Refuse(408)
		expect.OrClosed = true
		step, err := s.Do(ctx, "a request of one byte in five seconds", expect, engine.Send{Trickle: func() error {
			if s.Now().Sub(began) > headTime {
				return errPatient
			}
			return s.Wait(ctx, headPace)
		}})
		if err != nil {
			return err
		}
		if s.Now().Sub(began) > headTime && step.Observed.Status != 408 {
			s.Conclude(verdict.TooSlow, "kept waiting for "+headTime.String())
		}
		return nil
	}}
}
