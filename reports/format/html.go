package format

import (
	"bytes"
	"cmp"
	_ "embed" // the page's template and style
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/reports"
)

var (
	//go:embed html.tmpl
	pageTemplate string
	//go:embed html.css
	pageStyle string
	page      = template.Must(template.New("page").Funcs(pageFuncs()).Parse(pageTemplate))
)

// HTML writes one self-contained page: nothing is fetched and no script runs,
// which its own policy also forbids.
func HTML(w io.Writer, r *reports.Results) error {
	var text bytes.Buffer
	if err := page.Execute(&text, newPage(r.Concluded())); err != nil {
		return fmt.Errorf("format: html: %w", err)
	}
	_, err := w.Write(text.Bytes())
	return err
}

// pageData is what the template shows.
type pageData struct {
	*reports.Results
	Style       template.CSS
	Meaning     string
	ExitTone    Tone
	Questions   []reports.Question
	Causes      []causeGroup
	Matrices    []Matrix
	Findings    []reports.Finding
	Unsettled   []reports.Obligation
	Tallies     []reports.Tally
	Groups      []pageGroup
	Declared    []reports.Declaration
	RowCounts   reports.Counts
	FalseAccept int
	FalseReject int
}

// pageGroup is one group of the catalogue with its rows.
type pageGroup struct {
	Name   string
	Rows   []reports.Row
	Counts reports.Counts
}

func newPage(r *reports.Results) *pageData {
	p := &pageData{
		Results: r, Style: template.CSS(pageStyle), //nolint:gosec // our own file
		Meaning: reports.ExitMeaning(r.ExitCode), ExitTone: toneOfExit(r.ExitCode),
		Questions: r.Questions(), Causes: causeGroups(r), Matrices: Matrices(r), Findings: r.Findings(),
		Tallies: r.Tallies(), Groups: pageGroups(r), Declared: r.Declarations(), RowCounts: r.CountRows(),
	}
	for _, o := range r.Obligations {
		if !o.Settled() {
			p.Unsettled = append(p.Unsettled, o)
		}
	}
	for _, f := range p.Findings {
		if f.FalseAccept {
			p.FalseAccept++
		}
		if f.FalseReject {
			p.FalseReject++
		}
	}
	return p
}

func pageGroups(r *reports.Results) []pageGroup {
	byName := map[string]*pageGroup{}
	for _, row := range r.Rows() {
		name := cmp.Or(row.Group, "other")
		if byName[name] == nil {
			byName[name] = &pageGroup{Name: name}
		}
		g := byName[name]
		g.Rows = append(g.Rows, row)
		g.Counts.Add(row.Outcome)
	}
	var groups []pageGroup
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		groups = append(groups, *byName[name])
	}
	return groups
}

func pageFuncs() template.FuncMap {
	return template.FuncMap{
		"tone":     toneOf,
		"answer":   toneOfAnswer,
		"sentence": sentence,
		"observed": observed,
		"pair":     pair,
		"sort":     sortOf,
		"remedy":   remedy,
		"counts":   countsText,
		"kind":     reports.KindWord,
		"plural":   reports.Plural,
		"places":   placesText,
		"join":     func(words []string) string { return strings.Join(words, ", ") },
		"pretty":   pretty,
		"seconds":  seconds,
		"identity": identity,
		"grade":    func(c *reports.Case) reports.Outcome { return c.Effective() },
		"shots":    shotsText,
	}
}

// pretty indents JSON for reading; member order and duplicates stay.
func pretty(raw json.RawMessage) string {
	var text bytes.Buffer
	if err := json.Indent(&text, raw, "", "  "); err != nil {
		return string(raw)
	}
	return text.String()
}

// shotsText sums up the shots of a control: "5 accepted".
func shotsText(c reports.Control) string {
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
