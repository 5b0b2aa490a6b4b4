package probe

import (
	"net/url"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
)

// decodeBody reads `body`: exactly one of form, json and text.
func decodeBody(n *document.Node) step {
	f := n.Fields()
	forms := []stepKey{{"form", decodeForm}, {"json", decodeJSON}, {"text", decodePlain}}
	var found []step
	for _, k := range forms {
		if member := f.Take(k.key); member != nil {
			found = append(found, k.decode(member))
		}
	}
	f.Rest()
	if len(found) != 1 {
		n.Problemf("", "expected one of form, json and text, got %d of them", len(found))
		return formStep(nil)
	}
	return found[0]
}

// formStep sends a form (application/x-www-form-urlencoded).
type formStep []fieldExpr

func decodeForm(n *document.Node) step {
	var form formStep
	for _, m := range n.Members() {
		form = append(form, fieldExpr{value.DecodeName(m), decodeText(m.Value)})
	}
	return form
}

func (f formStep) refs() []string { return fieldRefs(f) }

func (f formStep) apply(m *message, s value.Scope) error {
	pairs, err := evalFields(f, s)
	if err != nil {
		return err
	}
	m.body = []byte{}
	for i, p := range pairs {
		if i > 0 {
			m.body = append(m.body, '&')
		}
		m.body = append(m.body, url.QueryEscape(p.Name)+"="+url.QueryEscape(p.Value)...)
	}
	m.contentType = "application/x-www-form-urlencoded"
	return nil
}

// jsonStep sends a JSON value.
type jsonStep struct{ value value.Expr }

func decodeJSON(n *document.Node) step { return jsonStep{value.Decode(n)} }

func (j jsonStep) refs() []string { return j.value.Refs() }

func (j jsonStep) apply(m *message, s value.Scope) error {
	v, err := j.value.Eval(s)
	if err != nil {
		return err
	}
	m.body, m.contentType = v.JSON(), "application/json"
	return nil
}

// plainStep sends a text as it stands.
type plainStep struct{ text value.Expr }

func decodePlain(n *document.Node) step { return plainStep{decodeText(n)} }

func (p plainStep) refs() []string { return p.text.Refs() }

func (p plainStep) apply(m *message, s value.Scope) error {
	text, err := p.text.Text(s)
	m.body, m.contentType = append([]byte{}, text...), "text/plain"
	return err
}
