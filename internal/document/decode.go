package document

import (
	"encoding"
	"reflect"
	"strconv"
	"strings"
)

// Decode reads the document into what into points to: a struct by its json
// tags, so that one type serves a YAML file, a JSON body and the JSON Schema
// of both. A field without omitempty must be there; the enum values of its
// jsonschema tag are all that it may be. Strings may hold ${NAME}, for which
// lookup knows a value (nil: no placeholders). What is wrong is recorded: see
// Err.
//
// Structs, pointers, strings, whole numbers, booleans, lists, mappings by name
// and encoding.TextUnmarshaler are what it can read; another type is a mistake
// of the program and panics.
func Decode(n *Node, into any, lookup func(string) (string, bool)) {
	decoder{lookup}.value(n, reflect.ValueOf(into).Elem(), nil)
}

type decoder struct{ lookup func(string) (string, bool) }

// value reads one value; words are what it may be, if that is limited.
func (d decoder) value(n *Node, v reflect.Value, words []string) {
	if n == nil {
		return
	}
	if t, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		d.text(n, t)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), words)
	case reflect.Struct:
		d.fields(n, v)
	case reflect.Slice:
		d.list(n, v, words)
	case reflect.Map:
		d.mapping(n, v)
	case reflect.Bool:
		v.SetBool(n.Bool())
	case reflect.Int:
		v.SetInt(int64(n.Int()))
	case reflect.String:
		v.SetString(d.str(n, words))
	default:
		panic("document: cannot decode into " + v.Type().String())
	}
}

func (d decoder) text(n *Node, into encoding.TextUnmarshaler) {
	text := n.Text()
	if n.Kind() != Number { // version: 2
		text = d.str(n, nil)
	}
	if n.Kind() != Number && n.Kind() != String {
		return
	}
	if err := into.UnmarshalText([]byte(text)); err != nil {
		n.Problemf("", "%s", err)
	}
}

func (d decoder) str(n *Node, words []string) string {
	if n.Kind() == Number && len(words) > 0 { // version: 2
		return n.among("value", words, n.Text())
	}
	text := n.Str()
	if d.lookup != nil && n.Kind() == String {
		text = n.Env(d.lookup)
	}
	if len(words) == 0 || n.Kind() != String {
		return text
	}
	return n.among("value", words, text)
}

func (d decoder) fields(n *Node, v reflect.Value) {
	if !n.expect(Mapping) {
		return
	}
	f := n.Fields()
	d.take(f, v)
	f.Rest()
}

// take reads the fields of a struct, and of those that are embedded in it.
func (d decoder) take(f *Fields, v reflect.Value) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous:
			d.take(f, v.Field(i))
		case name == "-" || name == "":
		case strings.Contains(options, "omit"):
			d.value(f.Take(name), v.Field(i), enumOf(field.Tag.Get("jsonschema")))
		default:
			d.value(f.Need(name), v.Field(i), enumOf(field.Tag.Get("jsonschema")))
		}
	}
}

// list reads a list; a single value is a list of one where the entries are
// strings.
func (d decoder) list(n *Node, v reflect.Value, words []string) {
	items := []*Node{n}
	if n.Kind() != String || v.Type().Elem().Kind() != reflect.String {
		items = n.Items()
	}
	all := reflect.MakeSlice(v.Type(), len(items), len(items))
	for i, item := range items {
		d.value(item, all.Index(i), words)
	}
	v.Set(all)
}

func (d decoder) mapping(n *Node, v reflect.Value) {
	all := reflect.MakeMap(v.Type())
	for _, m := range n.Members() {
		entry := reflect.New(v.Type().Elem()).Elem()
		d.value(m.Value, entry, nil)
		all.SetMapIndex(reflect.ValueOf(m.Key).Convert(v.Type().Key()), entry)
	}
	v.Set(all)
}

// enumOf are the enum values of a jsonschema tag.
func enumOf(tag string) []string {
	var words []string
	for word := range strings.SplitSeq(tag, ",") {
		if text, ok := strings.CutPrefix(word, "enum="); ok {
			words = append(words, text)
		}
	}
	return words
}

// At is the node that a path of keys and list places, such as "apis.orders.uris.0",
// leads to, or the last one on the way that is there: where a problem is to be
// shown that was found after decoding. A key that holds a dot is found as well.
func (n *Node) At(path string) *Node {
	for path != "" {
		next, rest := n.step(path)
		if next == nil {
			return n
		}
		n, path = next, rest
	}
	return n
}

// step goes as far along the path as one key or place leads.
func (n *Node) step(path string) (*Node, string) {
	switch n.Kind() {
	case Mapping:
		for _, m := range n.members() {
			if rest, ok := strings.CutPrefix(path, m.Key); ok && (rest == "" || rest[0] == '.') {
				return m.Value, strings.TrimPrefix(rest, ".")
			}
		}
	case Sequence:
		place, rest, _ := strings.Cut(path, ".")
		for i, item := range n.items() {
			if place == strconv.Itoa(i) {
				return item, rest
			}
		}
	}
	return nil, path
}
