package dataweave

import (
	"sync"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// The tokens. Words that DataWeave reserves are none of Name; the names of
// functions are not reserved. Nothing is left over: what no rule takes is Other,
// one character long.
var tokens = sync.OnceValue(func() *lexer.StatefulDefinition {
	return lexer.MustSimple([]lexer.SimpleRule{
		{Name: "Comment", Pattern: `//[^\n]*|/\*(?s:.*?)\*/`},
		{Name: "Space", Pattern: `\s+`},
		{Name: "Text", Pattern: `'(?:\\(?s:.)|[^'\\])*'|"(?:\\(?s:.)|[^"\\])*"`},
		{Name: "Number", Pattern: `-?[0-9]+(?:\.[0-9]+)?`},
		{Name: "Reserved", Pattern: `(?:if|else|and|or|default|true|false|null|do|using|as|is|unless|case|fun|var|import|output|input|ns|type|async|enum|yield|throw|for|private)\b`},
		{Name: "Name", Pattern: `[A-Za-z_][A-Za-z0-9_]*(?:::[A-Za-z_][A-Za-z0-9_]*)*`},
		{Name: "Operator", Pattern: `[=!<>~]=|\+\+|--+|->|<<|>>|\.[.*@^&#]|[-+*/<>!.,()\[\]{}?@#$%^&|=:;` + "`" + `]`},
		{Name: "Other", Pattern: `(?s:.)`},
	})
})

// grammar is the parser. Each level of precedence is a type below.
var grammar = sync.OnceValue(func() *participle.Parser[alternative] {
	return participle.MustBuild[alternative](
		participle.Lexer(tokens()), participle.Elide("Comment", "Space"))
})

// alternative is a whole expression.
type alternative struct {
	If    *choice `parser:"  @@"`
	Chain *chain  `parser:"| @@"`
}

type choice struct {
	Pos       lexer.Position
	Condition *alternative `parser:"'if' '(' @@ ')'"`
	Then      *alternative `parser:"@@"`
	Else      *alternative `parser:"'else' @@"`
}

// chain is default and functions between their arguments, from left to right.
type chain struct {
	First *disjunction `parser:"@@"`
	Rest  []*link      `parser:"@@*"`
}

type link struct {
	Pos     lexer.Position
	Word    string       `parser:"@( 'default' | '++' | Name )"`
	Operand *disjunction `parser:"@@"`
}

type disjunction struct {
	First *conjunction `parser:"@@"`
	Rest  []*or        `parser:"@@*"`
}

type or struct {
	Pos     lexer.Position
	Operand *conjunction `parser:"'or' @@"`
}

type conjunction struct {
	First *equality `parser:"@@"`
	Rest  []*and    `parser:"@@*"`
}

type and struct {
	Pos     lexer.Position
	Operand *equality `parser:"'and' @@"`
}

type equality struct {
	First *comparison `parser:"@@"`
	Rest  []*equals   `parser:"@@*"`
}

type equals struct {
	Pos     lexer.Position
	Word    string      `parser:"@( '==' | '!=' )"`
	Operand *comparison `parser:"@@"`
}

type comparison struct {
	First *unary `parser:"@@"`
	Than  *than  `parser:"@@?"`
}

type than struct {
	Pos     lexer.Position
	Word    string `parser:"@( '>=' | '<=' | '>' | '<' )"`
	Operand *unary `parser:"@@"`
}

type unary struct {
	Pos      lexer.Position
	Not      *disjunction `parser:"  'not' @@"`
	Negated  *unary       `parser:"| '!' @@"`
	Selected *selected    `parser:"| @@"`
}

// selected is a value with what is selected from it.
type selected struct {
	From *primary    `parser:"@@"`
	Keys []*selector `parser:"@@*"`
}

type selector struct {
	Pos   lexer.Position
	Name  string       `parser:"  '.' ( @Name"`
	Text  string       `parser:"      | @Text )"`
	Index *alternative `parser:"| '[' @@ ']'"`
}

type primary struct {
	Pos    lexer.Position
	Text   string       `parser:"  @Text"`
	Number string       `parser:"| @Number"`
	Word   string       `parser:"| @( 'true' | 'false' | 'null' )"`
	Array  *list        `parser:"| @@"`
	Group  *alternative `parser:"| '(' @@ ')'"`
	Name   string       `parser:"| ( @Name"`
	Args   *arguments   `parser:"    @@? )"`
}

type list struct {
	Open  string         `parser:"@'['"`
	Items []*alternative `parser:"( @@ ( ',' @@ )* )? ']'"`
}

type arguments struct {
	Open  string         `parser:"@'('"`
	Items []*alternative `parser:"( @@ ( ',' @@ )* )? ')'"`
}
