// Package lab runs real API gateways on this machine: each as a local process
// of its own, on a free loopback port, with a configuration written for one
// environment and removed afterwards.
//
// A gateway is a [Recipe]: the program, where it is found, how it is started,
// and a folder of configuration templates. Each recipe knows four [Mode]s, which
// are the two faults that people meet and the two ways out of them. What a
// gateway then makes of the catalogue is not known here: that is for the engine
// to find out.
//
// The package may import packages of layers 0 to 4. The recipes import nothing
// of this module.
package lab

import (
	"errors"
	"fmt"
	"sort"
	"strings"
)

// Mode is one way of configuring a gateway.
type Mode string

// The modes, faults first.
const (
	// Broken asks for a claim client_id, which Entra does not send: every
	// genuine token is refused.
	Broken Mode = "broken"
	// Leaky looks at signature and issuer only: the token of another
	// environment opens this one.
	Leaky Mode = "leaky"
	// FixedAudience wants the environment's audience and a contracted caller,
	// read from appid or azp.
	FixedAudience Mode = "fixed-audience"
	// FixedScope wants the environment's scope in scp, which daemons lack.
	FixedScope Mode = "fixed-scope"
)

// Modes returns the modes in the order in which they are shown.
func Modes() []Mode { return []Mode{Broken, Leaky, FixedAudience, FixedScope} }

// ErrUnknown is wrapped by the error for a recipe or mode that does not exist.
var ErrUnknown = errors.New("not known")

// ParseMode returns the mode of that name.
func ParseMode(name string) (Mode, error) {
	for _, m := range Modes() {
		if string(m) == name {
			return m, nil
		}
	}
	return "", fmt.Errorf("lab: mode %q is %w: expected one of %s", name, ErrUnknown, join(Modes()))
}

// Recipes returns every gateway that the lab can run, by name.
func Recipes() []Recipe {
	return sorted([]Recipe{
		apache(),
		envoy(),
		express(),
		haproxy(),
		nginx(),
		spring(),
	})
}

// Lookup returns the recipe of that name.
func Lookup(name string) (Recipe, error) {
	var names []string
	for _, r := range Recipes() {
		if r.Name == name {
			return r, nil
		}
		names = append(names, r.Name)
	}
	return Recipe{}, fmt.Errorf("lab: gateway %q is %w: expected one of %s", name, ErrUnknown, join(names))
}

// sorted orders recipes by name and panics if two share one.
func sorted(recipes []Recipe) []Recipe {
	sort.Slice(recipes, func(i, j int) bool { return recipes[i].Name < recipes[j].Name })
	for i := 1; i < len(recipes); i++ {
		if recipes[i].Name == recipes[i-1].Name {
			panic("lab: two recipes are called " + recipes[i].Name)
		}
	}
	return recipes
}

func join[T ~string](names []T) string {
	words := make([]string, len(names))
	for i, n := range names {
		words[i] = string(n)
	}
	return strings.Join(words, ", ")
}
