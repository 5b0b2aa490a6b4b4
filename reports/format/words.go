package format

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
)

// oneLine returns text on one line of at most limit runes, without anything
// that a terminal would obey: details quote what a gateway sent.
func oneLine(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return utf8.RuneError
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit-1]) + "…"
}

// sentence returns the reason's sentence; of an unknown one, its code.
func sentence(r reports.Reason) string {
	if s := r.Sentence(); s != "" {
		return s
	}
	return string(r)
}

// at says where, if that is known.
func at(address string) string {
	if address == "" {
		return ""
	}
	return " at " + address
}

// observed says what came back for a case, in a few words.
func observed(c *reports.Case) string {
	var parts []string
	switch {
	case c.Status != 0:
		parts = append(parts, fmt.Sprintf("answered %d", c.Status))
	case c.Fault != "":
		parts = append(parts, "no answer: "+string(c.Fault)+at(c.Address))
	case !c.WasFired():
		return "not fired"
	}
	switch c.Reached {
	case reports.Reached:
		parts = append(parts, "reached the upstream")
	case reports.Forwarded:
		parts = append(parts, "was forwarded to the upstream")
	case reports.NotReached:
		if c.RefusedBy == "" {
			parts = append(parts, "did not reach the upstream")
		}
	case reports.ReachUnknown:
	}
	if c.RefusedBy != "" {
		parts = append(parts, "refused by the "+c.RefusedBy)
	}
	if len(parts) == 0 {
		return "nothing recorded"
	}
	return strings.Join(parts, ", ")
}

// pair says where a case's token came from and went.
func pair(c *reports.Case) string {
	if c.MintedFor == "" || c.MintedFor == c.Environment {
		return c.Environment
	}
	return c.MintedFor + "→" + c.Environment
}

// places returns the distinct pairs of a finding, sorted as its cases are.
func places(cases []*reports.Case) []string {
	var all []string
	seen := map[string]bool{}
	for _, c := range cases {
		if p := pair(c); !seen[p] {
			seen[p] = true
			all = append(all, p)
		}
	}
	return all
}

// kindsOf returns the distinct kinds of token of a finding, in words.
func kindsOf(cases []*reports.Case) string {
	seen := map[string]bool{}
	var kinds []string
	for _, c := range cases {
		if c.Kind != "" && !seen[c.Kind] {
			seen[c.Kind] = true
			kinds = append(kinds, c.Kind)
		}
	}
	return reports.KindWords(kinds)
}

// sortOf names what a finding is, in the words of those who look for it.
func sortOf(f reports.Finding) string {
	switch {
	case f.Reason == verdict.EnvironmentsNotSeparable:
		return "not separable"
	case f.FalseAccept:
		return "false positive"
	case f.FalseReject:
		return "false reject"
	}
	return "failure"
}

// countsText lists the outcomes that occur, the worst first.
func countsText(n reports.Counts) string {
	var parts []string
	for o := reports.Error; ; o-- {
		if of := n.Of(o); of > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", of, o))
		}
		if o == reports.Pass {
			break
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// identity says who judged what, in one line.
func identity(r *reports.Results) string {
	parts := []string{r.Tool.Name + " " + r.Tool.Version}
	if r.Tool.Commit != "" {
		parts[0] += " (" + r.Tool.Commit[:min(12, len(r.Tool.Commit))] + ")"
	}
	for _, t := range r.Targets {
		parts = append(parts, "target "+t.Name)
	}
	if r.Selection.Profile != "" {
		parts = append(parts, "profile "+r.Selection.Profile)
	}
	parts = append(parts, r.Selection.Filters...)
	if r.Selection.Shard != "" {
		parts = append(parts, "shard "+r.Selection.Shard)
	}
	return oneLine(strings.Join(append(parts, fmt.Sprintf("seed %d", r.Run.Seed)), ", "), 4*lineWidth)
}

// maxPlaces bounds how many pairs of one finding are named on a line.
const maxPlaces = 6

// placesText names where a finding was made.
func placesText(cases []*reports.Case) string {
	all := places(cases)
	if len(all) > maxPlaces {
		return strings.Join(all[:maxPlaces], ", ") + fmt.Sprintf(" and %d more", len(all)-maxPlaces)
	}
	return strings.Join(all, ", ")
}

// kindSuffix names the kinds of token of a finding in parentheses.
func kindSuffix(cases []*reports.Case) string {
	if kinds := kindsOf(cases); kinds != "" {
		return " (" + kinds + ")"
	}
	return ""
}

// causeGroup is one cause with all tokens and gateways that it is true of.
type causeGroup struct {
	reports.Cause
	Where string
}

// causeGroups joins causes that say the same of several kinds and places.
func causeGroups(r *reports.Results) []causeGroup {
	type key struct{ sentence, certainty, remedy string }
	var order []key
	groups := map[key][]reports.Cause{}
	for _, c := range r.Causes {
		k := key{c.Sentence, c.Certainty, c.Remedy}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], c)
	}
	var all []causeGroup
	for _, k := range order {
		all = append(all, causeGroup{groups[k][0], causesWhere(r, groups[k])})
	}
	return all
}

// causesWhere names kinds and places: "v1/v2 × user at dev, uat".
func causesWhere(r *reports.Results, causes []reports.Cause) string {
	kinds := map[string][]string{}
	for _, c := range causes {
		place := c.Environment
		if len(r.Targets) > 1 {
			place = c.Target + "/" + place
		}
		kinds[place] = append(kinds[place], c.Kind)
	}
	at := map[string][]string{}
	for _, place := range slices.Sorted(maps.Keys(kinds)) {
		words := reports.KindWords(kinds[place])
		at[words] = append(at[words], place)
	}
	var parts []string
	for _, words := range slices.Sorted(maps.Keys(at)) {
		parts = append(parts, words+" at "+strings.Join(at[words], ", "))
	}
	return strings.Join(parts, "; ")
}

func runes(s string) int { return utf8.RuneCountInString(s) }

// padded fills text with blanks to width runes.
func padded(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-runes(text)))
}

// learntOf are those of which a target file can declare something.
func learntOf(all []reports.Supports) []reports.Supports {
	return slices.DeleteFunc(slices.Clone(all), func(s reports.Supports) bool { return s.Lines == 0 })
}

// supportsText is what was learnt of a target as it can be pasted, no line of it
// longer than a reader's window.
func supportsText(s reports.Supports) string {
	var all []string
	for line := range strings.Lines(s.YAML) {
		text := strings.TrimLeft(line, " ")
		all = append(all, line[:len(line)-len(text)]+oneLine(text, lineWidth))
	}
	return strings.Join(all, "\n")
}
