package gateway

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"
)

// softKeySets trust what a key set should not be trusted with, or wait for it
// too long.
func softKeySets() []softening {
	keys := func(name, sentence string, apply func(*strict)) softening {
		return softening{Softening{name, "key", sentence}, apply}
	}
	return []softening{
		keys("cold-opens", "a gateway that never had any keys lets tokens in unverified", func(s *strict) {
			s.unverified(func(c *call) bool { return c.keysErr != nil })
		}),
		keys("garbage-opens", "a key set that cannot be read is one without keys, and without keys nothing is verified", func(s *strict) {
			s.keys.swallows = true
			s.unverified(func(c *call) bool { return c.keysErr == nil && len(c.keys) == 0 })
		}),
		keys("key-set-unbounded", "a key set may have any length", func(s *strict) { s.keys.grows = true }),
		keys("redirect-followed", "the key set is fetched from wherever its address redirects to", func(s *strict) { s.keys.follows = true }),
		keys("certificate-unchecked", "the key set is fetched over TLS from whoever answers", func(s *strict) {
			s.keys.client = &http.Client{Transport: &http.Transport{
				DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // it is the mistake
			}}
		}),
		keys("keys-over-plain-http", "the key set is fetched without TLS", func(s *strict) {
			s.keys.url, s.keys.discovery = s.env.PlainJWKSURL, ""
		}),
		keys("discovery-issuer-ignored", "the discovery document may be that of another issuer", func(s *strict) { s.keys.issuer = "" }),
		keys("waits-for-keys", "a request waits for the key set as long as that takes", func(s *strict) { s.keys.timeout = 24 * time.Hour }),
		keys("first-of-twins", "of two keys under one kid only the first is tried", func(s *strict) { s.keys.first = true }),
		keys("oct-key-trusted", "a symmetric key in the public key set verifies an HMAC", func(s *strict) {
			s.keys.secret = true
			known := func(c *call) bool {
				id, _ := c.header().soleText("kid")
				return c.token.verifiesHMAC(string(s.keys.secretOf(id)))
			}
			for _, name := range []string{"algorithm", "key-id", "signature"} {
				s.tolerates(name, known)
			}
		}),
	}
}

// unverified leaves out all checks of the key in some cases.
func (s *strict) unverified(when func(*call) bool) {
	for _, name := range []string{"key-set", "key-id", "signature"} {
		s.tolerates(name, when)
	}
}

// keepSecrets keeps the symmetric keys of a document.
func (k *keyring) keepSecrets(document []byte) {
	var set struct {
		Keys []struct {
			Type   string `json:"kty"`
			ID     string `json:"kid"`
			Secret string `json:"k"`
		} `json:"keys"`
	}
	if json.Unmarshal(document, &set) != nil {
		return
	}
	k.secrets = map[string][]byte{}
	for _, key := range set.Keys {
		if secret, err := base64.RawURLEncoding.DecodeString(key.Secret); err == nil && key.Type == "oct" {
			k.secrets[key.ID] = secret
		}
	}
}

// secretOf is the symmetric key under an id; nil if there is none.
func (k *keyring) secretOf(id string) []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	if secret := k.secrets[id]; len(secret) > 0 {
		return secret
	}
	return []byte("no key") // which nobody signs with
}
