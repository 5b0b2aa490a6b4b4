package mint

import (
	"context"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
)

// renameStep gives members other names in their places: {rename: {azp: appid}}.
type renameStep struct {
	memberStep
	names []renaming
}

func decodeRename(n *document.Node) step {
	return &renameStep{memberStep{decodeIn(n)}, decodeRenamings(n, "in")}
}

func (s *renameStep) exprs() []value.Expr { return nil }

func (s *renameStep) apply(_ context.Context, w *work) error {
	for _, r := range s.names {
		w.wrote(s.in, r.from, r.to)
	}
	return failed("rename", w.change(s.in, func(v value.Value) (value.Value, error) { return renameMembers(v, s.names), nil }))
}
