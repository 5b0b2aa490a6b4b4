package policy

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/entraproof/entraproof/internal/document"
)

// Expressions could multiply values: bounds of what one may become.
const (
	mostValues = 1 << 14
	mostText   = 1 << 16
)

// value is what an expression gives, at the place and with the text of the
// expression. Values in an object or tuple keep the place where they are
// written.
func (m *module) value(e hclsyntax.Expression) datum {
	d := m.evaluate(e)
	d.at = position(e.Range())
	switch e.(type) {
	case *hclsyntax.LiteralValueExpr, *hclsyntax.ObjectConsExpr, *hclsyntax.TupleConsExpr:
		d.clear = d.at
		return d
	}
	if literal(e) {
		d.clear = d.at
	} else {
		d.source = m.source(e)
	}
	return d
}

// evaluate is what an expression gives, without reading, calling or repeating
// anything: what needs that is not known.
func (m *module) evaluate(e hclsyntax.Expression) datum {
	switch e := e.(type) {
	case *hclsyntax.LiteralValueExpr:
		return m.literal(e)
	case *hclsyntax.TemplateExpr:
		return m.template(e)
	case *hclsyntax.TemplateWrapExpr:
		return m.evaluate(e.Wrapped)
	case *hclsyntax.ParenthesesExpr:
		return m.evaluate(e.Expression)
	case *hclsyntax.ScopeTraversalExpr:
		return m.traversal(e)
	case *hclsyntax.ObjectConsExpr:
		return m.object(e)
	case *hclsyntax.TupleConsExpr:
		return m.tuple(e)
	case *hclsyntax.ConditionalExpr:
		return m.conditional(e)
	case *hclsyntax.BinaryOpExpr:
		return m.operation(e, e.Op.Impl, e.LHS, e.RHS)
	case *hclsyntax.UnaryOpExpr:
		return m.operation(e, e.Op.Impl, e.Val)
	case *hclsyntax.FunctionCallExpr:
		return m.call(e)
	}
	return m.unknown(e, "write the value out: this is not evaluated here")
}

// unknown is a value that is not known. It is named by what it refers to or
// calls: the whole expression may hold a secret.
func (m *module) unknown(e hclsyntax.Expression, ask string) datum {
	switch e := e.(type) {
	case *hclsyntax.ScopeTraversalExpr:
		return datum{unknown: shortened(m.source(e)), ask: ask}
	case *hclsyntax.FunctionCallExpr:
		return datum{unknown: e.Name + "(…)", ask: ask}
	}
	return datum{unknown: "this expression", ask: ask}
}

// unwrapped is the expression in "${…}" and in parentheses.
func unwrapped(e hclsyntax.Expression) hclsyntax.Expression {
	switch inner := e.(type) {
	case *hclsyntax.TemplateWrapExpr:
		return unwrapped(inner.Wrapped)
	case *hclsyntax.ParenthesesExpr:
		return unwrapped(inner.Expression)
	}
	return e
}

func (m *module) literal(e *hclsyntax.LiteralValueExpr) datum {
	switch {
	case e.Val.IsNull():
		return datum{}
	case e.Val.Type() == cty.Number:
		return datum{kind: document.Number, text: m.source(e)}
	case e.Val.Type() == cty.Bool:
		return datum{kind: document.Bool, text: strconv.FormatBool(e.Val.True())}
	}
	return datum{kind: str, text: e.Val.AsString()}
}

// literal reports whether a text has no expression in it.
func literal(e hclsyntax.Expression) bool {
	t, ok := e.(*hclsyntax.TemplateExpr)
	if !ok {
		return false
	}
	for _, part := range t.Parts {
		if _, ok := part.(*hclsyntax.LiteralValueExpr); !ok {
			return false
		}
	}
	return true
}

// template joins the parts of a text.
func (m *module) template(e *hclsyntax.TemplateExpr) datum {
	d := datum{kind: str, place: m.placeIn(e)}
	var b strings.Builder
	for _, part := range e.Parts {
		p := m.partOf(part)
		if d.secret = d.secret || p.secret; p.secret {
			d.clear = p.clear
		}
		switch {
		case p.unknown != "":
			if p.askAt.Line == 0 {
				p.askAt = position(part.Range())
			}
			return datum{unknown: p.unknown, ask: p.ask, askAt: p.askAt, secret: d.secret}
		case p.kind == mapping || p.kind == sequence || b.Len()+len(p.text) > mostText:
			return m.unknown(e, "write the value out")
		}
		b.WriteString(p.text)
	}
	d.text = b.String()
	return d
}

// partOf is a part of a text: what is literal there has no quotes around it.
func (m *module) partOf(part hclsyntax.Expression) datum {
	if l, ok := part.(*hclsyntax.LiteralValueExpr); ok && l.Val.Type() == cty.String {
		return datum{kind: str, text: l.Val.AsString()}
	}
	return m.evaluate(part)
}

