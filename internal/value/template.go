package value

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// template is a string cut into literal pieces and placeholders.
type template []piece

type piece struct {
	literal string
	hole    *placeholder
}

// placeholder is the inside of ${…}: an operand, then + and - terms, then
// filters.
type placeholder struct {
	path    []string // nil for a literal in single quotes
	literal template // which may hold placeholders of its own
	terms   []term
	pipe    []stage
}

// term adds or takes away a length of time or, where ref is set, the seconds
// that another placeholder stands for.
type term struct {
	sign    int64
	seconds int64
	ref     []string
}

type stage struct {
	name   string
	filter filter
	args   []string
}

// SyntaxError is a placeholder that cannot be read.
type SyntaxError struct {
	Text string
	Hint string
}

// Error is the text after the package's name.
func (e *SyntaxError) Error() string { return "value: " + e.Text }

func parseTemplate(s string) (template, error) {
	t := template{}
	literal := ""
	for {
		before, rest, found := strings.Cut(s, "${")
		if !found {
			return append(t, piece{literal: literal + s}), nil
		}
		if strings.HasSuffix(before, "$") { // $${ is a literal ${
			literal += before + "{"
			s = rest
			continue
		}
		end := closingBrace(rest)
		if end < 0 {
			return t, &SyntaxError{Text: fmt.Sprintf("placeholder %q has no closing brace", "${"+rest), Hint: "write $${ for a literal ${"}
		}
		hole, err := parsePlaceholder(rest[:end])
		if err != nil {
			return t, err
		}
		t = append(t, piece{literal: literal + before}, piece{hole: hole})
		literal, s = "", rest[end+1:]
	}
}

// closingBrace finds the brace that ends a placeholder, outside quotes.
func closingBrace(s string) int {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '\'':
			quoted = !quoted
		case s[i] == '}' && !quoted:
			return i
		}
	}
	return -1
}

func parsePlaceholder(s string) (*placeholder, error) {
	stages := splitOutsideQuotes(s, '|')
	p := &placeholder{}
	if err := p.parseSum(strings.TrimSpace(stages[0])); err != nil {
		return nil, err
	}
	for _, text := range stages[1:] {
		words := quotedFields(text)
		if len(words) == 0 {
			return nil, &SyntaxError{Text: fmt.Sprintf("placeholder ${%s} has an empty filter", s)}
		}
		f, err := lookupFilter(words[0], words[1:])
		if err != nil {
			return nil, err
		}
		p.pipe = append(p.pipe, stage{words[0], f, words[1:]})
	}
	return p, p.checkEnd()
}

// checkEnd refuses an endless supply that nothing is taken of.
func (p *placeholder) checkEnd() error {
	if p.path == nil || !slices.Contains(suppliers(), p.path[0]) || (len(p.pipe) > 0 && p.pipe[0].name == "take") {
		return nil
	}
	return &SyntaxError{Text: fmt.Sprintf("${%s} has no end", p.path[0]), Hint: fmt.Sprintf("write ${%s | take 100}", p.path[0])}
}

// quotedFields are the words of a filter. What stands in single quotes is one
// word whatever it holds: a blank, a bar, nothing.
func quotedFields(s string) []string {
	var words []string
	for s = strings.TrimLeft(s, " \t"); s != ""; s = strings.TrimLeft(s, " \t") {
		if inner, found := strings.CutPrefix(s, "'"); found {
			word, rest, _ := strings.Cut(inner, "'") // closingBrace has seen the second
			words, s = append(words, word), rest
			continue
		}
		end := strings.IndexAny(s, " \t'")
		if end < 0 {
			end = len(s)
		}
		words, s = append(words, s[:end]), s[end:]
	}
	return words
}

