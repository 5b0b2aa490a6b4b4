package flows

import (
	"context"
	"fmt"
	"time"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp"
)

const (
	// keySetTakes is how long the slow key set takes (catalogue, JWK).
	keySetTakes = 30 * time.Second
	// longestAnswer is how long a gateway may take where it does not say.
	longestAnswer = time.Minute
	// answerMargin is what an answer may take beside the key set.
	answerMargin = 5 * time.Second
	// breath is how long a gateway is given to say that it has given up.
	breath = 10 * time.Millisecond
)

// slowKeys has the key set take half a minute: the gateway gives up in time or
// waits in time, and trusts the token afterwards.
func slowKeys() engine.Flow {
	return engine.Flow{ID: "jwks-slow", ChangesIssuer: true, Run: func(ctx context.Context, s *engine.Stage) error {
		wrong := mockidp.Misbehaviour{Name: "slow", Path: mockidp.KeySetPaths, Milliseconds: int(keySetTakes.Milliseconds())}
		return coldly(ctx, s, wrong, func(token string) error { return answeredInTime(ctx, s, token) })
	}}
}

// answeredInTime sends the token and lets time pass until it is answered.
func answeredInTime(ctx context.Context, s *engine.Stage, token string) error {
	before, err := keyFetches(ctx, s.Issuer)
	if err != nil {
		return err
	}
	expect := *s.Case.Expect
	if expect.Either != "" {
		expect = verdict.Expectation{Measure: "slow-key-set"}
	}
	answered := make(chan error, 1)
	go func() {
		_, err := s.Do(ctx, "the genuine token while the key set takes 30s, its key not known", expect, engine.Send{Token: token, Patience: 2 * longestAnswer})
		answered <- err
	}()
	if err := fetchBegun(ctx, s, before, answered); err != nil {
		return err
	}
	began, bound := s.Now(), boundOf(s)
	for s.Now().Sub(began) < bound {
		if err := s.Wait(ctx, answerMargin); err != nil {
			return err
		}
		if ended, err := within(answered); ended {
			return err
		}
	}
	s.Conclude(verdict.TooSlow, fmt.Sprintf("no answer within %s while the key set takes %s", bound, keySetTakes))
	if err := s.Issuer.Misbehave(ctx, s.Lease, nil); err != nil {
		return fmt.Errorf("flows: mend the issuer: %w", err)
	}
	return <-answered
}

// fetchBegun waits until the gateway asks for the key set, or has answered
// without.
func fetchBegun(ctx context.Context, s *engine.Stage, before int, answered chan error) error {
	for deadline := time.Now().Add(answerMargin); time.Now().Before(deadline); {
		n, err := keyFetches(ctx, s.Issuer)
		if err != nil || n > before {
			return err
		}
		if ended, err := within(answered); ended {
			answered <- err
			return nil
		}
	}
	return nil
}

// within looks for a moment whether the answer is there.
func within(answered chan error) (bool, error) {
	t := time.NewTimer(breath)
	defer t.Stop()
	select {
	case err := <-answered:
		return true, err
	case <-t.C:
		return false, nil
	}
}

// boundOf is within what time an answer is due: what is declared, but no longer
// than the key set takes, and a margin.
func boundOf(s *engine.Stage) time.Duration {
	text, _ := s.Declared("jwks-timeout")
	declared, err := time.ParseDuration(text)
	if err != nil {
		return longestAnswer
	}
	return min(declared, keySetTakes) + answerMargin
}
