package gateway

import "strconv"

func softTimes() []softening {
	return []softening{
		{
			Softening{"exp-optional", "time", "exp is checked if it is there"},
			func(s *strict) { s.tolerates("expiry", func(c *call) bool { return !c.claims().has("exp") }) },
		},
		{
			Softening{"exp-string-read", "time", "a string of digits is read as a number"},
			func(s *strict) {
				s.tolerates("expiry", func(c *call) bool {
					text, _ := c.claims().soleText("exp")
					at, err := strconv.ParseFloat(text, 64)
					return err == nil && expiresLater(at, seconds(c.now), c.env.Skew.Seconds())
				})
			},
		},
		{
			Softening{"exp-string-ignored", "time", "an exp that is no number is taken for no exp, and that for no limit"},
			func(s *strict) {
				s.tolerates("expiry", func(c *call) bool {
					_, text := c.claims().soleText("exp")
					return text
				})
			},
		},
	}
}

func softTenants() []softening {
	return []softening{
		{
			Softening{"issuer-optional", "issuer", "iss is checked if it is there"},
			func(s *strict) { s.tolerates("issuer", func(c *call) bool { return !c.claims().has("iss") }) },
		},
		{
			Softening{"any-tenant", "issuer", "keys and issuer of every tenant are trusted, as with the common metadata"},
			func(s *strict) { s.drop("issuer", "tenant") },
		},
		{
			Softening{"audience-optional", "audience", "aud is checked if it is there"},
			func(s *strict) { s.tolerates("audience", func(c *call) bool { return !c.claims().has("aud") }) },
		},
		audienceBy("audience-prefix", "an aud that begins with ours will do", func(aud, ours string) bool {
			return len(aud) > len(ours) && aud[:len(ours)] == ours
		}),
		audienceBy("audience-part", "an aud that is a part of ours will do", func(aud, ours string) bool {
			return aud != "" && len(aud) < len(ours) && ours[:len(aud)] == aud
		}),
		{
			Softening{"audience-first-element", "audience", "of an array in aud only the first element is read"},
			func(s *strict) {
				s.demands("audience", func(c *call) bool {
					v, _ := c.claims().sole("aud")
					items, ok := v.([]any)
					return ok && len(items) > 0 && !c.ours(items[0])
				})
			},
		},
		{
			Softening{"audience-last-duplicate", "audience", "of two aud members the parser keeps the last one"},
			func(s *strict) {
				s.drop("unique-members")
				s.tolerates("audience", func(c *call) bool {
					v, _ := c.claims().last("aud")
					return c.ours(v)
				})
			},
		},
	}
}
