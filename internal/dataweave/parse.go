package dataweave

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// The limits of a text. An expression of a policy has one line; a document that
// exceeds them was made to.
const (
	maxBytes = 8 << 10
	maxDepth = 64
)

// Expression is a parsed expression. It is not changed by evaluation and may be
// evaluated at the same time by many.
type Expression struct {
	text       string
	root       node
	restricted []restriction
	reads      []read
}

// String is the text that was parsed.
func (e *Expression) String() string { return e.text }

// Wrapped reports whether a policy's value is an expression, #[…], and not a
// literal.
func Wrapped(text string) bool {
	text = strings.TrimSpace(text)
	return strings.HasPrefix(text, "#[") && strings.HasSuffix(text, "]")
}

// Parse reads an expression with its #[ and ]. Errors are a *SyntaxError or a
// *NotEvaluatedError.
func Parse(text string) (*Expression, error) {
	body, err := unwrap(text)
	if err != nil {
		return nil, err
	}
	lexed, err := lex(body)
	if err != nil {
		return nil, err
	}
	syntax, err := grammar().ParseFromLexer(lexed)
	if err != nil {
		return nil, refused(body, err)
	}
	b := &builder{body: body}
	root := b.alternative(syntax)
	if b.err != nil {
		return nil, b.err
	}
	return &Expression{text: text, root: root, restricted: b.restricted, reads: b.reads}, nil
}

// unwrap puts blanks where #[ and ] stand, so that places stay what they are.
func unwrap(text string) (string, error) {
	start := Position{Line: 1, Column: 1}
	switch {
	case len(text) > maxBytes:
		return "", &SyntaxError{start, "longer than 8 KiB"}
	case !utf8.ValidString(text):
		return "", &SyntaxError{start, "not UTF-8"}
	case !Wrapped(text):
		return "", &SyntaxError{start, "expected #[…]"}
	}
	body := strings.Replace(text, "#[", "  ", 1)
	end := strings.LastIndexByte(body, ']')
	return body[:end], nil
}

// lex cuts the text into tokens. It refuses what would take the parser too
// deep: brackets, and the words that an expression follows without one.
func lex(body string) (*lexer.PeekingLexer, error) {
	l, err := tokens().LexString("", body)
	if err != nil {
		return nil, &SyntaxError{Position{Line: 1, Column: 1}, err.Error()}
	}
	lexed, err := lexer.Upgrade(l, tokens().Symbols()["Comment"], tokens().Symbols()["Space"])
	if err != nil {
		return nil, &SyntaxError{Position{Line: 1, Column: 1}, err.Error()}
	}
	start := lexed.MakeCheckpoint()
	depth, prefixes := 0, 0
	for t := lexed.Next(); !t.EOF(); t = lexed.Next() {
		switch t.Value {
		case "(", "[":
			depth++
		case ")", "]":
			depth--
		case "not", "!", "if", "else":
			prefixes++
		}
		if depth > maxDepth || prefixes > maxDepth {
			return nil, &SyntaxError{position(t.Pos), "nested more than 64 deep"}
		}
	}
	lexed.LoadCheckpoint(start)
	return lexed, nil
}

func position(p lexer.Position) Position { return Position{Line: p.Line, Column: p.Column} }

// refused says what stands where the grammar did not expect it.
func refused(body string, err error) error {
	var unexpected *participle.UnexpectedTokenError
	var syntax participle.Error
	switch {
	case errors.As(err, &unexpected):
		return unexpectedToken(body, unexpected.Unexpected)
	case errors.As(err, &syntax):
		return &SyntaxError{position(syntax.Position()), syntax.Message()}
	}
	return err
}

func unexpectedToken(body string, t lexer.Token) error {
	at := position(t.Pos)
	before := strings.TrimRight(body[:t.Pos.Offset], " \t\r\n")
	switch {
	case t.EOF():
		return &SyntaxError{at, "the expression ends too early"}
	case t.Value == "'" || t.Value == `"`:
		return &SyntaxError{at, "the string is not closed"}
	case strings.HasSuffix(before, ".") && t.Type == tokens().Symbols()["Reserved"]:
		return &SyntaxError{at, t.Value + " is a reserved word: write ['" + t.Value + "']"}
	case t.Type == tokens().Symbols()["Number"] && strings.HasPrefix(t.Value, "-"):
		return place{at, "-"}.unknown("%s", outside["-"])
	}
	if why, known := outside[t.Value]; known {
		return place{at, t.Value}.unknown("%s", why)
	}
	return &SyntaxError{at, "unexpected " + t.Value}
}

const (
	arithmetic  = "arithmetic is outside the subset"
	comparisons = "comparisons in a row: write parentheses"
	lambda      = "functions of one's own are outside the subset"
	script      = "a script is outside the subset"
	selectors   = "this selector is outside the subset"
)

// outside is what DataWeave has and the subset has not, by the word that
// betrays it.
var outside = map[string]string{
	"+": arithmetic, "*": arithmetic, "--": arithmetic, "<<": arithmetic, ">>": arithmetic,
	"-":  "arithmetic is outside the subset; a name with a - in it needs quotes: ['a-b']",
	"/":  "arithmetic and regular expressions are outside the subset",
	"~=": "comparison with coercion is outside the subset",
	"{":  "object literals and blocks are outside the subset",
	"|":  "dates are outside the subset",
	"`":  "quoted names are outside the subset",
	"->": lambda, "$": lambda,
	"%": script, "---": script, "do": script, "using": script, "fun": script, "var": script,
	"import": script, "output": script, "input": script, "ns": script, "type": script,
	"as":     "coercion is outside the subset",
	"is":     "types are outside the subset",
	"unless": "only if and else are in the subset",
	"case":   "patterns are outside the subset",
	"..":     selectors, ".*": selectors, ".@": selectors, ".^": selectors, ".&": selectors, ".#": selectors,
	"?": selectors, "!": selectors, "@": selectors, "#": selectors, "^": selectors, "&": selectors,
	">=": comparisons, "<=": comparisons, ">": comparisons, "<": comparisons,
}
