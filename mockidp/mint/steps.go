package mint

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
)

// stage says where in the life of a token a step belongs. A row's steps stand
// in this order: members, then the serialized text, then the signature, then
// everything after it.
type stage uint8

const (
	onMembers stage = iota
	onText
	onSignature
	afterSignature
)

func (s stage) String() string {
	return [...]string{"works on members", "works on the serialized text", "signs", "works on the signed token"}[s]
}

// step is one entry of a row's token list.
type step interface {
	// apply changes the token that is being made.
	apply(ctx context.Context, w *work) error
	// exprs are the values that the step is written with.
	exprs() []value.Expr
	stage() stage
}

// stepDecoder is one word of the vocabulary.
type stepDecoder struct {
	name   string
	decode func(*document.Node) step
}

// stepDecoders are the nine steps. A decoder that finds its entry wrong
// records that in the document and may return nil.
func stepDecoders() []stepDecoder {
	return []stepDecoder{
		{"set", decodeSet},
		{"remove", decodeRemove},
		{"rename", decodeRename},
		{"add", decodeAdd},
		{"text", decodeText},
		{"sign", decodeSign},
		{"edit", decodeEdit},
		{"compose", decodeCompose},
		{"encrypt", decodeEncrypt},
	}
}

// StepNames are the words that a token list knows, in the order in which they
// are applied.
func StepNames() []string {
	var names []string
	for _, d := range stepDecoders() {
		names = append(names, d.name)
	}
	return names
}

// Steps is the token list of a row: what is done to a genuine token.
type Steps struct{ steps []step }

// DecodeSteps reads a token list and records what is wrong with it in the
// document. A nil node is an empty list.
func DecodeSteps(n *document.Node) Steps {
	var s Steps
	if n == nil {
		return s
	}
	last := onMembers
	for _, item := range n.Items() {
		st := decodeStep(item)
		if st == nil {
			continue
		}
		switch {
		case st.stage() < last:
			item.Problemf("set, remove, rename and add; then text; then sign; then edit, compose and encrypt",
				"a step that %s stands after one that %s", st.stage(), last)
		case st.stage() == onSignature && last == onSignature:
			item.Problemf("one signature replaces the other", "a second sign step")
		}
		last = max(last, st.stage())
		s.steps = append(s.steps, st)
	}
	return s
}

func decodeStep(item *document.Node) step {
	members := item.Members()
	if len(members) != 1 {
		if item.Kind() == document.Mapping {
			item.Problemf("one step an entry, such as {set: {aud: x}}", "expected one step, got %d keys", len(members))
		}
		return nil
	}
	fields := item.Fields()
	var found step
	for _, d := range stepDecoders() {
		if n := fields.Take(d.name); n != nil {
			found = d.decode(n)
		}
	}
	fields.Rest()
	return found
}

// Len is the number of steps.
func (s Steps) Len() int { return len(s.steps) }

// Refs are the placeholders that the steps use, sorted, each once.
func (s Steps) Refs() []string {
	var refs []string
	for _, st := range s.steps {
		for _, e := range st.exprs() {
			refs = append(refs, e.Refs()...)
		}
	}
	slices.Sort(refs)
	return slices.Compact(refs)
}

