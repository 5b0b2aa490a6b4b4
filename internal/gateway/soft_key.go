package gateway

import (
	"crypto/rsa"
	"encoding/json"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/time/rate"
)

func softKeys() []softening {
	return []softening{
		{
			Softening{"unknown-kid-tries-all", "key", "a kid that nobody published is ignored and every key is tried"},
			func(s *strict) { s.tolerates("key-id", func(c *call) bool { return c.header().has("kid") }) },
		},
		{
			Softening{"embedded-jwk", "key", "the key in the token's own header is trusted"},
			func(s *strict) {
				s.drop("key-header")
				s.tolerates("key-id", func(c *call) bool { return c.header().has("jwk") })
				s.tolerates("signature", func(c *call) bool {
					key := c.token.embedded()
					return key != nil && c.token.verifies([]publishedKey{{public: key}})
				})
			},
		},
		{
			Softening{"former-issuer-trusted", "key", "the keys of a mock that was trusted for a test are still taken"},
			softenByFormerKeys,
		},
		{
			Softening{"never-refetch", "key", "keys are fetched once, and a new one is unknown until the set expires"},
			func(s *strict) { s.keys.refetch = nil },
		},
		{
			Softening{"withdrawn-keys-kept", "key", "a fetched key set is merged into the old one, and withdrawn keys stay trusted"},
			func(s *strict) { s.keys.merges = true },
		},
		{
			Softening{"outage-forgets-keys", "key", "a fetch that fails throws away the keys that are known"},
			func(s *strict) { s.keys.forgets = true },
		},
		{
			Softening{"outage-opens", "key", "while the key set cannot be had, tokens are let in unverified"},
			func(s *strict) {
				down := func(*call) bool { return s.keys.failing() }
				for _, name := range []string{"key-set", "key-id", "signature"} {
					s.tolerates(name, down)
				}
			},
		},
		{
			Softening{"budget-without-reserve", "key", "a flood of unknown key ids uses up every fetch of the next minutes"},
			func(s *strict) {
				s.keys.refetch = &refetch{budget: rate.NewLimiter(rate.Every(5*time.Minute), 5)}
			},
		},
	}
}

// softenByFormerKeys trusts a second key set: what verifies with a key that is
// published there under the token's kid is in.
func softenByFormerKeys(s *strict) {
	former := &keyring{url: s.env.FormerJWKSURL, client: s.keys.client, now: s.now, life: strictLife, timeout: strictTimeout}
	excuse := func(c *call) bool {
		id, ok := c.header().soleText("kid")
		if former.url == "" || !ok {
			return false
		}
		keys, err := former.current(c.request.Context())
		return err == nil && c.token.verifies(named(keys, id))
	}
	s.tolerates("key-id", excuse)
	s.tolerates("signature", excuse)
}

// unlimited fetches for every unknown key id.
func unlimited() *refetch {
	return &refetch{budget: rate.NewLimiter(rate.Inf, 1)}
}

// embedded is the RSA key of the header parameter jwk; nil if there is none.
func (t *token) embedded() *rsa.PublicKey {
	text, _ := decodeSegment(t.segments[0])
	var header struct {
		JWK *jose.JSONWebKey `json:"jwk"`
	}
	if json.Unmarshal(text, &header) != nil || header.JWK == nil {
		return nil
	}
	key, _ := header.JWK.Key.(*rsa.PublicKey)
	return key
}
