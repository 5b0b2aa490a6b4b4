package gateway

import (
	"crypto"
	"encoding/hex"
	"math/big"
	"slices"
	"strings"

	_ "crypto/sha1" //nolint:gosec // the mutant that takes RS1
)

func softAlgorithms() []softening {
	return []softening{
		{
			Softening{"alg-none", "algorithm", "the header's alg is believed, and none asks for no signature"},
			func(s *strict) {
				s.believesNone(func(alg string) bool { return strings.EqualFold(alg, "none") })
			},
		},
		{
			Softening{"none-by-spelling", "algorithm", "none is on a list of what is refused, and other spellings of it are not"},
			func(s *strict) {
				s.believesNone(func(alg string) bool { return alg != "none" && strings.EqualFold(alg, "none") })
			},
		},
		{
			Softening{"none-trimmed", "algorithm", "none is refused, and what is none once trimmed is not"},
			func(s *strict) {
				s.believesNone(func(alg string) bool { return alg != "none" && strings.Trim(alg, " \x00") == "none" })
			},
		},
		{
			Softening{"algorithm-unknown", "algorithm", "an algorithm that the library does not know is not verified, and that counts as success"},
			func(s *strict) {
				s.tolerates("algorithm", func(c *call) bool { return !slices.Contains(registered(), c.token.algorithm()) })
			},
		},
		{
			Softening{"algorithm-any-case", "algorithm", "algorithms are compared without their case"},
			func(s *strict) {
				s.tolerates("algorithm", func(c *call) bool {
					return strings.EqualFold(c.token.algorithm(), "RS256") && c.verifiesHash(crypto.SHA256)
				})
			},
		},
		{
			Softening{"rs1", "algorithm", "any RSA algorithm will do for an RSA key: RS1"},
			func(s *strict) {
				s.tolerates("algorithm", func(c *call) bool {
					return c.token.algorithm() == "RS1" && c.verifiesHash(crypto.SHA1)
				})
			},
		},
		{
			Softening{"ecdsa-unbounded", "algorithm", "r and s of an ECDSA signature may be zero, or the order of the group, which is zero again"},
			func(s *strict) {
				s.tolerates("algorithm", func(c *call) bool { return c.token.algorithm() == "ES256" && psychic(c.token.signature) })
			},
		},
		believes("rs512", "RS512", "any RSA algorithm will do for an RSA key: RS512"),
		believes("ps256", "PS256", "any RSA algorithm will do for an RSA key: PS256"),
	}
}

// unsigned reports whether nothing but the signature is missing.
func (t *token) unsigned() bool {
	s := t.segments
	return (len(s) == 2 || len(s) == 3 && s[2] == "") && s[0] != "" && s[1] != ""
}

func believes(name, algorithm, sentence string) softening {
	return softening{Softening{name, "algorithm", sentence}, func(s *strict) {
		s.tolerates("algorithm", func(c *call) bool { return c.token.algorithm() == algorithm })
	}}
}

// believesNone lets in tokens whose alg is taken for none.
func (s *strict) believesNone(none func(alg string) bool) {
	s.tolerates("algorithm", func(c *call) bool { return none(c.token.algorithm()) })
	s.tolerates("segments", func(c *call) bool { return none(c.token.algorithm()) && c.token.unsigned() })
}

// registered are the signature algorithms of RFC 7518 3.1 and RFC 8037 3.1.
func registered() []string {
	return []string{
		"none", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
	}
}

// groupOrder is that of P-256 (SP 800-186 3.2.1.3).
const groupOrder = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"

// psychic reports whether r and s of an ES256 signature are zero modulo the
// order of the group: with them the equation of ECDSA holds for every key and
// every text (CVE-2022-21449).
func psychic(signature []byte) bool {
	text, _ := hex.DecodeString(groupOrder)
	order := new(big.Int).SetBytes(text)
	zero := func(b []byte) bool { return new(big.Int).Mod(new(big.Int).SetBytes(b), order).Sign() == 0 }
	return len(signature) == 64 && zero(signature[:32]) && zero(signature[32:])
}
