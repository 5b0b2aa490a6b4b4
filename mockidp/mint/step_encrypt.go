package mint

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
)

// encryptStep wraps the token in a JWE:
// {encrypt: {alg: RSA-OAEP-256, enc: A256GCM, to: "${tenant.key}"}}. to is a
// public key as PEM, a certificate as PEM, a JWK, or an object that holds one
// of them as jwk or pem; secret is the key of the symmetric algorithms. fake
// makes the header and junk segments only: what costs the receiver is there,
// and nobody had to pay for it here.
type encryptStep struct {
	alg, enc   string
	to, secret value.Expr
	p2c        int
	cty        string
	zip        bool
	fake       bool
}

func keyAlgorithms() []string {
	return []string{
		"A128GCMKW", "A128KW", "A192GCMKW", "A192KW", "A256GCMKW", "A256KW", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW",
		"PBES2-HS256+A128KW", "PBES2-HS384+A192KW", "PBES2-HS512+A256KW", "RSA-OAEP", "RSA-OAEP-256", "RSA1_5", "dir",
	}
}

func contentEncryptions() []string {
	return []string{"A128CBC-HS256", "A128GCM", "A192CBC-HS384", "A192GCM", "A256CBC-HS512", "A256GCM"}
}

func decodeEncrypt(n *document.Node) step {
	f := n.Fields()
	s := &encryptStep{
		alg: f.Need("alg").OneOf("key algorithm", keyAlgorithms()), enc: f.Need("enc").OneOf("content encryption", contentEncryptions()),
		to: value.Decode(f.Take("to")), secret: value.Decode(f.Take("secret")), p2c: f.Take("p2c").Int(), cty: f.Take("cty").Str(),
		zip: f.Take("zip").OneOf("compression", []string{"DEF"}) != "", fake: f.Take("fake").Bool(),
	}
	f.Rest()
	symmetric := !strings.HasPrefix(s.alg, "RSA") && !strings.HasPrefix(s.alg, "ECDH")
	switch {
	case s.alg == "" || s.fake:
	case symmetric && s.secret.IsZero():
		n.Problemf("or fake: true", "%s needs a secret", s.alg)
	case !symmetric && s.to.IsZero():
		n.Problemf(`to: "${tenant.key.pem}", or fake: true`, "%s needs to, a public key", s.alg)
	case strings.HasPrefix(s.alg, "ECDH") && slices.ContainsFunc(s.to.Refs(), ofRSA):
		n.Problemf("give to a public JWK of an EC key, or fake: true", "%s encrypts to an elliptic curve, and ${%s} is an RSA key", s.alg, s.to.Refs()[0])
	}
	return s
}

// ofRSA reports whether a placeholder stands for one of the keys that a row can
// name, which are all RSA.
func ofRSA(ref string) bool {
	owner, member, _ := strings.Cut(ref, ".")
	return slices.Contains([]string{KeyTenant, KeyNext, KeyOwn}, owner) && member != "id" && member != "issuer"
}

func (s *encryptStep) stage() stage { return afterSignature }

func (s *encryptStep) exprs() []value.Expr { return present(s.to, s.secret) }

func (s *encryptStep) apply(_ context.Context, w *work) error {
	wrap := s.real
	if s.fake {
		wrap = s.junk
	}
	token, err := wrap(w)
	if err != nil {
		return failed("encrypt", err)
	}
	w.token, w.empty = split(token), false
	return nil
}

func (s *encryptStep) real(w *work) (string, error) {
	key, kid, err := s.key(w.scope())
	if err != nil {
		return "", err
	}
	opts := (&jose.EncrypterOptions{}).WithContentType(jose.ContentType(s.contentType()))
	if s.zip {
		opts.Compression = jose.DEFLATE
	}
	recipient := jose.Recipient{Algorithm: jose.KeyAlgorithm(s.alg), Key: key, KeyID: kid, PBES2Count: s.p2c}
	encrypter, err := jose.NewEncrypter(jose.ContentEncryption(s.enc), recipient, opts)
	if err != nil {
		return "", err
	}
	object, err := encrypter.Encrypt([]byte(w.token.String()))
	if err != nil {
		return "", err
	}
	return object.CompactSerialize()
}

