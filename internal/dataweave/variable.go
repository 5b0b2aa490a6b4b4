package dataweave

import (
	"slices"
	"strings"
)

// read is the path of something that an expression reads: vars, claimSet, azp.
// It is open if the rest is a value that only evaluation knows.
type read struct {
	path []string
	open bool
}

// Reads are the variables that the expression reads, as paths such as
// vars.claimSet.azp or attributes.headers.jwt, sorted, each once. A path ends
// before an index and before a key that is computed.
func (e *Expression) Reads() []string {
	var all []string
	for _, r := range e.reads {
		all = append(all, strings.Join(r.path, "."))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Claims are the names of the claims that the expression reads from
// vars.claimSet, sorted, each once; * among them stands for any, where the claim
// set is read as a whole or by a computed name.
func (e *Expression) Claims() []string {
	var all []string
	for _, r := range e.reads {
		switch {
		case r.path[0] != "vars":
		case len(r.path) > 2:
			all = append(all, r.path[2])
		default:
			all = append(all, "*")
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// variable is a name that is no function, with its selectors.
func (b *builder) variable(at place, keys []key) node {
	if len(keys) == 0 || !keys[0].known {
		return b.fail(at.unknown("only members of vars, attributes and authentication are known here"))
	}
	b.note(at.word, keys)
	member, rest := keys[0].name, keys[1:]
	path := place{at.at, at.word + "." + member}
	switch {
	case at.word == "vars" && member == "claimSet":
		return selection(claimSet{}, rest)
	case at.word == "attributes" && (member == "headers" || member == "queryParams"):
		return b.listed(path, member, rest)
	case at.word == "attributes" && known(Attributes{}.textual(), member):
		return selection(attribute{member}, rest)
	case at.word == "authentication" && slices.Contains([]string{"clientId", "clientName", "principal", "properties"}, member):
		return selection(authenticated{member}, rest)
	case slices.Contains([]string{"vars", "attributes", "authentication"}, at.word):
		return b.fail(path.unknown("what it holds is not known here"))
	}
	return b.fail(at.unknown("only vars, attributes and authentication are known here"))
}

func known(names map[string]string, name string) bool {
	_, ok := names[name]
	return ok
}

// listed is a header or a query parameter, which can stand there repeatedly.
func (b *builder) listed(at place, member string, keys []key) node {
	if len(keys) == 0 {
		return b.fail(at.unknown("only single ones are known here"))
	}
	return selection(repeatable{at: at, queryParams: member == "queryParams", name: keys[0].value}, keys[1:])
}

// note keeps what a variable's selectors read.
func (b *builder) note(name string, keys []key) {
	r := read{path: []string{name}}
	for _, k := range keys {
		if !k.known {
			r.open = true
			break
		}
		r.path = append(r.path, k.name)
	}
	b.reads = append(b.reads, r)
}
