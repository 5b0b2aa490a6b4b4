package gateway

import (
	"slices"
	"time"

	"golang.org/x/time/rate"
)

func softKeys() []softening {
	return []softening{
		{
			Softening{"unknown-kid-tries-all", "key", "a kid that nobody published is ignored and every key is tried"},
			func(s *strict) { s.tolerates("key-id", func(c *call) bool { return c.header().has("kid") }) },
		},
		{
			Softening{"first-key", "key", "the first key of the set is used, whatever the kid says"},
			func(s *strict) {
				first := func(c *call) bool { return len(c.keys) > 0 && c.token.verifies(c.keys[:1]) }
				s.tolerates("key-id", first)
				s.demands("signature", func(c *call) bool { return c.header() != nil && !first(c) })
			},
		},
		{
			Softening{"former-issuer-trusted", "key", "the keys of a mock that was trusted for a test are still taken"},
			softenByFormerKeys,
		},
		{
			Softening{"kid-optional", "key", "without a kid every key is tried"},
			func(s *strict) { s.tolerates("key-id", func(c *call) bool { return !c.header().has("kid") }) },
		},
		unfit("key-use-ignored", "a key is used for signatures whatever it is published for", func(k *publishedKey) { k.use = "" }),
		unfit("key-alg-ignored", "a key is used with any algorithm, whatever it is published for", func(k *publishedKey) { k.algorithm = "" }),
		unfit("key-ops-ignored", "a key is used to verify, whatever operations it is published for", func(k *publishedKey) { k.operations = nil }),
		unfit("weak-key", "an RSA key of any length will do", func(k *publishedKey) { k.weak = true }),
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

// unfit judges keys as if one of their members said nothing.
func unfit(name, sentence string, forget func(*publishedKey)) softening {
	return softening{Softening{name, "key", sentence}, func(s *strict) {
		s.wrap("key-use", func(refuses func(*call) bool) func(*call) bool {
			return func(c *call) bool {
				forgetful := *c
				forgetful.keys = slices.Clone(c.keys)
				for i := range forgetful.keys {
					forget(&forgetful.keys[i])
				}
				return refuses(&forgetful)
			}
		})
	}}
}
