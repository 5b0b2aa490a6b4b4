package targets

import (
	"strings"

	"github.com/entraproof/entraproof/internal/document"
)

func (r *reader) tokens(n *document.Node) {
	f := n.Fields()
	mock, entra := f.Take("mock"), f.Take("entra")
	if (mock == nil) == (entra == nil) {
		n.Problemf("tokens come from mock or from entra", "expected exactly one source of tokens")
	}
	if mock != nil {
		r.file.Tokens.Mock = r.mock(mock)
	}
	if entra != nil {
		r.file.Tokens.Entra = &Entra{Authority: "https://login.microsoftonline.com"}
		e := entra.Fields()
		if a := e.Take("authority"); a != nil {
			r.file.Tokens.Entra.Authority = address(a)
		}
		e.Rest()
	}
	if former := f.Take("former"); former != nil {
		r.former(former)
	}
	f.Rest()
}

func (r *reader) mock(n *document.Node) *Mock {
	f := n.Fields()
	m := &Mock{URL: address(f.Need("url")), Management: address(f.Need("management")), Token: r.secret(f.Need("token"))}
	f.Rest()
	return m
}

// former reads the mock that the gateways trusted once. It cannot be where
// tokens come from as well: then it is trusted still, and its tokens are the
// controls.
func (r *reader) former(n *document.Node) {
	f := n.Fields()
	mock := f.Need("mock")
	f.Rest()
	if mock == nil {
		return
	}
	former, now := r.mock(mock), r.file.Tokens.Mock
	if now != nil && (sameAddress(now.URL, former.URL) || sameAddress(now.Management, former.Management)) {
		n.Problemf("tokens come from entra, or from another mock", "the former mock is the one that tokens come from")
	}
	r.file.Tokens.Former = former
}

// sameAddress compares addresses but for case, which hosts do not have, and a
// slash at the end.
func sameAddress(a, b string) bool {
	return a != "" && strings.EqualFold(strings.TrimSuffix(a, "/"), strings.TrimSuffix(b, "/"))
}
