package dataweave

import (
	"errors"
	"strconv"
	"strings"
)

var (
	errInterpolation = errors.New("$ in a string begins an expression, which is outside the subset; write \\$ for the character")
	errEscape        = errors.New("this escape is not documented")
)

// unquote reads a string literal with its quotes.
func unquote(quoted string) (string, error) {
	inner := quoted[1 : len(quoted)-1]
	if !strings.ContainsAny(inner, `\$`) {
		return inner, nil
	}
	text := strings.Builder{}
	for inner != "" {
		at := strings.IndexAny(inner, `\$`)
		switch {
		case at < 0:
			text.WriteString(inner)
			return text.String(), nil
		case inner[at] == '$':
			return "", errInterpolation
		}
		text.WriteString(inner[:at])
		value, rest, err := escape(inner[at+1:])
		if err != nil {
			return "", err
		}
		text.WriteString(value)
		inner = rest
	}
	return text.String(), nil
}

// escape reads what follows a backslash.
func escape(s string) (value, rest string, err error) {
	if i := strings.IndexByte("nrtbf", s[0]); i >= 0 {
		return "\n\r\t\b\f"[i : i+1], s[1:], nil
	}
	switch {
	case strings.IndexByte("'\"\\`$", s[0]) >= 0:
		return s[:1], s[1:], nil
	case s[0] == 'u' && len(s) >= 5:
		code, err := strconv.ParseUint(s[1:5], 16, 16)
		if err != nil || code >= 0xd800 && code < 0xe000 {
			return "", "", errEscape
		}
		return string(rune(code)), s[5:], nil
	}
	return "", "", errEscape
}
