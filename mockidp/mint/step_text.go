package mint

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
)

// textStep works on the serialized bytes of a part, before it is signed:
// {text: {in: payload, suffix: "{}", charset: utf-16, encoding: none}}. What it
// does, it does in this order: bytes, replace, prefix, suffix, charset,
// encoding.
type textStep struct {
	in             part
	bytes          value.Expr
	replace        []assignment
	prefix, suffix value.Expr
	charset        string
	encoding       string
}

// charsets are the encodings of characters that a part can be written in. utf-8
// leaves the bytes alone; latin-1 writes U+0080 to U+00FF as single bytes,
// which is how a row says bytes that are not UTF-8.
func charsets() []string {
	return []string{"latin-1", "utf-16", "utf-16be", "utf-16le", "utf-32", "utf-8", "utf-8-bom"}
}

// encodings are the ways in which a part's bytes become its segment.
func encodings() []string {
	return []string{"base64", "base64-unpadded", "base64url", "base64url-padded", "none"}
}

func decodeText(n *document.Node) step {
	f := n.Fields()
	s := &textStep{
		in:    decodePart(f.Take("in"), inHeader, inPayload),
		bytes: value.Decode(f.Take("bytes")), prefix: value.Decode(f.Take("prefix")), suffix: value.Decode(f.Take("suffix")),
		charset: f.Take("charset").OneOf("charset", charsets()), encoding: f.Take("encoding").OneOf("encoding", encodings()),
	}
	if r := f.Take("replace"); r != nil {
		s.replace = decodeAssignments(r, "")
	}
	f.Rest()
	if len(s.exprs()) == 0 && s.charset == "" && s.encoding == "" && n.Kind() == document.Mapping {
		n.Problemf("give bytes, replace, prefix, suffix, charset or encoding", "a text step that does nothing")
	}
	return s
}

func (s *textStep) stage() stage { return onText }

func (s *textStep) exprs() []value.Expr {
	return append(exprsOf(s.replace), present(s.bytes, s.prefix, s.suffix)...)
}

// present are those expressions that were written.
func present(all ...value.Expr) []value.Expr {
	var there []value.Expr
	for _, e := range all {
		if !e.IsZero() {
			there = append(there, e)
		}
	}
	return there
}

func (s *textStep) apply(_ context.Context, w *work) error {
	if w.empty {
		return failed("text", errNoToken)
	}
	place := w.token.segment(s.in)
	text, err := s.text(string(content(*place)), w.scope())
	if err != nil {
		return failed("text", err)
	}
	encoded, err := s.encode(text)
	if err != nil {
		return failed("text", err)
	}
	if encoded != *place {
		*place, w.dirty = encoded, true
		w.wrote(s.in, "alg", "kid") // sign must not write the text anew
	}
	return nil
}

func (s *textStep) text(text string, scope value.Scope) (string, error) {
	if !s.bytes.IsZero() {
		var err error
		if text, err = s.bytes.Text(scope); err != nil {
			return "", err
		}
	}
	for _, r := range s.replace {
		from, to, err := r.eval(scope)
		if err != nil {
			return "", err
		}
		text = strings.ReplaceAll(text, from, to.Plain())
	}
	before, err := textOr(s.prefix, scope)
	if err != nil {
		return "", err
	}
	after, err := textOr(s.suffix, scope)
	return before + text + after, err
}

// textOr is the text of an expression, empty where it is absent.
func textOr(e value.Expr, s value.Scope) (string, error) {
	if e.IsZero() {
		return "", nil
	}
	return e.Text(s)
}

func (s *textStep) encode(text string) (string, error) {
	b, err := inCharset(s.charset, text)
	if err != nil {
		return "", err
	}
	switch s.encoding {
	case "none":
		return string(b), nil
	case "base64":
		return base64.StdEncoding.EncodeToString(b), nil
	case "base64-unpadded":
		return base64.RawStdEncoding.EncodeToString(b), nil
	case "base64url-padded":
		return base64.URLEncoding.EncodeToString(b), nil
	}
	return b64(b), nil
}

// inCharset writes a text in another charset. utf-16 and utf-32 are big-endian
// with a byte order mark, the others have none unless they say so.
func inCharset(charset, text string) ([]byte, error) {
	switch charset {
	case "utf-8-bom":
		return []byte("\ufeff" + text), nil
	case "utf-16":
		return asUTF16("\ufeff"+text, binary.BigEndian), nil
	case "utf-16be":
		return asUTF16(text, binary.BigEndian), nil
	case "utf-16le":
		return asUTF16(text, binary.LittleEndian), nil
	case "utf-32":
		var b []byte
		for _, r := range "\ufeff" + text {
			b = binary.BigEndian.AppendUint32(b, uint32(r))
		}
		return b, nil
	case "latin-1":
		return asLatin1(text)
	}
	return []byte(text), nil
}

func asUTF16(text string, order binary.AppendByteOrder) []byte {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return b
}

func asLatin1(text string) ([]byte, error) {
	var b []byte
	for _, r := range text {
		if r > 0xff {
			return nil, fmt.Errorf("charset latin-1: expected characters up to U+00FF, got %U", r)
		}
		b = append(b, byte(r))
	}
	return b, nil
}
