package mockidp

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
)

// purpose is what a sealed text is for: one that was made for one purpose is
// none for another.
type purpose string

// The purposes.
const (
	refreshPurpose purpose = "refresh token"
)

// sealer writes what the issuer hands out and reads again later, so that nobody
// else can read or change it. What is kept in this way needs no room here,
// however much of it there is; it ends with the process. Keys and nonces are
// never those of Config.Rand, which a test may have set.
type sealer struct{ aead cipher.AEAD }

func newSealer() sealer {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	block, err := aes.NewCipher(key)
	if err == nil {
		var aead cipher.AEAD
		if aead, err = cipher.NewGCMWithRandomNonce(block); err == nil {
			return sealer{aead}
		}
	}
	panic(fmt.Sprintf("mockidp: make a cipher of 32 bytes: %v", err)) // AES knows that size
}

// seal writes a value for a purpose.
func (s sealer) seal(p purpose, v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("mockidp: seal a %s: %v", p, err)) // made of texts, times and lists only
	}
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, text, []byte(p))) //nolint:gosec // this AEAD draws its nonces itself
}

// open reads a text that was sealed for the purpose; false for any other.
func (s sealer) open(p purpose, text string, v any) bool {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return false
	}
	plain, err := s.aead.Open(nil, nil, b, []byte(p))
	return err == nil && json.Unmarshal(plain, v) == nil
}
