package gateway

import (
	"crypto"
	"crypto/rsa"
	_ "crypto/sha256" // RS256, PS256
	_ "crypto/sha512" // RS384, RS512, PS384, PS512
	"errors"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// rsaHash returns the hash of an RSA signature algorithm (RFC 7518 3.3, 3.5),
// or 0 for every other.
func rsaHash(algorithm string) crypto.Hash {
	switch algorithm {
	case "RS256", "PS256":
		return crypto.SHA256
	case "RS384", "PS384":
		return crypto.SHA384
	case "RS512", "PS512":
		return crypto.SHA512
	}
	return 0
}

// verifies reports whether the signature is by one of the keys, made with the
// RSA algorithm that the header names. Where there is one way only to read what
// was signed it looks at the bytes: go-jose comes to the same
// (TestTwoWaysOfVerifying), and reads the header once more for it.
func (t *token) verifies(keys []publishedKey) bool {
	algorithm := jose.SignatureAlgorithm(t.algorithm())
	if rsaHash(string(algorithm)) == 0 || len(t.segments) < 3 || len(t.signature) == 0 {
		return false
	}
	if t.canonical && !t.header.has("b64") {
		return slices.ContainsFunc(keys, func(k publishedKey) bool { return t.verifiesBytes(k.public) })
	}
	signed, err := jose.ParseSignedCompact(strings.Join(t.segments[:3], "."), []jose.SignatureAlgorithm{algorithm})
	for _, key := range keys {
		if err == nil {
			_, failure := signed.Verify(key.public)
			if failure == nil {
				return true
			}
			// With b64 (RFC 7797) it has looked at other bytes; whether b64 may be there
			// is another check's business.
			if errors.Is(failure, jose.ErrCryptoFailure) && !t.header.has("b64") {
				continue
			}
		}
		if t.verifiesBytes(key.public) {
			return true
		}
	}
	return false
}

// verifiesBytes looks at the bytes as they came, also of a token that go-jose
// refuses on other grounds (crit, repeated names, padding): whether its signature
// is right is still a question of its own.
func (t *token) verifiesBytes(key *rsa.PublicKey) bool {
	algorithm := t.algorithm()
	hash := rsaHash(algorithm)
	digest := hash.New()
	digest.Write([]byte(t.signingInput()))
	if strings.HasPrefix(algorithm, "PS") {
		return rsa.VerifyPSS(key, hash, digest.Sum(nil), t.signature, nil) == nil
	}
	return rsa.VerifyPKCS1v15(key, hash, digest.Sum(nil), t.signature) == nil
}

// verifiesHash reports whether the signature is verified with that hash by one
// of the keys in question.
func (c *call) verifiesHash(hash crypto.Hash) bool {
	return len(c.token.segments) > 1 && slices.ContainsFunc(c.signers(), func(k publishedKey) bool { return c.token.verifiesHash(k, hash) })
}

// verifiesHash reports whether the signature is a PKCS #1 one by the key, made
// with that hash, whatever alg says.
func (t *token) verifiesHash(key publishedKey, hash crypto.Hash) bool {
	digest := hash.New()
	digest.Write([]byte(t.signingInput()))
	return rsa.VerifyPKCS1v15(key.public, hash, digest.Sum(nil), t.signature) == nil
}
