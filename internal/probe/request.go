package probe

import (
	"fmt"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
)

// Request is a decoded `request` member: how a token is sent. The zero Request
// is the route's own method and path with "Authorization: Bearer ${token}".
type Request struct {
	// To names where the request goes: "" or "home", "other", "origin",
	// "plain-http". The caller picks the Endpoint by it.
	To    string
	steps []step
}

// step is one key of a `request` member: it decodes itself, names the
// placeholders that it needs, and changes the message.
type step interface {
	refs() []string
	apply(m *message, s value.Scope) error
}

// stepKey is a key of the vocabulary with the decoder of its step.
type stepKey struct {
	key    string
	decode func(*document.Node) step
}

// stepKeys returns the vocabulary in the order in which steps are applied; no
// step depends on another.
func stepKeys() []stepKey {
	return []stepKey{
		{"method", decodeMethod},
		{"target", decodeTarget},
		{"host", decodeHost},
		{"headers", decodeHeaders},
		{"lines", decodeLines},
		{"authorization", decodeAuthorization},
		{"trailers", decodeTrailers},
		{"body", decodeBody},
		{"bytes", decodeBytes},
	}
}

// destinations returns the words that `to` takes.
func destinations() []string { return []string{"home", "other", "origin", "plain-http"} }

// DecodeRequest reads a `request` member and records what is wrong in n; nil
// gives the zero Request.
func DecodeRequest(n *document.Node) Request {
	var r Request
	if n == nil {
		return r
	}
	f := n.Fields()
	if to := f.Take("to"); to != nil {
		r.To = to.OneOf("destination", destinations())
	}
	for _, k := range stepKeys() {
		if member := f.Take(k.key); member != nil {
			r.steps = append(r.steps, k.decode(member))
		}
	}
	f.Rest()
	if bytes := f.Take("bytes"); bytes != nil && len(r.steps) > 1 {
		bytes.Problemf(`"bytes" is the whole request: leave the other keys out`, `"bytes" beside other keys`)
	}
	return r
}

// IsZero reports whether r is the plain request with a bearer token.
func (r Request) IsZero() bool { return r.To == "" && len(r.steps) == 0 }

// Authorized returns r with exactly these Authorization values, none if none
// are given.
func (r Request) Authorized(values ...value.Expr) Request {
	kept := slices.DeleteFunc(slices.Clone(r.steps), func(s step) bool {
		_, is := s.(authorizationStep)
		return is
	})
	r.steps = append(kept, authorizationStep(values))
	return r
}

// Refs returns the placeholders in use, sorted, each once. The token of the
// default Authorization is one of them.
func (r Request) Refs() []string {
	var refs []string
	if r.usesDefault() {
		refs = append(refs, "token")
	}
	for _, s := range r.steps {
		refs = append(refs, s.refs()...)
	}
	slices.Sort(refs)
	return slices.Compact(refs)
}

// usesDefault reports whether the default Authorization value applies.
func (r Request) usesDefault() bool {
	return !slices.ContainsFunc(r.steps, func(s step) bool {
		switch s.(type) {
		case authorizationStep, bytesStep:
			return true
		}
		return false
	})
}

// Tags name the case that a request belongs to.
type Tags struct {
	Run, Case string
	// Anonymous says that there is no token, so that the default Authorization
	// is left out. What the row itself writes is sent all the same.
	Anonymous bool
}

// Build evaluates r into the exact bytes for e. Nothing is normalised: what a
// row writes is what is sent.
func (r Request) Build(s value.Scope, e Endpoint, tags Tags) (Wire, error) {
	w, host, path, err := e.wire()
	if err != nil {
		return Wire{}, err
	}
	m := message{method: e.method(), target: path, host: host}
	if !tags.Anonymous && r.usesDefault() {
		if err := m.bearer(s); err != nil {
			return Wire{}, err
		}
	}
	for _, step := range r.steps {
		if err := step.apply(&m, s); err != nil {
			return Wire{}, fmt.Errorf("probe: request: %w", err)
		}
	}
	w.Bytes = m.bytes(tags)
	w.NoBody = m.isHead()
	w.Fresh = !m.ordinary() || len(w.Bytes) > maxOrdinary
	w.Secrets = r.secrets(s)
	return w, nil
}

// secrets returns the secret parts of the tokens that r can carry.
func (r Request) secrets(s value.Scope) []string {
	var secrets []string
	add := func(name string) {
		if v, err := s.Lookup([]string{name}); err == nil && v.Kind == value.Text {
			secrets = append(secrets, SecretsOf(v.Text)...)
		}
	}
	if r.usesDefault() {
		add("token")
	}
	for _, step := range r.steps {
		for _, ref := range step.refs() {
			name, _, _ := strings.Cut(ref, ".")
			if slices.Contains([]string{"token", "sibling", "control", "bad"}, name) {
				add(name)
			}
		}
	}
	slices.Sort(secrets)
	return slices.Compact(secrets)
}
