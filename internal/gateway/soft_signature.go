package gateway

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
)

// softSignatures are verifiers that look at less than the whole signature, or
// at other bytes than it covers.
func softSignatures() []softening {
	return []softening{
		{
			Softening{"signature-optional", "signature", "a signature is verified if there is one"},
			func(s *strict) {
				s.tolerates("signature", func(c *call) bool { return len(c.token.signature) == 0 })
				s.tolerates("segments", func(c *call) bool { return c.token.unsigned() })
			},
		},
		verifies("signature-error-ignored", "a signature of the wrong length makes the verifier give up, and that counts as success",
			func(t *token, k publishedKey) bool { return len(t.signature) != k.public.Size() }),
		verifies("signature-tail-ignored", "bytes behind the signature are not looked at", func(t *token, k publishedKey) bool {
			cut := *t
			cut.signature = t.signature[:min(len(t.signature), k.public.Size())]
			return cut.verifiesHash(k, crypto.SHA256)
		}),
		verifies("block-tail-ignored", "in the padded block, bytes behind the digest are not looked at", func(t *token, k publishedKey) bool {
			return bytes.HasPrefix(t.padded(k), t.digestInfo(infoSHA256))
		}),
		verifies("digest-info-lenient", "the DigestInfo may lack the NULL parameter", func(t *token, k publishedKey) bool {
			return bytes.Equal(t.padded(k), t.digestInfo(infoWithoutNull))
		}),
		verifies("digest-info-believed", "the hash is the one that the signature names, not that of alg",
			func(t *token, k publishedKey) bool { return t.verifiesHash(k, crypto.SHA512) }),
		verifies("payload-rewritten", "the signature is checked over the payload as it is written anew", func(t *token, k publishedKey) bool {
			return t.covering(t.segments[0], compacted(t.segments[1])).verifiesHash(k, crypto.SHA256)
		}),
		verifies("header-rewritten", "the signature is checked over the header members that are known", func(t *token, k publishedKey) bool {
			return t.covering(t.knownHeader(), t.segments[1]).verifiesHash(k, crypto.SHA256)
		}),
	}
}

// verifies takes a signature for right where another verifier does so with one
// of the keys in question.
func verifies(name, sentence string, with func(*token, publishedKey) bool) softening {
	return softening{Softening{name, "signature", sentence}, func(s *strict) {
		s.tolerates("signature", func(c *call) bool {
			return len(c.token.segments) == 3 && slices.ContainsFunc(c.signers(), func(k publishedKey) bool { return with(c.token, k) })
		})
	}}
}

// The DER before a SHA-256 digest (RFC 8017 9.2, note 1), right and without the
// parameter (appendix B.1).
const (
	infoSHA256      = "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"
	infoWithoutNull = "\x30\x2f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x04\x20"
)

// digestInfo is what the block of an RS256 signature must hold behind its padding.
func (t *token) digestInfo(info string) []byte {
	digest := crypto.SHA256.New()
	digest.Write([]byte(t.signingInput()))
	return digest.Sum([]byte(info))
}

// padded is what stands behind the padding in the signature's block; nil if it
// is not padded as RFC 8017 9.2 says.
func (t *token) padded(k publishedKey) []byte {
	power := new(big.Int).Exp(new(big.Int).SetBytes(t.signature), big.NewInt(int64(k.public.E)), k.public.N)
	block, ok := bytes.CutPrefix(power.FillBytes(make([]byte, k.public.Size())), []byte{0, 1})
	_, content, found := bytes.Cut(bytes.TrimLeft(block, "\xff"), []byte{0})
	if !ok || !found {
		return nil
	}
	return content
}

// covering is the token as if its signature covered other segments.
func (t *token) covering(header, payload string) *token {
	c := *t
	c.segments = []string{header, payload, t.segments[2]}
	return &c
}

// compacted is a segment whose JSON is written without white space.
func compacted(segment string) string {
	plain, _ := decodeSegment(segment)
	var text bytes.Buffer
	if json.Compact(&text, plain) != nil {
		return segment
	}
	return base64.RawURLEncoding.EncodeToString(text.Bytes())
}

// knownHeader is the header segment without the members that nobody reads.
func (t *token) knownHeader() string {
	var members []string
	for _, m := range t.header {
		if slices.Contains([]string{"typ", "alg", "kid", "x5t"}, m.name) {
			name, _ := json.Marshal(m.name)
			text, _ := json.Marshal(m.value)
			members = append(members, string(name)+":"+string(text))
		}
	}
	return base64.RawURLEncoding.EncodeToString([]byte("{" + strings.Join(members, ",") + "}"))
}
