package policy

import (
	"net/http"
	"regexp"

	"github.com/entraproof/entraproof/internal/document"
)

// rules reads the rules of local mode.
func (r *reading) rules(to *found, d datum) (all []Rule) {
	if d.kind != null && d.kind != sequence {
		r.mismatch(d, "a list")
	}
	for _, item := range d.items {
		if item.kind != mapping {
			r.mismatch(item, "a mapping")
			continue
		}
		to.ignore(item, "path", "methods", "host", "headers")
		rule := Rule{Path: r.pattern(item.get("path")), Method: r.pattern(item.get("methods")), Host: r.pattern(item.get("host"))}
		for _, m := range item.get("headers").members {
			if rule.Headers == nil {
				rule.Headers = map[string]*regexp.Regexp{}
			}
			rule.Headers[http.CanonicalHeaderKey(m.key)] = r.pattern(m.value)
		}
		all = append(all, rule)
	}
	return all
}

// pattern reads a regular expression, which must match the whole text.
func (r *reading) pattern(d datum) *regexp.Regexp {
	switch {
	case d.unknown != "":
		r.asked(d)
		return nil
	case d.kind == null:
		return nil
	case d.kind != str && d.kind != document.Number:
		r.mismatch(d, "a regular expression")
		return nil
	}
	p, err := regexp.Compile("^(?:" + d.text + ")$")
	if err != nil {
		r.add(d.at, "what a gateway takes beyond RE2 is not evaluated here", "no regular expression: %s", d.words())
	}
	return p
}
