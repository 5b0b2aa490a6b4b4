package gateway

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"unicode/utf16"
)

// softJSON take for JSON what is none (RFC 8259).
func softJSON() []softening {
	return []softening{
		repairs("bom-skipped", "a byte order mark is skipped", func(text []byte) []byte { return bytes.TrimPrefix(text, []byte("\ufeff")) }),
		repairs("utf16-read", "the parser finds out the charset by itself", fromUTF16),
		repairs("broken-utf8-replaced", "bytes that are no UTF-8 become question marks", func(text []byte) []byte { return bytes.ToValidUTF8(text, []byte("?")) }),
		repairs("comments-skipped", "comments are skipped", replaces(`/\*.*?\*/`, "")),
		repairs("trailing-comma-skipped", "a comma before the closing brace is skipped", replaces(`,}`, "}")),
		repairs("nan-read", "NaN is a number", replaces(`:NaN`, ":null")),
		repairs("single-quotes-read", "single quotes are as good as double ones", replaces(`'`, `"`)),
		repairs("array-unwrapped", "an array of claims is read as its first element", replaces(`^\[(\{.*\})\]$`, "$1")),
		{
			Softening{"trailing-json-merged", "format", "objects that stand behind each other are read into one"},
			func(s *strict) {
				s.dialect.repairs = append(s.dialect.repairs, replaces(`\}\{`, ","))
				s.dialect.regards = append(s.dialect.regards, func(_ []byte, o object) object { return o.lastOnes() })
			},
		},
	}
}

func repairs(name, sentence string, mend func([]byte) []byte) softening {
	return softening{Softening{name, "format", sentence}, func(s *strict) {
		s.dialect.repairs = append(s.dialect.repairs, mend)
	}}
}

func replaces(pattern, by string) func([]byte) []byte {
	expression := regexp.MustCompile(pattern)
	return func(text []byte) []byte { return expression.ReplaceAll(text, []byte(by)) }
}

// fromUTF16 reads UTF-16 that begins with its byte order mark.
func fromUTF16(text []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(text, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	case bytes.HasPrefix(text, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	default:
		return text
	}
	var units []uint16
	for i := 2; i+1 < len(text); i += 2 {
		units = append(units, order.Uint16(text[i:]))
	}
	return []byte(string(utf16.Decode(units)))
}
