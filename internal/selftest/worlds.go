package selftest

import (
	"slices"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/scenarios"
)

// world is a target that rows are fired at, and the rows that are.
type world struct {
	// says is how its target is not the default one; empty: it is.
	says   string
	target *targets.File
	rows   []scenarios.Scenario
}

// worlds are the embedded target, for every row that it has what it takes for,
// and others for those that exclude each other: a row is fired in the first
// world that has what it needs, and in the embedded one where none has.
func worlds(rows []scenarios.Scenario) []world {
	all := []world{{target: optedIn()}}
	for _, w := range []struct {
		says   string
		change func(*targets.File)
	}{
		{"v2 only, two scopes at once, another to write, an authentication context, two issuers", demanding},
		{"v1 only, daemons only", daemonsOnly},
		{"users only, one of two scopes", usersOnly},
		{"audiences as they are listed: URIs, with a slash as well, no GUIDs", listed},
	} {
		f := optedIn()
		w.change(f)
		all = append(all, world{says: w.says, target: f})
	}
	for _, row := range rows {
		i := max(0, slices.IndexFunc(all, func(w world) bool { return w.fires(row) }))
		all[i].rows = append(all[i].rows, row)
	}
	return slices.DeleteFunc(all, func(w world) bool { return len(w.rows) == 0 })
}

// holding tells the world in which a row is fired.
func holding(id string) func(world) bool {
	return func(w world) bool {
		return slices.ContainsFunc(w.rows, func(s scenarios.Scenario) bool { return s.ID == id })
	}
}

// optedIn is the default target, where nobody is disturbed.
func optedIn() *targets.File {
	f := targets.Default()
	f.OptIn = true
	return f
}

// fires reports whether some case of the row is fired at the gateway of the
// world's first environment.
func (w world) fires(row scenarios.Scenario) bool {
	x := scenarios.Expansion{Target: w.target, Slow: true}
	return slices.ContainsFunc(x.Expand([]scenarios.Scenario{row}), func(c scenarios.Case) bool {
		return c.Home == w.target.Environments[0] && c.Decided == nil
	})
}

// demanding takes v2 tokens only and asks for two scopes at once, for another
// one to write, and for an authentication context; its gateway trusts a second
// issuer for other APIs.
func demanding(f *targets.File) {
	home := f.Environments[0]
	home.Requires.Scopes = []string{"DEV.Access", "Shared.Access"}
	declare(f, "versions", "v2")
	declare(f, "write-scope", "true")
	declare(f, "authentication-context", "true")
	declare(f, "two-issuers", "true")
}

// daemonsOnly takes v1 tokens only, and those of daemons.
func daemonsOnly(f *targets.File) {
	f.Environments[0].Requires.Scopes = nil
	declare(f, "versions", "v1")
	declare(f, "user-tokens", "false")
}

// usersOnly takes users with one of two scopes.
func usersOnly(f *targets.File) {
	home := f.Environments[0]
	home.Requires = targets.Requirement{Scopes: []string{"DEV.Access", "Shared.Access"}, Any: true}
	declare(f, "app-tokens", "false")
}

// listed names audiences by URI alone, with and without a slash at their end.
func listed(f *targets.File) {
	declare(f, "audience-app-id-listed", "false")
	declare(f, "audience-forms", "listed")
	declare(f, "audience-slash-listed", "true")
}

// declare puts a line of supports in the place of the default's.
func declare(f *targets.File, key, value string) {
	f.Supports = slices.DeleteFunc(f.Supports, func(d targets.Declaration) bool { return d.Key == key })
	f.Supports = append(f.Supports, targets.Declaration{Key: key, Value: value})
}
