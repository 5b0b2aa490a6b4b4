package gateway

import (
	"bytes"
	"slices"
	"strings"
)

// softMembers let a parser choose among members of one name.
func softMembers() []softening {
	return []softening{
		regards("duplicates-last-win", "of two members of one name the last one counts", func(_ []byte, o object) object { return o.lastOnes() }),
		regards("duplicates-first-win", "of two members of one name the first one counts", func(_ []byte, o object) object {
			reversed := slices.Clone(o)
			slices.Reverse(reversed)
			return reversed.lastOnes()
		}),
		regards("escaped-names-differ", "duplicates are searched for in the text, where \\u0065xp is not exp", func(text []byte, o object) object {
			if bytes.Contains(text, []byte(`\u00`)) {
				return o.lastOnes()
			}
			return o
		}),
		regards("case-folded", "the names of members are compared without their case", func(_ []byte, o object) object {
			folded := slices.Clone(o)
			for i := range folded {
				folded[i].name = strings.ToLower(folded[i].name)
			}
			return folded.lastOnes()
		}),
		{
			Softening{"prototype-merged", "upstream-identity", "the members of __proto__ count as the token's own"},
			func(s *strict) {
				s.identity = func(claims object, name string) (string, bool) {
					v, _ := claims.last("__proto__")
					inherited, _ := v.(object)
					if text, ok := inherited.lastText(name); ok {
						return text, true
					}
					return claims.lastText(name)
				}
			},
		},
	}
}

func regards(name, sentence string, counts func(text []byte, o object) object) softening {
	return softening{Softening{name, "format", sentence}, func(s *strict) {
		s.dialect.regards = append(s.dialect.regards, counts)
	}}
}

// lastOnes are the members without those whose name stands again further on.
func (o object) lastOnes() object {
	last := make(map[string]int, len(o))
	for i, m := range o {
		last[m.name] = i
	}
	var kept object
	for i, m := range o {
		if last[m.name] == i {
			kept = append(kept, m)
		}
	}
	return kept
}
