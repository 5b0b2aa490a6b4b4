package gateway

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
)

func softAlgorithms() []softening {
	return []softening{
		{
			Softening{"alg-none", "algorithm", "the header's alg is believed, and none asks for no signature"},
			func(s *strict) {
				unsigned := func(c *call) bool { return strings.EqualFold(c.token.algorithm(), "none") }
				s.tolerates("algorithm", unsigned)
				s.tolerates("segments", func(c *call) bool { return unsigned(c) && c.token.unsigned() })
			},
		},
		believesHMAC("hmac-with-pem", "the header's alg is believed, and the public key's PEM serves as the HMAC secret", publicPEM),
		believesHMAC("hmac-with-file-name", "the header's alg is believed, and the name of the key file serves as the HMAC secret", fileName),
		believes("rs512", "RS512", "any RSA algorithm will do for an RSA key: RS512"),
		believes("ps256", "PS256", "any RSA algorithm will do for an RSA key: PS256"),
		{
			Softening{"signature-optional", "signature", "a signature is verified if there is one"},
			func(s *strict) {
				s.tolerates("signature", func(c *call) bool { return len(c.token.signature) == 0 })
				s.tolerates("segments", func(c *call) bool { return c.token.unsigned() })
			},
		},
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

func believesHMAC(name, sentence string, secret func(publishedKey) []byte) softening {
	return softening{Softening{name, "algorithm", sentence}, func(s *strict) {
		s.tolerates("algorithm", func(c *call) bool {
			return c.token.algorithm() == "HS256" && slices.ContainsFunc(c.signers(), func(k publishedKey) bool {
				return c.token.verifiesHMAC(secret(k))
			})
		})
	}}
}

// verifiesHMAC is done by hand: go-jose is right to refuse keys like these.
func (t *token) verifiesHMAC(secret []byte) bool {
	if len(t.segments) != 3 {
		return false
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(t.signingInput()))
	return hmac.Equal(mac.Sum(nil), t.signature)
}

func publicPEM(k publishedKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(k.public)
	if err != nil {
		return nil
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// fileName is the name under which a key is kept: kid and .pem.
func fileName(k publishedKey) []byte { return []byte(k.id + ".pem") }
