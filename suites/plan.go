package suites

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/scenarios"
)

// Plan is what a session does to one target.
type Plan struct {
	// Target is the target with the environment that the session made up, if
	// it did.
	Target *Target
	// Profile is the profile that the rows were chosen from; empty where none
	// was.
	Profile string
	// Cases are what is judged, sorted by id.
	Cases []PlannedCase

	expansion scenarios.Expansion
	rows      []scenarios.Scenario
	probes    []scenarios.Scenario
}

// embeddedSetup is what embedded gateways run unless a Config says otherwise.
const embeddedSetup = "strict"

// checked gives a Config with its defaults, or says what is wrong with it.
func (c Config) checked() (Config, error) {
	if len(c.Targets) == 0 {
		c.Targets = []*Target{targets.Default()}
	}
	c.Targets = slices.Clone(c.Targets)
	slices.SortStableFunc(c.Targets, func(a, b *Target) int { return cmp.Compare(a.Name, b.Name) })
	for i, t := range c.Targets[1:] {
		if t.Name == c.Targets[i].Name {
			return c, fmt.Errorf("suites: two targets are named %q (%s, %s): results tell them apart by name", t.Name, c.Targets[i].Path, t.Path)
		}
	}
	c.Setup = cmp.Or(c.Setup, embeddedSetup)
	if known := lab.Setups(); !slices.Contains(known, c.Setup) {
		return c, fmt.Errorf("suites: no set-up is named %q (did you mean %q?)", c.Setup, document.Nearest(c.Setup, known))
	}
	if s := c.Shard; s != (Shard{}) && (s.Index < 1 || s.Index > s.Count) {
		return c, fmt.Errorf("suites: shard %d/%d: expected i/n with 1 ≤ i ≤ n", s.Index, s.Count)
	}
	return c, nil
}

// catalogueOf is the built-in catalogue with the rows of the user's folders.
func catalogueOf(folders []string) (scenarios.Catalogue, error) {
	all, err := scenarios.Builtin()
	if err != nil || len(folders) == 0 {
		return all, err
	}
	return all.Extend(folders...)
}

// probeProfile holds the rows that name the cause of a refused control.
const probeProfile = "probe"

// newPlan chooses and expands the rows for one target.
func (c Config) newPlan(all scenarios.Catalogue, target *Target) (*Plan, error) {
	p := &Plan{Target: withOther(target)}
	selection := c.Selection
	if selection.Profile == "" && len(selection.IDs) == 0 {
		selection.Profile = defaultProfile(target)
	}
	p.Profile = selection.Profile
	var err error
	if p.rows, err = all.Select(selection); err != nil {
		return nil, err
	}
	if p.probes, err = all.Select(scenarios.Selection{Profile: probeProfile}); err != nil {
		return nil, err
	}
	p.expansion = scenarios.Expansion{Target: p.Target, Slow: c.Slow}
	p.Cases = p.expansion.Expand(p.rows)
	return p, nil
}

func defaultProfile(t *Target) string {
	if t.Tokens.CanMint() {
		return "core"
	}
	return "core-keyless"
}

// withOther is the target with an environment OTHER of the harness's own where
// its file names one only and a mock signs (design 5). The file stays as it is.
func withOther(f *Target) *Target {
	c := *f
	c.APIs, c.Environments = slices.Clone(f.APIs), slices.Clone(f.Environments)
	c.Clients = nil
	for _, client := range f.Clients {
		own := *client
		own.Contracts, own.Granted = slices.Clone(client.Contracts), slices.Clone(client.Granted)
		c.Clients = append(c.Clients, &own)
	}
	c.MadeUpOther()
	return &c
}

// at expands the plan's rows again for a target whose gateways have got their
// addresses, and keeps what wanted holds for.
func (p *Plan) at(target *Target, wanted func(*PlannedCase) bool) (x scenarios.Expansion, cases, probes []PlannedCase) {
	x = p.expansion
	x.Target = target
	cases = slices.DeleteFunc(x.Expand(p.rows), func(c PlannedCase) bool { return !wanted(&c) })
	each := x
	each.EachKind = true
	return x, cases, each.Expand(p.probes)
}

// inShard keeps the part of the specs that the shard names. The parts are equal
// in size, and the same in every run of one catalogue.
func inShard(plans []*Plan, s Shard) error {
	if s == (Shard{}) {
		return nil
	}
	left := 0
	n := 0
	for _, p := range plans {
		mine := map[string]bool{}
		for _, spec := range p.specs() {
			mine[spec.name] = n%s.Count == s.Index-1
			n++
		}
		p.Cases = slices.DeleteFunc(p.Cases, func(c PlannedCase) bool { return !mine[c.Spec()] })
		left += len(p.Cases)
	}
	if left == 0 {
		return &NothingSelectedError{Filter: "shard", Value: s.String(), Hint: fmt.Sprintf("there are %d specs in all", n)}
	}
	return nil
}

// filters are the narrowing members of a selection as flags.
func (c Config) filters() []string {
	var all []string
	for _, f := range []struct {
		name   string
		values []string
	}{
		{"id", c.Selection.IDs},
		{"group", c.Selection.Groups},
		{"severity", c.Selection.Severities},
		{"mark", c.Selection.Marks},
		{"guards", c.Selection.Guards},
		{"source", c.Selection.Sources},
		{"reference", c.Selection.References},
	} {
		for _, v := range f.values {
			all = append(all, "--"+f.name+" "+v)
		}
	}
	if c.Slow {
		all = append(all, "--slow")
	}
	return all
}

// profiles names the profiles of all plans, each once.
func profiles(plans []*Plan) string {
	var names []string
	for _, p := range plans {
		if !slices.Contains(names, p.Profile) {
			names = append(names, p.Profile)
		}
	}
	return strings.Join(names, ", ")
}

// isCross reports whether a row presents another environment's genuine token
// just as its client gets it, whether or not the target has another.
func isCross(row *scenarios.Scenario) bool {
	b := row.Base
	return b.Genuine() && b.Plain() && b.API == scenarios.APIOther && row.Token.Len() == 0 &&
		row.Request.IsZero() && row.Expect.Refuses()
}
