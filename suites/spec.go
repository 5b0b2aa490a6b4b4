package suites

import (
	"slices"
	"strings"

	"github.com/entraproof/entraproof/scenarios"
)

// Spec is one scenario at one environment of one target: what a Ginkgo spec
// waits for.
type Spec struct {
	// Target and Environment are names.
	Target, Environment string
	// Scenario is the row.
	Scenario scenarios.Scenario

	name string // of the engine: scenario/environment
}

// Key is target/scenario/environment, unique within a session.
func (s Spec) Key() string { return s.Target + "/" + s.name }

// Text is the spec's text in the Ginkgo tree. It holds nothing that differs
// between two runs.
func (s Spec) Text() string {
	return s.Scenario.ID + " at " + s.Environment + ": " + s.Scenario.Title
}

// Labels are what Ginkgo's label filter chooses by, such as group:AUD and
// severity:critical.
func (s Spec) Labels() []string {
	row := s.Scenario
	all := []string{
		"target:" + s.Target, "environment:" + s.Environment, "id:" + row.ID, "group:" + row.Group,
		"severity:" + string(row.Severity), "guards:" + row.Guards, "source:" + string(row.Source),
	}
	for _, mark := range row.Marks {
		all = append(all, "mark:"+mark)
	}
	for i, label := range all {
		all[i] = labelText(label)
	}
	return slices.DeleteFunc(all, func(label string) bool { return strings.HasSuffix(label, ":") })
}

// labelText replaces what has a meaning in Ginkgo's label filters.
func labelText(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if strings.ContainsRune("&|!,()/", r) {
			return '-'
		}
		return r
	}, text))
}

// specs are the specs of the plan's cases, in the order of the rows.
func (p *Plan) specs() []Spec {
	cases := map[string][]string{} // row: environments
	for i := range p.Cases {
		c := &p.Cases[i]
		if id := c.Scenario.ID; !slices.Contains(cases[id], c.Home.Name) {
			cases[id] = append(cases[id], c.Home.Name)
		}
	}
	var all []Spec
	for _, row := range p.rows {
		slices.Sort(cases[row.ID])
		for _, environment := range cases[row.ID] {
			all = append(all, Spec{Target: p.Target.Name, Environment: environment, Scenario: row, name: row.ID + "/" + environment})
		}
	}
	return all
}
