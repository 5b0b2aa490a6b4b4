package value

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
)

// Expr is a JSON value whose strings may hold placeholders. The zero Expr is
// absent.
type Expr struct {
	kind    Kind
	literal Value
	text    template
	items   []Expr
	members []exprMember
	set     bool
}

type exprMember struct{ name, value Expr }

// Scope tells what placeholders stand for.
type Scope interface {
	// Lookup is the value at a path such as home.audience. An error that wraps
	// *UnknownError says that this scope has no such path.
	Lookup(path []string) (Value, error)
}

// UnknownError is a placeholder that nothing in a scope stands behind.
type UnknownError struct{ Path string }

// Error names the placeholder.
func (e *UnknownError) Error() string { return "value: nothing is known of ${" + e.Path + "}" }

// Map is a Scope by dotted path.
type Map map[string]Value

// Lookup is the entry under the joined path.
func (m Map) Lookup(path []string) (Value, error) {
	name := strings.Join(path, ".")
	if v, ok := m[name]; ok {
		return v, nil
	}
	return Value{}, &UnknownError{name}
}

// ScopeFunc is a Scope made of a function.
type ScopeFunc func(path []string) (Value, error)

// Lookup calls the function.
func (f ScopeFunc) Lookup(path []string) (Value, error) { return f(path) }

// Chain is a Scope that asks one scope after the other.
func Chain(scopes ...Scope) Scope {
	return ScopeFunc(func(path []string) (Value, error) {
		for _, s := range scopes {
			v, err := s.Lookup(path)
			var unknown *UnknownError
			if err == nil || !errors.As(err, &unknown) {
				return v, err
			}
		}
		return Value{}, &UnknownError{strings.Join(path, ".")}
	})
}

// Decode reads an expression from a document and records what is wrong with
// its placeholders there. !raw makes a string JSON text as it stands.
func Decode(n *document.Node) Expr {
	if n == nil {
		return Expr{}
	}
	e := Expr{set: true}
	switch n.Kind() {
	case document.String:
		return decodeText(n)
	case document.Sequence:
		e.kind = Array
		for _, item := range n.Items() {
			e.items = append(e.items, Decode(item))
		}
	case document.Mapping:
		e.kind = Object
		for _, m := range n.Members() {
			e.members = append(e.members, exprMember{DecodeName(m), Decode(m.Value)})
		}
	case document.Bool:
		e.literal = Boolean(n.Bool())
	case document.Number:
		e.literal = Value{Kind: Number, Text: n.Text()}
	}
	if n.Tag() != "" {
		n.Problemf("only !raw, and only before a string", "tag %s has no meaning here", n.Tag())
	}
	return e
}

func decodeText(n *document.Node) Expr {
	if n.Tag() == "!raw" {
		return decodeRaw(n)
	}
	if n.Tag() != "" {
		n.Problemf("the only tag is !raw", "unknown tag %s", n.Tag())
	}
	return decodeTemplate(n, n.Text())
}

// DecodeName reads the name of a member, which may hold placeholders as a
// string may.
func DecodeName(m document.Member) Expr { return decodeTemplate(m.Value, m.Key) }

// decodeTemplate reads a text that stands at n.
func decodeTemplate(n *document.Node, text string) Expr {
	e, err := Parse(text)
	if err != nil {
		var syntax *SyntaxError
		hint := ""
		if errors.As(err, &syntax) {
			hint = syntax.Hint
		}
		n.Problemf(hint, "%s", strings.TrimPrefix(err.Error(), "value: "))
	}
	return e
}

// decodeRaw reads JSON text as it stands. A placeholder in it that is no part
// of a JSON string was meant to be filled in, which !raw does not do.
func decodeRaw(n *document.Node) Expr {
	if text := n.Text(); strings.Contains(text, "${") && !json.Valid([]byte(text)) {
		n.Problemf(`set a mark such as "@", then text: {replace: {'"@"': "${now + 1h}.5"}}`, "!raw is text as it stands, and fills in no placeholder")
	}
	return Literal(RawText(n.Text()))
}

// Parse reads one template string.
func Parse(s string) (Expr, error) {
	t, err := parseTemplate(s)
	return Expr{kind: Text, text: t, set: true}, err
}

// Literal is the expression that always gives v.
func Literal(v Value) Expr { return Expr{kind: v.Kind, literal: v, set: true, text: nil} }

// IsZero reports whether the expression is absent.
func (e Expr) IsZero() bool { return !e.set }

// Eval gives the value; a string that is exactly one placeholder keeps the
// type of what it stands for.
func (e Expr) Eval(s Scope) (Value, error) {
	switch {
	case e.text != nil:
		return e.text.eval(s)
	case e.items != nil:
		return e.evalItems(s)
	case e.members != nil:
		return e.evalMembers(s)
	case e.kind == Array || e.kind == Object:
		if e.literal.Kind == Null {
			return Value{Kind: e.kind}, nil
		}
	}
	return e.literal, nil
}

func (e Expr) evalItems(s Scope) (Value, error) {
	v := Value{Kind: Array, Items: make([]Value, len(e.items))}
	for i, item := range e.items {
		got, err := item.Eval(s)
		if err != nil {
			return Value{}, err
		}
		v.Items[i] = got
	}
	return v, nil
}

func (e Expr) evalMembers(s Scope) (Value, error) {
	v := Value{Kind: Object, Members: make([]Member, len(e.members))}
	for i, m := range e.members {
		name, err := m.name.Text(s)
		if err != nil {
			return Value{}, fmt.Errorf("a name: %w", err)
		}
		got, err := m.value.Eval(s)
		if err != nil {
			return Value{}, fmt.Errorf("%s: %w", name, err)
		}
		v.Members[i] = Member{name, got}
	}
	return v, nil
}

// Text is Eval as plain text: see Value.Plain.
func (e Expr) Text(s Scope) (string, error) {
	v, err := e.Eval(s)
	return v.Plain(), err
}

// Refs are the placeholders in use, such as "home.audience", sorted, each once.
func (e Expr) Refs() []string {
	refs := e.text.refs()
	for _, item := range e.items {
		refs = append(refs, item.Refs()...)
	}
	for _, m := range e.members {
		refs = append(append(refs, m.name.Refs()...), m.value.Refs()...)
	}
	slices.Sort(refs)
	return slices.Compact(refs)
}

// Filters are the names of the filters in use, sorted, each once.
func (e Expr) Filters() []string {
	names := e.text.filters()
	for _, item := range e.items {
		names = append(names, item.Filters()...)
	}
	for _, m := range e.members {
		names = append(append(names, m.name.Filters()...), m.value.Filters()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Escape writes a literal text as a template that gives it back.
func Escape(s string) string { return strings.ReplaceAll(s, "${", "$${") }
