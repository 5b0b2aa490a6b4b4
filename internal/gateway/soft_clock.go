package gateway

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// softClocks read times as careless parsers do.
func softClocks() []softening {
	return []softening{
		excused("exp-null-ignored", "an exp that is null is taken for no exp, and that for no limit", "expiry", func(c *call) bool {
			v, there := c.claims().sole("exp")
			return there && v == nil
		}),
		excused("exp-zero-unset", "an exp of 0 is taken for one that was never set", "expiry", func(c *call) bool { return c.expiry() == "0" }),
		excused("exp-unsigned", "exp is read without its sign, hence in the far future", "expiry", func(c *call) bool {
			return strings.HasPrefix(c.expiry(), "-")
		}),
		excused("exp-overflow", "an exp that the type cannot hold is taken for the latest time that it can", "expiry", func(c *call) bool {
			at, err := strconv.ParseFloat(c.expiry(), 64)
			return err == nil && at > latest
		}),
		excused("exp-in-list", "of an exp that is a list the first entry is read", "expiry", func(c *call) bool {
			v, _ := c.claims().sole("exp")
			items, _ := v.([]any)
			return len(items) > 0
		}),
		excused("nbf-optional", "nbf is checked if it is there", "not-before", func(c *call) bool { return !c.claims().has("nbf") }),
		excused("nbf-string-ignored", "an nbf that is no number is not checked", "not-before", func(c *call) bool {
			_, text := c.claims().soleText("nbf")
			return text
		}),
		excused("iat-optional", "iat is checked if it is there", "issued-at", func(c *call) bool { return !c.claims().has("iat") }),
		{
			Softening{"exp-whole-seconds", "time", "an exp with a fraction, which is lawful, is refused"},
			func(s *strict) {
				s.demands("expiry", func(c *call) bool { return strings.Contains(c.expiry(), ".") })
			},
		},
		{
			Softening{"skew-of-minutes", "time", "clocks may differ by five minutes, whatever was agreed"},
			func(s *strict) { s.env.Skew = max(s.env.Skew, 5*time.Minute) },
		},
		{
			Softening{"clock-ahead", "time", "a token is refused a minute before it expires and for a minute after it begins"},
			func(s *strict) {
				s.demands("expiry", func(c *call) bool {
					return c.timed("exp", func(at, now, skew float64) bool { return now+60 >= at+skew })
				})
				s.demands("not-before", func(c *call) bool {
					return c.timed("nbf", func(at, now, skew float64) bool { return at > now+skew-60 })
				})
			},
		},
	}
}

// excused tolerates what a check of time would refuse.
func excused(name, sentence, check string, excuse func(*call) bool) softening {
	return softening{Softening{name, "time", sentence}, func(s *strict) { s.tolerates(check, excuse) }}
}

// expiry is exp as the JSON number that it stands as; empty if it is none.
func (c *call) expiry() string {
	v, _ := c.claims().sole("exp")
	number, _ := v.(json.Number)
	return string(number)
}