// placeIn tells where a position within a heredoc is in its file; nil for a text
// in quotes, whose escapes hide it.
func (m *module) placeIn(e *hclsyntax.TemplateExpr) func(document.Position) document.Position {
	src := m.source(e)
	if !strings.HasPrefix(src, "<<") {
		return nil
	}
	start := e.Range().Start.Line
	lines := strings.Split(src, "\n")
	cut := 0
	if strings.HasPrefix(src, "<<-") {
		cut = indentation(lines[1:])
	}
	return func(p document.Position) document.Position {
		return document.Position{File: e.Range().Filename, Line: start + p.Line, Column: p.Column + cut}
	}
}

// indentation is what <<- takes off each line of a heredoc.
func indentation(lines []string) int {
	least := -1
	for i, line := range lines {
		if text := strings.TrimLeft(line, " \t"); text != "" && i < len(lines)-1 && (least < 0 || len(line)-len(text) < least) {
			least = len(line) - len(text)
		}
	}
	return max(least, 0)
}

// traversal follows var.name and local.name into their values.
func (m *module) traversal(e *hclsyntax.ScopeTraversalExpr) datum {
	t := e.Traversal
	var name string
	if len(t) > 1 {
		if a, ok := t[1].(hcl.TraverseAttr); ok {
			name = a.Name
		}
	}
	var d datum
	switch {
	case name != "" && t.RootName() == "var":
		d = m.variable(name)
	case name != "" && t.RootName() == "local":
		d = m.local(name)
	case len(t) == 1:
		return m.unknown(e, "a text stands in quotes")
	default:
		return m.unknown(e, "write the value out: Terraform knows it only when it runs")
	}
	for _, step := range t[min(2, len(t)):] {
		if d.unknown != "" {
			return d
		}
		inner, ok := within(d, step)
		if !ok {
			return m.unknown(e, "there is no such value")
		}
		inner.secret = inner.secret || d.secret
		d = inner
	}
	return d
}

// within is the value that one step leads to.
func within(d datum, step hcl.Traverser) (datum, bool) {
	var key cty.Value
	switch s := step.(type) {
	case hcl.TraverseAttr:
		key = cty.StringVal(s.Name)
	case hcl.TraverseIndex:
		key = s.Key
	default:
		return datum{}, false
	}
	if key.Type() == cty.String {
		for _, m := range d.members {
			if m.key == key.AsString() {
				return m.value, true
			}
		}
		return datum{}, false
	}
	i, _ := key.AsBigFloat().Int64()
	if key.Type() != cty.Number || i < 0 || int(i) >= len(d.items) {
		return datum{}, false
	}
	return d.items[i], true
}

func (m *module) conditional(e *hclsyntax.ConditionalExpr) datum {
	switch c := m.evaluate(e.Condition); {
	case c.unknown != "":
		return c
	case c.text == "true":
		return m.evaluate(e.TrueResult)
	case c.text == "false":
		return m.evaluate(e.FalseResult)
	}
	return m.unknown(e, "write the value out")
}

// operation computes with scalars.
func (m *module) operation(e hclsyntax.Expression, op function.Function, operands ...hclsyntax.Expression) datum {
	var all []cty.Value
	secret := false
	for i, o := range operands {
		d := m.evaluate(o)
		if d.unknown != "" {
			return d
		}
		secret = secret || d.secret
		v, ok := scalar(d)
		if parameters := op.Params(); ok && i < len(parameters) {
			if converted, err := convert.Convert(v, parameters[i].Type); err == nil {
				v = converted
			}
		}
		if !ok {
			return m.unknown(e, "write the value out")
		}
		all = append(all, v)
	}
	result, err := op.Call(all)
	if err != nil {
		return m.unknown(e, "write the value out")
	}
	d, ok := fromScalar(result)
	if !ok {
		return m.unknown(e, "write the value out")
	}
	d.secret = secret
	return d
}

func scalar(d datum) (cty.Value, bool) {
	switch d.kind {
	case document.Bool:
		return cty.BoolVal(d.text == "true"), true
	case str:
		return cty.StringVal(d.text), true
	case document.Number:
		f, err := strconv.ParseFloat(d.text, 64)
		return cty.NumberFloatVal(f), err == nil
	}
	return cty.NilVal, false
}

func fromScalar(v cty.Value) (datum, bool) {
	switch {
	case !v.IsKnown() || v.IsNull():
	case v.Type() == cty.Bool:
		return datum{kind: document.Bool, text: strconv.FormatBool(v.True())}, true
	case v.Type() == cty.Number:
		f, _ := v.AsBigFloat().Float64()
		return datum{kind: document.Number, text: big.NewFloat(f).Text('g', -1)}, true
	case v.Type() == cty.String:
		return datum{kind: str, text: v.AsString()}, true
	}
	return datum{}, false
}
