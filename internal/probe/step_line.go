package probe

import (
	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
)

// textStep sets one text of the message.
type textStep struct {
	to   func(*message) *string
	text value.Expr
	odd  bool
}

func (s textStep) refs() []string { return s.text.Refs() }

func (s textStep) apply(m *message, scope value.Scope) (err error) {
	*s.to(m), err = s.text.Text(scope)
	m.odd = m.odd || s.odd
	return err
}

// decodeMethod reads `method`: the request line's first word.
func decodeMethod(n *document.Node) step {
	return textStep{to: func(m *message) *string { return &m.method }, text: decodeText(n)}
}

// decodeTarget reads `target`: the request line's second word, in whatever
// form (RFC 9112 3.2) it is written.
func decodeTarget(n *document.Node) step {
	return textStep{to: func(m *message) *string { return &m.target }, text: decodeText(n)}
}

// decodeHost reads `host`: the Host field. A server may route the rest of the
// connection by it, so the connection is not shared.
func decodeHost(n *document.Node) step {
	return textStep{to: func(m *message) *string { return &m.host }, text: decodeText(n), odd: true}
}

// decodeText reads a scalar with placeholders.
func decodeText(n *document.Node) value.Expr {
	if k := n.Kind(); k == document.Mapping || k == document.Sequence || k == document.Null {
		n.Problemf("", "expected a text, got %s", k)
		return value.Expr{}
	}
	return value.Decode(n)
}
