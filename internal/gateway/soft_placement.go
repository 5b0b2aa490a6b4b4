package gateway

import (
	"net/url"
	"strings"
	"unicode"
)

// softPlacement are mistakes in how the Authorization line is read.
func softPlacement() []softening {
	return append([]softening{
		{
			Softening{"last-authorization", "placement", "of two Authorization lines the last one is judged and both are forwarded"},
			func(s *strict) {
				s.reading.lastLine = true
				s.drop("one-authorization")
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
	}, softLines()...)
}

// softLines read something else than what the line says.
func softLines() []softening {
	return []softening{
		rewrites("scheme-optional", "whatever stands in the Authorization line is taken for the token", func(line string) string {
			if strings.ContainsRune(line, ' ') {
				return line
			}
			return "Bearer " + line
		}),
		rewrites("any-scheme", "the second of two words is the token, whatever the first one is", func(line string) string {
			if words := strings.Fields(line); len(words) == 2 {
				return "Bearer " + words[1]
			}
			return line
		}),
		rewrites("last-word", "the last word of the line is the token", func(line string) string {
			return "Bearer " + line[strings.LastIndexByte(line, ' ')+1:]
		}),
		rewrites("prefix-cut", "the line without its first six letters and white space is the token", func(line string) string {
			if len(line) < len("Bearer") || !strings.EqualFold(line[:6], "Bearer") {
				return line
			}
			return "Bearer " + strings.TrimSpace(line[6:])
		}),
		rewrites("white-space", "scheme and token are parted by any white space, of any length", func(line string) string {
			return strings.Join(strings.Fields(line), " ")
		}),
		rewrites("comma-cut", "what follows a comma is taken for parameters and dropped", func(line string) string {
			before, _, _ := strings.Cut(line, ",")
			return before
		}),
		rewrites("quotes-removed", "quotes around the token are removed", func(line string) string {
			return strings.ReplaceAll(line, `"`, "")
		}),
		rewrites("format-characters-removed", "characters that cannot be seen are removed", func(line string) string {
			return strings.Map(func(r rune) rune {
				if unicode.Is(unicode.Cf, r) {
					return -1
				}
				return r
			}, line)
		}),
		rewrites("percent-decoded", "the line is percent-decoded, and ends where a line then ends", func(line string) string {
			plain, err := url.PathUnescape(line)
			if err != nil {
				return line
			}
			before, _, _ := strings.Cut(plain, "\r")
			return before
		}),
	}
}

// rewrites judges the line as it is after a change that nobody asked for.
func rewrites(name, sentence string, how func(line string) string) softening {
	return softening{Softening{name, "placement", sentence}, func(s *strict) {
		s.reading.rewrite = how
		s.tolerates("bearer-syntax", func(c *call) bool { return wellFormed(how(c.presented.line)) })
	}}
}
