package targets

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed default.yaml
var defaultFile []byte

// Default is the embedded target: DEV, TEST and UAT of one tenant, with tokens
// from a mock in this process. Its gateways have no address until the lab
// gives them one.
func Default() *File {
	f, err := Parse("default.yaml", defaultFile, func(string) (string, bool) { return "embedded", true })
	if err != nil {
		panic(fmt.Sprintf("targets: the embedded target: %v", err))
	}
	f.Tokens = Tokens{Embedded: true}
	f.Pace.Concurrency = 16
	return f
}

// MadeUpOther adds the environment OTHER to a file that names one environment
// only and whose tokens a mock signs (design 5): same tenant, no gateway, a
// registration for each version of the first's, and the grant of the first's
// own clients, so that not the contract refuses its tokens.
func (f *File) MadeUpOther() {
	if len(f.Environments) != 1 || !f.Tokens.CanMint() {
		return
	}
	home := f.Environments[0]
	other := &Environment{Name: madeUpName(home), MadeUp: true, Requires: Requirement{Scopes: []string{"OTHER.Access"}, Roles: []string{"OTHER.Access"}}}
	for _, a := range home.APIs {
		made := &API{
			Name: "made-up-" + string(a.Version), Version: a.Version,
			AppID:  "07be4000-0000-4a10-8000-0123456789" + string(a.Version[1]) + "0",
			URIs:   []string{"api://made-up." + string(a.Version)},
			Scopes: []string{"OTHER.Access"}, Roles: []string{"OTHER.Access"},
		}
		other.APIs = append(other.APIs, made)
		f.APIs = append(f.APIs, made)
	}
	f.Environments = append(f.Environments, other)
	if holder := f.Holder(home); holder != nil {
		holder.Contracts = append(holder.Contracts, other.Name)
		holder.Granted = append(holder.Granted, other.Name)
	}
}

// madeUpName is OTHER, unless the first environment is called so itself.
func madeUpName(home *Environment) string {
	if strings.EqualFold(home.Name, "OTHER") {
		return "OTHER-2"
	}
	return "OTHER"
}
