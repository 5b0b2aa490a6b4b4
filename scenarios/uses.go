package scenarios

import (
	"cmp"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// Use is one word of the vocabulary with the rows that are written with it.
type Use struct {
	// List is step, request, filter or expect.
	List string
	// Word is the step, key or filter; a key of a step stands after it, as in
	// "edit flip".
	Word string
	// Rows are the ids of the rows, sorted.
	Rows []string
	// Reason says why there is a word that one row uses at most; empty where
	// several do, or where nothing justifies it.
	Reason string
}

// useLists are the lists of Use.List, in their order.
func useLists() []string { return []string{"step", "request", "filter", "expect"} }

// Uses are the words of the vocabulary with the rows that use each, also the
// words that none does: steps and their keys, request keys, filters, and the
// keys of expect.
func Uses(rows []Scenario) []Use {
	users := map[Word][]string{}
	for _, w := range vocabulary() {
		users[w] = nil
	}
	for _, s := range rows {
		for _, w := range s.uses {
			users[w] = append(users[w], s.ID)
		}
	}
	var all []Use
	for w, ids := range users {
		slices.Sort(ids)
		u := Use{List: w.Says, Word: w.Name, Rows: slices.Compact(ids)}
		if len(u.Rows) < 2 {
			u.Reason = soleReasons()[w.Says+" "+w.Name]
		}
		all = append(all, u)
	}
	slices.SortFunc(all, func(a, b Use) int {
		return cmp.Or(cmp.Compare(slices.Index(useLists(), a.List), slices.Index(useLists(), b.List)), cmp.Compare(a.Word, b.Word))
	})
	return all
}

// vocabulary are the words that rows can be written with; Says is the list.
func vocabulary() []Word {
	var all []Word
	for _, step := range mint.StepNames() {
		all = append(all, Word{step, "step"})
	}
	for _, f := range value.FilterNames() {
		all = append(all, Word{f, "filter"})
	}
	for key := range propertiesOf(requestSchema()) {
		all = append(all, Word{key, "request"})
	}
	for key := range propertiesOf(longExpectSchema()) {
		all = append(all, Word{key, "expect"})
	}
	return all
}

func propertiesOf(schema object) object {
	properties, _ := schema["properties"].(object)
	return properties
}

// wordsOf are the words that one form of a row is written with.
func (p parts) wordsOf() []Word {
	var all []Word
	for _, item := range itemsOf(p.token) {
		for _, m := range membersIn(item) {
			all = append(all, Word{m.Key, "step"})
			if slices.Contains([]string{"text", "sign", "edit", "encrypt"}, m.Key) {
				for _, option := range membersIn(m.Value) {
					all = append(all, Word{m.Key + " " + option.Key, "step"})
				}
			}
		}
	}
	for _, m := range membersIn(p.request) {
		all = append(all, Word{m.Key, "request"})
	}
	if p.expect != nil && p.expect.Kind() == document.String {
		first, _, _ := strings.Cut(strings.TrimSpace(p.expect.Text()), " ")
		all = append(all, Word{first, "expect"})
	}
	for _, m := range membersIn(p.expect) {
		all = append(all, Word{m.Key, "expect"})
	}
	for _, n := range []*document.Node{p.base, p.token, p.request, p.expect, p.issuer} {
		for _, f := range filtersIn(n) {
			all = append(all, Word{f, "filter"})
		}
	}
	return all
}

// membersIn are the members of a mapping, none of anything else.
func membersIn(n *document.Node) []document.Member {
	if n == nil || n.Kind() != document.Mapping {
		return nil
	}
	return n.Members()
}

// filtersIn are the filters in the texts below a node.
func filtersIn(n *document.Node) []string {
	var all []string
	switch {
	case n == nil:
	case n.Kind() == document.Sequence:
		for _, item := range n.Items() {
			all = append(all, filtersIn(item)...)
		}
	case n.Kind() == document.Mapping:
		for _, m := range n.Members() {
			all = append(all, filtersIn(m.Value)...)
		}
	case n.Kind() == document.String && n.Tag() == "":
		if e, err := value.Parse(n.Text()); err == nil {
			all = e.Filters()
		}
	}
	return all
}
