package selftest

import (
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/reports"
)

// world is the default target where it declares something else. Rows exclude
// each other by what a target declares: what the default declares away is
// proven in the first world that does not.
type world struct {
	// declares are lines of supports that take the place of the default's.
	declares []targets.Declaration
}

// worlds are the default target as it is, then those beside it.
func worlds() []world {
	return []world{
		{},
		{declares: []targets.Declaration{
			{Key: "audience-app-id-listed", Value: "false"},
			{Key: "audience-forms", Value: "listed"},
			{Key: "audience-slash-listed", Value: "true"},
		}},
	}
}

// target is the file as the world declares it.
func (w world) target(f *targets.File) *targets.File {
	c := *f
	c.Supports = slices.Concat(w.declares, slices.DeleteFunc(slices.Clone(f.Supports), func(d targets.Declaration) bool {
		return slices.ContainsFunc(w.declares, func(own targets.Declaration) bool { return own.Key == d.Key })
	}))
	return &c
}

// words say what the world declares; empty for the default.
func (w world) words() string {
	var lines []string
	for _, d := range w.declares {
		lines = append(lines, d.Key+": "+d.Value)
	}
	return strings.Join(lines, ", ")
}

// declaredAway are the rows of which every case is unsupported, sorted.
func declaredAway(cases []reports.Case) []string {
	away := map[string]bool{}
	for _, c := range cases {
		before, known := away[c.Scenario]
		away[c.Scenario] = c.Outcome == reports.Unsupported && (before || !known)
	}
	var ids []string
	for id, is := range away {
		if is {
			ids = append(ids, id)
		}
	}
	return sortedSet(ids)
}
