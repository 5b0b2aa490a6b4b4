package flows

import (
	"context"
	"fmt"
	"time"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp"
)

// downCold has the key set fail before the gateway knows the key: what cannot be
// verified must not pass (CVE-2026-31837).
func downCold() engine.Flow {
	return engine.Flow{ID: "jwks-down-cold", ChangesIssuer: true, Run: func(ctx context.Context, s *engine.Stage) error {
		return coldly(ctx, s, mockidp.Misbehaviour{Name: "status", Path: mockidp.KeySetPaths}, func(token string) error {
			return refusedCold(ctx, s, "while the key set cannot be had", token)
		})
	}}
}

// malformed serves what is no key set: none of it may be taken for a set that
// trusts, or for one that asks for nothing.
func malformed() engine.Flow {
	return engine.Flow{ID: "jwks-malformed", ChangesIssuer: true, Run: func(ctx context.Context, s *engine.Stage) error {
		bodies := []struct{ name, text string }{
			{"HTML", "<!doctype html><title>Sign in</title>"}, {"an empty body", ""}, {"no keys", `{"keys":[]}`}, {"wrong types", `{"keys":{"kty":7}}`},
		}
		serve := func(text string) mockidp.Misbehaviour {
			return mockidp.Misbehaviour{Name: "body", Path: mockidp.KeySetPaths, Text: text}
		}
		return coldly(ctx, s, serve(bodies[0].text), func(token string) error {
			for i, body := range bodies {
				if i > 0 {
					if err := instead(ctx, s, serve(body.text)); err != nil {
						return err
					}
				}
				if err := refusedCold(ctx, s, "while the key set is "+body.name, token); err != nil {
					return err
				}
			}
			return nil
		})
	}}
}

// instead has the issuer go wrong in another way, and the gateway look again.
func instead(ctx context.Context, s *engine.Stage, wrong mockidp.Misbehaviour) error {
	if err := s.Issuer.Misbehave(ctx, s.Lease, []mockidp.Misbehaviour{wrong}); err != nil {
		return fmt.Errorf("flows: have the issuer go wrong: %w", err)
	}
	if operator := s.Operator(); operator != nil {
		return operator.Restart(ctx)
	}
	return nil // it is asked until it looks
}

// oversized serves a key set of 50 MiB: nobody needs one, and who reads it all
// can be made to read more (CWE-770).
func oversized() engine.Flow {
	return engine.Flow{ID: "jwks-oversized", ChangesIssuer: true, Run: func(ctx context.Context, s *engine.Stage) error {
		return coldly(ctx, s, mockidp.Misbehaviour{Name: "oversized"}, func(token string) error {
			return refusedCold(ctx, s, "while the key set has 50 MiB", token)
		})
	}}
}

// redirected sends who asks for the key set somewhere else; nobody may come
// there (CWE-601).
func redirected() engine.Flow {
	return engine.Flow{ID: "jwks-redirected", ChangesIssuer: true, Run: func(ctx context.Context, s *engine.Stage) error {
		before, err := hits(ctx, s.Issuer, "/callout/")
		if err != nil {
			return err
		}
		err = coldly(ctx, s, mockidp.Misbehaviour{Name: "redirect"}, func(token string) error {
			return refusedCold(ctx, s, "while the key set is elsewhere", token)
		})
		if err != nil {
			return err
		}
		after, err := hits(ctx, s.Issuer, "/callout/")
		if err == nil && after > before {
			s.Conclude(verdict.CalloutSeen, "the redirect of the key set was followed")
		}
		return err
	}}
}

// untrustedTLS shows the certificate of an authority that nobody trusts: the
// keys that come with it are nobody's (CWE-295). A gateway that fetches them
// without TLS meets no certificate: it trusts whoever answers.
func untrustedTLS() engine.Flow {
	return engine.Flow{ID: "jwks-untrusted-tls", ChangesIssuer: true, Run: func(ctx context.Context, s *engine.Stage) error {
		return coldly(ctx, s, mockidp.Misbehaviour{Name: "certificate-untrusted"}, func(token string) error {
			began, err := s.Issuer.Now(ctx)
			if err != nil {
				return fmt.Errorf("flows: the issuer's clock: %w", err)
			}
			title := "the genuine token while the issuer's certificate is not trusted, its key not known"
			step, err := s.Do(ctx, title, verdict.Expectation{Measure: "untrusted-key-set"}, engine.Send{Token: token})
			if err != nil {
				return err
			}
			if reason, plainly := s.FetchedPlainly(ctx, began); step.Reach.Arrived() && plainly {
				s.Conclude(reason, "there was no certificate to distrust")
				return nil
			}
			s.Require(engine.Refuse(401, 503))
			return nil
		})
	}}
}