// contentType is JWT (RFC 7519 5.2) unless the row says otherwise.
func (s *encryptStep) contentType() string {
	if s.cty != "" {
		return s.cty
	}
	return "JWT"
}

// key is the key to encrypt to and its kid where one is known.
func (s *encryptStep) key(scope value.Scope) (any, string, error) {
	if s.to.IsZero() {
		secret, err := s.secret.Text(scope)
		return []byte(secret), "", err
	}
	to, err := s.to.Eval(scope)
	if err != nil {
		return nil, "", err
	}
	return recipientKey(to)
}

// recipientKey reads a public key from whatever form a scope gives it in.
func recipientKey(to value.Value) (any, string, error) {
	if to.Kind == value.Object {
		if _, ok := to.Get("kty"); ok {
			return fromJWK(to.JSON())
		}
		for _, name := range []string{"jwk", "pem"} {
			if inner, ok := to.Get(name); ok {
				return recipientKey(inner)
			}
		}
	}
	if to.Kind != value.Text && to.Kind != value.Raw {
		return nil, "", errors.New("to: expected a public key as PEM or JWK")
	}
	if strings.HasPrefix(strings.TrimSpace(to.Text), "{") {
		return fromJWK([]byte(to.Text))
	}
	return fromPEM(to.Text)
}

func fromJWK(text []byte) (any, string, error) {
	var key jose.JSONWebKey
	if err := json.Unmarshal(text, &key); err != nil {
		return nil, "", fmt.Errorf("to: read the JWK: %w", err)
	}
	return key.Key, key.KeyID, nil
}

func fromPEM(text string) (any, string, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, "", errors.New("to: expected a public key as PEM or JWK")
	}
	if block.Type == "CERTIFICATE" {
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, "", fmt.Errorf("to: read the certificate: %w", err)
		}
		return cert.PublicKey, "", nil
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, "", fmt.Errorf("to: read the public key: %w", err)
	}
	return key, "", nil
}

// junk is a JWE of five segments (RFC 7516 7.1) with nothing behind them.
func (s *encryptStep) junk(w *work) (string, error) {
	random := w.bench.Rand
	if random == nil {
		random = rand.Reader
	}
	header := value.Dict(member("alg", s.alg), member("enc", s.enc))
	if s.cty != "" {
		header = header.Append("cty", value.String(s.cty))
	}
	if s.zip {
		header = header.Append("zip", value.String("DEF"))
	}
	sizes := []int{s.wrappedSize(), 16, 64, 16} // key, IV, ciphertext, tag
	if strings.Contains(s.enc, "GCM") {
		sizes[1] = 12
	}
	if strings.HasPrefix(s.alg, "PBES2") {
		salt, err := junkBytes(random, 16)
		if err != nil {
			return "", err
		}
		header = header.Append("p2s", value.String(salt)).Append("p2c", value.Int(int64(s.p2c)))
	}
	segments := []string{segment(header)}
	for _, size := range sizes {
		text, err := junkBytes(random, size)
		if err != nil {
			return "", err
		}
		segments = append(segments, text)
	}
	return strings.Join(segments, "."), nil
}

// wrappedSize is the length of the encrypted key: an RSA block, nothing for
// dir and ECDH-ES, and else the content key with the eight bytes of RFC 3394.
func (s *encryptStep) wrappedSize() int {
	switch {
	case strings.HasPrefix(s.alg, "RSA"):
		return 256
	case s.alg == "dir" || s.alg == "ECDH-ES":
		return 0
	}
	return map[string]int{"A128CBC-HS256": 32, "A192CBC-HS384": 48, "A256CBC-HS512": 64, "A128GCM": 16, "A192GCM": 24, "A256GCM": 32}[s.enc] + 8
}

func junkBytes(random io.Reader, n int) (string, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("draw junk bytes: %w", err)
	}
	return b64(b), nil
}
