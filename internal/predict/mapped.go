package predict

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/internal/targets"
)

// UnmappedError is an environment or instance for which there is no other side.
type UnmappedError struct{ Text string }

func (e *UnmappedError) Error() string { return e.Text }

// mapped gives each environment of the user's target its instance. Environments
// without one only supply tokens.
func mapped(o Options) (Subject, *targets.File, error) {
	s := Subject{Name: o.Target.Name}
	for _, name := range slices.Sorted(maps.Keys(o.Environments)) {
		if o.Target.Environment(name) == nil {
			return s, nil, &UnmappedError{fmt.Sprintf("the target %s has no environment %q", o.Target.Name, name)}
		}
	}
	left := slices.Clone(o.Instances)
	var others []*targets.Environment
	for _, e := range o.Target.Environments {
		i, err := instanceOf(o, left, e.Name)
		if err != nil {
			return s, nil, err
		}
		if i < 0 {
			others = append(others, e)
			continue
		}
		s.Members = append(s.Members, Member{e.Name, left[i]})
		left = slices.Delete(left, i, i+1)
	}
	if len(s.Members) == 0 && len(left) == 1 && len(o.Target.Environments) > 0 && len(o.Environments) == 0 {
		s.Members, left = []Member{{o.Target.Environments[0].Name, left[0]}}, nil
		others = o.Target.Environments[1:]
	}
	if len(left) > 0 {
		return s, nil, &UnmappedError{fmt.Sprintf("the instance %s belongs to no environment of the target %s: --environment NAME=%s", left[0].Name, o.Target.Name, left[0].Name)}
	}
	return s, emulable(o.Target, others), nil
}

// instanceOf is the place of the instance that was named for an environment, else
// of the one whose name tells it; -1 where there is none.
func instanceOf(o Options, left []policy.Instance, environment string) (int, error) {
	if name, asked := o.Environments[environment]; asked {
		i := slices.IndexFunc(left, func(x policy.Instance) bool { return x.Name == name })
		if i < 0 {
			return i, &UnmappedError{fmt.Sprintf("the files have no instance %q for the environment %s", name, environment)}
		}
		return i, nil
	}
	return slices.IndexFunc(left, func(x policy.Instance) bool {
		if slices.Contains(slices.Collect(maps.Values(o.Environments)), x.Name) {
			return false
		}
		word, _ := stage(x.Name)
		return strings.EqualFold(x.Name, environment) || strings.EqualFold(word, environment)
	}), nil
}

// emulable is the target with gateways of this process, none where an environment
// has no instance.
func emulable(f *targets.File, without []*targets.Environment) *targets.File {
	c := *f
	c.Tokens = targets.Tokens{Embedded: true}
	c.Accepted = targets.Accepted{Echo: true}
	c.OptIn, c.Pace = true, targets.Pace{Concurrency: concurrency}
	c.Environments = nil
	for _, e := range f.Environments {
		env := *e
		switch {
		case slices.Contains(without, e):
			env.Gateways = nil
		case len(env.Gateways) == 0:
			env.Gateways = []targets.Gateway{{URL: "http://localhost"}}
		}
		if env.Home.Path == "" {
			env.Home = targets.Route{Method: "GET", Path: "/"}
		}
		c.Environments = append(c.Environments, &env)
	}
	c.MadeUpOther()
	return &c
}
