package gateway

import "sync"

func softBehaviour() []softening {
	return []softening{
		{
			Softening{"cached-verdict", "state", "the verdict is cached under header and payload, without the signature"},
			func(s *strict) { s.bypasses = append(s.bypasses, cachedVerdict()) },
		},
		{
			Softening{"warm-connection", "state", "a connection that once was authenticated stays so"},
			func(s *strict) { s.bypasses = append(s.bypasses, warmConnection()) },
		},
		{
			Softening{"falls-over", "response", "what is refused ends in a 500"},
			func(s *strict) { s.fallsOver = true },
		},
		{
			Softening{"token-echoed", "response", "the refusal repeats the token that it refuses"},
			func(s *strict) { s.echoesToken = true },
		},
	}
}

// cachedVerdict admits a token whose signed part was accepted before.
func cachedVerdict() bypass {
	return remembered((*call).signedPart)
}

// signedPart are header and payload as they came; empty if there are none.
func (c *call) signedPart() string {
	if c.token == nil || len(c.token.segments) < 2 {
		return ""
	}
	return c.token.signingInput()
}

// warmConnection admits requests without credentials on a connection that
// carried an accepted token.
func warmConnection() bypass {
	b := remembered(func(c *call) string { return c.request.RemoteAddr })
	known := b.admits
	b.admits = func(c *call) bool { return c.presented.missing() && known(c) }
	accept := b.accepted
	b.accepted = func(c *call) {
		if c.token != nil {
			accept(c)
		}
	}
	return b
}

// remembered admits what shares a key with something accepted before; an empty
// key is never kept.
func remembered(key func(*call) string) bypass { return rememberedIn(&sync.Map{}, key) }

func rememberedIn(seen *sync.Map, key func(*call) string) bypass {
	return bypass{
		admits: func(c *call) bool {
			_, ok := seen.Load(key(c))
			return ok
		},
		accepted: func(c *call) {
			if k := key(c); k != "" {
				seen.Store(k, true)
			}
		},
	}
}
