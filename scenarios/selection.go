package scenarios

import (
	"fmt"
	"path"
	"slices"

	"github.com/entraproof/entraproof/internal/document"
)

// Profile is a named selection of rows.
type Profile struct {
	Name, Says string
	// Listed: rows name the profile; otherwise a rule chooses.
	Listed bool
	// Apart: its rows are in no profile that a rule chooses. They measure, or
	// ask for something that other runs do not have.
	Apart bool
	rule  func(Scenario) bool
}

// Profiles are all profiles, smallest first.
func Profiles() []Profile {
	return []Profile{
		{Name: "witness", Says: "the story in a minute", Listed: true},
		{Name: "smoke", Says: "one row for each hole that costs most", Listed: true},
		{Name: "splitters", Says: "what real gateways were seen to do differently", Listed: true},
		{Name: "core-keyless", Says: "core without the rows that need a mock issuer", rule: func(s Scenario) bool { return inCore(s) && s.Source.Keyless() }},
		{Name: "core", Says: "critical or high, not slow, not only by opt-in", rule: inCore},
		{Name: "full", Says: "everything that the target can take", rule: func(Scenario) bool { return true }},
		{Name: "aftercare", Says: "the mock that a gateway trusted once is out again", Listed: true, Apart: true},
		{Name: "probe", Says: "measuring rows that name the cause of a refused control", Listed: true, Apart: true},
	}
}

func inCore(s Scenario) bool {
	return (s.Severity == Critical || s.Severity == High) && !s.Marked("slow") && !s.Marked("opt-in")
}

func listedProfiles() []string {
	var names []string
	for _, p := range Profiles() {
		if p.Listed {
			names = append(names, p.Name)
		}
	}
	return names
}

// ProfileNames are the names of all profiles.
func ProfileNames() []string {
	var names []string
	for _, p := range Profiles() {
		names = append(names, p.Name)
	}
	return names
}

// has reports whether a row belongs to the profile.
func (p Profile) has(s Scenario) bool {
	if p.Listed {
		return slices.Contains(s.Profiles, p.Name)
	}
	return !s.apart() && p.rule(s)
}

// apart reports whether the row belongs to a profile that stands apart.
func (s Scenario) apart() bool {
	return slices.ContainsFunc(Profiles(), func(p Profile) bool { return p.Apart && slices.Contains(s.Profiles, p.Name) })
}

// Selection chooses rows. Every member narrows it; within a member one match is
// enough. An empty member does not narrow.
type Selection struct {
	// Profile is the profile to start from; empty: every row that does not
	// stand apart, and those that do where IDs names them.
	Profile string
	// IDs are patterns of path.Match, such as aud-*.
	IDs                                        []string
	Groups, Severities, Marks, Guards, Sources []string
	// References are standards, their sections, or what else the References of
	// rows name: "RFC 8725 3.9", "ASVS 9.2" with all below it, "CWE-697".
	References []string
}

// NothingSelectedError is a filter that matches no row, or filters that no row
// matches together.
type NothingSelectedError struct {
	// Filter is the name of the member, such as profile or id; empty where
	// each matches and all together do not.
	Filter, Value string
	Hint          string
}

// Error names the filter.
func (e *NothingSelectedError) Error() string {
	text := "scenarios: no row matches all the filters together"
	if e.Filter != "" {
		text = fmt.Sprintf("scenarios: no row matches %s %q", e.Filter, e.Value)
	}
	if e.Hint != "" {
		text += " (" + e.Hint + ")"
	}
	return text
}

// filter is one member of a selection.
type filter struct {
	name   string
	values []string
	known  []string
	match  func(s Scenario, value string) bool
}

func (sel Selection) filters(c Catalogue) ([]filter, error) {
	cited, err := sel.cited(c)
	if err != nil {
		return nil, err
	}
	return []filter{
		{"id", sel.IDs, c.IDs(), func(s Scenario, v string) bool { ok, _ := path.Match(v, s.ID); return ok }},
		{"group", sel.Groups, groupCodes(), func(s Scenario, v string) bool { return s.Group == v }},
		{"severity", sel.Severities, namesOf(Severities()), func(s Scenario, v string) bool { return string(s.Severity) == v }},
		{"mark", sel.Marks, namesOf(Marks()), Scenario.Marked},
		{"guards", sel.Guards, namesOf(Guards()), func(s Scenario, v string) bool { return s.Guards == v }},
		{"source", sel.Sources, namesOf(Sources()), func(s Scenario, v string) bool { return string(s.Source) == v }},
		cited,
	}, nil
}

// cited is the filter by References. What is known is looked up for hints, hence
// only where there is something to look for.
func (sel Selection) cited(c Catalogue) (filter, error) {
	f := filter{name: "reference", values: sel.References}
	if len(sel.References) == 0 {
		return f, nil
	}
	standards, err := Standards()
	if err != nil {
		return f, err
	}
	all := references{c.All(), standards}
	f.known = all.known()
	found := map[string]map[string]bool{}
	for _, v := range sel.References {
		found[v] = all.to(v)
	}
	f.match = func(s Scenario, v string) bool { return found[v][s.ID] }
	return f, nil
}

// Select gives the rows that match, in the order of the catalogue. A value that
// matches no row of the profile is a *NothingSelectedError, and so are filters
// that leave nothing.
func (c Catalogue) Select(sel Selection) ([]Scenario, error) {
	rows, err := c.profile(sel)
	if err != nil {
		return nil, err
	}
	chosen := rows
	filters, err := sel.filters(c)
	if err != nil {
		return nil, err
	}
	for _, f := range filters {
		if err := f.check(rows); err != nil {
			return nil, err
		}
		chosen = slices.DeleteFunc(slices.Clone(chosen), func(s Scenario) bool { return !f.has(s) })
	}
	if len(chosen) == 0 {
		return nil, &NothingSelectedError{}
	}
	return chosen, nil
}

// profile gives the rows of the selection's profile.
func (c Catalogue) profile(sel Selection) ([]Scenario, error) {
	if sel.Profile == "" {
		return slices.DeleteFunc(c.All(), func(s Scenario) bool { return s.apart() && len(sel.IDs) == 0 }), nil
	}
	all := Profiles()
	i := slices.IndexFunc(all, func(p Profile) bool { return p.Name == sel.Profile })
	if i < 0 {
		return nil, &NothingSelectedError{"profile", sel.Profile, nearestHint(sel.Profile, ProfileNames())}
	}
	rows := slices.DeleteFunc(c.All(), func(s Scenario) bool { return !all[i].has(s) })
	if len(rows) == 0 {
		return nil, &NothingSelectedError{"profile", sel.Profile, ""}
	}
	return rows, nil
}

func (f filter) has(s Scenario) bool {
	return len(f.values) == 0 || slices.ContainsFunc(f.values, func(v string) bool { return f.match(s, v) })
}

// check refuses a value that matches none of the rows.
func (f filter) check(rows []Scenario) error {
	for _, v := range f.values {
		if !slices.ContainsFunc(rows, func(s Scenario) bool { return f.match(s, v) }) {
			return &NothingSelectedError{f.name, v, nearestHint(v, f.known)}
		}
	}
	return nil
}

func nearestHint(word string, known []string) string {
	if near := document.Nearest(word, known); near != "" && near != word {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return ""
}
