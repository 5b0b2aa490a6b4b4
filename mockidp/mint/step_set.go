package mint

import (
	"context"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
)

// setStep gives members values: {set: {aud: x}} or {set: {in: header, kid: y}}.
// A member that is there keeps its place.
type setStep struct {
	memberStep
	to []assignment
}

func decodeSet(n *document.Node) step {
	return &setStep{memberStep{decodeIn(n)}, decodeAssignments(n, "in")}
}

func (s *setStep) exprs() []value.Expr { return exprsOf(s.to) }

func (s *setStep) apply(_ context.Context, w *work) error {
	w.wrote(s.in, namesOf(s.to)...)
	return failed("set", w.change(s.in, func(v value.Value) (value.Value, error) { return setMembers(v, s.to, w.scope()) }))
}
