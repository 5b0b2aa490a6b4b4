package flows

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
)

const (
	// floodSize is how many unknown key ids are sent (catalogue, JWK).
	floodSize = 100
	// mostFetches is what "a few" fetches of the key set are for such a flood.
	// Entra asks for one in five minutes; a gateway of several workers fetches
	// once each.
	mostFetches = 10
	// patience is how long a declared delay may be for a run to wait for it.
	patience = 15 * time.Second
	// refetchTime is how long a gateway that fetches for an unknown kid may
	// hold back, so that a flood cannot make it fetch without end.
	refetchTime = 2 * time.Second
)

// newKeyJustPublished signs with a key that was published a moment ago. Entra
// advises to fetch the keys again for an unknown kid, so it should be trusted
// at once, or within the delay that the target declares.
func newKeyJustPublished() engine.Flow {
	return engine.Flow{ID: "jwks-new-key-just-published", ChangesIssuer: true, Run: func(ctx context.Context, s *engine.Stage) error {
		return trustNewKey(ctx, s)
	}}
}

// unknownKeyFlood sends tokens with key ids that nobody published: each must
// be refused, and the key set must not be fetched for each.
func unknownKeyFlood() engine.Flow {
	return engine.Flow{ID: "jwks-unknown-kid-flood", ChangesIssuer: true, Exhausts: true, Run: func(ctx context.Context, s *engine.Stage) error {
		before, err := keyFetches(ctx, s.Issuer)
		if err != nil {
			return err
		}
		if err := flood(ctx, s); err != nil {
			return err
		}
		after, err := keyFetches(ctx, s.Issuer)
		if err != nil {
			return err
		}
		if n := after - before; n > mostFetches {
			s.Conclude(verdict.KeyFetchesUnbounded, fmt.Sprintf("%d fetches of the key set for %d unknown key ids, expected at most %d", n, floodSize, mostFetches))
		}
		return nil
	}}
}

// newKeyAfterFlood publishes a key right after such a flood: a limit on
// fetches must not lock the genuine key out for longer than is declared.
func newKeyAfterFlood() engine.Flow {
	return engine.Flow{ID: "jwks-new-key-after-flood", ChangesIssuer: true, Exhausts: true, Run: func(ctx context.Context, s *engine.Stage) error {
		if err := flood(ctx, s); err != nil {
			return err
		}
		return trustNewKey(ctx, s)
	}}
}

