package gateway

import (
	"encoding/base64"
	"slices"
	"strings"
)

func softSegments() []softening {
	return []softening{
		{
			Softening{"extra-segments-ignored", "format", "the first three segments are the token, whatever follows"},
			func(s *strict) {
				s.tolerates("segments", func(c *call) bool {
					return len(c.token.segments) > 3 && !slices.Contains(c.token.segments[:3], "")
				})
			},
		},
		laxBase64("padding-tolerated", "the decoder drops the padding of a segment", strings.NewReplacer("=", "").Replace),
		laxBase64("standard-alphabet-tolerated", "the decoder takes both alphabets", strings.NewReplacer("+", "-", "/", "_").Replace),
		laxBase64("tail-bits-tolerated", "the decoder drops bits that stand for nothing, so that one signature has many texts", withoutTail),
		{
			Softening{"opaque-passed-on", "format", "what is no JWT is a reference token, and for the upstream to judge"},
			admits(func(c *call) bool { return len(c.token.segments) == 1 }),
		},
		{
			Softening{"sample-secret-configured", "algorithm", "the secret of the documentation's example is still configured"},
			admits(func(c *call) bool {
				return c.token.algorithm() == "HS256" && c.token.verifiesHMAC("your-256-bit-secret")
			}),
		},
	}
}

func softTypes() []softening {
	return []softening{
		{
			Softening{"typ-optional", "token-kind", "typ is checked if it is there"},
			func(s *strict) { s.tolerates("type", func(c *call) bool { return !c.header().has("typ") }) },
		},
		{
			Softening{"typ-exact", "token-kind", "typ is compared with JWT, so that RFC 9068's at+jwt is refused"},
			func(s *strict) {
				s.demands("type", func(c *call) bool {
					kind, ok := c.header().soleText("typ")
					return ok && kind != "JWT"
				})
			},
		},
	}
}

// laxBase64 takes segments that are base64url once they are mended.
func laxBase64(name, sentence string, mend func(string) string) softening {
	return softening{Softening{name, "format", sentence}, func(s *strict) {
		s.tolerates("base64url", func(c *call) bool {
			return !slices.ContainsFunc(c.token.segments, func(segment string) bool {
				_, exact := decodeSegment(mend(segment))
				return !exact
			})
		})
	}}
}

func withoutTail(segment string) string {
	plain, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		return segment
	}
	return base64.RawURLEncoding.EncodeToString(plain)
}

// admits makes a bypass for tokens.
func admits(which func(*call) bool) func(*strict) {
	return func(s *strict) {
		s.bypasses = append(s.bypasses, bypass{admits: func(c *call) bool { return c.token != nil && which(c) }})
	}
}
