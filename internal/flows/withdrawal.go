package flows

import (
	"context"
	"fmt"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// keyRetired rotates as Entra does: the next key was published long before it
// signs, so its tokens must be accepted at once. Then the old key is removed,
// and once the gateway has fetched the set without it its tokens must be
// refused (CVE-2025-22149: withdrawn keys survive the refresh).
func keyRetired() engine.Flow {
	return engine.Flow{ID: "jwks-key-retired", ChangesIssuer: true, Run: func(ctx context.Context, s *engine.Stage) error {
		if err := rotate(ctx, s, mockidp.RotateRequest{Sign: true}); err != nil {
			return err
		}
		token, err := signedNow(ctx, s)
		if err != nil {
			return err
		}
		if _, err := s.Do(ctx, "signed with the next key, which was published before it signs", engine.Accept(), engine.Send{Token: token}); err != nil {
			return err
		}
		return withoutOldKey(ctx, s, awaitRefusal)
	}}
}

// keyRetiredInCacheWindow removes the key that signs and records what becomes
// of its tokens in the same moment.
func keyRetiredInCacheWindow() engine.Flow {
	return engine.Flow{ID: "jwks-key-retired-in-cache-window", ChangesIssuer: true, Run: func(ctx context.Context, s *engine.Stage) error {
		return withoutOldKey(ctx, s, func(ctx context.Context, s *engine.Stage) error {
			_, err := s.Do(ctx, "signed with a key that was removed a moment ago", verdict.Expectation{Measure: "retired-key"}, engine.Send{Token: s.Token})
			return err
		})
	}}
}

// emergencyRoll replaces all keys at once: the new one must be trusted within
// the declared delay, and then none of the old ones.
func emergencyRoll() engine.Flow {
	return engine.Flow{ID: "jwks-emergency-roll", ChangesIssuer: true, Run: func(ctx context.Context, s *engine.Stage) error {
		old, err := s.Issuer.Keys(ctx, "")
		if err != nil {
			return fmt.Errorf("flows: the issuer's keys: %w", err)
		}
		var ids []string
		for _, k := range old {
			ids = append(ids, k.KeyID)
		}
		if err := rotate(ctx, s, mockidp.RotateRequest{Publish: true, Sign: true}); err != nil {
			return err
		}
		return without(ctx, s, ids, func(ctx context.Context, s *engine.Stage) error {
			if err := trustNow(ctx, s); err != nil {
				return err
			}
			if _, judged := declaredDelay(s); !judged {
				return nil
			}
			return awaitRefusal(ctx, s)
		})
	}}
}

// withoutOldKey is without for the key that signed the genuine token.
func withoutOldKey(ctx context.Context, s *engine.Stage, do func(context.Context, *engine.Stage) error) error {
	header, _, err := mint.Decode(s.Token)
	if err != nil {
		return fmt.Errorf("flows: the genuine token: %w", err)
	}
	return without(ctx, s, []string{header.GetText("kid")}, do)
}

// without takes keys out of the published set, does what is to be done, and
// publishes them again, so that the control after the flow finds its key.
func without(ctx context.Context, s *engine.Stage, ids []string, do func(context.Context, *engine.Stage) error) error {
	if err := s.Issuer.KeySet(ctx, s.Lease, mint.KeySet{Hide: ids}); err != nil {
		return fmt.Errorf("flows: withdraw keys: %w", err)
	}
	if err := do(ctx, s); err != nil {
		return err
	}
	if err := s.Issuer.KeySet(ctx, s.Lease, mint.KeySet{}); err != nil {
		return fmt.Errorf("flows: publish keys again: %w", err)
	}
	return trustAgain(ctx, s)
}

// awaitRefusal asks with a token of the withdrawn key until the declared delay
// is over. What is judged is the last answer, as with awaitTrust. A gateway
// that fetches for an unknown key id is shown one: it has then fetched the set
// that lacks the key, which the issuer's counters witness.
func awaitRefusal(ctx context.Context, s *engine.Stage) error {
	delay, judged := declaredDelay(s)
	before, err := keyFetches(ctx, s.Issuer)
	if err != nil {
		return err
	}
	if !judged {
		return measureWithdrawn(ctx, s)
	}
	fetched := 0
	for started := s.Now(); s.Now().Sub(started) < delay; {
		if err := provokeFetch(ctx, s, fetched); err != nil {
			return err
		}
		step, err := s.Do(ctx, "signed with the key that was withdrawn, within the declared delay", verdict.Expectation{Measure: "withdrawn-key"}, engine.Send{Token: s.Token, Asking: true})
		if err != nil {
			return err
		}
		if !step.Reach.Arrived() {
			s.Require(engine.Refuse(401))
			return nil
		}
		if err := s.Wait(ctx, delay/10); err != nil {
			return err
		}
		after, err := keyFetches(ctx, s.Issuer)
		if err != nil {
			return err
		}
		fetched = after - before
	}
	step, err := s.Do(ctx, "signed with the key that was withdrawn longer ago than the declared delay", engine.Refuse(401), engine.Send{Token: s.Token})
	if err == nil && step.Reach.Arrived() {
		s.Conclude(verdict.WithdrawnKeyTrusted, fmt.Sprintf("accepted %s after the key was withdrawn, with %d fetches of the key set since", delay, fetched))
	}
	return err
}

// measureWithdrawn records what happens at once, and judges nothing.
func measureWithdrawn(ctx context.Context, s *engine.Stage) error {
	step, err := s.Do(ctx, "signed with the key that was withdrawn", verdict.Expectation{Measure: "withdrawn-key"}, engine.Send{Token: s.Token})
	if err != nil {
		return err
	}
	detail := "refused at once"
	if step.Reach.Arrived() {
		detail = "still trusted; declare jwks-refetch, or a jwks-cache of at most 15s, and it is judged"
	}
	s.Conclude(verdict.NotDeclared, detail)
	return nil
}

// provokeFetch shows a key id that nobody published, unless the set was fetched
// already.
func provokeFetch(ctx context.Context, s *engine.Stage, fetched int) error {
	if refetch, _ := s.Declared("jwks-refetch"); fetched > 0 || refetch != "unknown-kid" {
		return nil
	}
	return forged(ctx, s, forgery{"unknown", engine.Refuse(401), true})
}

// forgery is a token with the genuine claims under a key id that nobody
// published, signed by our own key.
type forgery struct {
	name   string // tells the key ids of one run apart
	expect verdict.Expectation
	asking bool // it is sent until the gateway fetches
}

func forged(ctx context.Context, s *engine.Stage, f forgery) error {
	input, err := underKey(s, f.name)
	if err != nil {
		return err
	}
	signature, err := ownSignature(s, input)
	if err != nil {
		return err
	}
	_, err = s.Do(ctx, "a key id that nobody published, signed by our own key", f.expect, engine.Send{Token: input + "." + signature, Asking: f.asking})
	return err
}

// trustAgain waits until the genuine token is accepted again, for no longer
// than the declared delay. It judges nothing: the control after the flow does.
func trustAgain(ctx context.Context, s *engine.Stage) error {
	delay, judged := declaredDelay(s)
	for started := s.Now(); judged && s.Now().Sub(started) < delay; {
		step, err := s.Do(ctx, "the genuine token, its key published again", verdict.Expectation{Measure: "key-again"}, engine.Send{Token: s.Token, Asking: true})
		if err != nil || step.Reach.Arrived() {
			return err
		}
		if err := s.Wait(ctx, delay/10); err != nil {
			return err
		}
	}
	return nil
}
