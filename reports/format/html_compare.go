package format

import (
	"fmt"
	"strings"
	"unicode"
)

// member is one line of something that has names and values: a JSON object, a
// request.
type member struct {
	// key is the name, text the whole line, value the part after the name.
	key, text, value string
	// same is what two lines must share to be equal.
	same string
}

// line is a member as shown, and how it differs from the control's.
type line struct {
	Text string
	// Mark is empty, "changed", "added" or "missing".
	Mark string
	// Was is the control's value, where another one was sent.
	Was string
}

// Sign stands before the line.
func (l line) Sign() string {
	switch l.Mark {
	case "changed":
		return "≠"
	case "added":
		return "+"
	case "missing":
		return "−"
	}
	return ""
}

// compare marks what differs between the members that were sent and the
// control's. The first of several with one name is compared with the first.
// Differences of which counts says no are not marked.
func compare(sent, control []member, counts func(key string) bool) []line {
	theirs := map[string][]member{}
	for _, m := range control {
		theirs[m.key] = append(theirs[m.key], m)
	}
	var lines []line
	for _, m := range sent {
		l := line{Text: m.text}
		if was, found := theirs[m.key]; found && len(was) > 0 {
			theirs[m.key] = was[1:]
			if was[0].same != m.same && counts(m.key) {
				l.Mark, l.Was = "changed", was[0].value
			}
		} else if counts(m.key) {
			l.Mark = "added"
		}
		lines = append(lines, l)
	}
	return append(lines, missing(control, theirs, counts)...)
}

// missing lists the control's members that are left over, in their order.
func missing(control []member, left map[string][]member, counts func(string) bool) []line {
	skip := map[string]int{}
	for _, m := range control {
		skip[m.key]++
	}
	var lines []line
	for _, m := range control {
		if skip[m.key]--; skip[m.key] < len(left[m.key]) && counts(m.key) {
			lines = append(lines, line{Text: m.text, Mark: "missing"})
		}
	}
	return lines
}

// differing counts the marked lines.
func differing(lines []line) int {
	n := 0
	for _, l := range lines {
		if l.Mark != "" {
			n++
		}
	}
	return n
}

// visible writes out what does not print: a claim may hold characters that
// turn or hide the text around it.
func visible(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// turning returns what writes out the characters that turn the direction of
// text or end lines: our own words have none, so all are a gateway's.
func turning() *strings.Replacer {
	var pairs []string
	for _, r := range "\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069" {
		pairs = append(pairs, string(r), fmt.Sprintf(`\u%04x`, r))
	}
	return strings.NewReplacer(pairs...)
}
