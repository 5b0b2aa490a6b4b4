package flows

import (
	"context"
	"strings"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// twoCallers has a client with a contract and one without take turns on one
// connection (CWE-362). The connection is one of HTTP/1.1, where requests follow
// each other.
func twoCallers() engine.Flow {
	return engine.Flow{ID: "state-two-callers-one-connection", Run: func(ctx context.Context, s *engine.Stage) error {
		id := s.Client(targets.Stranger)
		if id == "" {
			s.Conclude(verdict.MissingAccount, "no client without contract")
			return nil
		}
		stranger, err := s.Granted(ctx, func(g *mint.Grant) { g.Client.ID = id })
		if err != nil {
			return err
		}
		conn := s.Conn()
		defer func() { conn.Close() }()
		for range 2 {
			first, err := s.Do(ctx, "the client with a contract", engine.Accept(), engine.Send{Token: s.Token, Conn: open(s, &conn)})
			if err != nil {
				return err
			}
			if names(first.Observed.Echo, id) {
				s.Conclude(verdict.IdentityTakenOver, "the upstream was told the client that called before")
			}
			if _, err := s.Do(ctx, "the client without, on the same connection", engine.Refuse(403, 401), engine.Send{Token: stranger, Conn: open(s, &conn)}); err != nil {
				return err
			}
		}
		return nil
	}}
}

// open is the connection, or another one where the gateway has ended it.
func open(s *engine.Stage, conn **probe.Conn) *probe.Conn {
	if (*conn).Ended() {
		*conn = s.Conn()
	}
	return *conn
}

// names reports whether a field that the upstream saw holds a client's id. The
// token itself is encoded.
func names(saw *probe.Echo, id string) bool {
	if saw == nil {
		return false
	}
	for _, f := range saw.Header {
		if strings.Contains(f.Value, id) {
			return true
		}
	}
	return false
}