// issuerMismatch has the discovery document name another issuer, whose keys are
// not those of the configured one (RFC 8414 3.3).
func issuerMismatch() engine.Flow {
	return engine.Flow{ID: "discovery-issuer-mismatch", ChangesIssuer: true, Run: func(ctx context.Context, s *engine.Stage) error {
		return coldly(ctx, s, mockidp.Misbehaviour{Name: "issuer-mismatch"}, func(token string) error {
			return refusedCold(ctx, s, "while the discovery document names another issuer", token)
		})
	}}
}

// coldly puts a misbehaviour in force, has the gateway know no key of a token,
// and does with the token what is to be done. Afterwards the issuer is as it
// was, and the token must be accepted.
//
// Where somebody here runs the gateway it is started anew. Elsewhere the token is
// signed with a key that is published meanwhile, which no gateway can know.
func coldly(ctx context.Context, s *engine.Stage, wrong mockidp.Misbehaviour, do func(token string) error) error {
	if err := s.Issuer.Misbehave(ctx, s.Lease, []mockidp.Misbehaviour{wrong}); err != nil {
		return fmt.Errorf("flows: have the issuer go wrong: %w", err)
	}
	token, err := unknownToken(ctx, s)
	if err != nil {
		return err
	}
	if err := do(token); err != nil {
		return err
	}
	if err := s.Issuer.Misbehave(ctx, s.Lease, nil); err != nil {
		return fmt.Errorf("flows: mend the issuer: %w", err)
	}
	return trustMended(ctx, s, token)
}

// unknownToken is a genuine token whose key the gateway does not know.
func unknownToken(ctx context.Context, s *engine.Stage) (string, error) {
	if operator := s.Operator(); operator != nil {
		return s.Token, operator.Restart(ctx)
	}
	if err := rotate(ctx, s, mockidp.RotateRequest{Publish: true, Sign: true}); err != nil {
		return "", err
	}
	return signedNow(ctx, s)
}

// refusedCold wants the token refused. A gateway that was not started anew may
// not look at the key set at all, because key ids that nobody published have
// come too often: it is asked again until it looks, for as long as it may hold
// back, and wanted to refuse each time. Where it still did not look, that is told.
func refusedCold(ctx context.Context, s *engine.Stage, when, token string) error {
	title := "the genuine token " + when + ", its key not known"
	looked, err := refusedLooking(ctx, s, title, token)
	if err != nil || looked || s.Operator() != nil {
		return err
	}
	for waited := time.Duration(0); waited < refetchTime; {
		pause := max(waited, refetchTime/8)
		if err := s.Wait(ctx, pause); err != nil {
			return err
		}
		waited += pause
		looked, err := refusedLooking(ctx, s, title, token)
		if err != nil || looked {
			return err
		}
	}
	s.Conclude(verdict.NotDeclared, "the gateway did not ask the issuer meanwhile: whether it would be misled is not known")
	return nil
}

// refusedLooking wants the token refused, and reports whether the issuer was
// asked for anything meanwhile. Of several askings the last one is recorded: how
// often a gateway holds back is chance.
func refusedLooking(ctx context.Context, s *engine.Stage, title, token string) (looked bool, err error) {
	before, err := hits(ctx, s.Issuer, "/")
	if err != nil {
		return false, err
	}
	if _, err := s.Do(ctx, title, engine.Refuse(401, 503), engine.Send{Token: token, Asking: true}); err != nil {
		return false, err
	}
	after, err := hits(ctx, s.Issuer, "/")
	return after > before, err
}

// trustMended wants the token accepted once the issuer is as it was. A gateway
// that was not started anew may take its time to fetch again.
func trustMended(ctx context.Context, s *engine.Stage, token string) error {
	if s.Operator() != nil {
		_, err := s.Do(ctx, "the genuine token, the issuer mended", engine.Accept(), engine.Send{Token: token})
		return err
	}
	if delay, judged := declaredDelay(s); judged {
		return awaitTrust(ctx, s, token, delay)
	}
	return nil
}
