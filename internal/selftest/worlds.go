package selftest

import (
	"slices"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/scenarios"
)

// world is a target that rows are fired at, and the rows that are.
type world struct {
	target *targets.File
	rows   []scenarios.Scenario
}

// worlds are the embedded target, for every row that it has what it takes for,
// and others for those that exclude each other: a row is fired in the first
// world that has what it needs, and in the embedded one where none has.
func worlds(rows []scenarios.Scenario) []world {
	all := []world{{target: oneJudged(targets.Default())}}
	for _, change := range []func(*targets.File){demanding, daemonsOnly, usersOnly} {
		f := oneJudged(targets.Default())
		change(f)
		all = append(all, world{target: f})
	}
	for _, row := range rows {
		i := max(0, slices.IndexFunc(all, func(w world) bool { return w.fires(row) }))
		all[i].rows = append(all[i].rows, row)
	}
	return slices.DeleteFunc(all, func(w world) bool { return len(w.rows) == 0 })
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
	f.OptIn = true
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

func declare(f *targets.File, key, value string) {
	f.Supports = append(f.Supports, targets.Declaration{Key: key, Value: value})
}
