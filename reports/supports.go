package reports

import (
	"fmt"
	"slices"
	"strings"
)

// Supports is what a run has learnt of one target, as text to paste.
type Supports struct {
	// Target is the target's name.
	Target string `json:"target"`
	// YAML is a `supports` of a target file: a line for each capability of
	// which one value explains every answer, and a comment for the others.
	YAML string `json:"yaml"`
	// Lines is how many of its lines declare something.
	Lines int `json:"lines"`
}

// supportsOf gives what was learnt the form of a target file. What was learnt
// is sorted by target.
func supportsOf(learnt []Learnt) []Supports {
	var all []Supports
	for i, l := range learnt {
		if i > 0 && learnt[i-1].Target == l.Target {
			continue
		}
		s := Supports{Target: l.Target}
		lines := []string{"supports:"}
		for _, key := range keysOf(learnt, l.Target) {
			line, declares := supportsLine(key, learntOf(learnt, l.Target, key))
			if declares {
				s.Lines++
			}
			lines = append(lines, "  "+oneText(line))
		}
		s.YAML = strings.Join(lines, "\n") + "\n"
		all = append(all, s)
	}
	return all
}

// keysOf are the keys of which something was learnt at a target, sorted.
func keysOf(learnt []Learnt, target string) []string {
	var keys []string
	for _, l := range learnt {
		if l.Target == target {
			keys = append(keys, l.Key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

func learntOf(learnt []Learnt, target, key string) []Learnt {
	return slices.DeleteFunc(slices.Clone(learnt), func(l Learnt) bool { return l.Target != target || l.Key != key })
}

// supportsLine is one line for a capability. Environments whose gateways differ
// cannot be declared in one: supports is about a target as a whole.
func supportsLine(key string, at []Learnt) (line string, declares bool) {
	same := !slices.ContainsFunc(at, func(l Learnt) bool { return l.words() != at[0].words() })
	switch {
	case !same:
		var parts []string
		for _, l := range at {
			parts = append(parts, l.Environment+" "+l.words())
		}
		return fmt.Sprintf("# %s: the gateways differ: %s", key, strings.Join(parts, "; ")), false
	case at[0].Value != "":
		return fmt.Sprintf("%s: %s # %s", key, at[0].Value, at[0].Says), true
	case len(at[0].Open) > 0:
		return fmt.Sprintf("# %s: %s", key, at[0].words()), false
	}
	return fmt.Sprintf("# %s: no value explains the answers", key), false
}

// words are the value, or those that are left open.
func (l Learnt) words() string {
	switch {
	case l.Value != "":
		return l.Value
	case len(l.Open) > 0:
		return strings.Join(l.Open, " or ")
	}
	return "nothing known"
}

// oneText is a text on one line: results may come from anywhere, and a comment
// must end with its line.
func oneText(text string) string { return strings.Join(strings.Fields(text), " ") }
