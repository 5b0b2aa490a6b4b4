package gateway

import "strings"

// softKinds take another kind of token for an access token.
func softKinds() []softening {
	taken := func(name, sentence string, admits func(*call) bool) softening {
		return softening{Softening{name, "token-kind", sentence}, func(s *strict) {
			s.bypasses = append(s.bypasses, bypass{admits: func(c *call) bool { return c.token != nil && admits(c) }})
		}}
	}
	return []softening{
		taken("opaque-passed", "what is no JWT is left to the backend", func(c *call) bool { return c.header() == nil }),
		taken("assertion-taken", "an assertion by which a contracted client proves itself lets it in", func(c *call) bool {
			issuer, _ := c.claims().soleText("iss")
			subject, _ := c.claims().soleText("sub")
			return issuer == subject && c.contracted(issuer)
		}),
		taken("proof-taken", "a DPoP proof that verifies with its own key proves something, so it is taken", func(c *call) bool {
			kind, _ := c.header().soleText("typ")
			key := c.token.embedded()
			return kind == "dpop+jwt" && key != nil && c.token.verifies([]publishedKey{{public: key}})
		}),
		taken("actor-trusted", "the actor token inside is verified and the token around it is believed (CVE-2025-55241)", func(c *call) bool {
			return c.carriesGood("actortoken")
		}),
		taken("wrapper-taken", "a proof-of-possession token is taken for the access token in it, and its proof is not checked", func(c *call) bool {
			return c.carriesGood("at")
		}),
		{
			Softening{"logout-taken", "token-kind", "a logout token is signed by the right one, and that is all that is looked at"},
			func(s *strict) {
				s.drop("type")
				s.tolerates("access-token", func(c *call) bool { return c.claims().has("events") })
			},
		},
		{
			Softening{"bound-as-bearer", "token-kind", "a token that is bound to a certificate is taken from anybody"},
			func(s *strict) {
				s.tolerates("access-token", func(c *call) bool { return c.claims().has("cnf") })
			},
		},
		{
			Softening{"id-token-taken", "token-kind", "who has signed in is let in: an ID token names no client and no scope to check"},
			func(s *strict) {
				signedIn := func(c *call) bool { return len(c.claimTexts("azp", "appid", "scp")) == 0 && c.userSubject() }
				for _, check := range []string{"access-token", "client", "scope"} {
					s.tolerates(check, signedIn)
				}
			},
		},
		{
			Softening{"easy-auth-header", "placement", "a token in X-MS-TOKEN-AAD-ACCESS-TOKEN is as good as one in Authorization"},
			func(s *strict) {
				s.bypasses = append(s.bypasses, bypass{admits: func(c *call) bool {
					return c.token == nil && s.verifiesAlone(c, c.request.Header.Get("X-MS-TOKEN-AAD-ACCESS-TOKEN"))
				}})
			},
		},
	}
}

// carriesGood reports whether the claim holds a token that the issuer signed.
func (c *call) carriesGood(claim string) bool {
	text, ok := c.claims().soleText(claim)
	return ok && readToken(text).verifies(c.keys)
}

// verifiesAlone reports whether a token from another place is signed by the
// issuer.
func (s *strict) verifiesAlone(c *call, compact string) bool {
	if strings.Count(compact, ".") != 2 {
		return false
	}
	t := readToken(compact)
	id, _ := t.header.soleText("kid")
	keys, err := s.keys.knowing(c.request.Context(), id)
	return err == nil && t.verifies(keys)
}
