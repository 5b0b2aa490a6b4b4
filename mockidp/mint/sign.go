package mint

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"
	"strings"

	_ "crypto/sha1" //nolint:gosec // RS1 is there to be refused
	_ "crypto/sha256"
	_ "crypto/sha512"
)

// Algorithms are the names that sign and SignRequest take, sorted.
func Algorithms() []string {
	return []string{"ES256", "EdDSA", "HS256", "HS384", "HS512", "PS256", "PS384", "PS512", "RS1", "RS256", "RS384", "RS512", "none"}
}

// hashOf is the hash that an algorithm's name implies.
func hashOf(alg string) crypto.Hash {
	switch {
	case alg == "RS1":
		return crypto.SHA1
	case strings.HasSuffix(alg, "384"):
		return crypto.SHA384
	case strings.HasSuffix(alg, "512"):
		return crypto.SHA512
	}
	return crypto.SHA256
}

func digest(h crypto.Hash, input []byte) []byte {
	w := h.New()
	w.Write(input)
	return w.Sum(nil)
}

// Sign signs with an algorithm of RFC 7518 3.1 (and RS1, EdDSA); empty means
// the one that suits the key. pkcs1, where set, makes a raw RSA block instead.
// "none" is the empty signature. HS needs a symmetric key; any other secret
// goes to SignHMAC.
func (k *Key) Sign(alg string, input []byte, pkcs1 *PKCS1) ([]byte, error) {
	if alg == "" {
		alg = map[string]string{"RSA": "RS256", "EC": "ES256", "OKP": "EdDSA", "oct": "HS256"}[k.kty]
	}
	switch {
	case alg == "none":
		return []byte{}, nil
	case strings.HasPrefix(alg, "HS") && k.secret != nil:
		return SignHMAC(alg, k.secret, input)
	case alg == "EdDSA" && k.ed != nil:
		return ed25519.Sign(k.ed, input), nil
	case alg == "ES256" && k.ec != nil:
		return signES256(k.ec, input)
	case k.rsa == nil || !oneOf(alg, Algorithms()...):
	case strings.HasPrefix(alg, "RS") && pkcs1 != nil:
		return k.signBlock(alg, input, *pkcs1)
	case strings.HasPrefix(alg, "RS"):
		return k.signPKCS1(alg, input)
	case strings.HasPrefix(alg, "PS"):
		return k.signRSA(alg, digest(hashOf(alg), input), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hashOf(alg)})
	}
	return nil, fmt.Errorf("mint: sign: expected an algorithm of a key of type %s, got %q", k.kty, alg)
}

// signPKCS1 signs, unless the key remembers that it did.
func (k *Key) signPKCS1(alg string, input []byte) ([]byte, error) {
	sum := digest(hashOf(alg), input)
	if k.made == nil {
		return k.signRSA(alg, sum, hashOf(alg))
	}
	id := alg + string(sum)
	if had, ok := k.made.Load(id); ok {
		return slices.Clone(had.([]byte)), nil
	}
	sig, err := k.signRSA(alg, sum, hashOf(alg))
	if err == nil {
		k.made.Store(id, slices.Clone(sig))
	}
	return sig, err
}

func (k *Key) signRSA(alg string, sum []byte, opts crypto.SignerOpts) ([]byte, error) {
	sig, err := k.rsa.Sign(rand.Reader, sum, opts)
	if err != nil {
		return nil, fmt.Errorf("mint: sign with %s: %w", alg, err)
	}
	return sig, nil
}

// signES256 signs deterministically (RFC 6979) and writes r and s side by side
// (RFC 7518 3.4).
func signES256(key *ecdsa.PrivateKey, input []byte) ([]byte, error) {
	der, err := key.Sign(nil, digest(crypto.SHA256, input), crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("mint: sign with ES256: %w", err)
	}
	var point struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &point); err != nil {
		return nil, fmt.Errorf("mint: read the ES256 signature: %w", err)
	}
	return append(point.R.FillBytes(make([]byte, 32)), point.S.FillBytes(make([]byte, 32))...), nil
}

// SignHMAC signs with HS256, HS384 or HS512 and any bytes as the secret, none
// included.
func SignHMAC(alg string, secret, input []byte) ([]byte, error) {
	if !strings.HasPrefix(alg, "HS") || !oneOf(alg, Algorithms()...) {
		return nil, fmt.Errorf("mint: sign: expected HS256, HS384 or HS512 with a secret, got %q", alg)
	}
	mac := hmac.New(hashOf(alg).New, secret)
	mac.Write(input)
	return mac.Sum(nil), nil
}
