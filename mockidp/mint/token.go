package mint

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/entraproof/entraproof/internal/value"
)

// compact is a token cut at its first and its last dot. That is the compact
// serialization of RFC 7515 7.1, and it still finds the parts of a token whose
// payload stands there unencoded and full of dots (RFC 7797).
type compact struct {
	header, payload, signature string
	dots                       int
}

func split(token string) compact {
	header, rest, found := strings.Cut(token, ".")
	c := compact{header: header}
	if !found {
		return c
	}
	c.dots = 1
	c.payload = rest
	if i := strings.LastIndexByte(rest, '.'); i >= 0 {
		c.payload, c.signature, c.dots = rest[:i], rest[i+1:], 2
	}
	return c
}

func (c compact) String() string {
	return strings.Join([]string{c.header, c.payload, c.signature}[:c.dots+1], ".")
}

// segment is the place where a part's text is kept.
func (c *compact) segment(p part) *string {
	switch p {
	case inHeader:
		return &c.header
	case inSignature:
		return &c.signature
	default:
		return &c.payload
	}
}

// part is one of the three parts of a token.
type part string

const (
	inHeader    part = "header"
	inPayload   part = "payload"
	inSignature part = "signature"
)

// decodeSegment reads base64url without padding.
func decodeSegment(s string) ([]byte, error) { return base64.RawURLEncoding.DecodeString(s) }

// content is the bytes behind a segment: decoded where it is base64url, and
// else as they stand.
func content(segment string) []byte {
	if b, err := decodeSegment(segment); err == nil {
		return b
	}
	return []byte(segment)
}

// Decode reads the header and the payload of a compact token, in order and
// with duplicates. It checks no signature: what it returns is what the token
// says, not what is true.
func Decode(token string) (header, payload value.Value, err error) {
	c := split(token)
	if c.dots != 2 || strings.Contains(c.payload, ".") {
		return header, payload, fmt.Errorf("mint: decode: expected three segments, got %d", strings.Count(token, ".")+1)
	}
	if header, err = decodeJSON(c.header); err != nil {
		return header, payload, fmt.Errorf("mint: decode the header: %w", err)
	}
	if payload, err = decodeJSON(c.payload); err != nil {
		return header, payload, fmt.Errorf("mint: decode the payload: %w", err)
	}
	return header, payload, nil
}

func decodeJSON(segment string) (value.Value, error) {
	b, err := decodeSegment(segment)
	if err != nil {
		return value.Value{}, err
	}
	return value.ParseJSON(b)
}

// Parts is the scope of one token under a name, usually "token" or "sibling":
// NAME, NAME.header and NAME.payload (with .CLAIM and .b64), NAME.signature
// (its bytes, and .b64).
func Parts(name, token string) value.Scope {
	c := split(token)
	return value.ScopeFunc(func(path []string) (value.Value, error) {
		unknown := &value.UnknownError{Path: strings.Join(path, ".")}
		switch {
		case len(path) == 0 || path[0] != name:
			return value.Value{}, unknown
		case len(path) == 1:
			return value.String(token), nil
		}
		p := part(path[1])
		if p != inHeader && p != inPayload && p != inSignature {
			return value.Value{}, unknown
		}
		segment := *c.segment(p)
		switch {
		case len(path) == 3 && path[2] == "b64":
			return value.String(segment), nil
		case p == inSignature && len(path) == 2:
			return value.String(string(content(segment))), nil
		case p == inSignature:
			return value.Value{}, unknown
		}
		return lookupJSON(content(segment), path[2:], unknown)
	})
}

// lookupJSON is a member of a header or payload, or all of it. What is no JSON
// has no members and is a text as a whole.
func lookupJSON(text []byte, path []string, unknown error) (value.Value, error) {
	v, err := value.ParseJSON(text)
	switch {
	case len(path) == 0 && err != nil:
		return value.String(string(text)), nil
	case len(path) == 0:
		return v, nil
	case err != nil:
		return value.Value{}, unknown
	}
	// A claim's name may hold dots: a dotted rest is one name.
	if member, ok := v.Get(strings.Join(path, ".")); ok {
		return member, nil
	}
	return value.Value{}, unknown
}
