package gateway

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// head is what is wrong with the head of one HTTP/1.1 request as it came over
// the wire, and how its content ends.
type head struct {
	// blankBeforeColon: a field's name is followed by a blank (RFC 9112 5.1).
	blankBeforeColon bool
	// folded: a line goes on in the next one (RFC 9112 5.2).
	folded bool
	// control: a value holds NUL, CR or another control character (RFC 9110 5.5).
	control bool
	// lengths counts the fields Content-Length, codings those called
	// Transfer-Encoding.
	lengths, codings int
	// content is the length of the content that follows.
	content int64
	// last: where the next head begins is not known, so that this request must be
	// the connection's last one.
	last bool
}

// readHead reads a whole head, its empty line included.
func readHead(text []byte) *head {
	h := &head{}
	_, fields, _ := bytes.Cut(text, []byte("\n"))
	for line := range bytes.Lines(fields) {
		line = withoutEnd(line)
		if len(line) == 0 {
			break
		}
		h.control = h.control || slices.ContainsFunc(line, control)
		if blank(line[0]) {
			h.folded = true
			continue
		}
		if name, value, ok := bytes.Cut(line, []byte(":")); ok {
			h.field(name, value)
		}
	}
	h.last = h.codings > 0 || h.lengths > 1 || h.content < 0
	return h
}

func (h *head) field(name, value []byte) {
	plain := bytes.TrimRight(name, " \t")
	h.blankBeforeColon = h.blankBeforeColon || len(plain) < len(name)
	switch {
	case strings.EqualFold(string(plain), "Transfer-Encoding"):
		h.codings++
	case strings.EqualFold(string(plain), "Content-Length"):
		h.lengths++
		length, err := strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64)
		if err != nil {
			length = -1
		}
		h.content = length
	}
}

// tolerable is the head as a careless server reads it, in a form that net/http
// takes: no blank before the colon, folded lines joined, and a blank for each
// control character, as RFC 9110 5.5 lets a recipient do. A request line or a
// name that is none stays for net/http to refuse.
func (h *head) tolerable(text []byte) []byte {
	if !h.blankBeforeColon && !h.folded && !h.control {
		return text
	}
	start, fields, _ := bytes.Cut(text, []byte("\n"))
	out := append(make([]byte, 0, len(text)+2), withoutEnd(start)...)
	for line := range bytes.Lines(fields) {
		line = withoutEnd(line)
		if len(line) == 0 {
			break
		}
		if blank(line[0]) {
			out = append(out, ' ')
		} else {
			out = append(out, "\r\n"...)
		}
		if name, value, ok := bytes.Cut(line, []byte(":")); ok && !blank(line[0]) {
			out = append(append(out, bytes.TrimRight(name, " \t")...), ':')
			line = value
		}
		out = appendVisible(out, bytes.TrimSpace(line))
	}
	return append(out, "\r\n\r\n"...)
}

// appendVisible appends a text with a blank for each control character.
func appendVisible(out, text []byte) []byte {
	for _, c := range text {
		if control(c) {
			c = ' '
		}
		out = append(out, c)
	}
	return out
}

func withoutEnd(line []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

// control reports whether no field value may hold the character.
func control(c byte) bool { return c < ' ' && c != '\t' || c == 0x7f }
