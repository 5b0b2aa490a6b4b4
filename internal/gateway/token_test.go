package gateway

import (
	"strings"
	"testing"
)

// TestReadObject: order and repeats are kept; what is not one object is told.
func TestReadObject(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		text           string
		readable, tidy bool
		repeats        bool
	}{
		"object":            {`{"a":1,"b":[true,null,{"c":"d"}]}`, true, true, false},
		"blanks around":     {" \r\n\t{} \n", true, true, false},
		"repeated":          {`{"a":1,"a":2}`, true, true, true},
		"repeated further":  {`{"a":{"b":1,"b":2}}`, true, true, true},
		"repeated in array": {`{"a":[{"b":1,"b":2}]}`, true, true, true},
		"escaped the same":  {`{"a":1,"\u0061":2}`, true, true, true},
		"trailing object":   {`{}{}`, true, false, false},
		"trailing text":     {`{} x`, true, false, false},
		"not utf-8":         {"{\"a\":\"\xff\"}", true, false, false},
		"array":             {`[]`, false, false, false},
		"string":            {`"x"`, false, false, false},
		"null":              {`null`, false, false, false},
		"empty":             {``, false, false, false},
		"cut short":         {`{"a":1`, false, false, false},
		"no comma":          {`{"a":1 "b":2}`, false, false, false},
		"byte order mark":   {"\ufeff{}", false, false, false},
		"too deep":          {`{"a":` + strings.Repeat("[", 50) + strings.Repeat("]", 50) + `}`, false, false, false},
	} {
		o, tidy, err := readObject([]byte(row.text))
		if (err == nil) != row.readable || err == nil && tidy != row.tidy || o.repeats() != row.repeats {
			t.Errorf("%s: expected readable %t, clean %t, repeats %t; got %v, %t, %t", name, row.readable, row.tidy, row.repeats, err, tidy, o.repeats())
		}
	}
}

// TestDecodeSegment: what RFC 7515 2 allows is exact; the rest is read all the
// same where some library would.
func TestDecodeSegment(t *testing.T) {
	t.Parallel()
	for segment, row := range map[string]struct {
		plain string
		exact bool
	}{
		"":         {"", true},
		"YQ":       {"a", true},
		"YQ==":     {"a", false},
		"YR":       {"a", false},
		"-_-_":     {"\xfb\xff\xbf", true},
		"+/+/":     {"\xfb\xff\xbf", false},
		"YW\nJj":   {"abc", false},
		"Y":        {"", false},
		"YQ!":      {"", false},
		"Y W J j ": {"", false},
	} {
		plain, exact := decodeSegment(segment)
		if string(plain) != row.plain || exact != row.exact {
			t.Errorf("%q: expected %q, exact %t; got %q, %t", segment, row.plain, row.exact, plain, exact)
		}
	}
}

// FuzzReadToken: no token makes the reader or a check fall over, and nothing
// but a genuine one is let through.
func FuzzReadToken(f *testing.F) {
	b := newBench(f)
	for _, compact := range b.tokens() {
		f.Add(compact)
	}
	f.Add(`{"protected":"e30","payload":"e30","signature":"AAAA"}`)
	h := b.strictWith(nil, nil)
	accepted := map[string]bool{}
	for _, r := range b.rows() {
		if line := r.ask.Header.Get("Authorization"); r.status == 0 {
			_, compact, _ := strings.Cut(line, " ")
			accepted[compact] = true
		}
	}
	f.Fuzz(func(t *testing.T, compact string) {
		readToken(compact)
		if got := fire(t, h, bearerOf(compact)); got.forwarded && !accepted[compact] {
			t.Errorf("let through: %q", compact)
		}
	})
}