// KeyNames are the keys that the steps name for signing, sorted, each once.
func (s Steps) KeyNames() []string {
	var names []string
	for _, st := range s.steps {
		if sign, ok := st.(*signStep); ok && sign.key != "" {
			names = append(names, sign.key)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// NeedsKey reports whether the steps change what is signed, so that the token
// must be signed again: by the tenant (source mock) or by us (base forged).
func (s Steps) NeedsKey() bool {
	for _, st := range s.steps {
		sign, signs := st.(*signStep)
		if st.stage() < onSignature || (signs && sign.needsSigner()) {
			return true
		}
	}
	return false
}

// Bench is what Bake works with.
type Bench struct {
	// Scope tells what placeholders stand for; Bake adds token to it.
	Scope value.Scope
	// Signer holds the issuer's keys; nil where a row cannot reach them.
	Signer Signer
	// Tenant is the tenant whose keys re-sign.
	Tenant string
	// Own is the harness's own key.
	Own *Key
	// Forged: the base is the genuine header and claims, signed by Own.
	Forged bool
	// Rand is the source of junk bytes; nil: crypto/rand.
	Rand io.Reader
}

// Baked is what became of a genuine token.
type Baked struct {
	Token string
	// Changed is false where the token is the genuine one to the byte: a
	// mutation that changes nothing is never fired.
	Changed bool
	Genuine string
}

// Bake takes a genuine compact token, empty for none, through the steps:
// those before signing, the signature, those after it.
func (s Steps) Bake(ctx context.Context, genuine string, b Bench) (Baked, error) {
	w := &work{bench: b, token: split(genuine), empty: genuine == ""}
	w.genuineKey = w.headerText("kid")
	for _, st := range s.steps {
		if st.stage() >= onSignature {
			if err := w.seal(ctx, st); err != nil {
				return Baked{}, err
			}
		}
		if err := st.apply(ctx, w); err != nil {
			return Baked{}, err
		}
	}
	if err := w.seal(ctx, nil); err != nil {
		return Baked{}, err
	}
	token := w.token.String()
	return Baked{Token: token, Changed: token != genuine, Genuine: genuine}, nil
}

// errNoToken is what a step says that has nothing to work on.
var errNoToken = errors.New("expected a token to work on, the base is none")

// work is a token in the making.
type work struct {
	bench Bench
	token compact
	empty bool
	// dirty: something that is signed has changed. sealed: the signature that
	// the row wants is there.
	dirty, sealed bool
	// wroteAlg, wroteKeyID: steps decide these header members, so sign leaves
	// them alone.
	wroteAlg, wroteKeyID bool
	// genuineKey is the kid of the genuine token: its key signs again.
	genuineKey string
}

// scope is the bench's, with the token as it is now.
func (w *work) scope() value.Scope {
	if w.bench.Scope == nil {
		return Parts("token", w.token.String())
	}
	return value.Chain(Parts("token", w.token.String()), w.bench.Scope)
}

// members are the members of a part.
func (w *work) members(p part) (value.Value, error) {
	if w.empty {
		return value.Value{}, errNoToken
	}
	text := content(*w.token.segment(p))
	v, err := value.ParseJSON(text)
	if err != nil {
		return v, fmt.Errorf("the %s: %w", p, err)
	}
	if v.Kind != value.Object {
		return v, fmt.Errorf("the %s: expected an object, got %s", p, text)
	}
	return v, nil
}

func (w *work) headerText(name string) string {
	header, err := w.members(inHeader)
	if err != nil {
		return ""
	}
	return header.GetText(name)
}

// write puts members back, unless they are what they were: the bytes of a
// genuine token stay where nothing changed.
func (w *work) write(p part, before, after value.Value) {
	if after.Equal(before) {
		return
	}
	*w.token.segment(p) = b64(after.JSON())
	w.dirty = true
}

// change is write for steps before the signature.
func (w *work) change(p part, f func(value.Value) (value.Value, error)) error {
	before, err := w.members(p)
	if err != nil {
		return err
	}
	after, err := f(before)
	if err != nil {
		return err
	}
	w.write(p, before, after)
	return nil
}

// wrote notes that the row itself decides a header member.
func (w *work) wrote(p part, names ...string) {
	if p != inHeader {
		return
	}
	w.wroteAlg = w.wroteAlg || slices.Contains(names, "alg")
	w.wroteKeyID = w.wroteKeyID || slices.Contains(names, "kid")
}

// seal signs what the steps so far have made, before the first step that works
// on a signed token; next is that step, nil at the end. A sign step signs for
// itself. Without a change the genuine signature stays.
func (w *work) seal(ctx context.Context, next step) error {
	if w.sealed {
		return nil
	}
	w.sealed = true
	if _, signs := next.(*signStep); signs || w.empty || (!w.dirty && !w.bench.Forged) {
		return nil
	}
	return (&signStep{}).sign(ctx, w)
}
