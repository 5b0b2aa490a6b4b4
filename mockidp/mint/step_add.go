package mint

import (
	"context"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
)

// addStep appends members, even where there are such: {add: {aud: x}} makes a
// payload with two audiences.
type addStep struct {
	memberStep
	members []assignment
}

func decodeAdd(n *document.Node) step {
	return &addStep{memberStep{decodeIn(n)}, decodeAssignments(n, "in")}
}

func (s *addStep) exprs() []value.Expr { return exprsOf(s.members) }

func (s *addStep) apply(_ context.Context, w *work) error {
	w.wrote(s.in, namesOf(s.members)...)
	return failed("add", w.change(s.in, func(v value.Value) (value.Value, error) { return addMembers(v, s.members, w.scope()) }))
}
