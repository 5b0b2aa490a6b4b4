package engine

import (
	"cmp"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
)

// sight is one answer to a row that a capability decides, where the target does
// not declare it.
type sight struct {
	environment, key, row, id string
	accepted                  bool
}

// see notes the answer to a case that an undeclared capability decides. A
// refusal tells something only where the control is accepted.
func (r *Run) see(s *shot) {
	if s.c.Expect.Either == "" || s.extra {
		return
	}
	state, _ := verdict.JudgeControl(s.observed, s.reach)
	if state != verdict.Accepted && (state != verdict.Refused || s.lane.state() != verdict.Accepted) {
		return
	}
	seen := sight{s.c.Home.Name, s.c.Expect.Either, s.c.Scenario.ID, s.c.ID, state == verdict.Accepted}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sights = append(r.sights, seen)
}

// learnt is what the sights say about each capability at each environment.
func learnt(target string, sights []sight) []reports.Learnt {
	slices.SortFunc(sights, func(a, b sight) int {
		return cmp.Or(cmp.Compare(a.environment, b.environment), cmp.Compare(a.key, b.key), cmp.Compare(a.id, b.id))
	})
	var all []reports.Learnt
	for len(sights) > 0 {
		first := sights[0]
		n := slices.IndexFunc(sights, func(s sight) bool { return s.environment != first.environment || s.key != first.key })
		if n < 0 {
			n = len(sights)
		}
		if c, ok := targets.CapabilityOf(first.key); ok {
			l := learntOf(c, sights[:n])
			l.Target = target
			all = append(all, l)
		}
		sights = sights[n:]
	}
	return all
}

// learntOf is the value that explains all sights of one capability, or the
// values that do.
func learntOf(c targets.Capability, sights []sight) reports.Learnt {
	l := reports.Learnt{Environment: sights[0].environment, Key: c.Key, Says: c.Says}
	for _, s := range sights {
		l.From = append(l.From, s.id)
	}
	fitting := slices.DeleteFunc(c.Known(), func(value string) bool { return !explains(c, value, sights) })
	lengths := fittingLengths(c, sights)
	if len(fitting) == 1 && len(lengths) == 0 {
		l.Value, l.Says = fitting[0], c.Sentence(fitting[0])
		if c.Type == targets.WordsType {
			l.Value = "[" + l.Value + "]"
		}
		return l
	}
	l.Open = slices.Concat(fitting, lengths)
	return l
}

// explains reports whether a gateway that is as the value says would have
// answered as it did.
func explains(c targets.Capability, value string, sights []sight) bool {
	return !slices.ContainsFunc(sights, func(s sight) bool {
		answer, ok := c.Makes(value, s.row)
		return !ok || answer.Accept != s.accepted
	})
}

// fittingLengths are the ranges of a duration that explain the sights, in
// words: no single length follows from them.
func fittingLengths(c targets.Capability, sights []sight) []string {
	var all []string
	for i, from := range c.From {
		if !explains(c, from.Value, sights) {
			continue
		}
		var bounds []string
		if i > 0 {
			bounds = append(bounds, from.Value+" or more")
		}
		if i+1 < len(c.From) {
			bounds = append(bounds, "less than "+c.From[i+1].Value)
		}
		all = append(all, strings.Join(bounds, ", "))
	}
	return all
}