func splitOutsideQuotes(s string, sep byte) []string {
	var parts []string
	start, quoted := 0, false
	for i := range len(s) {
		switch {
		case s[i] == '\'':
			quoted = !quoted
		case s[i] == sep && !quoted:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// parseSum reads an operand and the + and - terms after it. A sign counts only
// between blanks, because names may hold hyphens.
func (p *placeholder) parseSum(s string) error {
	if strings.HasPrefix(s, "'") {
		if len(s) < 2 || !strings.HasSuffix(s, "'") {
			return &SyntaxError{Text: fmt.Sprintf("literal %s has no closing quote", s)}
		}
		literal, err := parseTemplate(s[1 : len(s)-1])
		p.literal = literal
		return err
	}
	words := strings.Fields(s)
	if len(words) == 0 {
		return &SyntaxError{Text: "placeholder ${} is empty"}
	}
	if len(words)%2 == 0 {
		return &SyntaxError{Text: fmt.Sprintf("cannot read ${%s}", s), Hint: "write ${now - 15s}, with blanks around the sign"}
	}
	path, err := parsePath(words[0])
	if err != nil {
		return withBlanks(err, words[0])
	}
	p.path = path
	if len(words) > 1 && !canBeNumber(path) {
		return &SyntaxError{Text: fmt.Sprintf("+ and - need whole numbers, and ${%s} is a text", words[0]), Hint: "such as ${now + 15s}"}
	}
	for i := 1; i < len(words); i += 2 {
		t, err := parseTerm(words[i], words[i+1])
		if err != nil {
			return err
		}
		p.terms = append(p.terms, t)
	}
	return nil
}

func parseTerm(sign, operand string) (term, error) {
	t := term{sign: 1}
	switch sign {
	case "+":
	case "-":
		t.sign = -1
	default:
		return t, &SyntaxError{Text: fmt.Sprintf("expected + or -, got %q", sign)}
	}
	if d, err := time.ParseDuration(operand); err == nil {
		t.seconds = int64(d / time.Second)
		return t, nil
	}
	if n, err := strconv.ParseInt(operand, 10, 64); err == nil {
		t.seconds = n
		return t, nil
	}
	if operand[0] >= '0' && operand[0] <= '9' {
		return t, &SyntaxError{Text: fmt.Sprintf("expected a length of time, got %q", operand), Hint: "write seconds, or 15s, 5m or 24h"}
	}
	ref, err := parsePath(operand)
	if err == nil && !canBeNumber(ref) {
		err = &SyntaxError{Text: fmt.Sprintf("+ and - need whole numbers, and ${%s} is a text", operand), Hint: "such as ${now - skew}"}
	}
	t.ref = ref
	return t, err
}

// withBlanks adds the hint for ${now-15s}, which reads as one name.
func withBlanks(err error, word string) error {
	var syntax *SyntaxError
	i := strings.IndexAny(word, "+-")
	if i <= 0 || i == len(word)-1 || !errors.As(err, &syntax) || syntax.Hint != "" {
		return err
	}
	if _, unknown := parsePath(word[:i]); unknown == nil {
		syntax.Hint = fmt.Sprintf("write ${%s %s %s}, with blanks around the sign", word[:i], word[i:i+1], word[i+1:])
	}
	return err
}

func (t template) eval(s Scope) (Value, error) {
	if hole := t.single(); hole != nil {
		return hole.eval(s)
	}
	var b strings.Builder
	for _, p := range t {
		b.WriteString(p.literal)
		if p.hole == nil {
			continue
		}
		v, err := p.hole.eval(s)
		if err != nil {
			return Value{}, err
		}
		b.WriteString(v.Plain())
	}
	return String(b.String()), nil
}

// single is the placeholder of a template that is nothing else.
func (t template) single() *placeholder {
	var hole *placeholder
	for _, p := range t {
		if p.literal != "" || (p.hole != nil && hole != nil) {
			return nil
		}
		if p.hole != nil {
			hole = p.hole
		}
	}
	return hole
}

func (p *placeholder) eval(s Scope) (Value, error) {
	v, err := p.operand(s)
	if err != nil {
		return Value{}, err
	}
	for _, t := range p.terms {
		var err error
		if v, err = t.apply(v, s); err != nil {
			return Value{}, fmt.Errorf("${%s}: %w", strings.Join(p.path, "."), err)
		}
	}
	for _, st := range p.pipe {
		var err error
		if v, err = st.filter(v, st.args); err != nil {
			return Value{}, fmt.Errorf("${%s}: %w", strings.Join(p.path, "."), err)
		}
	}
	if v.Kind == Source {
		return Value{}, fmt.Errorf("value: ${%s} has no end, write ${%[1]s | take 100}", strings.Join(p.path, "."))
	}
	return v, nil
}

// operand is what the filters and terms work on.
func (p *placeholder) operand(s Scope) (Value, error) {
	if p.path != nil {
		return s.Lookup(p.path) //nolint:wrapcheck // a scope's own errors
	}
	v, err := p.literal.eval(s)
	return String(v.Plain()), err
}

func (t term) apply(v Value, s Scope) (Value, error) {
	n, err := wholeNumber(v)
	if err != nil {
		return v, err
	}
	seconds := t.seconds
	if t.ref != nil {
		other, err := s.Lookup(t.ref)
		if err != nil {
			return v, err
		}
		if seconds, err = wholeNumber(other); err != nil {
			return v, err
		}
	}
	return Int(n + t.sign*seconds), nil
}

func wholeNumber(v Value) (int64, error) {
	n, err := strconv.ParseInt(v.Text, 10, 64)
	if v.Kind != Number || err != nil {
		return 0, fmt.Errorf("value: + and - need whole numbers, got %s", v.JSON())
	}
	return n, nil
}

func (t template) refs() []string {
	var all []string
	for _, p := range t {
		if p.hole == nil {
			continue
		}
		if p.hole.path != nil {
			all = append(all, strings.Join(p.hole.path, "."))
		}
		all = append(all, p.hole.literal.refs()...)
		for _, term := range p.hole.terms {
			if term.ref != nil {
				all = append(all, strings.Join(term.ref, "."))
			}
		}
	}
	return all
}

func (t template) filters() []string {
	var all []string
	for _, p := range t {
		if p.hole != nil {
			all = append(all, p.hole.literal.filters()...)
			for _, st := range p.hole.pipe {
				all = append(all, st.name)
			}
		}
	}
	return all
}
