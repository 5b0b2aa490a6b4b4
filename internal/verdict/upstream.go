package verdict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/value"
)

// Upstream is the `upstream` condition: what must, or must not, have arrived
// there. It says nothing of a request that was not forwarded.
type Upstream struct {
	Identity      []value.Expr // who the caller is, as the gateway tells it
	NotIdentity   []value.Expr // who the caller must not be taken for
	NoHeaderValue []value.Expr // texts that no header value holds
	Authorization []value.Expr // the Authorization values, all of them, in order
	// BareAuthorization asks for no Authorization value at all.
	BareAuthorization bool
	Method            string // of the request line; empty: any
	// Unreached asks that nothing arrives: whoever answers, it is the gateway.
	Unreached bool
}

// IsZero reports whether there is no condition.
func (u Upstream) IsZero() bool {
	return len(u.exprs()) == 0 && !u.BareAuthorization && u.Method == "" && !u.Unreached
}

func (u Upstream) exprs() []value.Expr {
	return slices.Concat(u.Identity, u.NotIdentity, u.NoHeaderValue, u.Authorization)
}

func (u Upstream) refs() []string {
	var refs []string
	for _, e := range u.exprs() {
		refs = append(refs, e.Refs()...)
	}
	slices.Sort(refs)
	return slices.Compact(refs)
}

// decodeUpstream reads the `upstream` member.
func decodeUpstream(n *document.Node) Upstream {
	if n == nil {
		return Upstream{}
	}
	f := n.Fields()
	u := Upstream{
		Identity:      decodeTexts(f.Take("identity")),
		NotIdentity:   decodeTexts(f.Take("not-identity")),
		NoHeaderValue: decodeTexts(f.Take("no-header-value")),
		Unreached:     decodeFixed(f.Take("reached"), false),
	}
	u.Method = f.Take("method").Str()
	authorization := f.Take("authorization")
	u.Authorization = decodeTexts(authorization)
	u.BareAuthorization = authorization.Kind() == document.Sequence && len(u.Authorization) == 0
	f.Rest()
	if u.Unreached && len(u.exprs()) > 0 {
		n.Problemf("", `"reached: false" beside what must have arrived`)
	}
	if n.Kind() == document.Mapping && u.IsZero() {
		n.Problemf("", "an empty condition")
	}
	return u
}

// decodeTexts reads one text with placeholders, or a list of them.
func decodeTexts(n *document.Node) []value.Expr {
	switch n.Kind() {
	case document.Null:
		if n != nil {
			n.Problemf("", "expected a text or a list of texts, got null")
		}
		return nil
	case document.Sequence:
		var all []value.Expr
		for _, item := range n.Items() {
			all = append(all, value.Decode(item))
		}
		return all
	}
	return []value.Expr{value.Decode(n)}
}

// Wanted is the `upstream` condition with its placeholders filled in.
type Wanted struct {
	Identity, NotIdentity, NoHeaderValue, Authorization []string
	BareAuthorization, Unreached                        bool
	Method                                              string
}

// Eval fills in the placeholders.
func (u Upstream) Eval(s value.Scope) (Wanted, error) {
	w := Wanted{BareAuthorization: u.BareAuthorization, Method: u.Method, Unreached: u.Unreached}
	for _, part := range []struct {
		from []value.Expr
		to   *[]string
	}{
		{u.Identity, &w.Identity},
		{u.NotIdentity, &w.NotIdentity},
		{u.NoHeaderValue, &w.NoHeaderValue},
		{u.Authorization, &w.Authorization},
	} {
		for _, e := range part.from {
			text, err := e.Text(s)
			if err != nil {
				return Wanted{}, fmt.Errorf("verdict: upstream condition: %w", err)
			}
			*part.to = append(*part.to, text)
		}
	}
	return w, nil
}

func (w Wanted) isZero() bool {
	return len(w.Identity)+len(w.NotIdentity)+len(w.NoHeaderValue)+len(w.Authorization) == 0 && !w.BareAuthorization && w.Method == "" && !w.Unreached
}

// judge compares w with one request as the upstream saw it. identity names the
// header fields by which the gateway is declared to tell who the caller is;
// none: any field can.
func (w Wanted) judge(e probe.Echo, identity []string) Verdict {
	told := identityValues(e, identity)
	switch {
	case w.Unreached:
		return Because(ReachedUpstream, "")
	case w.Method != "" && e.Method != w.Method:
		return Because(MethodReplaced, e.Method)
	case anyHolds(allValues(e), w.NoHeaderValue):
		return Because(HeaderValueForwarded, "")
	case anyHolds(told, w.NotIdentity):
		return Because(IdentityTakenOver, "")
	case (len(w.Authorization) > 0 || w.BareAuthorization) && !sameAuthorization(e.Authorization, w.Authorization):
		return Because(AuthorizationDiffers, "")
	case len(w.Identity) > 0:
		return w.judgeIdentity(e, identity)
	}
	return Because(ConditionsHold, "")
}

// judgeIdentity asks for the identity in one of the declared fields, and there
// for no other one beside it: other fields may tell other things about the
// caller. Where none is declared the token itself, forwarded, tells it.
func (w Wanted) judgeIdentity(e probe.Echo, declared []string) Verdict {
	if len(declared) == 0 {
		if anyHolds(allValues(e), w.Identity) || len(e.Authorization) > 0 {
			return Because(ConditionsHold, "")
		}
		return Because(IdentityNotShown, "")
	}
	told := false
	for _, name := range declared {
		values := e.Values(name)
		is := func(v string) bool { return slices.Contains(w.Identity, v) }
		if !slices.ContainsFunc(values, is) {
			continue
		}
		told = true
		if slices.ContainsFunc(values, func(v string) bool { return !is(v) }) {
			return Because(IdentityNotForwarded, name+" tells several callers")
		}
	}
	if !told {
		return Because(IdentityNotForwarded, "")
	}
	return Because(ConditionsHold, "")
}

// identityValues returns the values of the declared fields, of all fields
// where none is declared.
func identityValues(e probe.Echo, names []string) []string {
	if len(names) == 0 {
		return allValues(e)
	}
	var values []string
	for _, name := range names {
		values = append(values, e.Values(name)...)
	}
	return values
}

func allValues(e probe.Echo) []string {
	values := make([]string, len(e.Header))
	for i, p := range e.Header {
		values[i] = p.Value
	}
	return values
}

// anyHolds reports whether one of the texts stands in one of the values.
func anyHolds(values, texts []string) bool {
	return slices.ContainsFunc(values, func(v string) bool {
		return slices.ContainsFunc(texts, func(text string) bool { return text != "" && strings.Contains(v, text) })
	})
}

func sameAuthorization(seen []probe.Seen, wanted []string) bool {
	return slices.EqualFunc(seen, wanted, func(s probe.Seen, text string) bool { return s == probe.See(text) })
}
