package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/entraproof/entraproof/internal/document"
)

// Patch is a change of one key in a document: its value, its name, or the key
// itself where the document has none.
type Patch struct {
	// Key is the key as the document spells it, Value its new value: a boolean, a
	// number or a text.
	Key   string `json:"key"`
	Value any    `json:"value,omitempty"`
	// Rename says that the key's name changes to Key and its value stays.
	Rename bool `json:"rename,omitempty"`
	// Insert says that the key is not there and comes before the one at At.
	Insert bool `json:"insert,omitempty"`
	// At is where the value stands; with Rename and Insert, where a key does.
	At document.Position `json:"-"`

	// old is the value's text without quotes, owner the place of its policy.
	old   string
	owner document.Position
}

// String is the change in words.
func (p Patch) String() string {
	switch {
	case p.Rename:
		return "rename to " + p.Key
	case p.Insert:
		return "add " + p.Key + ": " + valueText(p.Value)
	}
	return "set " + p.Key + ": " + valueText(p.Value)
}

// ErrUnpatchable says that the text at a patch's place has a form that is not
// edited, such as a value over several lines.
var ErrUnpatchable = errors.New("the text at this place is not edited")

// patch sets a key. Where the document sets nothing at all there is no place for
// it, and no patch; a secret is left alone.
func (p place) patch(key string, value any) []Patch {
	if s, ok := p.Settings[key]; ok {
		if s.Secret || s.Hidden || s.Unknown != "" {
			return nil
		}
		return []Patch{{Key: s.Key, Value: value, At: s.At, old: s.Text, owner: p.At}}
	}
	first, ok := p.firstSetting()
	if !ok {
		return nil
	}
	return []Patch{{Key: p.spelled(key), Value: value, Insert: true, At: first.KeyAt, owner: p.At}}
}

// patchRule sets the value of one custom claim.
func (p place) patchRule(r claimRule, value string) []Patch {
	s, ok := p.Settings[r.key].Within[strconv.Itoa(r.place)].Within["value"]
	if !ok || s.Hidden || s.Unknown != "" {
		return nil
	}
	return []Patch{{Key: s.Key, Value: value, At: s.At, old: s.Text, owner: p.At}}
}

// firstSetting is the setting that stands first in the document.
func (p place) firstSetting() (Setting, bool) {
	var first Setting
	for _, s := range p.Settings {
		if at := s.KeyAt; !s.Hidden && at.Line > 0 && (first.Key == "" || at.Line < first.KeyAt.Line || at.Line == first.KeyAt.Line && at.Column < first.KeyAt.Column) {
			first = s
		}
	}
	return first, first.Key != ""
}

var upper = regexp.MustCompile(`[A-Z]+`)

// spelled writes a key as the document does: Terraform's arguments are in snake
// case.
func (p place) spelled(key string) string {
	for name, s := range p.Settings {
		if s.Key != name && strings.Contains(s.Key, "_") {
			return snake(key)
		}
	}
	return key
}

func snake(key string) string {
	return upper.ReplaceAllStringFunc(key, func(s string) string { return "_" + strings.ToLower(s) })
}

// Apply makes the changes in the text of one file. Those that cannot be made are
// left out, and told.
func Apply(src []byte, all []Patch) ([]byte, error) {
	var problems []error
	edits := make([]edit, 0, len(all))
	for _, p := range all {
		if p.renamedTo(all) {
			continue
		}
		e, err := p.edit(src)
		if err != nil {
			problems = append(problems, fmt.Errorf("policy: %s: set %s: %w", p.At, p.Key, err))
			continue
		}
		if !slices.ContainsFunc(edits, func(other edit) bool { return other.overlaps(e) }) {
			edits = append(edits, e)
		}
	}
	slices.SortStableFunc(edits, func(a, b edit) int { return b.from - a.from })
	out := bytes.Clone(src)
	for _, e := range edits {
		out = slices.Replace(out, e.from, e.to, []byte(e.text)...)
	}
	return out, errors.Join(problems...)
}

// renamedTo reports whether a key need not be inserted, because another of the
// same policy gets its name.
func (p Patch) renamedTo(all []Patch) bool {
	return p.Insert && slices.ContainsFunc(all, func(other Patch) bool {
		return other.Rename && other.Key == p.Key && other.owner == p.owner
	})
}

