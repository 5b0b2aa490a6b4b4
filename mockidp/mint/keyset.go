package mint

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // kids of this issuer are SHA-1, as Entra's are
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
)

// KeySet is a state of an issuer's key set that a row asks for: keys besides
// the tenant's own, and which of the own ones are hidden.
type KeySet struct {
	Keys []KeySpec `json:"keys,omitempty"`
	// Hide names published keys that are left out: tenant, next or a kid.
	Hide []string `json:"hide,omitempty"`
}

// The lengths of an RSA modulus that a KeySpec may ask for: below the first Go
// makes none, beyond the second it takes minutes.
const (
	leastBits = 1024
	mostBits  = 8192
)

// KeySpec is one extra key of a KeySet. It signs under its name.
type KeySpec struct {
	Name string `json:"name"`
	// Type is RSA, EC (P-256), OKP (Ed25519) or oct; empty: RSA.
	Type string `json:"kty,omitempty" jsonschema:"enum=,enum=RSA,enum=EC,enum=OKP,enum=oct"`
	// Bits is the length of an RSA modulus; zero: 2048.
	Bits int `json:"bits,omitempty" jsonschema:"minimum=0,maximum=8192"`
	// Use, Alg, KeyOps, KeyID and Issuer are the members of the published key;
	// Entra's have use sig, no alg, no key_ops and a kid of their own.
	Use    string   `json:"use,omitempty"`
	Alg    string   `json:"alg,omitempty"`
	KeyOps []string `json:"keyOps,omitempty"`
	// KeyID and Issuer may hold placeholders until Resolve.
	KeyID  string `json:"kid,omitempty"`
	Issuer string `json:"issuer,omitempty"`
	// Omit names members that the published key lacks, such as n.
	Omit []string `json:"omit,omitempty"`
}

// DecodeKeySet reads the issuer member of a row and records what is wrong with
// it in the document. A nil node is the ordinary key set.
func DecodeKeySet(n *document.Node) KeySet {
	var set KeySet
	if n == nil {
		return set
	}
	f := n.Fields()
	seen := map[string]bool{"": true, KeyTenant: true, KeyNext: true, KeyOwn: true, KeyOtherIssuer: true, KeyClient: true}
	if keys := f.Take("keys"); keys != nil {
		for _, item := range keys.Items() {
			spec := decodeKeySpec(item)
			if seen[spec.Name] && spec.Name != "" {
				item.Problemf("", "key name %q is taken", spec.Name)
			}
			seen[spec.Name] = true
			set.Keys = append(set.Keys, spec)
		}
	}
	set.Hide = decodeNames(f.Take("hide"))
	f.Rest()
	if len(set.Keys)+len(set.Hide) == 0 && n.Kind() == document.Mapping {
		n.Problemf("give keys or hide", "a key-set state that changes nothing")
	}
	return set
}

func decodeKeySpec(n *document.Node) KeySpec {
	f := n.Fields()
	spec := KeySpec{
		Name: f.Need("name").Str(), Type: f.Take("kty").OneOf("key type", []string{"EC", "OKP", "RSA", "oct"}), Bits: f.Take("bits").Int(),
		Use: f.Take("use").Str(), Alg: f.Take("alg").Str(), KeyOps: decodeNames(f.Take("key-ops")),
		KeyID: template(f.Take("kid")), Issuer: template(f.Take("issuer")), Omit: decodeNames(f.Take("omit")),
	}
	f.Rest()
	if spec.Bits != 0 && (spec.Bits < leastBits || spec.Bits > mostBits) {
		n.Problemf("", "expected a modulus of %d to %d bits, got %d", leastBits, mostBits, spec.Bits)
	}
	return spec
}

// template reads a string with placeholders, whose syntax is checked here and
// which Resolve evaluates.
func template(n *document.Node) string {
	if n == nil {
		return ""
	}
	value.Decode(n)
	return n.Str()
}

// Empty reports whether the set is the ordinary one.
func (s KeySet) Empty() bool { return len(s.Keys)+len(s.Hide) == 0 }

