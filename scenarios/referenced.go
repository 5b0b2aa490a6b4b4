package scenarios

import (
	"slices"
	"strings"
)

// references finds rows by what they stand for in other people's documents.
type references struct {
	rows      []Scenario
	standards []Standard
}

// to are the ids of the rows that a reference leads to, as a person writes it: a
// standard, one of its sections, or whatever stands in the References of a row.
func (r references) to(reference string) map[string]bool {
	ids := map[string]bool{}
	sought := citation(reference)
	for _, row := range r.rows {
		if slices.ContainsFunc(row.References, func(ref string) bool { return cites(citation(ref), sought) }) {
			ids[row.ID] = true
		}
	}
	for _, s := range r.standards {
		for _, e := range s.Entries {
			if !s.named(reference) && !within(citation(s.Ref+e.Section), sought) {
				continue
			}
			for _, id := range s.Of(e, r.rows) {
				ids[id] = true
			}
		}
	}
	return ids
}

// known are all references that lead somewhere.
func (r references) known() []string {
	var all []string
	for _, row := range r.rows {
		all = append(all, row.References...)
	}
	for _, s := range r.standards {
		all = append(all, s.Name, strings.TrimSpace(s.Ref))
		for _, e := range s.Entries {
			all = append(all, s.Ref+e.Section)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// named reports whether a reference is to the whole standard.
func (s Standard) named(reference string) bool {
	return strings.EqualFold(reference, s.Name) || strings.EqualFold(reference, strings.Trim(s.Ref, " §-"))
}

// citation is a reference in words, however it is written: "RFC 8725 3.9" and
// "8725§3.9" are one.
func citation(reference string) []string {
	words := strings.Fields(strings.ReplaceAll(strings.ToLower(reference), "§", " "))
	if len(words) > 1 && words[0] == "rfc" {
		return words[1:]
	}
	return words
}

// cites reports whether a citation sought stands anywhere in the words of another.
func cites(words, sought []string) bool {
	for i := range words {
		if within(words[i:], sought) {
			return true
		}
	}
	return false
}

// within reports whether words begin with what is sought, or with a part of it:
// section 9.2.3 is within 9.2, and CVE-2022-21449 within CVE-2022.
func within(words, sought []string) bool {
	last := len(sought) - 1
	if last < 0 || len(words) <= last || !slices.Equal(words[:last], sought[:last]) {
		return false
	}
	rest, found := strings.CutPrefix(words[last], sought[last])
	return found && (rest == "" || rest[0] == '.' || rest[0] == '-')
}
