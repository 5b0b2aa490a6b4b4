package scenarios

import (
	_ "embed" // the crosswalk
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/entraproof/entraproof/internal/document"
)

//go:embed crosswalk.yaml
var crosswalkFile []byte

// Standard is somebody else's document with the sections that rows stand for.
type Standard struct {
	Name, Says string
	// URL is where it is read; empty where there is no one place.
	URL string
	// Ref is what stands before a section in a row's References: "8725§".
	Ref     string
	Entries []Entry
}

// Entry is one section of a Standard.
type Entry struct {
	// Section is its number or name, Says what it asks for in a few words.
	Section, Says string
	// Level is the lowest ASVS level that asks for it; 0 elsewhere.
	Level int
	// Rows are those that the entry names besides the rows whose own
	// References name the section; Groups are whole chapters.
	Rows, Groups []string
	// None says why there is no row; empty where there are.
	None string
	// Unverified: from memory, to be looked up before it is cited.
	Unverified bool
	// Pos is where the entry stands.
	Pos Position
}

// Standards are the documents that rows stand for, in the order of the file.
func Standards() ([]Standard, error) { return standards() }

var standards = sync.OnceValues(func() ([]Standard, error) {
	return parseStandards("scenarios/crosswalk.yaml", crosswalkFile)
})

// parseStandards reads a crosswalk, strictly.
func parseStandards(file string, src []byte) ([]Standard, error) {
	root, err := document.Parse(file, src)
	if err != nil {
		return nil, err
	}
	var all []Standard
	for _, item := range root.Items() {
		f := item.Fields()
		s := Standard{Name: f.Need("standard").Str(), Says: f.Need("says").Str(), URL: f.Take("url").Str(), Ref: f.Need("ref").Str()}
		for _, entry := range f.Need("entries").Items() {
			e := decodeEntry(entry)
			if slices.ContainsFunc(s.Entries, func(o Entry) bool { return o.Section == e.Section }) {
				entry.Problemf("", "section %q stands twice", e.Section)
			}
			s.Entries = append(s.Entries, e)
		}
		f.Rest()
		all = append(all, s)
	}
	return all, root.Err()
}

func decodeEntry(n *document.Node) Entry {
	f := n.Fields()
	e := Entry{
		Section: f.Need("section").Str(), Says: f.Need("says").Str(), Level: f.Take("level").Int(), None: f.Take("none").Str(),
		Unverified: f.Take("unverified").Bool(), Pos: n.Pos(),
		Rows: words(f.Take("rows"), "row", allIDs(f.Take("rows"))), Groups: words(f.Take("groups"), "group", groupCodes()),
	}
	f.Rest()
	if e.None != "" && len(e.Rows)+len(e.Groups) > 0 {
		n.Problemf("take one of them out", "an entry that has rows and says why there are none")
	}
	return e
}

// allIDs are the texts of a list: whether there are such rows is not known here.
func allIDs(n *document.Node) []string {
	if n == nil {
		return nil
	}
	return n.Strings()
}

// Of are the ids of the rows that stand for an entry of s, sorted: those that
// it names, those whose References name its section, those of its groups.
func (s Standard) Of(e Entry, rows []Scenario) []string {
	ids := slices.Clone(e.Rows)
	for _, row := range rows {
		if slices.Contains(e.Groups, row.Group) || slices.Contains(s.Sections(row), e.Section) {
			ids = append(ids, row.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Sections are those that a row's References name, such as "3.9" in "8725§3.9".
// A reference can name several: "8725bis§2.10 §3.13", "NIST AU-2 AU-12".
func (s Standard) Sections(row Scenario) []string {
	var all []string
	for _, ref := range row.References {
		all = append(all, s.sections(ref)...)
	}
	return all
}

// numbered is what a section looks like that has a number.
var numbered = regexp.MustCompile(`^[0-9][0-9.-]*$`)

func (s Standard) sections(ref string) []string {
	var all []string
	document := ""
	for i, word := range strings.Fields(ref) {
		if before, _, found := strings.Cut(word, "§"); found && before != "" {
			document = before
		} else if found {
			word = document + word
		}
		name, blank := strings.CutSuffix(s.Ref, " ")
		section, found := strings.CutPrefix(word, s.Ref)
		switch {
		case blank && strings.HasPrefix(word, "("):
			return all
		case blank && i > 0 && strings.HasPrefix(ref, name+" "):
			all = append(all, word)
		case !blank && found && numbered.MatchString(section):
			all = append(all, section)
		}
	}
	return all
}
