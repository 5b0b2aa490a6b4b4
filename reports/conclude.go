package reports

import (
	"cmp"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/verdict"
)

// Concluded returns the results sorted and with everything derived anew from
// cases, controls and targets; r stays as it is. Renderers start with it, so
// that no report repeats an exit code or answer that its cases do not bear.
func (r *Results) Concluded() *Results {
	c := *r
	c.Cases, c.Controls = slices.Clone(r.Cases), slices.Clone(r.Controls)
	c.Conclude()
	return &c
}

// Conclude makes r its own conclusion.
func (r *Results) Conclude() {
	r.Schema = cmp.Or(r.Schema, SchemaVersion)
	r.Targets = sortedTargets(r.Targets)
	r.Cases, r.Controls = list(r.Cases), list(r.Controls)
	slices.SortFunc(r.Cases, compareCases)
	slices.SortFunc(r.Controls, func(a, b Control) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.ID, b.ID))
	})
	for i := range r.Controls {
		r.Controls[i].State = r.Controls[i].proves()
		r.Controls[i].Shots = list(knownShots(r.Controls[i].Shots))
	}
	for i := range r.Cases {
		k := &r.Cases[i]
		k.Outcome, k.Repeats, k.Steps = known(k.Outcome), knownShots(k.Repeats), knownSteps(k.Steps)
	}
	r.Causes, r.Learnt = sortedCauses(r.Causes), sortedLearnt(r.Learnt)
	r.Supports = supportsOf(r.Learnt)
	r.Waivers = r.waiversUsed()
	r.Counts, r.Selection.Fired = r.CountCases(), r.fired()
	r.Obligations = r.obligations()
	r.LeftOpen = r.leftOpen()
	r.Answers = r.answers()
	r.ExitCode = r.exitCode()
}

// knownShots and knownSteps return copies in which outcomes beyond the ladder
// are errors.
func knownShots(shots []Shot) []Shot {
	shots = slices.Clone(shots)
	for i := range shots {
		shots[i].Outcome = known(shots[i].Outcome)
	}
	return shots
}

func knownSteps(steps []Step) []Step {
	steps = slices.Clone(steps)
	for i := range steps {
		steps[i].Outcome = known(steps[i].Outcome)
	}
	return steps
}

// list returns items, or an empty list for none: the schema asks for a list.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

func sortedTargets(targets []Target) []Target {
	targets = list(slices.Clone(targets))
	slices.SortFunc(targets, func(a, b Target) int { return cmp.Compare(a.Name, b.Name) })
	for i := range targets {
		t := &targets[i]
		t.Environments, t.Supports = slices.Clone(t.Environments), slices.Clone(t.Supports)
		slices.SortFunc(t.Environments, func(a, b Environment) int { return cmp.Compare(a.Name, b.Name) })
		slices.SortFunc(t.Supports, func(a, b Capability) int { return cmp.Compare(a.Key, b.Key) })
		t.Environments = list(t.Environments)
		for j := range t.Environments {
			e := &t.Environments[j]
			e.Kinds, e.Enforces = list(e.Kinds), list(e.Enforces)
		}
	}
	return targets
}

func sortedCauses(causes []Cause) []Cause {
	causes = slices.Clone(causes)
	slices.SortFunc(causes, func(a, b Cause) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Environment, b.Environment),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Sentence, b.Sentence))
	})
	return causes
}

func sortedLearnt(learnt []Learnt) []Learnt {
	learnt = slices.Clone(learnt)
	slices.SortFunc(learnt, func(a, b Learnt) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Environment, b.Environment),
			cmp.Compare(a.Key, b.Key), cmp.Compare(a.Value, b.Value))
	})
	for i := range learnt {
		learnt[i].From = list(learnt[i].From)
	}
	return learnt
}

// waiversUsed returns the waivers with the number of cases that each covers.
func (r *Results) waiversUsed() []Waiver {
	waivers := slices.Clone(r.Waivers)
	slices.SortFunc(waivers, func(a, b Waiver) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Target, b.Target))
	})
	for i := range waivers {
		w := &waivers[i]
		w.Used = 0
		for j := range r.Cases {
			if r.Cases[j].waivedBy(*w) {
				w.Used++
			}
		}
	}
	return waivers
}

