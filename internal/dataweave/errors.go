package dataweave

import (
	"fmt"
	"strconv"
)

// Position is a place in the text of an expression as it was given to Parse,
// with its #[; line and column count from one, columns in characters.
type Position struct {
	Line   int
	Column int
}

// String is line:column.
func (p Position) String() string { return strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column) }

// SyntaxError is a text that no dialect takes.
type SyntaxError struct {
	At   Position
	Text string
}

func (e *SyntaxError) Error() string { return "dataweave: " + e.At.String() + ": " + e.Text }

// NotEvaluatedError is something whose outcome is not known here: the rule that
// holds it must be told as not evaluated. Parse returns it for what no dialect
// has, Check and Eval for what theirs lacks, Eval also where it hangs on the
// values.
type NotEvaluatedError struct {
	At Position
	// Word is what stands there: a function, an operator, a name.
	Word string
	// Why ends the sentence "not evaluated: WORD: WHY".
	Why string
}

func (e *NotEvaluatedError) Error() string {
	return fmt.Sprintf("dataweave: %s: not evaluated: %s: %s", e.At, e.Word, e.Why)
}

// EvalError is an expression that fails on a gateway as well, for the values it
// met: a function that takes no null, a condition that is no boolean. The rule
// that holds it does not hold. Values are told by their type only.
type EvalError struct {
	At Position
	// Word is the function or operator that failed.
	Word string
	// Text says what was expected and what came.
	Text string
}

func (e *EvalError) Error() string {
	return fmt.Sprintf("dataweave: %s: %s: %s", e.At, e.Word, e.Text)
}

// place is what stands where, for errors to name.
type place struct {
	at   Position
	word string
}

func (p place) unknown(format string, args ...any) error {
	return &NotEvaluatedError{At: p.at, Word: p.word, Why: fmt.Sprintf(format, args...)}
}

func (p place) fails(format string, args ...any) error {
	return &EvalError{At: p.at, Word: p.word, Text: fmt.Sprintf(format, args...)}
}
