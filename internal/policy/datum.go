package policy

import (
	"strings"

	"github.com/entraproof/entraproof/internal/document"
)

// datum is one value of a document, the same for YAML, JSON and HCL.
type datum struct {
	kind document.Kind
	at   document.Position
	// text is the scalar that counts, without quotes; source is what stands in
	// the file where that differs, such as $JWKS_URL.
	text, source string
	items        []datum
	members      []entry
	// unknown names what the value hangs on where it is not known, and ask says
	// how to make it known.
	unknown, ask string
	// askAt is where that stands within the value; zero: at its beginning.
	askAt  document.Position
	secret bool
	// hidden says that it stands in a text whose escapes hide its place: at is
	// where the text begins.
	hidden bool
	// clear is where it stands as a literal, if it does; at may be where it is
	// referred to.
	clear document.Position
	// place tells where a position within the text is in the file.
	place func(document.Position) document.Position
	// size counts the values within, where expressions could multiply them.
	size int
}

// entry is one key of a mapping; source is what stands in the file where the
// vendor spells it differently.
type entry struct {
	key    string
	at     document.Position
	value  datum
	source string
}

// The kinds of datum that readers ask for.
const (
	mapping  = document.Mapping
	sequence = document.Sequence
	str      = document.String
	null     = document.Null
)

// fromNode takes a node of a YAML or JSON document.
func fromNode(n *document.Node) datum {
	d := datum{kind: n.Kind(), at: n.Pos(), text: n.Text()}
	switch d.kind {
	case sequence:
		for _, item := range n.Items() {
			d.items = append(d.items, fromNode(item))
		}
	case mapping:
		for _, m := range n.Members() {
			d.members = append(d.members, entry{key: m.Key, at: m.KeyPos, value: fromNode(m.Value)})
		}
	}
	return d
}

// get is the value of a key; the zero datum where it is absent.
func (d datum) get(key string) datum {
	for _, m := range d.members {
		if m.key == key {
			return m.value
		}
	}
	return datum{}
}

// absent reports whether there is no value: null, or no key at all.
func (d datum) absent() bool { return d.kind == null && d.unknown == "" }

// has reports whether a key is there with a value.
func (d datum) has(key string) bool { return !d.get(key).absent() }

// first is the value of the first of the keys that is there.
func (d datum) first(keys ...string) datum {
	for _, key := range keys {
		if v := d.get(key); !v.absent() {
			return v
		}
	}
	return datum{}
}

// orElse is another datum where this one is absent.
func (d datum) orElse(other datum) datum {
	if d.absent() {
		return other
	}
	return d
}

// written is the text as it stands in the file.
func (d datum) written() string {
	if d.source != "" {
		return d.source
	}
	return d.text
}

// words names a value in a message: never its text where that is a secret.
func (d datum) words() string {
	switch {
	case d.kind == mapping, d.kind == sequence, d.kind == null, d.secret:
		return d.kind.String()
	case d.kind == str:
		return `"` + shortened(d.text) + `"`
	}
	return shortened(d.text)
}

// shortened is a text that fits in one line of a message.
func shortened(text string) string {
	text, _, more := strings.Cut(text, "\n")
	if runes := []rune(text); len(runes) > 60 {
		text, more = string(runes[:60]), true
	}
	if more {
		text += "…"
	}
	return text
}
