package document

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Parse reads one YAML or JSON document. Syntax errors, duplicate keys,
// anchors and aliases, a second document and an empty file are errors.
func Parse(file string, src []byte) (*Node, error) {
	bodies, err := bodiesOf(file, src, 0)
	switch {
	case err != nil:
		return nil, err
	case len(bodies) == 0:
		return nil, &Problem{Pos: Position{file, 1, 1}, Text: "the file is empty"}
	case len(bodies) > 1:
		return nil, &Problem{Pos: place(file, 0, bodies[1]), Text: "a second document, expected one"}
	}
	return checked(bodies[0], file, 0, math.MaxInt)
}

// bodiesOf are the documents of a text that lines stand before in its file.
func bodiesOf(file string, src []byte, lines int, options ...parser.Option) ([]ast.Node, error) {
	tree, err := parser.ParseBytes(src, 0, options...)
	if err != nil {
		p := syntaxProblem(file, lines, err)
		if tabbed(src, p.Pos.Line-lines) {
			p.Hint = "a tab does not indent YAML: use blanks"
		}
		return nil, p
	}
	var bodies []ast.Node
	for _, doc := range tree.Docs {
		if doc.Body != nil {
			bodies = append(bodies, doc.Body)
		}
	}
	return bodies, nil
}

// checked is the document of a syntax node, unless it holds what is refused.
func checked(body ast.Node, file string, lines, depth int) (*Node, error) {
	root := wrap(body, file, &state{fields: map[ast.Node]*Fields{}, lines: lines})
	if err := root.checkTree(depth); err != nil {
		return nil, err
	}
	return root, nil
}

// wrap makes a Node of a syntax node, taking its tag off.
func wrap(n ast.Node, file string, s *state) *Node {
	node := &Node{node: n, state: s, at: place(file, s.lines, n)}
	if tagged, ok := n.(*ast.TagNode); ok {
		node.tag = tagged.Start.Value
		node.node = tagged.Value
	}
	return node
}

// checkTree refuses what JSON has no word for and what two readers could
// read differently, and what is nested deeper than depth.
func (n *Node) checkTree(depth int) error {
	if kind := n.Kind(); depth == 0 && (kind == Mapping || kind == Sequence) {
		return tooDeep(n.at)
	}
	switch n.node.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		return &Problem{Pos: n.at, Text: "anchors, aliases and merge keys are not used here", Hint: "write the value out"}
	}
	var problems []error
	first := map[string]Position{}
	for _, m := range n.members() {
		if at, twice := first[m.Key]; twice {
			problems = append(problems, &Problem{Pos: m.KeyPos, Text: fmt.Sprintf("mapping key %q already defined at [%d:%d]", m.Key, at.Line, at.Column)})
		} else {
			first[m.Key] = m.KeyPos
		}
		problems = append(problems, m.Value.checkTree(depth-1))
	}
	for _, item := range n.items() {
		problems = append(problems, item.checkTree(depth-1))
	}
	return errors.Join(problems...)
}

func place(file string, lines int, n ast.Node) Position {
	t := firstToken(n)
	if t == nil || t.Position == nil {
		return Position{file, lines + 1, 1}
	}
	return Position{file, lines + t.Position.Line, t.Position.Column}
}

// firstToken is the token with which a node starts: for a block mapping that
// is its first key, not the colon which the syntax tree names.
func firstToken(n ast.Node) *token.Token {
	switch v := n.(type) {
	case *ast.MappingNode:
		if !v.IsFlowStyle && len(v.Values) > 0 {
			return firstToken(v.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return firstToken(v.Key)
	}
	return n.GetToken()
}

// syntaxProblem turns the parser's error, a picture of several lines, into one
// line with a position.
func syntaxProblem(file string, lines int, err error) *Problem {
	var syntax interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if !errors.As(err, &syntax) || syntax.GetToken() == nil {
		return &Problem{Pos: Position{file, lines + 1, 1}, Text: strings.SplitN(err.Error(), "\n", 2)[0]}
	}
	at := syntax.GetToken().Position
	return &Problem{Pos: Position{file, lines + at.Line, at.Column}, Text: syntax.GetMessage()}
}

// tabbed reports whether a line is indented by a tab, or the one before it.
func tabbed(src []byte, number int) bool {
	line := 0
	for text := range bytes.Lines(src) {
		line++
		indent := text[:len(text)-len(bytes.TrimLeft(text, " \t"))]
		if (line == number || line == number-1) && bytes.IndexByte(indent, '\t') >= 0 {
			return true
		}
	}
	return false
}
