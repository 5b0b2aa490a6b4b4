package format

import (
	"slices"

	"github.com/entraproof/entraproof/reports"
)

// facet is one way to filter, with its values.
type facet struct {
	// Key is the attribute data-KEY of what is filtered.
	Key, Name string
	Values    []facetValue
}

// facetValue is one toggle.
type facetValue struct {
	Value string
	Tone  Tone
	Cases int
}

// facets returns the filters that leave something out: those with at least two
// values. The first one is by outcome, also when there is only one.
func facets(r *reports.Results) []facet {
	all := []facet{
		{Key: "outcome", Name: "Outcome"},
		{Key: "severity", Name: "Severity"},
		{Key: "group", Name: "Group"},
		{Key: "environment", Name: "Presented to"},
		{Key: "target", Name: "Target"},
	}
	for i := range r.Cases {
		if c := &r.Cases[i]; !c.Extra {
			for j, value := range []string{c.Effective().String(), c.Severity, c.Group, c.Environment, c.Target} {
				all[j].count(value)
			}
		}
	}
	for j := range all {
		slices.SortFunc(all[j].Values, order(all[j].Key))
	}
	for j := range all[0].Values {
		all[0].Values[j].Tone = toneOf(outcomeNamed(all[0].Values[j].Value))
	}
	return slices.DeleteFunc(all, func(f facet) bool { return len(f.Values) < 2 && f.Key != "outcome" })
}

func (f *facet) count(value string) {
	i := slices.IndexFunc(f.Values, func(v facetValue) bool { return v.Value == value })
	if i < 0 {
		f.Values = append(f.Values, facetValue{Value: value})
		i = len(f.Values) - 1
	}
	f.Values[i].Cases++
}

// order sorts the worst first where there is a worst, else by name.
func order(key string) func(a, b facetValue) int {
	rank := func(string) int { return 0 }
	switch key {
	case "outcome":
		rank = func(value string) int { return -int(outcomeNamed(value)) }
	case "severity":
		rank = func(value string) int { return slices.Index(reports.Severities(), value) }
	}
	return func(a, b facetValue) int {
		if d := rank(a.Value) - rank(b.Value); d != 0 {
			return d
		}
		if a.Value < b.Value {
			return -1
		}
		return 1
	}
}

// outcomeNamed is the outcome of that word.
func outcomeNamed(word string) reports.Outcome {
	for o := reports.Pass; o < reports.Error; o++ {
		if o.String() == word {
			return o
		}
	}
	return reports.Error
}
