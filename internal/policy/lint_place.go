package policy

import (
	"fmt"
)

// eachInstance makes a rule of what can be said of one instance.
func eachInstance(look func(in *inspected) []Finding) check {
	return func(all []*inspected) []Finding {
		var found []Finding
		for _, in := range all {
			found = append(found, look(in)...)
		}
		return found
	}
}

// eachPolicy makes a rule of what can be said of one policy.
func eachPolicy(look func(p place) []Finding) check {
	return eachInstance(func(in *inspected) []Finding {
		var found []Finding
		for _, p := range in.places {
			found = append(found, look(p)...)
		}
		return found
	})
}

// each makes a rule of what can be said of one policy of a kind.
func each[C any](look func(p place, c *C) []Finding) check {
	return eachPolicy(func(p place) []Finding {
		if c, ok := p.Config.(*C); ok {
			return look(p, c)
		}
		return nil
	})
}

// of is a finding about an instance as a whole.
func (in *inspected) of(format string, a ...any) Finding {
	return Finding{Instance: in.Name, At: in.At, Message: fmt.Sprintf(format, a...)}
}

// of is a finding about a policy as a whole.
func (p place) of(format string, a ...any) Finding {
	return Finding{Instance: p.in.Name, Policy: p.Asset, At: p.At, Message: fmt.Sprintf(format, a...)}
}

// about is a finding about a key. The message begins with its name and ends with
// where its value comes from.
func (p place) about(key, format string, a ...any) Finding {
	f := p.of("%s: %s", key, fmt.Sprintf(format, a...))
	f.Key, f.At = key, p.Where(key)
	if !p.sets(key) {
		f.Message += " (the default)"
	}
	return f
}

// expected is a finding about a key that can only be right with one value, which
// is the patch as well.
func (p place) expected(key string, want, got any) []Finding {
	f := p.about(key, "expected %v, got %v", want, got)
	f.Patches = p.patch(key, want)
	return []Finding{f}
}

// sets reports whether the document sets a key, rather than its default.
func (p place) sets(key string) bool {
	_, ok := p.Settings[key]
	return ok
}

// local reports whether the policy runs in local mode of Flex or Omni Gateway,
// which has no contracts.
func (p place) local() bool { return p.in.Form == FlexYAML }
