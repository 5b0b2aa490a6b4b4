package gateway

import (
	"regexp"
	"slices"
	"strings"
)

// ours reports whether v is an audience of the environment.
func (c *call) ours(v any) bool {
	text, ok := v.(string)
	return ok && slices.Contains(c.env.audiences(), text)
}

func audienceBy(name, sentence string, alike func(aud, ours string) bool) softening {
	return softening{Softening{name, "audience", sentence}, func(s *strict) {
		s.tolerates("audience", func(c *call) bool {
			aud, _ := c.claims().soleText("aud")
			return slices.ContainsFunc(c.env.audiences(), func(ours string) bool { return alike(aud, ours) })
		})
	}}
}

func softClients() []softening {
	return []softening{
		{
			Softening{"client-id-claim", "client", "a claim client_id is believed before azp and appid"},
			func(s *strict) {
				contracted := func(c *call) bool {
					id, _ := c.claims().lastText("client_id")
					return slices.Contains(c.env.Contracts, id)
				}
				s.tolerates("client", contracted)
				s.tolerates("one-client", contracted)
			},
		},
		{
			Softening{"client-id-header", "client", "the client is who the request header client_id says"},
			func(s *strict) {
				s.tolerates("client", func(c *call) bool {
					return slices.Contains(c.env.Contracts, c.request.Header.Get("client_id"))
				})
			},
		},
	}
}

func softScopes() []softening {
	return []softening{
		{
			Softening{"scope-substring", "scope", "the scope is searched in scp as a piece of text"},
			func(s *strict) {
				s.tolerates("scope", func(c *call) bool {
					text, _ := c.claims().soleText("scp")
					return c.scopesBy(func(required string) bool { return strings.Contains(text, required) })
				})
			},
		},
		{
			Softening{"scope-regex", "scope", "the scope is taken for a regular expression, and its dot for any letter"},
			func(s *strict) {
				s.tolerates("scope", func(c *call) bool {
					return c.scopesBy(func(required string) bool {
						pattern, err := regexp.Compile("^(?:" + required + ")$")
						return err == nil && slices.ContainsFunc(c.scopes(), pattern.MatchString)
					})
				})
			},
		},
		{
			Softening{"scope-first-word", "scope", "scp is compared with a prefix, so that a scope further on is refused"},
			func(s *strict) {
				s.demands("scope", func(c *call) bool {
					return c.atHome() && !c.daemon() && !scopeFits(c, c.scopes()[:min(1, len(c.scopes()))])
				})
			},
		},
		{
			Softening{"role-optional", "role", "roles are checked if there are any"},
			func(s *strict) { s.tolerates("role", func(c *call) bool { return !c.claims().has("roles") }) },
		},
	}
}

// scopesBy reports whether every required scope is found by another comparison.
func (c *call) scopesBy(found func(required string) bool) bool {
	return len(c.env.Scopes) > 0 && !slices.ContainsFunc(c.env.Scopes, func(required string) bool { return !found(required) })
}
