package format

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/reports"
)

// question is one of the two questions as the first screen asks it.
type question struct {
	reports.Question
	Ask, Reply string
	Tone       Tone
}

func questions(r *reports.Results) []question {
	asks := []string{"Are genuine tokens refused?", "Can another environment’s token enter?"}
	var all []question
	for i, q := range r.Questions() {
		all = append(all, question{Question: q, Ask: asks[i], Reply: reply(q.State), Tone: toneOfAnswer(q.Answer)})
	}
	return all
}

// reply answers both questions: each asks for something bad.
func reply(state string) string {
	switch state {
	case reports.Fixed, reports.Closed:
		return "No, " + state
	case reports.NotFixed, reports.Open:
		return "Yes, " + state
	case reports.AnswerUnproven:
		return "Unproven"
	}
	return "Not tested"
}

// facts say when, by what and on which selection the run was made.
func facts(r *reports.Results) []string {
	var all []string
	if !r.Run.Started.IsZero() {
		all = append(all, r.Run.Started.UTC().Format("2 January 2006, 15:04 UTC"))
	}
	all = append(all, r.Tool.Name+" "+r.Tool.Version)
	if r.Selection.Profile != "" {
		all = append(all, "profile "+r.Selection.Profile)
	}
	for _, filter := range r.Selection.Filters {
		all = append(all, oneLine(filter, lineWidth))
	}
	if r.Selection.Shard != "" {
		all = append(all, "shard "+r.Selection.Shard)
	}
	return append(all, fmt.Sprintf("seed %d", r.Run.Seed))
}

// targetView is one target on the first screen.
type targetView struct {
	reports.Target
	Matrix    Matrix
	Questions []reports.Question
}

func targetViews(r *reports.Results) []targetView {
	var all []targetView
	for i := range r.Targets {
		t := &r.Targets[i]
		answers := r.AnswersOf(t.Name)
		one := reports.Results{Answers: answers}
		all = append(all, targetView{*t, matrixOf(r, t), one.Questions()})
	}
	return all
}

// barPart is a part of a bar of outcomes, in units of one case.
type barPart struct {
	Outcome  reports.Outcome
	Tone     Tone
	From, Of int
}

// bar returns the parts of a bar, the worst outcome first.
func bar(n reports.Counts) []barPart {
	var parts []barPart
	from := 0
	for o := reports.Error; ; o-- {
		if of := n.Of(o); of > 0 {
			parts = append(parts, barPart{o, toneOf(o), from, of})
			from += of
		}
		if o == reports.Pass {
			return parts
		}
	}
}

// required says what a row demands.
func required(expected string) string {
	verb, rest, _ := strings.Cut(expected, " ")
	statuses := strings.Fields(rest)
	numbers := !slices.ContainsFunc(statuses, func(s string) bool { return strings.Trim(s, "0123456789") != "" })
	switch {
	case expected == "accept":
		return "Let it in and pass it on to the upstream."
	case verb != "refuse" || !numbers || len(statuses) == 0:
		return ""
	case len(statuses) == 1:
		return "Refuse it with " + statuses[0] + ", and keep it from the upstream."
	}
	return "Refuse it with " + statuses[0] + " (" + reports.Enumerate(statuses[1:], "or") + " will do), and keep it from the upstream."
}

// causeGroupsOf joins causes as causeGroups does, of some only.
func causeGroupsOf(r *reports.Results, causes []reports.Cause) []causeGroup {
	some := *r
	some.Causes = causes
	return causeGroups(&some)
}

// shotsText sums up the shots of a control: "5 accepted".
func shotsText(c *reports.Control) string {
	count := map[reports.ControlState]int{}
	for _, shot := range c.Shots {
		count[shot.State]++
	}
	var parts []string
	for _, state := range slices.Sorted(maps.Keys(count)) {
		parts = append(parts, fmt.Sprintf("%d %s", count[state], state))
	}
	return strings.Join(parts, ", ")
}

// toneOfControl returns the tone of a control's state.
func toneOfControl(s reports.ControlState) Tone {
	switch s {
	case reports.ControlAccepted:
		return Good
	case reports.ControlRefused:
		return Bad
	case reports.ControlNone:
		return Quiet
	case reports.ControlUnproven:
	}
	return Unsure
}

// pretty indents a body that is JSON; anything else stays as it is.
func pretty(text string) string {
	var out bytes.Buffer
	if !strings.HasPrefix(text, "{") || json.Indent(&out, []byte(text), "", "  ") != nil {
		return text
	}
	return out.String()
}

func pageFuncs() template.FuncMap {
	return template.FuncMap{
		"tone": toneOf, "answer": toneOfAnswer, "controlTone": toneOfControl,
		"sentence": sentence, "observed": observed, "required": required, "pair": pair, "sort": sortOf, "remedy": remedy,
		"counts": countsText, "kind": reports.KindWord, "plural": reports.Plural, "places": placesText,
		"join": func(words []string) string { return strings.Join(words, ", ") }, "words": func(words []string) string { return strings.Join(words, " ") },
		"learnt": learntOf, "supports": supportsText,
		"pretty": pretty, "seconds": seconds, "shots": shotsText, "status": statusText,
	}
}
