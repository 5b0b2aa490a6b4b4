package mint

import (
	"context"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
)

// removeStep drops members: {remove: [aud]} or
// {remove: {in: header, names: [kid]}}.
type removeStep struct {
	memberStep
	names []string
}

func decodeRemove(n *document.Node) step {
	if n.Kind() != document.Mapping {
		return &removeStep{memberStep{inPayload}, decodeNames(n)}
	}
	f := n.Fields()
	s := &removeStep{memberStep{decodePart(f.Take("in"), inHeader, inPayload)}, decodeNames(f.Need("names"))}
	f.Rest()
	return s
}

func (s *removeStep) exprs() []value.Expr { return nil }

func (s *removeStep) apply(_ context.Context, w *work) error {
	w.wrote(s.in, s.names...)
	return failed("remove", w.change(s.in, func(v value.Value) (value.Value, error) { return removeMembers(v, s.names), nil }))
}
