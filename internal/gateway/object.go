package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// object is a JSON object as it stands: members in order, repeated ones kept.
type object []member

type member struct {
	name  string
	value any // nil, bool, string, json.Number, []any or object
}

// all returns every value of the member called name.
func (o object) all(name string) []any {
	var values []any
	for _, m := range o {
		if m.name == name {
			values = append(values, m.value)
		}
	}
	return values
}

func (o object) has(name string) bool { return len(o.all(name)) > 0 }

// last returns the value of the last member called name, as most parsers do;
// null counts as absent.
func (o object) last(name string) (any, bool) {
	values := o.all(name)
	if len(values) == 0 || values[len(values)-1] == nil {
		return nil, false
	}
	return values[len(values)-1], true
}

// sole returns the value of the only member called name.
func (o object) sole(name string) (any, bool) {
	values := o.all(name)
	if len(values) != 1 {
		return nil, false
	}
	return values[0], true
}

// soleText is sole for a string.
func (o object) soleText(name string) (string, bool) {
	v, ok := o.sole(name)
	if !ok {
		return "", false
	}
	text, ok := v.(string)
	return text, ok
}

// lastText is last for a string.
func (o object) lastText(name string) (string, bool) {
	v, _ := o.last(name)
	text, ok := v.(string)
	return text, ok
}

// repeats reports whether a name stands twice, here or further down.
func (o object) repeats() bool {
	seen := make(map[string]bool, len(o))
	for _, m := range o {
		if seen[m.name] || repeatsIn(m.value) {
			return true
		}
		seen[m.name] = true
	}
	return false
}

func repeatsIn(v any) bool {
	switch v := v.(type) {
	case object:
		return v.repeats()
	case []any:
		return slices.ContainsFunc(v, repeatsIn)
	}
	return false
}

// maxDepth bounds the nesting that is read; Entra's tokens use two levels.
const maxDepth = 32

var (
	errNotObject = errors.New("gateway: not a JSON object")
	errTooDeep   = errors.New("gateway: JSON nested too deeply")
)

// readObject reads the JSON object at the start of text. Clean is false if the
// text is not UTF-8 or something follows the object (RFC 8259 2).
func readObject(text []byte) (o object, clean bool, err error) {
	decoder := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	v, err := readValue(decoder)
	if err != nil {
		return nil, false, fmt.Errorf("gateway: read object: %w", err)
	}
	o, ok := v.(object)
	if !ok {
		return nil, false, errNotObject
	}
	rest := bytes.Trim(text[decoder.InputOffset():], " \t\r\n")
	return o, len(rest) == 0 && utf8.Valid(text), nil
}

func readValue(decoder *jsontext.Decoder) (any, error) {
	next, err := decoder.ReadToken()
	if err != nil {
		return nil, err
	}
	if decoder.StackDepth() > maxDepth {
		return nil, errTooDeep
	}
	switch next.Kind() {
	case '{':
		return readMembers(decoder)
	case '[':
		return readItems(decoder)
	case '"':
		return next.String(), nil
	case '0':
		return json.Number(next.String()), nil
	case 'n':
		return nil, nil
	}
	return next.Bool(), nil
}

func readMembers(decoder *jsontext.Decoder) (any, error) {
	o := object{}
	for decoder.PeekKind() != '}' {
		name, err := decoder.ReadToken()
		if err != nil {
			return nil, err
		}
		text := name.String() // the decoder reads over it
		v, err := readValue(decoder)
		if err != nil {
			return nil, err
		}
		o = append(o, member{text, v})
	}
	_, err := decoder.ReadToken()
	return o, err
}

func readItems(decoder *jsontext.Decoder) (any, error) {
	items := []any{}
	for decoder.PeekKind() != ']' {
		v, err := readValue(decoder)
		if err != nil {
			return nil, err
		}
		items = append(items, v)
	}
	_, err := decoder.ReadToken()
	return items, err
}
