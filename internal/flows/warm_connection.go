package flows

import (
	"context"

	"github.com/entraproof/entraproof/internal/engine"
)

// anonymousOnWarmConnection sends a good token and then nothing on the same
// connection: who came first must not vouch for who comes next (CWE-287).
func anonymousOnWarmConnection() engine.Flow {
	return engine.Flow{ID: "state-anonymous-on-warm-connection", Run: func(ctx context.Context, s *engine.Stage) error {
		conn := s.Conn()
		defer conn.Close()
		if _, err := s.Do(ctx, "the good token", engine.Accept(), engine.Send{Token: s.Token, Conn: conn}); err != nil {
			return err
		}
		_, err := s.Do(ctx, "no credentials, on the same connection", engine.Refuse(401, 400), engine.Send{Conn: conn})
		return err
	}}
}
