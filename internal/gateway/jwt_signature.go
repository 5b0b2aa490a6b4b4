package gateway

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/policy"
)

// signatureRule is how JWT Validation tells whether a token is signed by whom it
// should be. An error means that no key set could be had.
type signatureRule interface {
	verified(x *exchange, t *token) (bool, error)
	// keys are the parameters that a failure hangs on.
	keys() []string
}

// signatureRule is what method, length and key origin come to (2.1, 2.2).
func (s site) signatureRule(config policy.JWTValidation) (signatureRule, error) {
	if config.SigningMethod == "none" {
		return anySignature{}, nil
	}
	a := algorithm{config.SigningMethod, config.SigningKeyLength}
	if err := s.supported(a); err != nil {
		return nil, err
	}
	switch config.JWTKeyOrigin {
	case "text":
		return s.textKey(a, config.TextKey)
	case "jwks":
		return s.keyServers(a, config)
	case originExpression:
		e, err := s.expression("customKeyExpression", config.CustomKeyExpression)
		return foundKey{a, s.options, e}, err
	}
	return nil, s.unsupported("jwtKeyOrigin", "expected text, jwks or %s, got %q", originExpression, config.JWTKeyOrigin)
}

// algorithm is a signing method with its key length.
type algorithm struct {
	method string
	length int
}

// name is the one value of alg that the policy takes: so RS and HS cannot be
// confused (2.2).
func (a algorithm) name() string {
	return map[string]string{"rsa": "RS", "hmac": "HS", "es": "ES"}[a.method] + strconv.Itoa(a.length)
}

func (a algorithm) hash() crypto.Hash {
	return map[int]crypto.Hash{256: crypto.SHA256, 384: crypto.SHA384, 512: crypto.SHA512}[a.length]
}

func (s site) supported(a algorithm) error {
	switch {
	case !slices.Contains([]string{"rsa", "hmac", "es"}, a.method):
		return s.unsupported("signingMethod", "expected rsa, hmac, es or none, got %q", a.method)
	case a.hash() == 0:
		return s.unsupported("signingKeyLength", "expected 256, 384 or 512, got %d", a.length)
	case a.method == "es" && a.length == 512 && s.options.Switches.Profile != Mule4:
		return s.unsupported("signingKeyLength", "profile %s: es goes up to 384", s.options.Switches.Profile)
	}
	return nil
}

// anySignature is the method none: every token that can be read matches, signed
// or not.
type anySignature struct{}

func (anySignature) verified(_ *exchange, t *token) (bool, error) { return t.readable(), nil }
func (anySignature) keys() []string                               { return []string{"signingMethod"} }

// signs reports whether a key made the signature of a token.
func (a algorithm) signs(key any, t *token) bool {
	if !t.readable() || t.algorithm() != a.name() {
		return false
	}
	switch key := key.(type) {
	case *rsa.PublicKey:
		return t.signed.verified(key, func() bool { return t.verifies([]publishedKey{{public: key}}) })
	case *ecdsa.PublicKey:
		return a.fits(key) && t.verifiesECDSA(key, a.hash())
	case []byte: // not go-jose, which takes no secret that is shorter than the hash
		mac := hmac.New(a.hash().New, key)
		mac.Write([]byte(t.signingInput()))
		return hmac.Equal(mac.Sum(nil), t.signature)
	}
	return false
}

// fits: each of ES256, ES384 and ES512 has its own curve (RFC 7518 3.4).
func (a algorithm) fits(key *ecdsa.PublicKey) bool {
	return key.Curve.Params().BitSize == map[int]int{256: 256, 384: 384, 512: 521}[a.length]
}

// verifiesECDSA: the signature is R and S, each as long as the curve's order
// (RFC 7518 3.4).
func (t *token) verifiesECDSA(key *ecdsa.PublicKey, hash crypto.Hash) bool {
	half := (key.Curve.Params().BitSize + 7) / 8
	if len(t.signature) != 2*half {
		return false
	}
	digest := hash.New()
	digest.Write([]byte(t.signingInput()))
	r, s := new(big.Int).SetBytes(t.signature[:half]), new(big.Int).SetBytes(t.signature[half:])
	return ecdsa.Verify(key, digest.Sum(nil), r, s)
}

// fixedKey is a key that stands in the configuration.
type fixedKey struct {
	algorithm
	options Options
	key     any
}

func (k fixedKey) verified(x *exchange, t *token) (bool, error) {
	return k.options.signedBy(x, k.algorithm, k.key, t), nil
}

func (fixedKey) keys() []string {
	return []string{"textKey", "signingMethod", "signingKeyLength", "jwtKeyOrigin"}
}

// textKey reads textKey. API Manager never returns it (2.1), and where the document
// does not have it, nobody knows it.
func (s site) textKey(a algorithm, text string) (signatureRule, error) {
	if _, there := s.applied.Settings["textKey"]; s.applied.Settings != nil && !there {
		why := "the document does not have it"
		if s.options.Switches.Profile != FlexLocal { // which has no API Manager
			why += ", and API Manager never returns it"
		}
		return nil, s.unevaluated("textKey", "%s", why)
	}
	key, err := a.key(text)
	if err != nil {
		return nil, s.unevaluated("textKey", "%w", err) // which never has the key in it
	}
	return fixedKey{a, s.options, key}, nil
}

