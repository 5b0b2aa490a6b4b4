package dataweave

import (
	"strconv"
	"strings"
)

// builder makes nodes of the grammar's types and notes on the way what only
// some dialects have and what the expression reads. It keeps the first error.
type builder struct {
	body       string
	restricted []restriction
	reads      []read
	err        error
}

func (b *builder) fail(err error) node {
	if b.err == nil {
		b.err = err
	}
	return literal{}
}

func (b *builder) only(p place, why string, to ...Dialect) {
	b.restricted = append(b.restricted, restriction{p, to, why})
}

func (b *builder) alternative(a *alternative) node {
	if a.If == nil {
		return b.chain(a.Chain)
	}
	return choose{
		at:        place{position(a.If.Pos), "if"},
		condition: b.alternative(a.If.Condition),
		then:      b.alternative(a.If.Then), otherwise: b.alternative(a.If.Else),
	}
}

func (b *builder) chain(c *chain) node {
	n := b.disjunction(c.First)
	for _, l := range c.Rest {
		at := place{position(l.Pos), l.Word}
		right := b.disjunction(l.Operand)
		if l.Word == "default" {
			n = fallback{n, right}
			continue
		}
		n = b.call(at, []node{n, right})
	}
	return n
}

func (b *builder) disjunction(d *disjunction) node {
	n := b.conjunction(d.First)
	for _, o := range d.Rest {
		n = logical{at: place{position(o.Pos), "or"}, settles: true, left: n, right: b.conjunction(o.Operand)}
	}
	return n
}

func (b *builder) conjunction(c *conjunction) node {
	n := b.equality(c.First)
	for _, a := range c.Rest {
		n = logical{at: place{position(a.Pos), "and"}, settles: false, left: n, right: b.equality(a.Operand)}
	}
	return n
}

func (b *builder) equality(e *equality) node {
	n := b.comparison(e.First)
	for _, o := range e.Rest {
		n = same{at: place{position(o.Pos), o.Word}, left: n, right: b.comparison(o.Operand)}
	}
	return n
}

func (b *builder) comparison(c *comparison) node {
	left := b.unary(c.First)
	if c.Than == nil {
		return left
	}
	at := place{position(c.Than.Pos), c.Than.Word}
	if at.word == "<" || at.word == ">" {
		b.only(at, "the subset of Flex Gateway has >= and <= only", Omni, Mule4)
	}
	return compare{at: at, left: left, right: b.unary(c.Than.Operand)}
}

func (b *builder) unary(u *unary) node {
	at := place{position(u.Pos), "not"}
	switch {
	case u.Not != nil && prefixed(u.Not):
		return b.fail(at.unknown("not before not or !: write parentheses"))
	case u.Not != nil:
		if strings.HasPrefix(b.body[u.Pos.Offset:], "not(") {
			b.only(at, "DataWeave's page says that not( without a blank does not work", Flex, Omni)
		}
		return negate{at, b.disjunction(u.Not)}
	case u.Negated != nil:
		at.word = "!"
		b.only(at, "the subset of Flex Gateway has not only", Omni, Mule4)
		return negate{at, b.unary(u.Negated)}
	}
	return b.selected(u.Selected)
}

// prefixed reports whether a not or a ! begins the operand.
func prefixed(d *disjunction) bool {
	first := d.First.First.First.First
	return first.Not != nil || first.Negated != nil
}

// selected is a value with its selectors. A variable takes the first ones of
// them: what it holds has names of its own.
func (b *builder) selected(s *selected) node {
	keys := make([]key, len(s.Keys))
	for i, k := range s.Keys {
		keys[i] = b.key(k)
	}
	if s.From.Name != "" && s.From.Args == nil {
		return b.variable(place{position(s.From.Pos), s.From.Name}, keys)
	}
	if s.From.Array != nil && len(keys) > 0 {
		return b.fail(keys[0].at.unknown("a selector behind a literal array: write parentheses"))
	}
	return selection(b.primary(s.From), keys)
}

// key is one selector: by a name that the expression has, or by a value.
type key struct {
	at    place
	name  string
	known bool
	value node
}

func (b *builder) key(s *selector) key {
	at := place{position(s.Pos), "."}
	if s.Index != nil {
		at.word = "[ ]"
		n := b.alternative(s.Index)
		text, known := constantText(n)
		return key{at, text, known, n}
	}
	if strings.ContainsAny(b.body[s.Pos.Offset+1:s.Pos.Offset+2], " \t\r\n/") {
		b.fail(at.unknown("something between the dot and its name"))
	}
	name := s.Name
	if s.Text != "" {
		name = b.text(at.at, s.Text)
	}
	return key{at, name, true, literal{name}}
}

func constantText(n node) (string, bool) {
	l, ok := n.(literal)
	if !ok {
		return "", false
	}
	text, ok := l.value.(string)
	return text, ok
}

func selection(n node, keys []key) node {
	for _, k := range keys {
		n = choosePart{at: k.at, from: n, key: k.value}
	}
	return n
}

func (b *builder) primary(p *primary) node {
	at := place{position(p.Pos), p.Word}
	switch {
	case p.Text != "":
		return literal{b.text(at.at, p.Text)}
	case p.Number != "":
		number, err := strconv.ParseFloat(p.Number, 64)
		if err != nil {
			return b.fail(&SyntaxError{at.at, p.Number + " is no number"})
		}
		return literal{number}
	case p.Word == "null":
		b.only(at, "the subset of Flex Gateway has no literal null before 1.12", Omni, Mule4)
		return literal{}
	case p.Word != "":
		return literal{p.Word == "true"}
	case p.Array != nil:
		return array{b.all(p.Array.Items)}
	case p.Group != nil:
		return b.alternative(p.Group)
	}
	return b.call(place{at.at, p.Name}, b.all(p.Args.Items))
}

func (b *builder) all(items []*alternative) []node {
	nodes := make([]node, len(items))
	for i, item := range items {
		nodes[i] = b.alternative(item)
	}
	return nodes
}

// call looks a function up; those of dw::Core have a short name.
func (b *builder) call(at place, args []node) node {
	f, known := functions[strings.TrimPrefix(at.word, "dw::Core::")]
	switch {
	case !known && functions["dw::core::Strings::"+at.word].do != nil:
		return b.fail(at.unknown("it is known by its full name only, dw::core::Strings::%s", at.word))
	case !known:
		return b.fail(at.unknown("this function is outside the subset"))
	case len(args) != f.takes:
		return b.fail(&SyntaxError{at.at, at.word + ": expected " + strconv.Itoa(f.takes) + " arguments, got " + strconv.Itoa(len(args))})
	}
	if onlyMule(strings.TrimPrefix(at.word, "dw::Core::")) {
		b.only(at, "this function is outside the subset of Flex Gateway", Mule4)
	}
	return call{at: at, function: f, args: args}
}

// text is what a string literal stands for.
func (b *builder) text(at Position, quoted string) string {
	text, err := unquote(quoted)
	if err != nil {
		b.fail(place{at, quoted}.unknown("%s", err.Error()))
	}
	return text
}
