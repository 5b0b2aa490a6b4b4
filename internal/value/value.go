// Package value is JSON as it goes over the wire, and the placeholders and
// filters that a scenario row writes it with.
//
// A Value keeps what encoding/json folds away and what the catalogue is about:
// the order of members, duplicate members, the text of numbers, bytes that are
// not UTF-8. An Expr is a Value whose strings may hold placeholders such as
// ${home.audience | cut 1}; a Scope tells what the placeholders stand for.
//
// Everything here is pure. The package may import internal/document only.
package value

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Kind is what a Value is.
type Kind uint8

// The kinds. The zero Kind is Null. Raw is JSON text that is written as it
// stands, right or wrong. Source is an endless supply (guids, zeros) that only
// the filter take makes a value of.
const (
	Null Kind = iota
	Bool
	Number
	Text
	Array
	Object
	Raw
	Source
)

// Value is one JSON value. Values are not changed in place: Set, Remove and
// Append return copies.
type Value struct {
	Kind Kind
	Bool bool
	// Text is the content of a string (any bytes), or the text of a number or
	// of raw JSON as it stands.
	Text    string
	Items   []Value
	Members []Member

	supply func(n int) Value
}

// Member is one member of an object. An object may hold a name twice.
type Member struct {
	Name  string
	Value Value
}

// String is a JSON string; s may hold any bytes.
func String(s string) Value { return Value{Kind: Text, Text: s} }

// Int is a JSON number.
func Int(n int64) Value { return Value{Kind: Number, Text: strconv.FormatInt(n, 10)} }

// Boolean is a JSON boolean.
func Boolean(b bool) Value { return Value{Kind: Bool, Bool: b} }

// RawText is JSON text that is written as it stands.
func RawText(text string) Value { return Value{Kind: Raw, Text: text} }

// List is a JSON array.
func List(items ...Value) Value { return Value{Kind: Array, Items: items} }

// Strings is a JSON array of strings.
func Strings(texts ...string) Value {
	items := make([]Value, len(texts))
	for i, t := range texts {
		items[i] = String(t)
	}
	return List(items...)
}

// Dict is a JSON object with the members in the given order.
func Dict(members ...Member) Value { return Value{Kind: Object, Members: members} }

// Supply is an endless source; take n asks it for n pieces.
func Supply(take func(n int) Value) Value { return Value{Kind: Source, supply: take} }

// Get is the first member of that name.
func (v Value) Get(name string) (Value, bool) {
	for _, m := range v.Members {
		if m.Name == name {
			return m.Value, true
		}
	}
	return Value{}, false
}

// GetText is the text of the first member of that name, empty where there is
// none or where it is not a string.
func (v Value) GetText(name string) string {
	m, _ := v.Get(name)
	if m.Kind != Text {
		return ""
	}
	return m.Text
}

// Set gives the first member of that name a new value, in its place, or
// appends the member.
func (v Value) Set(name string, to Value) Value {
	members := make([]Member, len(v.Members), len(v.Members)+1)
	copy(members, v.Members)
	for i := range members {
		if members[i].Name == name {
			members[i].Value = to
			return Value{Kind: Object, Members: members}
		}
	}
	return Value{Kind: Object, Members: append(members, Member{name, to})}
}

// Remove drops every member of that name.
func (v Value) Remove(name string) Value {
	members := make([]Member, 0, len(v.Members))
	for _, m := range v.Members {
		if m.Name != name {
			members = append(members, m)
		}
	}
	return Value{Kind: Object, Members: members}
}

// Append adds a member at the end, even where there is one of that name.
func (v Value) Append(name string, to Value) Value {
	members := make([]Member, len(v.Members), len(v.Members)+1)
	copy(members, v.Members)
	return Value{Kind: Object, Members: append(members, Member{name, to})}
}

// Plain is the value as text: a string's bytes, a number's or raw text as it
// stands, and JSON for everything else.
func (v Value) Plain() string {
	switch v.Kind {
	case Text, Number, Raw:
		return v.Text
	}
	return string(v.JSON())
}

// Equal reports whether both write the same JSON.
func (v Value) Equal(other Value) bool {
	if v.Kind != other.Kind { // one of them may be raw
		return string(v.JSON()) == string(other.JSON())
	}
	switch v.Kind {
	case Text, Number, Raw:
		return v.Text == other.Text
	case Bool:
		return v.Bool == other.Bool
	case Array:
		return slices.EqualFunc(v.Items, other.Items, Value.Equal)
	case Object:
		return slices.EqualFunc(v.Members, other.Members, Member.equal)
	}
	return true // null, or an endless source, which writes null
}

func (m Member) equal(other Member) bool { return m.Name == other.Name && m.Value.Equal(other.Value) }

// JSON is the value's text without insignificant white space.
func (v Value) JSON() []byte { return v.AppendJSON(make([]byte, 0, v.room())) }

// room is how long the value's text is where nothing in it is escaped, or a
// little more.
func (v Value) room() int {
	n := len(v.Text) + len(`false`)
	for _, item := range v.Items {
		n += item.room() + len(`,`)
	}
	for _, m := range v.Members {
		n += len(m.Name) + m.Value.room() + len(`"":,`)
	}
	return n
}

// AppendJSON appends the value's text to b.
func (v Value) AppendJSON(b []byte) []byte {
	switch v.Kind {
	case Bool:
		return strconv.AppendBool(b, v.Bool)
	case Number, Raw:
		return append(b, v.Text...)
	case Text:
		return appendString(b, v.Text)
	case Array:
		b = append(b, '[')
		for i, item := range v.Items {
			if i > 0 {
				b = append(b, ',')
			}
			b = item.AppendJSON(b)
		}
		return append(b, ']')
	case Object:
		b = append(b, '{')
		for i, m := range v.Members {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, m.Name), ':')
			b = m.Value.AppendJSON(b)
		}
		return append(b, '}')
	}
	return append(b, "null"...)
}

// MarshalJSON writes the value as AppendJSON does; encoding/json refuses it
// where a Raw is not valid JSON.
func (v Value) MarshalJSON() ([]byte, error) { return v.JSON(), nil }

// UnmarshalJSON reads the value as ParseJSON does.
func (v *Value) UnmarshalJSON(b []byte) error {
	parsed, err := ParseJSON(b)
	if err == nil {
		*v = parsed
	}
	return err
}

// Base64URL is text in base64url without padding, as JOSE writes it
// (RFC 7515 2).
func Base64URL(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// appendString writes a JSON string; bytes that are not UTF-8 go out as they
// are, because rows about broken text need them on the wire.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf || (c >= 0x20 && c != '"' && c != '\\') {
			i++
			continue
		}
		b = append(b, s[start:i]...)
		b = appendEscape(b, c)
		i++
		start = i
	}
	return append(append(b, s[start:]...), '"')
}

func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	return fmt.Appendf(b, `\u%04x`, c)
}

// ParseJSON reads JSON text; order, duplicate members and the text of numbers
// are kept.
func ParseJSON(b []byte) (Value, error) {
	if !json.Valid(b) {
		var text json.RawMessage
		return Value{}, fmt.Errorf("value: not JSON: %w", json.Unmarshal(b, &text))
	}
	p := parser{text: string(b), members: bytes.Count(b, []byte{':'})} // a little too many is no harm
	return p.value(), nil
}
