package document

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/goccy/go-yaml/parser"
)

// Limits bound what a file may be. A member that is zero stands for its default.
type Limits struct {
	// Bytes is the size of one file; 16 MiB by default.
	Bytes int
	// Depth is how many lists and mappings may lie in one another; 64 by default.
	Depth int
	// Keys is how many a mapping in block style may have; 2000 by default. What
	// the parser needs grows with the square of their number.
	Keys int
}

// OrDefault is the limits with the defaults filled in.
func (l Limits) OrDefault() Limits {
	if l.Bytes == 0 {
		l.Bytes = 16 << 20
	}
	if l.Depth == 0 {
		l.Depth = 64
	}
	if l.Keys == 0 {
		l.Keys = 2000
	}
	return l
}

// ParseAll reads a stream of documents, which --- parts, in the order of the
// file. Empty ones are left out; a file without any other is an error. What
// Parse refuses is refused in each, and what is beyond the limits. The error
// holds the problems of all documents: one that is broken hides no other.
func ParseAll(file string, src []byte, limits Limits) ([]*Node, error) {
	limits = limits.OrDefault()
	if len(src) > limits.Bytes {
		return nil, &Problem{Pos: Position{file, 1, 1}, Text: fmt.Sprintf("the file has %d bytes, at most %d are read", len(src), limits.Bytes)}
	}
	var all []*Node
	var problems []error
	for _, p := range parts(bytes.TrimPrefix(src, []byte("\ufeff"))) {
		if len(bytes.TrimSpace(p.text)) == 0 {
			continue
		}
		nodes, err := p.parse(file, limits)
		all, problems = append(all, nodes...), append(problems, err)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, &Problem{Pos: Position{file, 1, 1}, Text: "the file is empty"}
	}
	return all, nil
}

// part is one document of a stream with the number of lines before it.
type part struct {
	text  []byte
	lines int
}

// parts cuts a stream where a line starts with --- or is the end mark of three
// dots: neither can stand at the start of a line inside a document (YAML 1.2
// 9.1.2). The first document may have directives before it.
func parts(src []byte) []part {
	all := []part{{}}
	line := 0
	for text := range bytes.Lines(src) {
		last := &all[len(all)-1]
		switch {
		case mark(text, "---"):
			started := append([]byte("   "), text[3:]...)
			all = append(all, part{text: started, lines: line})
		case mark(text, "..."):
			all = append(all, part{lines: line + 1})
		case text[0] == '%' && len(bytes.TrimSpace(last.text)) == 0:
			last.text = append(last.text, '\n')
		default:
			last.text = append(last.text, text...)
		}
		line++
	}
	return all
}

// mark reports whether a line is the mark, with or without something behind it.
func mark(line []byte, mark string) bool {
	rest, ok := bytes.CutPrefix(line, []byte(mark))
	return ok && (len(rest) == 0 || bytes.IndexByte([]byte(" \t\r\n"), rest[0]) >= 0)
}

func (p part) parse(file string, limits Limits) ([]*Node, error) {
	if at := p.tooDeep(limits.Depth); at.Line > 0 {
		at.File = file
		return nil, tooDeep(at)
	}
	if line := p.tooMany(limits.Keys); line > 0 {
		return nil, &Problem{Pos: Position{file, line, 1}, Text: fmt.Sprintf("a mapping of more than %d keys", limits.Keys)}
	}
	// The parser would stop at the first key that stands twice, and place the other
	// one in its part.
	bodies, err := bodiesOf(file, p.text, p.lines, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, err
	}
	var all []*Node
	var problems []error
	for _, body := range bodies {
		root, err := checked(body, file, p.lines, limits.Depth)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		all = append(all, root)
	}
	return all, errors.Join(problems...)
}

// tooDeep is the place where more than depth values are open, or zero. It is
// looked for before the parser is called, which would need stack for each.
func (p part) tooDeep(depth int) Position {
	open, line := 0, 0
	for text := range bytes.Lines(p.text) {
		line++
		if entries(text) > depth {
			return Position{Line: p.lines + line, Column: 1}
		}
		for i, c := range text {
			switch c {
			case '[', '{':
				open++
			case ']', '}':
				open = max(open-1, 0)
			}
			if open > depth {
				return Position{Line: p.lines + line, Column: i + 1}
			}
		}
	}
	return Position{}
}

// tooMany is the line that is one too many at its indentation, or 0. Lines of a
// long text count as well.
func (p part) tooMany(keys int) int {
	type level struct{ indent, lines int }
	var open []level
	line := 0
	for text := range bytes.Lines(p.text) {
		line++
		rest := bytes.TrimLeft(text, " \t\r\n")
		if len(rest) == 0 || rest[0] == '#' {
			continue
		}
		indent := len(text) - len(rest)
		for len(open) > 0 && open[len(open)-1].indent > indent {
			open = open[:len(open)-1]
		}
		if entries(rest) > 0 {
			indent += len(rest) - len(bytes.TrimLeft(rest, "-? "))
		}
		if len(open) == 0 || open[len(open)-1].indent != indent {
			open = append(open, level{indent: indent})
		}
		if open[len(open)-1].lines++; open[len(open)-1].lines > keys {
			return p.lines + line
		}
	}
	return 0
}

// entries counts the values that a line begins by "- " or "? ".
func entries(line []byte) (n int) {
	for i, c := range line {
		switch {
		case c == ' ' || c == '\t':
		case (c == '-' || c == '?') && i+1 < len(line) && line[i+1] == ' ':
			n++
		default:
			return n
		}
	}
	return n
}

func tooDeep(at Position) error {
	return &Problem{Pos: at, Text: "lists and mappings lie too deep in one another"}
}
