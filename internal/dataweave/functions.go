package dataweave

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// function is one function: how many arguments it takes and what it does.
type function struct {
	takes int
	do    func(u use, args []any) (Value, error)
}

// use is the place of a call and what it can see.
type use struct {
	place
	scope *Scope
}

func (u use) mule() bool { return u.scope.Dialect == Mule4 }

// mismatch is a call that no documented signature fits. Null is coerced to
// nothing, so such a call fails; for other types a gateway may coerce.
func (u use) mismatch(args []any) error {
	var types []string
	for _, a := range args {
		types = append(types, typeOf(a))
	}
	if slices.Contains(types, "Null") {
		return u.fails("no such function for (%s)", strings.Join(types, ", "))
	}
	return u.unknown("what it makes of (%s) is not documented", strings.Join(types, ", "))
}

// functions are those of the subset, by the name that is written.
var functions = map[string]function{
	"++":       {2, concatenate},
	"contains": {2, contains},
	"splitBy":  {2, splitBy},
	"lower":    {1, onText(lower)},
	"upper":    {1, onText(upper)},
	"trim":     {1, trim},
	"sizeOf":   {1, sizeOf},
	"uuid":     {0, uuid},

	"endsWith":   {2, affix(strings.HasSuffix)},
	"startsWith": {2, affix(strings.HasPrefix)},

	"dw::core::Strings::substringAfter":      {2, substring(after)},
	"dw::core::Strings::substringAfterLast":  {2, substring(afterLast)},
	"dw::core::Strings::substringBefore":     {2, substring(before)},
	"dw::core::Strings::substringBeforeLast": {2, substring(beforeLast)},
}

// onlyMule are those that Flex Gateway's subset has not.
func onlyMule(name string) bool { return name == "endsWith" || name == "startsWith" }

// affix looks for a text at an end of another. Mule has a signature for null
// (DataWeave 2.4).
func affix(has func(text, part string) bool) func(use, []any) (Value, error) {
	return func(u use, args []any) (Value, error) {
		text, isText := args[0].(string)
		part, isPart := args[1].(string)
		switch {
		case args[0] == nil && isPart:
			return false, nil
		case !isText || !isPart:
			return nil, u.mismatch(args)
		}
		return has(text, part), nil
	}
}

// onText is a function of a text that gives null for null.
func onText(f func(string) string) func(use, []any) (Value, error) {
	return func(u use, args []any) (Value, error) {
		switch text := args[0].(type) {
		case nil:
			return nil, nil
		case string:
			return f(text), nil
		}
		return nil, u.mismatch(args)
	}
}

// The mappings of Unicode in full: the upper case of ß has two letters.
func lower(text string) string { return cases.Lower(language.Und).String(text) }
func upper(text string) string { return cases.Upper(language.Und).String(text) }

// trim takes the blanks off both ends. Flex's page has a signature for null, on
// which its evaluator fails.
func trim(u use, args []any) (Value, error) {
	if args[0] == nil && !u.mule() {
		return nil, u.unknown("page and evaluator disagree about null; guard it with default")
	}
	return onText(strings.TrimSpace)(u, args)
}

func uuid(u use, _ []any) (Value, error) {
	if u.scope.UUID != nil {
		return u.scope.UUID(), nil
	}
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}

// maxText bounds what an expression can make of large claims.
const maxText = 1 << 20

// concatenate is ++ of two texts or two arrays. Flex's page has arrays, on which
// its evaluator fails.
func concatenate(u use, args []any) (Value, error) {
	left, right := args[0], args[1]
	if a, ok := left.(string); ok {
		if b, ok := right.(string); ok {
			if len(a)+len(b) > maxText {
				return nil, u.unknown("a text of more than 1 MiB")
			}
			return a + b, nil
		}
	}
	if a, ok := left.([]any); ok {
		if b, ok := right.([]any); ok {
			if !u.mule() {
				return nil, u.unknown("page and evaluator disagree about arrays")
			}
			return slices.Concat(a, b), nil
		}
	}
	return nil, u.mismatch(args)
}

// contains looks for an item of an array, or for a text in a text: that of a
// space-separated scp finds parts of words as well. Mule has a signature for
// null (DataWeave 2.4), Flex has not.
func contains(u use, args []any) (Value, error) {
	switch in := args[0].(type) {
	case nil:
		if u.mule() {
			return false, nil
		}
	case []any:
		return slices.ContainsFunc(in, func(item any) bool { return equal(item, args[1]) }), nil
	case string:
		if text, ok := args[1].(string); ok {
			return strings.Contains(in, text), nil
		}
	}
	return nil, u.mismatch(args)
}

// splitBy gives null for null: Mule has a signature for it (DataWeave 2.4), and
// so does Flex's evaluator.
func splitBy(u use, args []any) (Value, error) {
	text, isText := args[0].(string)
	separator, isSeparator := args[1].(string)
	switch {
	case args[0] == nil:
		return nil, nil
	case !isText || !isSeparator:
		return nil, u.mismatch(args)
	}
	var pieces []any
	for piece := range strings.SplitSeq(text, separator) {
		pieces = append(pieces, piece)
	}
	return pieces, nil
}

// sizeOf counts items, members, or characters; Mule has a signature for null
// (DataWeave 2.4), Flex has not.
func sizeOf(u use, args []any) (Value, error) {
	switch of := args[0].(type) {
	case nil:
		if u.mule() {
			return nil, nil
		}
	case []any:
		return float64(len(of)), nil
	case map[string]any:
		return float64(len(of)), nil
	case string:
		if strings.IndexFunc(of, func(r rune) bool { return r > 0x7f }) >= 0 {
			return nil, u.unknown("characters, bytes or UTF-16 units of a text beyond ASCII")
		}
		return float64(len(of)), nil
	}
	return nil, u.mismatch(args)
}

// substring is a function of a text and a separator that gives null for null.
// About an empty separator page and evaluator disagree.
func substring(f func(text, separator string) string) func(use, []any) (Value, error) {
	return func(u use, args []any) (Value, error) {
		text, isText := args[0].(string)
		separator, isSeparator := args[1].(string)
		switch {
		case args[0] == nil && isSeparator:
			return nil, nil
		case !isText || !isSeparator:
			return nil, u.mismatch(args)
		case separator == "":
			return nil, u.unknown("page and evaluator disagree about an empty separator")
		}
		return f(text, separator), nil
	}
}

// The parts of a text; without the separator each is the empty text.
func after(text, separator string) string {
	_, tail, _ := strings.Cut(text, separator)
	return tail
}

func before(text, separator string) string {
	head, _, found := strings.Cut(text, separator)
	if !found {
		return ""
	}
	return head
}

func beforeLast(text, separator string) string {
	return text[:max(strings.LastIndex(text, separator), 0)]
}

func afterLast(text, separator string) string {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return ""
	}
	return text[at+len(separator):]
}
