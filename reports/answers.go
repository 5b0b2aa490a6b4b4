package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// answers answers the two questions from the obligations.
func (r *Results) answers() Answers {
	return Answers{
		InvalidClient:    r.tempered(r.invalidClient(), Fixed),
		CrossEnvironment: r.tempered(r.crossEnvironment(), Closed),
	}
}

// AnswersOf returns the answers for one target alone.
func (r *Results) AnswersOf(target string) Answers {
	one := *r
	one.Targets = nil // its environments are named without it
	one.Obligations = slices.DeleteFunc(slices.Clone(r.Obligations), func(o Obligation) bool { return o.Target != target })
	return one.answers()
}

// tempered returns the answer as far as the run may give it: a part of a run
// proves that something is wrong, never that all is well.
func (r *Results) tempered(a Answer, good string) Answer {
	bad := a.State == NotFixed || a.State == Open
	switch {
	case r.Selection.Shard != "" && !bad:
		return Answer{
			State: AnswerNotTested,
			Text:  fmt.Sprintf("shard %s shows a part; only all shards together answer", r.Selection.Shard),
		}
	case r.Unfinished() && a.State == good:
		a.State = AnswerUnproven
		a.Notes = append(a.Notes, "the run did not finish")
	}
	return a
}

// invalidClient answers: are genuine tokens accepted?
func (r *Results) invalidClient() Answer {
	owed := r.about(ControlOwed)
	kinds, accepted := map[string]bool{}, map[string]bool{}
	for _, o := range owed {
		kinds[o.Kind], accepted[o.Kind] = true, true
	}
	for _, o := range owed {
		accepted[o.Kind] = accepted[o.Kind] && o.State == Met
	}
	maps.DeleteFunc(accepted, func(_ string, ok bool) bool { return !ok })
	a := Answer{State: stateOfAll(owed, Fixed, NotFixed)}
	if a.State == AnswerNotTested && len(accepted) == 0 {
		a.Text = "no genuine token was presented"
		return a
	}
	a.Text = fmt.Sprintf("%d of %d kinds of genuine token accepted", len(accepted), len(kinds))
	if len(accepted) > 0 {
		a.Text += " (" + KindWords(slices.Collect(maps.Keys(accepted))) + ")"
	}
	for _, state := range []string{Unmet, Unproven, NotTested} {
		a.Notes = append(a.Notes, r.controlNotes(owed, state)...)
	}
	return a
}

// crossEnvironment answers: are other environments' tokens refused?
func (r *Results) crossEnvironment() Answer {
	pairs := r.about(PairOwed)
	n := map[string]int{}
	reached := false
	for _, o := range pairs {
		n[o.State]++
		reached = reached || o.Owed || o.State != NotTested
	}
	a := Answer{State: stateOfAll(pairs, Closed, Open)}
	switch {
	case len(pairs) == 0:
		a.Text = "no environment has a gateway"
		return a
	case !reached:
		a.Text = "the selection presents no other environment's token"
		return a
	case a.State == Open:
		a.Text = fmt.Sprintf("%d of %d pairs accepted", n[Unmet], len(pairs))
	default:
		a.Text = fmt.Sprintf("%d of %d pairs refused%s", n[Met], len(pairs), refusers(pairs))
	}
	for _, state := range []string{Unmet, Unproven, NotTested} {
		a.Notes = append(a.Notes, r.pairNotes(pairs, state)...)
	}
	return a
}

// Question is one of the two questions with its answer.
type Question struct {
	// Name is what people call the trouble.
	Name string
	Answer
}

// Questions returns the two questions that people come with, answered.
func (r *Results) Questions() []Question {
	return []Question{
		{"403 Invalid Client", r.Answers.InvalidClient},
		{"cross-environment", r.Answers.CrossEnvironment},
	}
}

// LeftOpenText says what is left open by declaration, the most rows first.
func (r *Results) LeftOpenText() string {
	open := slices.Clone(r.LeftOpen)
	slices.SortStableFunc(open, func(a, b LeftOpen) int { return cmp.Compare(len(b.Rows), len(a.Rows)) })
	var parts []string
	for _, l := range open {
		parts = append(parts, l.text())
	}
	return strings.Join(parts, ", ")
}

