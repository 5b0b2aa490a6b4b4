package gateway

import "strings"

func softPlacement() []softening {
	return []softening{
		{
			Softening{"last-authorization", "placement", "of two Authorization lines the last one is judged and both are forwarded"},
			func(s *strict) {
				s.reading.lastLine = true
				s.drop("one-authorization")
			},
		},
		{
			Softening{"token-in-query", "placement", "a token in the query is as good as one in the header"},
			func(s *strict) {
				s.reading.query = true
				s.tolerates("credentials", func(c *call) bool { return c.token != nil })
			},
		},
		{
			Softening{"scheme-optional", "placement", "whatever stands in the Authorization line is taken for the token"},
			func(s *strict) {
				s.reading.noScheme = true
				s.tolerates("bearer-syntax", func(c *call) bool { return b64token(c.presented.line) })
			},
		},
		{
			Softening{"trailing-junk", "placement", "the line is split at blanks and only the second word is looked at"},
			func(s *strict) {
				s.tolerates("bearer-syntax", func(c *call) bool { return b64token(c.presented.compact) })
			},
		},
		{
			Softening{"scheme-case", "placement", "the scheme is compared with its case, so that a lawful bearer is refused"},
			func(s *strict) {
				s.demands("bearer-syntax", func(c *call) bool {
					return !c.presented.missing() && !strings.HasPrefix(c.presented.line, "Bearer ")
				})
			},
		},
		{
			Softening{"open-prefix", "route", "the open prefix /public/ is matched before dot segments are resolved"},
			func(s *strict) {
				s.bypasses = append(s.bypasses, bypass{admits: func(c *call) bool { return strings.HasPrefix(c.path, "/public/") }})
			},
		},
	}
}