// waivedBy reports whether the waiver covers something that the case lacks.
func (c *Case) waivedBy(w Waiver) bool {
	if c.Waived == nil || c.Waived.ID != w.ID || w.Target != "" && w.Target != c.Target {
		return false
	}
	switch c.Grade() {
	case Pass, Warn, Unsupported:
		return false
	case Recorded, Skipped, Inconclusive, Fail, Error:
	}
	return true
}

// Unused reports whether the waiver named cases of the run and covered none of
// them: it has to go.
func (w Waiver) Unused() bool { return w.Reached && w.Used == 0 }

func (r *Results) fired() int {
	n := 0
	for i := range r.Cases {
		if c := &r.Cases[i]; !c.Extra && c.WasFired() {
			n++
		}
	}
	return n
}

// Unfinished reports whether selected cases are missing from the results.
func (r *Results) Unfinished() bool {
	return r.Run.Interrupted || r.Counts.Total() < r.Selection.Selected
}

// guardsDeclared are the checks that a target may declare it does not make.
const guardsDeclared = "audience client issuer role scope tenant"

// leftOpen returns the checks that targets declare they do not make, with the
// rows that were therefore not judged, sorted by guard.
func (r *Results) leftOpen() []LeftOpen {
	var open []LeftOpen
	for guard := range strings.FieldsSeq(guardsDeclared) {
		l := LeftOpen{Guard: guard, Rows: []string{}, Environments: []string{}}
		gateways := 0
		for i := range r.Targets {
			for _, e := range r.Targets[i].gateways() {
				gateways++
				if !slices.Contains(e.Enforces, guard) {
					l.Environments = append(l.Environments, r.place(r.Targets[i].Name, e.Name))
				}
			}
		}
		for i := range r.Cases {
			if c := &r.Cases[i]; c.Guards == guard && c.Reason == verdict.LeftOpenByDeclaration && !c.Extra {
				l.Rows = append(l.Rows, c.Scenario)
				l.Environments = append(l.Environments, r.place(c.Target, c.Environment))
			}
		}
		l.Rows, l.Environments = sortedSet(l.Rows), sortedSet(l.Environments)
		l.Everywhere = len(l.Environments) == gateways
		if len(l.Environments) > 0 {
			open = append(open, l)
		}
	}
	return open
}

// place names an environment, with its target where there are several.
func (r *Results) place(target, environment string) string {
	if len(r.Targets) > 1 {
		return target + "/" + environment
	}
	return environment
}

// Exit codes that results alone can give; wrong usage is the command's own 2.
const (
	// ExitConforms is every obligation met.
	ExitConforms = 0
	// ExitDoesNotConform is a failure that is not waived.
	ExitDoesNotConform = 1
	// ExitWrongUsage is, of results, a waiver that covers nothing any more.
	ExitWrongUsage = 2
	// ExitCouldNotRun is a case that could not be run, or none that was.
	ExitCouldNotRun = 3
	// ExitUnproven is something inconclusive, or an obligation not met.
	ExitUnproven = 4
)

// exitCode returns the code of design.md §5: a proven hole first, because
// nothing else undoes it.
func (r *Results) exitCode() int {
	switch {
	case r.Counts.Fail > 0:
		return ExitDoesNotConform
	case slices.ContainsFunc(r.Waivers, Waiver.Unused):
		return ExitWrongUsage
	case r.Counts.Error > 0 || r.Selection.Fired == 0 || r.Unfinished() || r.check() != nil,
		slices.ContainsFunc(r.Controls, func(c Control) bool { return c.leadsNowhere() }):
		return ExitCouldNotRun
	case r.Counts.Inconclusive > 0 || slices.ContainsFunc(r.Obligations, func(o Obligation) bool { return !o.Settled() }):
		return ExitUnproven
	}
	return ExitConforms
}

// ExitMeaning says an exit code in words.
func ExitMeaning(code int) string {
	switch code {
	case ExitConforms:
		return "conforms: everything that was asked for is proven"
	case ExitDoesNotConform:
		return "does not conform"
	case ExitWrongUsage:
		return "wrong usage or configuration"
	case ExitCouldNotRun:
		return "could not run: something was not fired or had no answer"
	case ExitUnproven:
		return "not proven: something is inconclusive or was not tested"
	}
	return "unknown"
}
