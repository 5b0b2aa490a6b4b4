package verdict

import (
	"fmt"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/value"
)

// decodeAnswer reads the `answer` member: `no-header-value`, texts that no header
// field of the answer may hold, whoever wrote it.
func decodeAnswer(n *document.Node) []value.Expr {
	if n == nil {
		return nil
	}
	f := n.Fields()
	texts := decodeTexts(f.Need("no-header-value"))
	f.Rest()
	return texts
}

// EvalAnswer fills in the placeholders of the `answer` condition.
func (e Expectation) EvalAnswer(s value.Scope) ([]string, error) {
	var texts []string
	for _, expr := range e.Unreflected {
		text, err := expr.Text(s)
		if err != nil {
			return nil, fmt.Errorf("verdict: answer condition: %w", err)
		}
		texts = append(texts, text)
	}
	return texts, nil
}

// reflects reports whether a header field of the answer holds one of the texts.
func reflects(o probe.Observation, texts []string) bool {
	values := make([]string, len(o.Header))
	for i, p := range o.Header {
		values[i] = p.Value
	}
	return anyHolds(values, texts)
}