// edit replaces the bytes from (inclusive) to (exclusive).
type edit struct {
	from, to int
	text     string
}

// overlaps reports whether two edits change the same bytes, or make the same
// insertion.
func (e edit) overlaps(other edit) bool {
	if e.from == e.to || other.from == other.to {
		return e == other
	}
	return e.from < other.to && other.from < e.to
}

func (p Patch) edit(src []byte) (edit, error) {
	from, ok := offset(src, p.At)
	if !ok {
		return edit{}, ErrUnpatchable
	}
	switch {
	case p.Insert:
		return p.insertion(src, from)
	case p.Rename:
		to := scalarEnd(src, from, ":= \t\n")
		return edit{from, to, quotedLike(src[from], p.Key)}, nil
	}
	switch src[from] {
	case '[':
		if end := from + bytes.IndexByte(src[from:], ']') + 1; len(bytes.TrimSpace(src[from+1:max(end-1, from+1)])) == 0 && end > from {
			return edit{from, end, valueText(p.Value)}, nil
		}
		return edit{}, ErrUnpatchable
	case '"', '\'':
	default:
		if p.old == "" || !bytes.HasPrefix(src[from:], []byte(p.old)) {
			return edit{}, ErrUnpatchable
		}
		return edit{from, from + len(p.old), valueText(p.Value)}, nil
	}
	to := scalarEnd(src, from, "")
	if to <= from {
		return edit{}, ErrUnpatchable
	}
	return edit{from, to, valueText(p.Value)}, nil
}

// insertion puts a member before the one whose key begins at from, in its form.
func (p Patch) insertion(src []byte, from int) (edit, error) {
	end := scalarEnd(src, from, ":= \t\n")
	rest := bytes.TrimLeft(src[end:], " \t")
	if len(rest) == 0 || rest[0] != ':' && rest[0] != '=' {
		return edit{}, ErrUnpatchable
	}
	quoted := src[from] == '"' || src[from] == '\''
	text := quotedLike(src[from], p.Key)
	if rest[0] == '=' {
		text += " = " + valueText(p.Value)
	} else {
		text += ": " + valueText(p.Value)
	}
	lead := src[bytes.LastIndexByte(src[:from], '\n')+1 : from]
	ownLine := len(bytes.TrimLeft(lead, " \t")) == 0
	if quoted || !ownLine {
		text += ","
	}
	if ownLine {
		return edit{from, from, text + "\n" + string(lead)}, nil
	}
	return edit{from, from, text + " "}, nil
}

// offset is the byte at which a position stands. Columns count runes.
func offset(src []byte, at document.Position) (int, bool) {
	start := 0
	for range at.Line - 1 {
		next := bytes.IndexByte(src[start:], '\n')
		if next < 0 {
			return 0, false
		}
		start += next + 1
	}
	for range at.Column - 1 {
		_, size := utf8.DecodeRune(src[start:])
		start += size
	}
	return start, at.Line > 0 && at.Column > 0 && start < len(src)
}

// scalarEnd is where the word, or the text between quotes, that begins at from
// ends.
func scalarEnd(src []byte, from int, stops string) int {
	quote := src[from]
	if quote != '"' && quote != '\'' {
		if n := bytes.IndexAny(src[from:], stops); n >= 0 {
			return from + n
		}
		return len(src)
	}
	for i := from + 1; i < len(src); i++ {
		switch {
		case src[i] == '\\' && quote == '"':
			i++
		case src[i] == quote && quote == '\'' && i+1 < len(src) && src[i+1] == '\'':
			i++
		case src[i] == quote:
			return i + 1
		case src[i] == '\n':
			return from
		}
	}
	return from
}

// valueText writes a value as YAML, JSON and HCL all read it.
func valueText(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("policy: a patch holds a boolean, a number or a text: " + err.Error())
	}
	return strings.TrimSpace(b.String())
}

// quotedLike writes a key with the quotes that begin with a byte, if it is one.
func quotedLike(first byte, key string) string {
	if first == '"' || first == '\'' {
		return string(first) + key + string(first)
	}
	return key
}
