package mint

import (
	"context"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
)

// composeStep writes the token anew from a template over its parts:
// {compose: "${token.header.b64}..${token.signature.b64}"}.
type composeStep struct{ template value.Expr }

func decodeCompose(n *document.Node) step {
	n.Str() // anything but a string is a problem
	return &composeStep{value.Decode(n)}
}

func (s *composeStep) stage() stage { return afterSignature }

func (s *composeStep) exprs() []value.Expr { return []value.Expr{s.template} }

func (s *composeStep) apply(_ context.Context, w *work) error {
	text, err := s.template.Text(w.scope())
	if err != nil {
		return failed("compose", err)
	}
	w.token, w.empty = split(text), false
	return nil
}