// signedBy is signs for a key of the configuration: whether the product takes a
// secret that is shorter than the hash (RFC 7518 3.2 forbids it, the parameter's
// own default is one) is not known.
func (o Options) signedBy(x *exchange, a algorithm, key any, t *token) bool {
	signed := a.signs(key, t)
	if secret, ok := key.([]byte); signed && ok && len(secret)*8 < a.length {
		x.mattered("short-secret")
		signed = !o.Switches.RefuseShortSecret
	}
	return signed
}

var (
	errNoSecret  = errors.New("expected a secret, got none")
	errNotPEM    = errors.New("expected the body of a PEM public key, without its first and last line")
	errOtherKind = errors.New("expected a key of the signing method")
)

// key is a secret in plain text, or a public key or certificate as the body of a
// PEM block (2.1).
func (a algorithm) key(text string) (any, error) {
	if a.method == "hmac" {
		if text == "" {
			return nil, errNoSecret
		}
		return []byte(text), nil
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil || len(der) == 0 {
		return nil, errNotPEM
	}
	key, err := publicKey(der)
	if err != nil {
		return nil, errNotPEM
	}
	switch key := key.(type) {
	case *rsa.PublicKey:
		if a.method == "rsa" {
			return key, nil
		}
	case *ecdsa.PublicKey:
		if a.method == "es" && a.fits(key) {
			return key, nil
		}
	}
	return nil, errOtherKind
}

// publicKey reads a SubjectPublicKeyInfo, a PKCS #1 key or a certificate.
func publicKey(der []byte) (any, error) {
	if key, err := x509.ParsePKIXPublicKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return key, nil
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return certificate.PublicKey, nil
}

// foundKey is a key that an expression gives; none, or one that is no key, signs
// nothing.
type foundKey struct {
	algorithm
	options    Options
	expression *expression
}

func (k foundKey) verified(x *exchange, t *token) (bool, error) {
	text, ok := k.expression.text(x)
	if !ok {
		return false, nil
	}
	key, err := k.key(text)
	return err == nil && k.options.signedBy(x, k.algorithm, key, t), nil
}

func (foundKey) keys() []string {
	return []string{"customKeyExpression", "signingMethod", "signingKeyLength", "jwtKeyOrigin"}
}

// keyServers are the servers of key sets: on Mule one, on Flex several.
type keyServers struct {
	algorithm
	options Options
	rings   []*keyring
}

func (s site) keyServers(a algorithm, config policy.JWTValidation) (signatureRule, error) {
	if a.method == "hmac" {
		return nil, s.unevaluated("jwtKeyOrigin", "what a secret in a key set comes to is not documented")
	}
	urls := []string{config.JWKSURL}
	if s.options.Switches.Profile != Mule4 {
		urls = strings.Split(config.JWKSURL, ",")
	}
	k := keyServers{algorithm: a, options: s.options}
	for _, url := range urls {
		ring := mulesoftKeys(s.options, strings.TrimSpace(url), time.Duration(config.JWKSServiceTimeToLive)*time.Minute,
			time.Duration(config.JWKSServiceConnectionTimeout)*time.Millisecond)
		ring.curves = a.method == "es"
		k.rings = append(k.rings, ring)
	}
	return k, nil
}

func (keyServers) keys() []string {
	return []string{"jwksUrl", "signingMethod", "signingKeyLength", "jwtKeyOrigin"}
}

func (k keyServers) verified(x *exchange, t *token) (bool, error) {
	switch {
	case len(k.rings) > 1:
		x.mattered("key-servers")
	case strings.Contains(k.rings[0].url, ","): // which is one address on Mule
		x.mattered("profile")
	}
	id, hasID := t.header.lastText("kid")
	keys, err := k.published(x.request.Context(), id)
	if err != nil {
		return false, err
	}
	if hasID {
		if keys = named(keys, id); len(keys) == 0 {
			x.mattered("unknown-key-id")
		}
	}
	verified := slices.ContainsFunc(keys, func(key publishedKey) bool { return k.signs(key.key(), t) })
	if !hasID && verified {
		x.mattered("missing-key-id")
		verified = !k.options.Switches.RefuseMissingKeyID
	}
	return verified, nil
}

// published are the keys of all servers that can be had; an error means none.
func (k keyServers) published(ctx context.Context, id string) ([]publishedKey, error) {
	var all []publishedKey
	var failures []error
	for _, ring := range k.rings {
		keys, err := ring.knowing(ctx, id)
		switch {
		case err != nil:
			failures = append(failures, err)
		case k.options.Switches.FirstKeyServer:
			return keys, nil
		}
		all = append(all, keys...)
	}
	if len(failures) == len(k.rings) {
		return nil, errors.Join(failures...)
	}
	return all, nil
}