// Key is a text that is the same for equal states and for no others.
func (s KeySet) Key() string { return fmt.Sprintf("%#v", s) }

// Refs are the placeholders that the state uses.
func (s KeySet) Refs() []string {
	var refs []string
	for _, k := range s.Keys {
		for _, text := range []string{k.KeyID, k.Issuer} {
			e, _ := value.Parse(text) // DecodeKeySet has reported what is wrong
			refs = append(refs, e.Refs()...)
		}
	}
	return refs
}

// Resolve is the state with its placeholders filled in.
func (s KeySet) Resolve(scope value.Scope) (KeySet, error) {
	out := KeySet{Hide: s.Hide}
	for _, k := range s.Keys {
		for _, text := range []*string{&k.KeyID, &k.Issuer} {
			e, err := value.Parse(*text)
			if err != nil {
				return out, fmt.Errorf("mint: key %s: %w", k.Name, err)
			}
			if *text, err = e.Text(scope); err != nil {
				return out, fmt.Errorf("mint: key %s: %w", k.Name, err)
			}
		}
		out.Keys = append(out.Keys, k)
	}
	return out, nil
}

// Make is the private key of the spec and what is published of it.
func (s KeySpec) Make(random io.Reader, now time.Time) (*Key, value.Value, error) {
	k, err := s.Private(random, now)
	if err != nil {
		return nil, value.Value{}, err
	}
	k, jwk := s.Of(k)
	return k, jwk, nil
}

// Private is a private key as the spec wants it, before it has a name.
func (s KeySpec) Private(random io.Reader, now time.Time) (*Key, error) {
	k, err := s.private(random, now)
	if err != nil {
		return nil, fmt.Errorf("mint: key %s: %w", s.Name, err)
	}
	return k, nil
}

// Of is Make with a private key that Private has made, for this spec or for one
// of the same type and length.
func (s KeySpec) Of(private *Key) (*Key, value.Value) {
	k := *private
	if s.KeyID != "" {
		k.kid = s.KeyID
	}
	return &k, s.published(&k)
}

func (s KeySpec) private(random io.Reader, now time.Time) (*Key, error) {
	switch s.Type {
	case "", "RSA":
		bits := s.Bits
		switch {
		case bits == 0:
			bits = 2048
		case bits < leastBits || bits > mostBits:
			return nil, fmt.Errorf("expected a modulus of %d to %d bits, got %d", leastBits, mostBits, bits)
		}
		return NewKeySize(random, now, bits)
	case "EC":
		ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		return &Key{kty: "EC", ec: ec, kid: sha1Of(publicDER(ec.Public()))}, nil
	case "OKP":
		public, ed, err := ed25519.GenerateKey(rand.Reader)
		return &Key{kty: "OKP", ed: ed, kid: sha1Of(public)}, err
	case "oct":
		secret := make([]byte, 64) // enough for HS512 (RFC 7518 3.2)
		_, err := io.ReadFull(rand.Reader, secret)
		return &Key{kty: "oct", secret: secret, kid: sha1Of(secret)}, err
	}
	return nil, errors.New("expected RSA, EC, OKP or oct, got type " + s.Type)
}

func sha1Of(b []byte) string {
	sum := sha1.Sum(b) //nolint:gosec // as above
	return b64(sum[:])
}

// published is the entry of the key set, right or wrong as the spec wants it.
func (s KeySpec) published(k *Key) value.Value {
	jwk := k.JWK()
	if s.Use != "" {
		jwk = jwk.Set("use", value.String(s.Use))
	}
	if s.Alg != "" {
		jwk = jwk.Set("alg", value.String(s.Alg))
	}
	if len(s.KeyOps) > 0 {
		jwk = jwk.Set("key_ops", value.Strings(s.KeyOps...))
	}
	if s.Issuer != "" {
		jwk = jwk.Set("issuer", value.String(s.Issuer))
	}
	return removeMembers(jwk, s.Omit)
}
