package probe

import (
	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
)

// fieldExpr is a header field with placeholders in name and value.
type fieldExpr struct{ name, value value.Expr }

// decodeFields reads a list of [name, value].
func decodeFields(n *document.Node) []fieldExpr {
	fields := []fieldExpr{}
	if n.Kind() == document.Mapping {
		n.Problemf(`write [[Name, "value"]]: names may stand twice`, "expected a list, got %s", n.Kind())
		return fields
	}
	for _, item := range n.Items() {
		if item.Kind() != document.Sequence || len(item.Items()) != 2 {
			item.Problemf(`write [[Name, "value"]]`, "expected a pair of name and value")
			continue
		}
		pair := item.Items()
		fields = append(fields, fieldExpr{decodeText(pair[0]), decodeText(pair[1])})
	}
	return fields
}

func fieldRefs(fields []fieldExpr) []string {
	var refs []string
	for _, f := range fields {
		refs = append(append(refs, f.name.Refs()...), f.value.Refs()...)
	}
	return refs
}

func evalFields(fields []fieldExpr, s value.Scope) ([]Pair, error) {
	pairs := make([]Pair, len(fields))
	for i, f := range fields {
		name, err := f.name.Text(s)
		if err != nil {
			return nil, err
		}
		text, err := f.value.Text(s)
		if err != nil {
			return nil, err
		}
		pairs[i] = Pair{name, text}
	}
	return pairs, nil
}

// headersStep adds header fields.
type headersStep []fieldExpr

// decodeHeaders reads `headers`: a list of [name, value].
func decodeHeaders(n *document.Node) step { return headersStep(decodeFields(n)) }

func (h headersStep) refs() []string { return fieldRefs(h) }

func (h headersStep) apply(m *message, s value.Scope) (err error) {
	m.fields, err = evalFields(h, s)
	return err
}

// trailersStep sends fields after a chunked body.
type trailersStep []fieldExpr

// decodeTrailers reads `trailers`: a list of [name, value], sent after the
// content, which is then chunked (RFC 9112 7.1.2).
func decodeTrailers(n *document.Node) step { return trailersStep(decodeFields(n)) }

func (t trailersStep) refs() []string { return fieldRefs(t) }

func (t trailersStep) apply(m *message, s value.Scope) (err error) {
	m.trailers, err = evalFields(t, s)
	return err
}
