package scenarios

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Catalogue is a set of rows, each with an id of its own. The zero Catalogue
// is empty.
type Catalogue struct{ rows []Scenario }

// All are the rows, in the order of the groups and files.
func (c Catalogue) All() []Scenario { return slices.Clone(c.rows) }

// Len is the number of rows.
func (c Catalogue) Len() int { return len(c.rows) }

// ByID finds a row.
func (c Catalogue) ByID(id string) (Scenario, bool) {
	i := slices.IndexFunc(c.rows, func(s Scenario) bool { return s.ID == id })
	if i < 0 {
		return Scenario{}, false
	}
	return c.rows[i], true
}

// IDs are the ids of all rows, sorted.
func (c Catalogue) IDs() []string {
	ids := make([]string, 0, len(c.rows))
	for _, s := range c.rows {
		ids = append(ids, s.ID)
	}
	slices.Sort(ids)
	return ids
}

// Merge adds the rows of a user. One that redefines a row of c is refused: an
// id always means the same. So is one that only a Go value could do.
func (c Catalogue) Merge(user Catalogue) (Catalogue, error) {
	both, err := c.merge(user)
	if err != nil {
		return c, err
	}
	return both, nil
}

// merge is Merge that gives, beside an error, the rows that could be added.
func (c Catalogue) merge(user Catalogue) (Catalogue, error) {
	var problems []error
	for _, s := range user.rows {
		if s.Kind != Data && s.Kind != "" { // a row that is no mapping has none
			problems = append(problems, &Problem{
				Pos: s.Pos, Text: fmt.Sprintf("a row of kind %s is done by a Go value of the program, and there is none for %q", s.Kind, s.ID),
				Hint: "say it as data, or write the Go value (CONTRIBUTING.md)",
			})
		}
	}
	both, err := c.join(user, "is taken by a row of the catalogue")
	return both, errors.Join(append(problems, err)...)
}

// Extend adds the rows of a user's folders. All that is wrong with them is told
// at once: what LoadDir, Merge and Lint refuse.
func (c Catalogue) Extend(dirs ...string) (Catalogue, error) {
	all := c
	var problems []error
	for _, dir := range dirs {
		files, names, err := rowFiles(dir)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		own, err := loadAll(files, names, dir)
		problems = append(problems, err)
		all, err = all.merge(own)
		problems = append(problems, err)
	}
	problems = append(problems, all.Lint())
	if err := errors.Join(problems...); err != nil {
		return c, err
	}
	return all, nil
}

// join adds the rows of another catalogue, but for those whose ids c has: they
// are refused.
func (c Catalogue) join(other Catalogue, taken string) (Catalogue, error) {
	var added []Scenario
	var problems []error
	seen := map[string]Position{}
	for _, s := range c.rows {
		seen[s.ID] = s.Pos
	}
	for _, s := range other.rows {
		if first, ok := seen[s.ID]; ok && s.ID != "" {
			problems = append(problems, &Problem{Pos: s.Pos, Text: fmt.Sprintf("id %q %s", s.ID, taken), Hint: "the first is at " + first.String()})
			continue
		}
		added = append(added, s)
	}
	return Catalogue{rows: slices.Concat(c.rows, added)}, errors.Join(problems...)
}

// Digest is a SHA-256 in hex over what the rows say, whatever their order and
// layout.
func (c Catalogue) Digest() string {
	texts := make([]string, 0, len(c.rows))
	for _, s := range c.rows {
		texts = append(texts, s.Group+"\x00"+s.canonical)
	}
	slices.Sort(texts)
	sum := sha256.Sum256([]byte(strings.Join(texts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// Lint finds rows that contradict each other: they can apply together and send
// the same, and expect something else.
func (c Catalogue) Lint() error {
	var problems []error
	for i, a := range c.rows {
		for _, b := range c.rows[i+1:] {
			if va, vb, ok := contradiction(a, b); ok {
				problems = append(problems, &Problem{
					Pos:  b.Pos,
					Text: fmt.Sprintf("%s sends what %s sends and expects %q, not %q", formName(b, vb), formName(a, va), vb.Scenario.Expect.Text(), va.Scenario.Expect.Text()),
					Hint: "give one of them what the other excludes, with needs and unless",
				})
			}
		}
	}
	return errors.Join(problems...)
}

func formName(s Scenario, v Variant) string {
	if v.Name == "" {
		return s.ID
	}
	return s.ID + "/" + v.Name
}

// contradiction finds forms of two rows that cannot both be right.
func contradiction(a, b Scenario) (va, vb Variant, found bool) {
	if a.Kind != Data || b.Kind != Data || a.broken || b.broken {
		return Variant{}, Variant{}, false
	}
	for _, va := range a.Effective() {
		for _, vb := range b.Effective() {
			if !excludes(va.Scenario, vb.Scenario) && va.Scenario.sends == vb.Scenario.sends && va.Scenario.Base.meets(vb.Scenario.Base) && opposed(va.Scenario.Expect, vb.Scenario.Expect) {
				return va, vb, true
			}
		}
	}
	return Variant{}, Variant{}, false
}

// excludes reports whether no target can have what both rows need.
func excludes(a, b Scenario) bool {
	if a.unexpected() != b.unexpected() {
		return true
	}
	needs := b.AllNeeds()
	for _, n := range a.AllNeeds() {
		if slices.Contains(b.Unless, n) || slices.ContainsFunc(needs, n.Excludes) {
			return true
		}
	}
	return slices.ContainsFunc(needs, func(n Need) bool { return slices.Contains(a.Unless, n) })
}

// opposed reports whether no answer satisfies both expectations, whatever a
// target declares. Lists of statuses that share one agree: a row may be
// stricter than another.
func opposed(a, b Expectation) bool {
	kinds := [2]string{a.Kind(), b.Kind()}
	switch {
	case slices.Contains(kinds[:], "measure"), slices.Contains(kinds[:], "conditions"):
		return false
	case kinds == [2]string{"either", "either"}:
		return a.Either != b.Either
	case slices.Contains(kinds[:], "either"):
		return false // the target declares which it is
	case kinds == [2]string{"refuse", "refuse"}:
		return !slices.ContainsFunc(a.Refuse, func(status int) bool { return slices.Contains(b.Refuse, status) })
	}
	return kinds[0] != kinds[1]
}