func (l LeftOpen) text() string {
	rows := Plural(len(l.Rows), "row")
	if len(l.Rows) == 0 {
		rows = "no row selected"
	}
	if !l.Everywhere {
		rows += " at " + strings.Join(l.Environments, " and ")
	}
	return fmt.Sprintf("%s (%s)", l.Guard, rows)
}

// Plural returns number and noun: "1 row", "2 rows".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// about returns the obligations of one sort.
func (r *Results) about(what string) []Obligation {
	var of []Obligation
	for _, o := range r.Obligations {
		if o.What == what {
			of = append(of, o)
		}
	}
	return of
}

// stateOfAll returns the word for all obligations together. What was not tested
// never counts as good.
func stateOfAll(owed []Obligation, good, bad string) string {
	seen := map[string]bool{}
	for _, o := range owed {
		seen[o.State] = true
	}
	switch {
	case seen[Unmet]:
		return bad
	case seen[Unproven]:
		return AnswerUnproven
	case seen[NotTested] || !seen[Met]:
		return AnswerNotTested
	}
	return good
}

// noteWord is how a note begins.
func noteWord(what, state string) string {
	switch {
	case state == Unmet && what == PairOwed:
		return "open"
	case state == Unmet:
		return "refused"
	case state == Unproven:
		return "unproven"
	}
	return "not tested"
}

// controlNotes returns a line for each reason, with kinds and places.
func (r *Results) controlNotes(owed []Obligation, state string) []string {
	type group struct{ why, places string }
	places := map[[2]string][]string{} // why, kind
	for _, o := range owed {
		if o.State == state {
			key := [2]string{o.Why, o.Kind}
			places[key] = append(places[key], r.place(o.Target, o.Environment))
		}
	}
	kinds := map[group][]string{}
	for key, at := range places {
		g := group{key[0], strings.Join(sortedSet(at), ", ")}
		kinds[g] = append(kinds[g], key[1])
	}
	var lines []string
	for g, of := range kinds {
		line := fmt.Sprintf("%s: %s at %s", noteWord(ControlOwed, state), KindWords(of), g.places)
		lines = append(lines, said(line, g.why))
	}
	slices.Sort(lines)
	return lines
}

// pairNotes returns a line for each reason, with the pairs.
func (r *Results) pairNotes(pairs []Obligation, state string) []string {
	byWhy := map[string][]string{}
	for _, o := range pairs {
		if o.State == state {
			why := o.Why
			if o.Waived {
				why = strings.TrimPrefix(why+", waived", ", ")
			}
			byWhy[why] = append(byWhy[why], r.PairName(o))
		}
	}
	var lines []string
	for why, names := range byWhy {
		slices.Sort(names)
		lines = append(lines, said(noteWord(PairOwed, state)+": "+strings.Join(names, ", "), why))
	}
	slices.Sort(lines)
	return lines
}

// PairName names a pair for a reader, with its target where there are several.
func (r *Results) PairName(o Obligation) string {
	from := cmp.Or(o.MintedFor, "(no other)")
	return r.place(o.Target, from+"→"+o.Environment)
}

func said(line, why string) string {
	if why == "" {
		return line
	}
	return line + " (" + why + ")"
}

// refusers says which checks refused the pairs, and how many each.
func refusers(pairs []Obligation) string {
	count := map[string]int{}
	for _, o := range pairs {
		if o.State == Met && len(o.By) > 0 {
			count[o.Refuser()]++
		}
	}
	if len(count) == 0 {
		return ""
	}
	names := slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s (%d)", name, count[name])
	}
	return ", by " + Enumerate(names, "and")
}

// Refuser names the checks that refused a pair, as a reader is told.
func (o Obligation) Refuser() string {
	if o.Isolated {
		return Enumerate(o.By, "with")
	}
	return Enumerate(o.By, "or") + ", not isolated"
}

// Enumerate joins words as a reader expects: "a, b and c".
func Enumerate(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	n := len(words) - 1
	return strings.Join(words[:n], ", ") + " " + last + " " + words[n]
}
