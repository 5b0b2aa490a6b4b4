package policy

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/entraproof/entraproof/internal/document"
)

// functions are those of Terraform's that are evaluated: they only rearrange
// what stands in the files. None reads a file, the clock or the network. Each
// reports whether it could.
func functions() map[string]func(arguments []datum) (datum, bool) {
	return map[string]func([]datum) (datum, bool){
		"format":     format,
		"join":       join,
		"jsonencode": func(a []datum) (datum, bool) { return a[0], len(a) == 1 },
		"lower":      onText(strings.ToLower),
		"merge":      merge,
		"tobool":     ofKind(document.Bool),
		"tonumber":   ofKind(document.Number),
		"tostring":   ofKind(document.String),
		"trimspace":  onText(strings.TrimSpace),
		"upper":      onText(strings.ToUpper),
	}
}

// call evaluates a function.
func (m *module) call(e *hclsyntax.FunctionCallExpr) datum {
	f, ok := functions()[e.Name]
	if !ok || e.ExpandFinal || len(e.Args) == 0 {
		return m.unknown(e, "write the value out: this function is not evaluated here")
	}
	var arguments []datum
	secret := false
	for _, a := range e.Args {
		d := m.evaluate(a)
		if d.unknown != "" {
			return d
		}
		secret = secret || d.secret
		arguments = append(arguments, d)
	}
	d, ok := f(arguments)
	if !ok || len(d.text) > mostText || d.count() > mostValues {
		return m.unknown(e, "write the value out")
	}
	d.secret, d.place = secret, nil
	return d
}

func onText(change func(string) string) func([]datum) (datum, bool) {
	return func(a []datum) (datum, bool) {
		return datum{kind: str, text: change(a[0].text)}, len(a) == 1 && a[0].kind == str
	}
}

func ofKind(kind document.Kind) func([]datum) (datum, bool) {
	return func(a []datum) (datum, bool) {
		return datum{kind: kind, text: a[0].text}, len(a) == 1 && a[0].kind != mapping && a[0].kind != sequence && a[0].kind != null
	}
}

// join puts a separator between the texts of lists.
func join(a []datum) (datum, bool) {
	var words []string
	for _, list := range a[1:] {
		if list.kind != sequence {
			return datum{}, false
		}
		for _, item := range list.items {
			if item.unknown != "" || item.kind == mapping || item.kind == sequence {
				return datum{}, false
			}
			words = append(words, item.text)
		}
	}
	return datum{kind: str, text: strings.Join(words, a[0].text)}, true
}

// merge lays mappings over one another; the last counts.
func merge(a []datum) (datum, bool) {
	d := datum{kind: mapping}
	for _, one := range a {
		if one.kind != mapping {
			return datum{}, false
		}
		for _, m := range one.members {
			if i := slices.IndexFunc(d.members, func(e entry) bool { return e.key == m.key }); i >= 0 {
				d.members[i] = m
			} else {
				d.members = append(d.members, m)
			}
		}
	}
	return d, true
}

// format fills a text; it knows %s, %d, %v and %%.
func format(a []datum) (datum, bool) {
	var b strings.Builder
	rest, arguments := a[0].text, a[1:]
	for {
		before, after, found := strings.Cut(rest, "%")
		b.WriteString(before)
		if !found {
			return datum{kind: str, text: b.String()}, len(arguments) == 0
		}
		switch {
		case strings.HasPrefix(after, "%"):
			b.WriteByte('%')
		case after != "" && strings.Contains("sdv", after[:1]) && len(arguments) > 0:
			b.WriteString(arguments[0].text)
			arguments = arguments[1:]
		default:
			return datum{}, false
		}
		rest = after[1:]
	}
}

// object is a mapping with each value where it is written.
func (m *module) object(e *hclsyntax.ObjectConsExpr) datum {
	d := datum{kind: mapping}
	for _, item := range e.Items {
		key := m.key(item.KeyExpr)
		if key.unknown != "" || slices.Contains(d.keys(), key.text) {
			return m.unknown(e, "write each key once, and out")
		}
		v := m.value(item.ValueExpr)
		d.members = append(d.members, entry{key: key.text, at: position(item.KeyExpr.Range()), value: v})
	}
	return m.bounded(e, d)
}

// key is a key of an object: a name that stands for itself, or an expression.
func (m *module) key(e hclsyntax.Expression) datum {
	if wrapped, ok := e.(*hclsyntax.ObjectConsKeyExpr); ok && !wrapped.ForceNonLiteral {
		if t, ok := wrapped.Wrapped.(*hclsyntax.ScopeTraversalExpr); ok && len(t.Traversal) == 1 {
			return datum{kind: str, text: t.Traversal.RootName()}
		}
		return m.evaluate(wrapped.Wrapped)
	}
	return m.evaluate(unwrapped(e))
}

func (m *module) tuple(e *hclsyntax.TupleConsExpr) datum {
	d := datum{kind: sequence}
	for _, item := range e.Exprs {
		d.items = append(d.items, m.value(item))
	}
	return m.bounded(e, d)
}

// bounded refuses a value that has become too large.
func (m *module) bounded(e hclsyntax.Expression, d datum) datum {
	if d.size = d.count(); d.size > mostValues {
		return m.unknown(e, "it holds too many values")
	}
	return d
}

// count is the number of values within, each of which knows its own.
func (d datum) count() int {
	n := 1
	for _, item := range d.items {
		n += max(item.size, 1)
	}
	for _, m := range d.members {
		n += max(m.value.size, 1)
	}
	return n
}
