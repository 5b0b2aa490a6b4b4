package gateway

import (
	"encoding/base64"
	"strings"
)

// token is a compact JWS (RFC 7515 7.1) read as far as it can be read, so that
// each check can look at its own part of a token that is wrong elsewhere.
type token struct {
	compact  string
	segments []string
	// header and payload are nil if they cannot be read as JSON objects.
	header, payload object
	signature       []byte
	// canonical: every segment is base64url without padding and with zero tail bits.
	canonical bool
	// clean: header and payload are one UTF-8 object each, and nothing else.
	clean bool
	// signed is what verifying it came to; nil where nobody remembers.
	signed *verifications
}

// readToken reads a compact token; it never fails, it leaves parts out.
func readToken(compact string) *token { return dialect{}.token(compact) }

func (d dialect) token(compact string) *token {
	t := &token{compact: compact, segments: strings.Split(compact, "."), canonical: true, clean: true}
	for i, segment := range t.segments {
		plain, exact := decodeSegment(segment)
		t.canonical = t.canonical && exact
		switch i {
		case 0:
			t.header = t.object(d, plain)
		case 1:
			t.payload = t.object(d, plain)
		case 2:
			t.signature = plain
		}
	}
	return t
}

func (t *token) object(d dialect, text []byte) object {
	o, clean, err := d.object(text)
	if err != nil {
		t.clean = false
		return nil
	}
	t.clean = t.clean && clean
	return o
}

// signingInput is what the signature covers: the bytes as they came.
func (t *token) signingInput() string {
	return t.segments[0] + "." + t.segments[1]
}

// algorithm is the alg header parameter if there is exactly one and it is a string.
func (t *token) algorithm() string {
	alg, _ := t.header.soleText("alg")
	return alg
}

// decodeSegment reads base64url as leniently as any library does; exact tells
// whether RFC 7515 2 allows what it read.
func decodeSegment(segment string) (plain []byte, exact bool) {
	plain, err := base64.RawURLEncoding.Strict().DecodeString(segment)
	if err == nil && !strings.ContainsAny(segment, "\r\n") {
		return plain, true
	}
	lenient := strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(segment)
	plain, err = base64.RawURLEncoding.DecodeString(lenient)
	if err != nil {
		return nil, false
	}
	return plain, false
}
