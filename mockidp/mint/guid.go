package mint

import (
	"crypto/sha256"
	"encoding/hex"
)

// guid is a GUID in the byte order of its text.
type guid [16]byte

// guidLength is that of a GUID's text, hyphens included.
const guidLength = 36

// String is the GUID in lower case with hyphens.
func (g guid) String() string {
	b := make([]byte, 0, guidLength)
	for i, group := range [][]byte{g[:4], g[4:6], g[6:8], g[8:10], g[10:]} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, group)
	}
	return string(b)
}

// dotNet is the order in which .NET writes a GUID to bytes, and so the order in
// which Entra embeds them: the first three groups little-endian.
func (g guid) dotNet() []byte {
	return []byte{
		g[3], g[2], g[1], g[0], g[5], g[4], g[7], g[6],
		g[8], g[9], g[10], g[11], g[12], g[13], g[14], g[15],
	}
}

// parseGUID reads a GUID with its hyphens.
func parseGUID(s string) (guid, bool) {
	var g guid
	if len(s) != guidLength || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return g, false
	}
	n, err := hex.Decode(g[:], []byte(s[:8]+s[9:13]+s[14:18]+s[19:23]+s[24:]))
	return g, err == nil && n == len(g)
}

// IsGUID reports whether s is a GUID as Entra writes one, in either case.
func IsGUID(s string) bool {
	_, ok := parseGUID(s)
	return ok
}

// DerivedGUID is a random-looking GUID (version 4) that is always the same for
// the same words.
func DerivedGUID(words ...string) string { return derived(words...).String() }

func derived(words ...string) guid {
	text := make([]byte, 0, 128) // of the stack, for usual words
	for i, word := range words {
		if i > 0 {
			text = append(text, 0)
		}
		text = append(text, word...)
	}
	sum := sha256.Sum256(text)
	g := guid(sum[:16])
	g[6] = g[6]&0x0f | 0x40
	g[8] = g[8]&0x3f | 0x80
	return g
}

// guidOf reads a GUID, or derives one from a text that is none, because rh has
// room for a GUID only.
func guidOf(s string) guid {
	if g, ok := parseGUID(s); ok {
		return g
	}
	return derived("guid", s)
}