// ownSignature is our own key's signature over a signing input.
func ownSignature(s *engine.Stage, input string) (string, error) {
	signature, err := s.Own().Sign("RS256", []byte(input), nil)
	if err != nil {
		return "", fmt.Errorf("flows: sign with our own key: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(signature), nil
}

// flood sends the genuine header and claims under key ids that nobody
// published, signed with our key. One signature does for all: a key that does
// not exist verifies none.
func flood(ctx context.Context, s *engine.Stage) error {
	input, err := underKey(s, "unknown-000")
	if err != nil {
		return err
	}
	signature, err := ownSignature(s, input)
	if err != nil {
		return err
	}
	for i := range floodSize {
		if input, err = underKey(s, fmt.Sprintf("unknown-%03d", i)); err != nil {
			return err
		}
		send := engine.Send{Token: input + "." + signature}
		if _, err := s.Do(ctx, fmt.Sprintf("unknown key id %d of %d", i+1, floodSize), engine.Refuse(401), send); err != nil {
			return err
		}
	}
	return nil
}

// underKey is the signing input of the genuine token with another kid.
func underKey(s *engine.Stage, name string) (string, error) {
	header, _, err := mint.Decode(s.Token)
	if err != nil {
		return "", fmt.Errorf("flows: the genuine token: %w", err)
	}
	header = header.Set("kid", value.String(name+"-"+s.Own().KeyID()))
	return base64.RawURLEncoding.EncodeToString(header.JSON()) + "." + strings.Split(s.Token, ".")[1], nil
}

// keyFetches is how often the issuer's key sets were fetched so far.
func keyFetches(ctx context.Context, issuer mockidp.Authority) (int, error) {
	return hits(ctx, issuer, "/keys")
}

// hits is how often the issuer was asked for paths that have a part.
func hits(ctx context.Context, issuer mockidp.Authority, part string) (int, error) {
	all, err := issuer.Counters(ctx)
	if err != nil {
		return 0, fmt.Errorf("flows: the issuer's counters: %w", err)
	}
	n := 0
	for name, times := range all {
		if path, _, _ := strings.Cut(name, " "); strings.Contains(path, part) {
			n += times
		}
	}
	return n, nil
}

// trustNewKey publishes a key, signs with it, and wants the token accepted
// within the delay that the target declares.
func trustNewKey(ctx context.Context, s *engine.Stage) error {
	if err := rotate(ctx, s, mockidp.RotateRequest{Publish: true, Sign: true}); err != nil {
		return err
	}
	return trustNow(ctx, s)
}

// rotate changes the issuer's keys under the flow's lease.
func rotate(ctx context.Context, s *engine.Stage, q mockidp.RotateRequest) error {
	q.Lease = s.Lease
	if _, err := s.Issuer.Rotate(ctx, q); err != nil {
		return fmt.Errorf("flows: rotate the issuer's keys: %w", err)
	}
	return nil
}

// signedNow is a genuine token, signed with the key that signs by now.
func signedNow(ctx context.Context, s *engine.Stage) (string, error) {
	return s.Genuine(ctx, "signed with the new key of "+s.Case.ID)
}

// trustNow wants a token of the key that signs by now accepted within the
// delay that the target declares.
func trustNow(ctx context.Context, s *engine.Stage) error {
	token, err := signedNow(ctx, s)
	if err != nil {
		return err
	}
	delay, judged := declaredDelay(s)
	if !judged {
		return measureNewKey(ctx, s, token)
	}
	return awaitTrust(ctx, s, token, delay)
}

// declaredDelay is how long a new key may go unknown; judged is false where
// the target does not say, or says longer than a run should wait.
func declaredDelay(s *engine.Stage) (delay time.Duration, judged bool) {
	if refetch, ok := s.Declared("jwks-refetch"); ok && refetch == "unknown-kid" {
		return refetchTime, true
	}
	text, ok := s.Declared("jwks-cache")
	if !ok {
		return 0, false
	}
	delay, err := time.ParseDuration(text)
	return delay, err == nil && delay <= patience
}

// measureNewKey records what happens, and judges nothing.
func measureNewKey(ctx context.Context, s *engine.Stage, token string) error {
	step, err := s.Do(ctx, "signed with a key published a moment ago", verdict.Expectation{Measure: "new-key"}, engine.Send{Token: token})
	if err != nil {
		return err
	}
	detail := "trusted at once"
	if !step.Reach.Arrived() {
		detail = "not trusted at once; declare jwks-refetch, or a jwks-cache of at most 15s, and it is judged"
	}
	s.Conclude(verdict.NotDeclared, detail)
	return nil
}

// awaitTrust asks until the declared delay is over. What is judged is the last
// answer: the earlier ones are within the delay and measure it.
func awaitTrust(ctx context.Context, s *engine.Stage, token string, delay time.Duration) error {
	for started := s.Now(); s.Now().Sub(started) < delay; {
		step, err := s.Do(ctx, "signed with a key published a moment ago, within the declared delay", verdict.Expectation{Measure: "new-key"}, engine.Send{Token: token, Asking: true})
		if err != nil {
			return err
		}
		if step.Reach.Arrived() {
			s.Require(engine.Accept())
			return nil
		}
		if err := s.Wait(ctx, min(delay/10, delay-s.Now().Sub(started))); err != nil {
			return err
		}
	}
	step, err := s.Do(ctx, "signed with a key published longer ago than the declared delay", engine.Accept(), engine.Send{Token: token})
	if err == nil && !step.Reach.Arrived() {
		s.Conclude(verdict.NewKeyNotTrusted, fmt.Sprintf("refused with %d, %s after it was published", step.Observed.Status, delay))
	}
	return err
}
