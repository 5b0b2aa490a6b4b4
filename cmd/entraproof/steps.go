package main

import (
	"fmt"
	"strings"
)

// steps tells how a program of several steps goes on: on a terminal one line
// that is drawn anew, elsewhere, if plain is set, a line each.
type steps struct {
	p     *program
	plain bool
}

func (s steps) say(text string) {
	switch {
	case s.p.terminal:
		fmt.Fprintf(s.p.err, "\r\x1b[K%s", strings.TrimSpace(text))
	case s.plain:
		fmt.Fprintln(s.p.err, strings.TrimSpace(text))
	}
}

// end removes the drawn line.
func (s steps) end() {
	if s.p.terminal {
		fmt.Fprint(s.p.err, "\r\x1b[K")
	}
}
