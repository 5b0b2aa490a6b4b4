package selftest

import (
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/scenarios"
)

// world is the default target where it declares or requires something else.
// Rows exclude each other by what a target says of itself: each is proven in the
// first world that has what it needs.
type world struct {
	// declares are lines of supports that take the place of the default's.
	declares []targets.Declaration
	// requires is what callers must hold in place of the default's; nil: that.
	requires *targets.Requirement
	// rows are those that are fired here.
	rows []scenarios.Scenario
}

// otherWorlds are those beside the default target.
func otherWorlds() []world {
	two := []string{"DEV.Access", "Shared.Access"}
	return []world{
		{ // much is asked of a token, and a second issuer trusted for other APIs
			declares: []targets.Declaration{
				{Key: "authentication-context", Value: "true"},
				{Key: "two-issuers", Value: "true"},
				{Key: "versions", Value: "v2"},
				{Key: "write-scope", Value: "true"},
			},
			requires: &targets.Requirement{Scopes: two, Roles: two[:1]},
		},
		{ // daemons only, and v1
			declares: []targets.Declaration{{Key: "user-tokens", Value: "false"}, {Key: "versions", Value: "v1"}},
			requires: &targets.Requirement{Roles: two[:1]},
		},
		{ // users only, with either scope
			declares: []targets.Declaration{{Key: "app-tokens", Value: "false"}},
			requires: &targets.Requirement{Scopes: two, Any: true},
		},
		{ // other forms of the audience
			declares: []targets.Declaration{
				{Key: "audience-app-id-listed", Value: "false"}, {Key: "audience-forms", Value: "listed"}, {Key: "audience-slash-listed", Value: "true"},
			},
		},
	}
}

// worlds give each row its world: the first that fires it, or the default where
// none does.
func worlds(file *targets.File, rows []scenarios.Scenario) []world {
	all := append([]world{{}}, otherWorlds()...)
	var files []*targets.File
	for _, w := range all {
		files = append(files, w.target(file))
	}
	for _, row := range rows {
		i := max(0, slices.IndexFunc(files, func(f *targets.File) bool { return fires(f, row) }))
		all[i].rows = append(all[i].rows, row)
	}
	return slices.DeleteFunc(all, func(w world) bool { return len(w.rows) == 0 })
}

// target is the file as the world has it.
func (w world) target(file *targets.File) *targets.File {
	f := *file
	f.Supports = slices.Concat(w.declares, slices.DeleteFunc(slices.Clone(f.Supports), func(d targets.Declaration) bool {
		return slices.ContainsFunc(w.declares, func(own targets.Declaration) bool { return own.Key == d.Key })
	}))
	if w.requires != nil {
		home := *f.Environments[0]
		home.Requires = *w.requires
		f.Environments = append([]*targets.Environment{&home}, f.Environments[1:]...)
	}
	return &f
}

// fires reports whether some case of the row is fired at the first environment.
func fires(f *targets.File, row scenarios.Scenario) bool {
	x := scenarios.Expansion{Target: f, Slow: true}
	return slices.ContainsFunc(x.Expand([]scenarios.Scenario{row}), func(c scenarios.Case) bool {
		return c.Home == f.Environments[0] && c.Decided == nil
	})
}

// words say what is other than at the default target, in the words of the
// target file; empty for the default.
func (w world) words() string {
	var lines []string
	for _, d := range w.declares {
		lines = append(lines, d.Key+": "+d.Value)
	}
	if w.requires == nil {
		return strings.Join(lines, ", ")
	}
	criteria := " and "
	if w.requires.Any {
		criteria = " or "
	}
	for _, list := range []struct {
		key   string
		names []string
	}{{"scopes", w.requires.Scopes}, {"roles", w.requires.Roles}} {
		if len(list.names) > 0 {
			lines = append(lines, list.key+": "+strings.Join(list.names, criteria))
		}
	}
	return strings.Join(lines, ", ")
}
