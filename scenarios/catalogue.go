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
// id always means the same.
func (c Catalogue) Merge(user Catalogue) (Catalogue, error) {
	return c.join(user, "is taken by a row of the catalogue")
}

// join adds the rows of another catalogue and refuses ids that c has.
func (c Catalogue) join(other Catalogue, taken string) (Catalogue, error) {
	var problems []error
	seen := map[string]Position{}
	for _, s := range c.rows {
		seen[s.ID] = s.Pos
	}
	for _, s := range other.rows {
		if first, ok := seen[s.ID]; ok {
			problems = append(problems, &Problem{Pos: s.Pos, Text: fmt.Sprintf("id %q %s", s.ID, taken), Hint: "the first is at " + first.String()})
		}
	}
	if err := errors.Join(problems...); err != nil {
		return c, err
	}
	return Catalogue{rows: slices.Concat(c.rows, other.rows)}, nil
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
	if a.Kind != Data || b.Kind != Data {
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

// opposed reports whether two expectations ask for different answers.
func opposed(a, b Expectation) bool {
	for _, e := range []Expectation{a, b} {
		if e.Kind() == "measure" || e.Kind() == "conditions" {
			return false
		}
	}
	return a.Kind() != b.Kind() || a.Either != b.Either || !slices.Equal(a.Refuse, b.Refuse)
}
