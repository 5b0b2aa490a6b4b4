package value

import (
	"fmt"
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
	literal string
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
		words := strings.Fields(text)
		if len(words) == 0 {
			return nil, &SyntaxError{Text: fmt.Sprintf("placeholder ${%s} has an empty filter", s)}
		}
		f, err := lookupFilter(words[0], words[1:])
		if err != nil {
			return nil, err
		}
		p.pipe = append(p.pipe, stage{words[0], f, words[1:]})
	}
	return p, nil
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
		p.literal = s[1 : len(s)-1]
		return nil
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
		return err
	}
	p.path = path
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
	ref, err := parsePath(operand)
	t.ref = ref
	return t, err
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
	v := String(p.literal)
	if p.path != nil {
		var err error
		if v, err = s.Lookup(p.path); err != nil {
			return Value{}, err
		}
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
			for _, st := range p.hole.pipe {
				all = append(all, st.name)
			}
		}
	}
	return all
}
