package mint

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
)

// editStep changes one segment of a signed token and signs nothing:
// {edit: {in: signature, flip: 0}}. What it does, it does in this order:
// remove, rename, set, add, order, bytes, flip, tail-bits.
type editStep struct {
	in       part
	remove   []string
	rename   []renaming
	set, add []assignment
	order    []string // names that come first; "reverse" alone turns all round
	bytes    value.Expr
	flip     *int
	tailBits *int
}

func decodeEdit(n *document.Node) step {
	f := n.Fields()
	s := &editStep{in: decodePart(f.Need("in"), inHeader, inPayload, inSignature), bytes: value.Decode(f.Take("bytes"))}
	if m := f.Take("set"); m != nil {
		s.set = decodeAssignments(m, "")
	}
	if m := f.Take("add"); m != nil {
		s.add = decodeAssignments(m, "")
	}
	if m := f.Take("rename"); m != nil {
		s.rename = decodeRenamings(m, "")
	}
	s.remove = decodeNames(f.Take("remove"))
	s.order = decodeNames(f.Take("order"))
	s.flip = optionalInt(f.Take("flip"))
	s.tailBits = optionalInt(f.Take("tail-bits"))
	f.Rest()
	s.check(n)
	return s
}

func optionalInt(n *document.Node) *int {
	if n == nil {
		return nil
	}
	i := n.Int()
	return &i
}

func (s *editStep) check(n *document.Node) {
	switch {
	case n.Kind() != document.Mapping:
	case !s.onMembers() && s.bytes.IsZero() && s.flip == nil && s.tailBits == nil:
		n.Problemf("give set, remove, rename, add, order, flip, tail-bits or bytes", "an edit step that does nothing")
	case s.in == inSignature && s.onMembers():
		n.Problemf("flip, tail-bits and bytes work on it", "a signature has no members")
	case s.tailBits != nil && (*s.tailBits < 0 || *s.tailBits > 15):
		n.Problemf("a last character has at most four unused bits", "expected tail-bits from 0 to 15, got %d", *s.tailBits)
	}
}

func (s *editStep) onMembers() bool {
	return len(s.set)+len(s.add)+len(s.rename)+len(s.remove)+len(s.order) > 0
}

func (s *editStep) stage() stage { return afterSignature }

func (s *editStep) exprs() []value.Expr { return append(exprsOf(s.set, s.add), present(s.bytes)...) }

func (s *editStep) apply(_ context.Context, w *work) error {
	if w.empty {
		return failed("edit", errNoToken)
	}
	if s.onMembers() {
		if err := w.change(s.in, func(v value.Value) (value.Value, error) { return s.members(v, w.scope()) }); err != nil {
			return failed("edit", err)
		}
	}
	place := w.token.segment(s.in)
	if !s.bytes.IsZero() {
		text, err := s.bytes.Text(w.scope())
		if err != nil {
			return failed("edit", err)
		}
		*place = b64([]byte(text))
	}
	if s.flip != nil {
		flipped, err := flip(*place, *s.flip)
		if err != nil {
			return failed("edit", fmt.Errorf("the %s: %w", s.in, err))
		}
		*place = flipped
	}
	if s.tailBits != nil {
		*place = withTailBits(*place, *s.tailBits)
	}
	return nil
}

func (s *editStep) members(v value.Value, scope value.Scope) (value.Value, error) {
	v = renameMembers(removeMembers(v, s.remove), s.rename)
	v, err := setMembers(v, s.set, scope)
	if err != nil {
		return v, err
	}
	v, err = addMembers(v, s.add, scope)
	return inOrder(v, s.order), err
}

// inOrder puts the named members first, in that order, or turns all round.
func inOrder(v value.Value, order []string) value.Value {
	members := slices.Clone(v.Members)
	if slices.Equal(order, []string{"reverse"}) {
		slices.Reverse(members)
		return value.Dict(members...)
	}
	rank := func(m value.Member) int {
		if i := slices.Index(order, m.Name); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(members, func(a, b value.Member) int { return rank(a) - rank(b) })
	return value.Dict(members...)
}

// flip turns one bit over. Bit 0 is the lowest bit of the first byte, bit 8
// the lowest of the second; -1 is the highest bit of the last byte.
func flip(segment string, bit int) (string, error) {
	b := content(segment)
	if bit < 0 {
		bit += 8 * len(b)
	}
	if bit < 0 || bit >= 8*len(b) {
		return segment, fmt.Errorf("flip: expected a bit of %d bytes, got %d", len(b), bit)
	}
	b[bit/8] ^= 1 << (bit % 8)
	return b64(b), nil
}

const urlAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// withTailBits sets the bits of the last character that stand for nothing
// (RFC 4648 3.5); a segment without such bits stays as it is.
func withTailBits(segment string, bits int) string {
	unused := map[int]int{2: 4, 3: 2}[len(segment)%4]
	if unused == 0 {
		return segment
	}
	last := len(segment) - 1
	index := strings.IndexByte(urlAlphabet, segment[last])
	if index < 0 {
		return segment
	}
	mask := 1<<unused - 1
	return segment[:last] + string(urlAlphabet[index&^mask|bits&mask])
}
