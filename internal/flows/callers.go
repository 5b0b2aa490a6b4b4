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
// each other. Where nobody asks who calls, the second is let in as well: what is
// left is that the upstream is told each as itself.
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
		second := engine.Refuse(403, 401)
		if !s.Case.Home.Enforced("client") {
			second = verdict.Expectation{Measure: "second-caller"}
			s.Conclude(verdict.LeftOpenByDeclaration, "client")
		}
		conn := s.Conn()
		defer func() { conn.Close() }()
		for range 2 {
			if err := callAs(ctx, s, &conn, caller{"the client with a contract", s.Token, id, engine.Accept()}); err != nil {
				return err
			}
			if err := callAs(ctx, s, &conn, caller{"the client without, on the same connection", stranger, s.CallerID(), second}); err != nil {
				return err
			}
		}
		return nil
	}}
}

// caller is one of two that take turns: other is the id of the one that it must
// not be taken for.
type caller struct {
	title, token, other string
	expect              verdict.Expectation
}

// callAs has a caller ask once, and looks at whom the upstream was told.
func callAs(ctx context.Context, s *engine.Stage, conn **probe.Conn, c caller) error {
	step, err := s.Do(ctx, c.title, c.expect, engine.Send{Token: c.token, Conn: open(s, conn)})
	if err != nil {
		return err
	}
	if names(step.Observed.Echo, c.other) {
		s.Conclude(verdict.IdentityTakenOver, "the upstream was told the client that called before")
	}
	return nil
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
