package mint

import (
	"context"
	"errors"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
)

// signStep makes the signature: {sign: {alg: HS256, secret: x}}. It announces
// what it does in the header: alg becomes the algorithm where one is given,
// kid (and x5t where there is one) the key's where one is given. A member that
// an earlier step wrote or removed is left as the row wants it.
type signStep struct {
	alg    string
	key    string
	secret value.Expr
	bytes  value.Expr
	pkcs1  *PKCS1
}

func decodeSign(n *document.Node) step {
	f := n.Fields()
	alg := f.Take("alg")
	s := &signStep{
		alg: alg.OneOf("algorithm", Algorithms()), key: f.Take("key").Str(),
		secret: value.Decode(f.Take("secret")), bytes: value.Decode(f.Take("bytes")), pkcs1: decodePKCS1(f.Take("pkcs1")),
	}
	f.Rest()
	if alg == nil || s.alg != "" {
		s.check(n)
	}
	return s
}

// check refuses combinations of which one part would be ignored.
func (s *signStep) check(n *document.Node) {
	hmac := strings.HasPrefix(s.alg, "HS")
	switch {
	case !s.secret.IsZero() && !hmac:
		n.Problemf("alg: HS256, HS384 or HS512", "a secret without an HMAC algorithm")
	case hmac && s.secret.IsZero() && s.bytes.IsZero() && s.key == "":
		n.Problemf("give secret, or key for a published symmetric key", "%s without a secret", s.alg)
	case !s.secret.IsZero() && s.key != "", !s.secret.IsZero() && !s.bytes.IsZero(), s.pkcs1 != nil && !s.bytes.IsZero():
		n.Problemf("", "two of secret, key, bytes and pkcs1 cannot both make the signature")
	case s.pkcs1 != nil && s.alg != "" && !strings.HasPrefix(s.alg, "RS"):
		n.Problemf("", "pkcs1 is the block of an RS algorithm, got %s", s.alg)
	}
}

func decodePKCS1(n *document.Node) *PKCS1 {
	if n == nil {
		return nil
	}
	f := n.Fields()
	p := &PKCS1{
		Slack: f.Take("slack").Int(), Hash: f.Take("hash").OneOf("hash", HashNames()), BareDigest: f.Take("bare-digest").Bool(),
		BlockType: optionalByte(f.Take("block-type")), Fill: optionalByte(f.Take("fill")),
	}
	if null := f.Take("null"); null != nil {
		p.WithoutNull = !null.Bool()
	}
	f.Rest()
	return p
}

func optionalByte(n *document.Node) *int {
	if n == nil {
		return nil
	}
	i := n.Int()
	if i < 0 || i > 255 {
		n.Problemf("", "expected a byte, got %d", i)
	}
	return &i
}

func (s *signStep) stage() stage { return onSignature }

func (s *signStep) exprs() []value.Expr { return present(s.secret, s.bytes) }

// needsSigner reports whether a key of the issuer makes the signature.
func (s *signStep) needsSigner() bool {
	return s.secret.IsZero() && s.bytes.IsZero() && s.key != KeyOwn && s.alg != "none"
}

func (s *signStep) apply(ctx context.Context, w *work) error {
	if w.empty {
		return failed("sign", errNoToken)
	}
	if err := s.announce(ctx, w); err != nil {
		return failed("sign", err)
	}
	return s.sign(ctx, w)
}

// announce writes alg and kid into the header, unless the row decides them.
func (s *signStep) announce(ctx context.Context, w *work) error {
	kid, err := s.keyID(ctx, w)
	if err != nil {
		return err
	}
	alg := s.alg
	if w.wroteAlg {
		alg = ""
	}
	if w.wroteKeyID {
		kid = ""
	}
	if alg == "" && kid == "" {
		return nil // the header may be anything, also what is no JSON
	}
	return w.change(inHeader, func(v value.Value) (value.Value, error) {
		if alg != "" {
			v = v.Set("alg", value.String(alg))
		}
		if kid == "" {
			return v, nil
		}
		if _, ok := v.Get("x5t"); ok {
			v = v.Set("x5t", value.String(kid))
		}
		return v.Set("kid", value.String(kid)), nil
	})
}

// keyID is the kid of the key that the step names, empty where it names none.
func (s *signStep) keyID(ctx context.Context, w *work) (string, error) {
	switch {
	case s.key == "":
		return "", nil
	case s.key == KeyOwn && w.bench.Own == nil:
		return "", errNoOwnKey
	case s.key == KeyOwn:
		return w.bench.Own.KeyID(), nil
	case w.bench.Signer == nil:
		return "", errNoSigner
	}
	return w.bench.Signer.KeyID(ctx, w.bench.Tenant, s.key)
}

var (
	errNoOwnKey = errors.New("expected an own key on the bench, got none")
	errNoSigner = errors.New("expected an issuer that signs, got none")
)

// sign replaces the third segment.
func (s *signStep) sign(ctx context.Context, w *work) error {
	w.token.dots = 2
	signature, err := s.signature(ctx, w, []byte(w.token.header+"."+w.token.payload))
	if err != nil {
		return failed("sign", err)
	}
	w.token.signature = b64(signature)
	return nil
}

// signature is made by what the step names; where it names nothing, by our own
// key for a forged token and else by the key of the genuine one.
func (s *signStep) signature(ctx context.Context, w *work, input []byte) ([]byte, error) {
	switch {
	case !s.bytes.IsZero():
		text, err := s.bytes.Text(w.scope())
		return []byte(text), err
	case !s.secret.IsZero():
		secret, err := s.secret.Text(w.scope())
		if err != nil {
			return nil, err
		}
		return SignHMAC(s.alg, []byte(secret), input)
	case s.alg == "none":
		return nil, nil
	case s.key == KeyOwn || (s.key == "" && w.bench.Forged):
		if w.bench.Own == nil {
			return nil, errNoOwnKey
		}
		return w.bench.Own.Sign(s.alg, input, s.pkcs1)
	case w.bench.Signer == nil:
		return nil, errNoSigner
	}
	key := s.key
	if key == "" {
		key = w.genuineKey
	}
	return w.bench.Signer.Sign(ctx, SignRequest{Tenant: w.bench.Tenant, Key: key, Alg: s.alg, Input: input, PKCS1: s.pkcs1})
}
