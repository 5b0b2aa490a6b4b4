package probe

import (
	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
)

// decodeTexts reads a list of scalars with placeholders.
func decodeTexts(n *document.Node) []value.Expr {
	texts := []value.Expr{}
	if n.Kind() == document.String {
		n.Problemf("write [\"…\"], one entry for each line; [] for none", "expected a list, got %q", n.Text())
		return texts
	}
	for _, item := range n.Items() {
		texts = append(texts, decodeText(item))
	}
	return texts
}

func textRefs(texts []value.Expr) []string {
	var refs []string
	for _, e := range texts {
		refs = append(refs, e.Refs()...)
	}
	return refs
}

func evalTexts(texts []value.Expr, s value.Scope) ([]string, error) {
	all := make([]string, len(texts))
	for i, e := range texts {
		text, err := e.Text(s)
		if err != nil {
			return nil, err
		}
		all[i] = text
	}
	return all, nil
}

// linesStep adds whole header lines.
type linesStep []value.Expr

// decodeLines reads `lines`: header lines as they stand, without their CRLF.
func decodeLines(n *document.Node) step { return linesStep(decodeTexts(n)) }

func (l linesStep) refs() []string { return textRefs(l) }

func (l linesStep) apply(m *message, s value.Scope) (err error) {
	m.lines, err = evalTexts(l, s)
	return err
}

// authorizationStep sets the Authorization values, one line each.
type authorizationStep []value.Expr

// decodeAuthorization reads `authorization`: a list of values, [] for none.
func decodeAuthorization(n *document.Node) step { return authorizationStep(decodeTexts(n)) }

func (a authorizationStep) refs() []string { return textRefs(a) }

func (a authorizationStep) apply(m *message, s value.Scope) (err error) {
	m.authorization, err = evalTexts(a, s)
	return err
}

// bytesStep replaces the whole request.
type bytesStep struct{ all value.Expr }

// decodeBytes reads `bytes`: the whole request, nothing added.
func decodeBytes(n *document.Node) step { return bytesStep{decodeText(n)} }

func (b bytesStep) refs() []string { return b.all.Refs() }

func (b bytesStep) apply(m *message, s value.Scope) error {
	text, err := b.all.Text(s)
	m.raw = append([]byte{}, text...)
	return err
}
