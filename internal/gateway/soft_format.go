package gateway

import "slices"

// softCritical are readers that have heard of crit.
func softCritical() []softening {
	tolerated := func(name, sentence string, excuse func(*call) bool) softening {
		return softening{Softening{name, "format", sentence}, func(s *strict) { s.tolerates("critical-headers", excuse) }}
	}
	return []softening{
		tolerated("crit-nothing-new", "crit may be empty or name what everybody understands (RFC 7515 4.1.11 forbids both)", func(c *call) bool {
			return !slices.ContainsFunc(c.criticalNames(), func(name string) bool { return !slices.Contains(readNames(), name) })
		}),
		tolerated("crit-absent-skipped", "what crit names is looked for only if it is there", func(c *call) bool {
			return !slices.ContainsFunc(c.criticalNames(), c.header().has)
		}),
		{
			Softening{"b64-skipped", "format", "b64 counts only if crit names it"},
			func(s *strict) {
				for _, name := range []string{"critical-headers", "header-cost"} {
					s.tolerates(name, func(c *call) bool { return c.header().has("b64") && !c.header().has("crit") })
				}
			},
		},
	}
}

// criticalNames are the strings in crit.
func (c *call) criticalNames() []string {
	v, _ := c.header().sole("crit")
	items, _ := v.([]any)
	names, _ := texts(items)
	return names
}
