package gateway

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

// softAudiences compare aud with less than all of it.
func softAudiences() []softening {
	return append(softAudienceLists(),
		audienceBy("audience-superstring", "ours is searched in aud as a piece of text", strings.Contains),
		audienceBy("audience-case", "aud is compared without its case", strings.EqualFold),
		audienceBy("audience-trimmed", "blanks around aud are cut off", func(aud, ours string) bool {
			return strings.TrimSpace(aud) == ours
		}),
		audienceBy("audience-slash", "a slash at the end of aud does not count", func(aud, ours string) bool {
			return strings.TrimSuffix(aud, "/") == ours
		}),
		audienceBy("audience-decoded", "aud is percent-decoded like a path", func(aud, ours string) bool {
			plain, err := url.PathUnescape(aud)
			return err == nil && plain == ours
		}),
		audienceBy("audience-regex", "our audience is taken for a regular expression, and its dot for any letter", func(aud, ours string) bool {
			pattern, err := regexp.Compile("^(?:" + ours + ")$")
			return err == nil && pattern.MatchString(aud)
		}),
		audienceBy("audience-pattern", "an asterisk in aud stands for every audience", func(aud, ours string) bool {
			matches, err := path.Match(aud, strings.ReplaceAll(ours, "/", "."))
			return err == nil && matches
		}),
		softening{
			Softening{"audience-blank", "audience", "an aud without content is taken for no aud, and that for no limit"},
			func(s *strict) {
				s.tolerates("audience", func(c *call) bool {
					v, ok := c.claims().sole("aud")
					return ok && (v == nil || v == "")
				})
			},
		},
		softening{
			Softening{"audience-is-client", "audience", "an aud that is the client itself is taken for ours: it is registered"},
			func(s *strict) {
				s.tolerates("audience", func(c *call) bool {
					own, _ := c.clientClaim()
					client, ok := c.claims().soleText(own)
					aud, _ := c.claims().soleText("aud")
					return ok && aud == client
				})
			},
		},
	)
}

// softAudienceLists are careless with an aud that is no string.
func softAudienceLists() []softening {
	items := func(c *call) ([]any, bool) {
		v, _ := c.claims().sole("aud")
		list, ok := v.([]any)
		return list, ok
	}
	tolerates := func(name, sentence string, excuse func(*call) bool) softening {
		return softening{Softening{name, "audience", sentence}, func(s *strict) { s.tolerates("audience", excuse) }}
	}
	return []softening{
		tolerates("audience-empty-list", "an empty list in aud holds nothing that is wrong (CVE-2020-26160)", func(c *call) bool {
			list, ok := items(c)
			return ok && len(list) == 0
		}),
		tolerates("audience-not-text", "an aud that is no string cannot be compared, and is let through", func(c *call) bool {
			v, ok := c.claims().sole("aud")
			_, text := v.(string)
			return ok && v != nil && !text
		}),
		tolerates("audience-flattened", "lists within the list are searched as well", func(c *call) bool {
			list, ok := items(c)
			return ok && slices.ContainsFunc(list, c.holdsOurs)
		}),
		{
			Softening{"audience-last-element", "audience", "of an array in aud only the last element is read"},
			func(s *strict) {
				s.demands("audience", func(c *call) bool {
					list, ok := items(c)
					return ok && len(list) > 0 && !c.ours(list[len(list)-1])
				})
			},
		},
		{
			Softening{"audience-list-refused", "audience", "an aud that is a list is refused, though it is lawful (RFC 7519 4.1.3)"},
			func(s *strict) {
				s.demands("audience", func(c *call) bool {
					_, ok := items(c)
					return ok
				})
			},
		},
	}
}

// holdsOurs reports whether one of our audiences stands anywhere below v.
func (c *call) holdsOurs(v any) bool {
	list, ok := v.([]any)
	return c.ours(v) || ok && slices.ContainsFunc(list, c.holdsOurs)
}
