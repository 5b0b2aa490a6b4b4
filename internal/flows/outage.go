package flows

import (
	"context"
	"fmt"
	"strings"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/mockidp"
)

// downWarm has the key set fail while the gateway knows the keys: genuine
// tokens must still pass, also after a token that made it fetch in vain.
func downWarm() engine.Flow {
	return engine.Flow{ID: "jwks-down-warm", ChangesIssuer: true, Run: func(ctx context.Context, s *engine.Stage) error {
		return inOutage(ctx, s, func() error {
			if _, err := s.Do(ctx, "the genuine token, while the key set cannot be had", engine.Accept(), engine.Send{Token: s.Token}); err != nil {
				return err
			}
			if err := awaitFetch(ctx, s); err != nil {
				return err
			}
			_, err := s.Do(ctx, "the genuine token, after a fetch that may have failed", engine.Accept(), engine.Send{Token: s.Token})
			return err
		})
	}}
}

// downForged presents forged tokens while the key set fails: nothing that
// cannot be verified may pass (CVE-2026-31837).
func downForged() engine.Flow {
	return engine.Flow{ID: "jwks-down-forged", ChangesIssuer: true, Run: func(ctx context.Context, s *engine.Stage) error {
		return inOutage(ctx, s, func() error {
			if err := awaitFetch(ctx, s); err != nil {
				return err
			}
			if err := forged(ctx, s, forgery{"outage", engine.Refuse(401, 503), false}); err != nil {
				return err
			}
			input := s.Token[:strings.LastIndexByte(s.Token, '.')]
			signature, err := ownSignature(s, input)
			if err != nil {
				return err
			}
			_, err = s.Do(ctx, "the issuer's own key id, signed by our own key", engine.Refuse(401, 503), engine.Send{Token: input + "." + signature})
			return err
		})
	}}
}

// awaitFetch presents key ids that nobody published until the issuer has
// counted a fetch, or the declared delay is over: until then a gateway may not
// have noticed that the outage began, or ended.
func awaitFetch(ctx context.Context, s *engine.Stage) error {
	before, err := keyFetches(ctx, s.Issuer)
	if err != nil {
		return err
	}
	delay, _ := declaredDelay(s)
	for started := s.Now(); ; {
		if err := forged(ctx, s, forgery{"outage", engine.Refuse(401, 503), true}); err != nil {
			return err
		}
		after, err := keyFetches(ctx, s.Issuer)
		if err != nil || after > before || s.Now().Sub(started) >= delay {
			return err
		}
		if err := s.Wait(ctx, delay/10); err != nil {
			return err
		}
	}
}

// inOutage does what is to be done while the issuer's key set answers 503. The
// outage ends with it, or with the lease; a gateway that fetches when it is
// shown an unknown key id is shown one more, lest what it makes of an outage
// colour the flows after this one.
func inOutage(ctx context.Context, s *engine.Stage, do func() error) error {
	if err := s.Issuer.Misbehave(ctx, s.Lease, []mockidp.Misbehaviour{{Name: "status", Path: mockidp.KeySetPaths}}); err != nil {
		return fmt.Errorf("flows: the outage of the key set: %w", err)
	}
	if err := do(); err != nil {
		return err
	}
	if err := s.Issuer.Misbehave(ctx, s.Lease, nil); err != nil {
		return fmt.Errorf("flows: the end of the outage: %w", err)
	}
	if refetch, _ := s.Declared("jwks-refetch"); refetch != "unknown-kid" {
		return nil // what does not fetch when asked learns it in its own time
	}
	return awaitFetch(ctx, s)
}
