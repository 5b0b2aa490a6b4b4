// Package document reads YAML, and JSON with it, strictly: every value knows
// its file, line and column, a key nobody reads is a problem, and all problems
// of a document are reported at once.
//
// Scenario rows, target files and policy exports are read through it, because
// plain decoding into structs loses what they need: positions, the order of
// members, the text of large numbers and tags such as !raw.
//
// It is the bottom layer and imports nothing of this module.
package document

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Position is a place in a file; line and column count from one.
type Position struct {
	File   string
	Line   int
	Column int
}

// String writes the position as editors and compilers do: file:line:column.
func (p Position) String() string {
	return p.File + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column)
}

// Problem is one thing wrong with a document.
type Problem struct {
	Pos  Position
	Text string
	// Hint says what to do about it; it may be empty.
	Hint string
}

// Error is the position and the text, and the hint in brackets.
func (p *Problem) Error() string {
	text := p.Pos.String() + ": " + p.Text
	if p.Hint != "" {
		text += " (" + p.Hint + ")"
	}
	return text
}

// Kind is the JSON type of a node.
type Kind uint8

// The kinds of node. The zero Kind is Null, which is also what a nil node is.
const (
	Null Kind = iota
	Bool
	Number
	String
	Sequence
	Mapping
)

// String is the kind as an error message names it.
func (k Kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "a list", "a mapping"}[k]
}

// Node is one value of a document. Its methods may be called on nil, which
// stands for an absent value; reading a wrong type records a Problem and gives
// the zero value, so that callers check Err once, at the end.
type Node struct {
	node  ast.Node
	tag   string
	at    Position
	state *state
}

// state is what all nodes of one document share.
type state struct {
	problems []*Problem
	// lines stand before the document in its file.
	lines int
	// fields keeps the record of what was read of each mapping, so that two
	// readers of one mapping know of each other.
	fields map[ast.Node]*Fields
}

// Member is one key of a mapping with its value.
type Member struct {
	Key    string
	KeyPos Position
	Value  *Node
}

// Pos is where the value starts.
func (n *Node) Pos() Position {
	if n == nil {
		return Position{}
	}
	return n.at
}

// Tag is the explicit tag of the value, such as "!raw", or empty.
func (n *Node) Tag() string {
	if n == nil {
		return ""
	}
	return n.tag
}

// Kind is the JSON type of the value.
func (n *Node) Kind() Kind {
	if n == nil {
		return Null
	}
	switch n.node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return Mapping
	case *ast.SequenceNode:
		return Sequence
	case *ast.BoolNode:
		return Bool
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return Number
	case *ast.StringNode:
		return plainKind(n.node.GetToken())
	case *ast.LiteralNode:
		return String
	}
	return Null
}

// plainKind tells a string from a whole number that is too large for the
// parser, which then calls it a string.
func plainKind(t *token.Token) Kind {
	digits := strings.TrimPrefix(t.Value, "-")
	if t.Type == token.StringType && digits != "" && strings.Trim(digits, "0123456789") == "" && digits[0] != '0' {
		return Number
	}
	return String
}

// Text is the scalar as it stands: a string without its quotes, a number in
// the digits that were written. It is empty for null, lists and mappings.
func (n *Node) Text() string {
	if n == nil {
		return ""
	}
	switch v := n.node.(type) {
	case *ast.StringNode:
		return v.Value
	case *ast.LiteralNode:
		return v.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return v.GetToken().Value
	}
	return ""
}

// Str reads a string.
func (n *Node) Str() string {
	if n == nil || !n.expect(String) {
		return ""
	}
	return n.Text()
}

// Bool reads a boolean.
func (n *Node) Bool() bool {
	if n == nil || !n.expect(Bool) {
		return false
	}
	return n.node.(*ast.BoolNode).Value
}

// Int reads a whole number.
func (n *Node) Int() int {
	if n == nil || !n.expect(Number) {
		return 0
	}
	i, err := strconv.Atoi(n.Text())
	if err != nil {
		n.Problemf("", "expected a whole number, got %s", n.Text())
	}
	return i
}

// Duration reads a length of time such as 15s or 2h.
func (n *Node) Duration() time.Duration {
	if n == nil || !n.expect(String) {
		return 0
	}
	d, err := time.ParseDuration(n.Text())
	if err != nil {
		n.Problemf("write 30s, 5m or 2h", "expected a length of time, got %q", n.Text())
	}
	return d
}

// Strings reads a list of strings; a single string is a list of one.
func (n *Node) Strings() []string {
	if n.Kind() == String {
		return []string{n.Text()}
	}
	var all []string
	for _, item := range n.Items() {
		all = append(all, item.Str())
	}
	return all
}

// Items reads a list.
func (n *Node) Items() []*Node {
	if n == nil || !n.expect(Sequence) {
		return nil
	}
	return n.items()
}

// Members reads a mapping in the order in which it is written.
func (n *Node) Members() []Member {
	if n == nil || !n.expect(Mapping) {
		return nil
	}
	return n.members()
}

func (n *Node) items() []*Node {
	seq, ok := n.node.(*ast.SequenceNode)
	if !ok {
		return nil
	}
	all := make([]*Node, 0, len(seq.Values))
	for _, v := range seq.Values {
		all = append(all, wrap(v, n.at.File, n.state))
	}
	return all
}

func (n *Node) members() []Member {
	var values []*ast.MappingValueNode
	switch v := n.node.(type) {
	case *ast.MappingNode:
		values = v.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{v}
	}
	all := make([]Member, 0, len(values))
	for _, v := range values {
		key := wrap(v.Key, n.at.File, n.state)
		all = append(all, Member{Key: keyText(v.Key), KeyPos: key.at, Value: wrap(v.Value, n.at.File, n.state)})
	}
	return all
}

// keyText is a key as it is written: the key null is the text "null", not the
// empty string that plain decoding makes of it.
func keyText(key ast.Node) string {
	if s, ok := key.(*ast.StringNode); ok {
		return s.Value
	}
	return key.GetToken().Value
}

// Problemf records a problem at this value; hint may be empty.
func (n *Node) Problemf(hint, format string, args ...any) {
	if n == nil {
		return
	}
	n.state.problems = append(n.state.problems, &Problem{Pos: n.at, Text: fmt.Sprintf(format, args...), Hint: hint})
}

// Err is every problem recorded in the document, sorted by position, or nil.
func (n *Node) Err() error {
	if n == nil || len(n.state.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(n.state.problems, func(a, b *Problem) int {
		if a.Pos.Line != b.Pos.Line {
			return a.Pos.Line - b.Pos.Line
		}
		return a.Pos.Column - b.Pos.Column
	})
	all := make([]error, 0, len(n.state.problems))
	for i, p := range n.state.problems {
		if i == 0 || *p != *n.state.problems[i-1] {
			all = append(all, p)
		}
	}
	return errors.Join(all...)
}

// expect records a problem unless the node has the kind.
func (n *Node) expect(k Kind) bool {
	if n.Kind() == k {
		return true
	}
	got := n.Kind().String()
	if text := n.Text(); text != "" {
		got = strconv.Quote(text)
	}
	n.Problemf("", "expected %s, got %s", k, got)
	return false
}
