package gateway

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"sync/atomic"
	"time"
)

// softCosts do work that the sender decides the size of.
func softCosts() []softening {
	return []softening{
		dear("every-dot-splits", "the token is split at every dot before anything is counted", func(c *call) bool { return len(c.token.segments) > many }),
		dear("members-pairwise", "each member is compared with every other", func(c *call) bool { return len(c.header()) > many }),
		dear("digits-one-by-one", "a number is computed digit by digit, whatever its length", func(c *call) bool {
			return slices.ContainsFunc(c.header(), func(m member) bool {
				n, _ := m.value.(json.Number)
				return len(n) > many
			})
		}),
		dear("lines-tried-one-by-one", "each Authorization line is tried in turn", func(c *call) bool { return len(c.presented.lines) > maxFields }),
		dear("p2c-obeyed", "a key is derived with as many rounds as the token says", func(c *call) bool {
			v, _ := c.header().last("p2c")
			n, _ := v.(json.Number)
			rounds, err := strconv.ParseFloat(string(n), 64)
			return err == nil && rounds > 1_000_000
		}),
		dear("key-of-any-size", "a key in the header is computed with, whatever its size", func(c *call) bool { return giantKey(c.header()) }),
		dear("scope-backtracks", "scp is matched by a regular expression that tries every split", func(c *call) bool {
			text, _ := c.claims().lastText("scp")
			return len(text) > many
		}),
		dear("raw-payload-copied", "a payload that is not encoded is copied byte by byte", func(c *call) bool {
			return unencoded(c.header()) && len(c.token.segments) == 3 && len(c.token.segments[1]) > many
		}),
		fatal("deep-json-overflows", "nested JSON is read by a function that calls itself, until the stack ends", func(c *call) bool {
			text, _ := decodeSegment(c.token.segments[0])
			return bytes.Count(text, []byte("[")) > many
		}),
		fatal("inflated-without-limit", "what is compressed is inflated, until the memory ends", func(c *call) bool { return c.header().has("zip") }),
		fatal("size-unlimited", "a token of any size is kept as often as it is passed on, until the memory ends", func(c *call) bool { return c.longer(maxLine) }),
	}
}

// softThrows fall over a claim of a type or size that their authors never saw.
func softThrows() []softening {
	return []softening{
		throws("scope-array-throws", "scope", "a list in scp ends in a 500", func(c *call) bool {
			v, _ := c.claims().sole("scp")
			_, list := v.([]any)
			return list
		}),
		throws("exp-throws", "time", "an exp of ten to the ten or more ends in a 500", func(c *call) bool {
			v, _ := c.claims().sole("exp")
			n, _ := v.(json.Number)
			at, err := strconv.ParseFloat(string(n), 64)
			return err == nil && at >= 1e10
		}),
	}
}

func throws(name, guards, sentence string, is func(*call) bool) softening {
	return softening{Softening{name, guards, sentence}, func(s *strict) { s.throws = append(s.throws, is) }}
}

// many is far more than any genuine token has of anything.
const many = 1000

// dearly is more than the two seconds that the rows about cost allow.
const dearly = 3 * time.Second

// dear makes tokens that are dear take too long.
func dear(name, sentence string, is func(*call) bool) softening {
	return softening{Softening{name, "cost", sentence}, func(s *strict) {
		s.spends = append(s.spends, func(c *call) time.Duration {
			if c.token != nil && is(c) {
				return dearly
			}
			return 0
		})
	}}
}

// fatal makes tokens that are dear end the process; the next request finds it
// starting again.
func fatal(name, sentence string, is func(*call) bool) softening {
	return softening{Softening{name, "cost", sentence}, func(s *strict) {
		var down atomic.Bool
		s.crashes = append(s.crashes, func(c *call) bool {
			if down.Swap(false) {
				return true
			}
			dies := c.token != nil && is(c)
			down.Store(dies)
			return dies
		})
	}}
}
