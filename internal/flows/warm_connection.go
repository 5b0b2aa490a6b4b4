package flows

import (
	"context"

	"github.com/entraproof/entraproof/internal/engine"
)

// anonymousOnWarmConnection sends a good token and then nothing on the same
// connection: who came first must not vouch for who comes next (CWE-287). Where
// the gateway ends its connections after each answer, what comes next comes on
// another one, and must be refused there.
func anonymousOnWarmConnection() engine.Flow {
	return engine.Flow{ID: "state-anonymous-on-warm-connection", Run: func(ctx context.Context, s *engine.Stage) error {
		conn := s.Conn()
		defer conn.Close()
		if _, err := s.Do(ctx, "the good token", engine.Accept(), engine.Send{Token: s.Token, Conn: conn}); err != nil {
			return err
		}
		title, send := "no credentials, on the same connection", engine.Send{Conn: conn}
		if conn.Ended() {
			title, send = "no credentials, on another connection: the gateway ended the first", engine.Send{}
		}
		_, err := s.Do(ctx, title, engine.Refuse(401, 400), send)
		return err
	}}
}
