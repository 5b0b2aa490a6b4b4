package flows

import (
	"context"
	"time"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/internal/verdict"
)

// scopeAcrossRoutes has a token accepted on its route and presents it to the
// one that asks for another scope: a verdict that is cached without the route
// lets it in (CVE-2021-32701).
func scopeAcrossRoutes() engine.Flow {
	return engine.Flow{ID: "state-scope-across-routes", Run: func(ctx context.Context, s *engine.Stage) error {
		other, ok := s.OtherRoute()
		if !ok {
			s.Conclude(verdict.CapabilityAbsent, "every route asks for the same scope")
			return nil
		}
		if _, err := s.Do(ctx, "the good token on its own route", engine.Accept(), engine.Send{Token: s.Token}); err != nil {
			return err
		}
		_, err := s.Do(ctx, "the same token on the route of another scope", engine.Refuse(403, 401), engine.Send{Token: s.Token, At: &other})
		return err
	}}
}

// audienceAcrossAPIs has the token of each other environment accepted at its own
// gateway, then presents it here: what one API accepted is no business of
// another (CVE-2026-33496).
func audienceAcrossAPIs() engine.Flow {
	return engine.Flow{ID: "state-audience-across-apis", Run: func(ctx context.Context, s *engine.Stage) error {
		all, err := s.Neighbours(ctx)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			s.Conclude(verdict.DeclaredUnsupported, "the target file names no gateway of another environment")
		}
		for _, n := range all {
			there, err := s.Do(ctx, "the token of "+n.Name+" at its own gateway", verdict.Expectation{Measure: "accepted-there"}, engine.Send{Token: n.Token, At: &n.Endpoint})
			if err != nil {
				return err
			}
			if !there.Reach.Arrived() {
				s.Conclude(verdict.ForeignTokenUnproven, "the token of "+n.Name+" was refused at its own gateway")
				continue
			}
			if _, err := s.Do(ctx, "the same token here", engine.Refuse(401, 403), engine.Send{Token: n.Token}); err != nil {
				return err
			}
		}
		return nil
	}}
}

// expiredAfterCached has a token accepted, waits until it has expired, and
// presents it again (CWE-613).
func expiredAfterCached() engine.Flow {
	return engine.Flow{ID: "state-expired-after-cached", Run: func(ctx context.Context, s *engine.Stage) error {
		return expireBetween(ctx, s, engine.Send{})
	}}
}

// expiresOnConnection is the same on one connection: a token is looked at for
// each request, not for each connection.
func expiresOnConnection() engine.Flow {
	return engine.Flow{ID: "exp-passes-on-open-connection", Run: func(ctx context.Context, s *engine.Stage) error {
		conn := s.Conn()
		defer conn.Close()
		return expireBetween(ctx, s, engine.Send{Conn: conn})
	}}
}

const (
	// shortLife is what is left of the life of a token that is to expire.
	shortLife = time.Minute
	// usualSkew is by how much clocks may differ where nobody declares it; most
	// validators allow five minutes.
	usualSkew = 5 * time.Minute
)

// expireBetween sends a token with a minute to live, and again when that and the
// difference that clocks may have are over.
func expireBetween(ctx context.Context, s *engine.Stage, send engine.Send) error {
	ends := s.Now().Add(shortLife)
	token, err := s.Signed(ctx, func(claims value.Value) value.Value { return claims.Set("exp", value.Int(ends.Unix())) })
	if err != nil {
		return err
	}
	send.Token = token
	if _, err := s.Do(ctx, "the token while it is good", engine.Accept(), send); err != nil {
		return err
	}
	if err := s.Wait(ctx, ends.Add(skewOf(s)+time.Second).Sub(s.Now())); err != nil {
		return err
	}
	title := "the same token, expired"
	if send.Conn != nil && send.Conn.Ended() {
		title, send.Conn = "the same token, expired, on another connection: the gateway ended the first", nil
	}
	_, err = s.Do(ctx, title, engine.Refuse(401), send)
	return err
}

func skewOf(s *engine.Stage) time.Duration {
	text, ok := s.Declared("skew")
	if !ok {
		return usualSkew
	}
	skew, err := time.ParseDuration(text)
	if err != nil {
		return usualSkew
	}
	return skew
}

// badDoesNotPoison presents changed tokens, then the good one that they were
// made of: who guesses must not lock the caller out (CWE-400).
func badDoesNotPoison() engine.Flow {
	return engine.Flow{ID: "state-bad-does-not-poison", Run: func(ctx context.Context, s *engine.Stage) error {
		good, err := s.Genuine(ctx, "never presented before "+s.Case.ID)
		if err != nil {
			return err
		}
		for range 5 {
			if _, err := s.Do(ctx, "the token, one bit of its signature changed", engine.Refuse(401), engine.Send{Token: tampered(good)}); err != nil {
				return err
			}
		}
		_, err = s.Do(ctx, "the token itself", engine.Accept(), engine.Send{Token: good})
		return err
	}}
}

// sharedCache asks without a token for what was just answered to somebody with
// one (CWE-525).
func sharedCache() engine.Flow {
	return engine.Flow{ID: "state-shared-cache", Run: func(ctx context.Context, s *engine.Stage) error {
		if _, err := s.Do(ctx, "the good token", engine.Accept(), engine.Send{Token: s.Token}); err != nil {
			return err
		}
		_, err := s.Do(ctx, "the same request without credentials, on another connection", engine.Refuse(401), engine.Send{Fresh: true})
		return err
	}}
}
