package format

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"strings"
	"sync"
	"unicode"

	"github.com/entraproof/entraproof/reports"
)

// staticLimit is how much of the findings is written into the page as it is.
// What comes after, the least bad, is packed like the cases that did not fail.
const staticLimit = 3 << 20

// bodies renders the parts of the page that open, and keeps those that are
// packed. Its err is the first failure.
type bodies struct {
	*reports.Results
	around  map[[2]string]*controlAround // by target and id
	demands sync.Map                     // template.HTML by what is demanded
	turning *strings.Replacer
	static  int
	packed  []string

	mu  sync.Mutex
	err error
}

func newBodies(r *reports.Results) *bodies {
	b := &bodies{Results: r, around: map[[2]string]*controlAround{}, turning: turning(), packed: []string{}}
	for i := range r.Controls {
		c := &r.Controls[i]
		b.around[[2]string{c.Target, c.ID}] = &controlAround{c, b.anchor(c.Target, c.ID), shotsText(c), genuine(c)}
	}
	return b
}

// anchor is the name under which a case or control can be linked to: its id,
// after its target's name where there are several.
func (b *bodies) anchor(target, id string) string {
	if len(b.Targets) > 1 {
		id = target + "/" + id
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) {
			return '-'
		}
		return r
	}, id)
}

// body is the inside of one thing that opens: HTML, or the number under which
// the script finds it.
type body struct {
	Anchor string
	HTML   template.HTML
	Packed int
}

// render executes one of the templates. Several goroutines may.
func (b *bodies) render(name string, data any) string {
	var text bytes.Buffer
	if err := page().ExecuteTemplate(&text, name, data); err != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.err = cmp.Or(b.err, err)
	}
	return b.turning.Replace(text.String())
}

// fold keeps text among the packed bodies.
func (b *bodies) fold(anchor, text string) body {
	b.packed = append(b.packed, text)
	return body{Anchor: anchor, Packed: len(b.packed) - 1}
}

// pack returns all packed bodies: JSON, compressed, as base64 that needs no
// escaping.
func (b *bodies) pack() (template.HTML, error) {
	if b.err != nil {
		return "", b.err
	}
	var text bytes.Buffer
	out, err := gzip.NewWriterLevel(&text, gzip.BestCompression)
	if err != nil {
		return "", fmt.Errorf("pack: %w", err)
	}
	if err := json.NewEncoder(out).Encode(b.packed); err != nil {
		return "", fmt.Errorf("pack: %w", err)
	}
	if err := out.Close(); err != nil {
		return "", fmt.Errorf("pack: %w", err)
	}
	return template.HTML(base64.StdEncoding.EncodeToString(text.Bytes())), nil //nolint:gosec // base64 holds no markup
}
