package format

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page's templates, style and script
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"sync"

	"github.com/entraproof/entraproof/reports"
)

var (
	//go:embed html.tmpl
	pageTemplate string
	//go:embed html_case.tmpl
	caseTemplate string
	//go:embed html.css
	pageStyle string
	//go:embed html.js
	pageScript string
)

// page is parsed when it is first wanted: no program that writes none pays for it
// with its start.
var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.Must(template.New("page").Funcs(pageFuncs()).Parse(pageTemplate)).Parse(caseTemplate))
})

// HTML writes one self-contained page. Nothing is fetched: its own policy lets
// in one style and one script, by their hashes, and nothing else. The answers,
// the matrix and the findings are plain HTML; the script searches, filters and
// unpacks the rest.
func HTML(w io.Writer, r *reports.Results) error {
	p, err := newPage(r.Concluded())
	if err != nil {
		return fmt.Errorf("format: html: %w", err)
	}
	var text bytes.Buffer
	if err := page().Execute(&text, p); err != nil {
		return fmt.Errorf("format: html: %w", err)
	}
	_, err = turning().WriteString(w, text.String())
	return err
}

// policy is the page's Content-Security-Policy.
func policy() string {
	return fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'",
		sourceHash(pageStyle), sourceHash(pageScript))
}

// sourceHash is how a policy names an inline style or script.
func sourceHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// pageData is what the template shows.
type pageData struct {
	*reports.Results
	Policy   string
	Style    template.CSS
	Script   template.JS
	Meaning  string
	ExitTone Tone

	Facts     []string
	Questions []question
	Targets   []targetView
	Causes    []causeGroup
	Bar       []barPart
	Facets    []facet
	Findings  []findingView
	Groups    []groupView
	Controls  []controlView
	Unsettled []reports.Obligation
	Tallies   []reports.Tally
	Declared  []reports.Declaration
	RowCounts reports.Counts
	// FalseAccept and FalseReject count findings.
	FalseAccept, FalseReject int
	// Folded is how many cases of findings are packed although they failed.
	Folded int
	// Packed are the bodies that the script unpacks.
	Packed template.HTML
}

func newPage(r *reports.Results) (*pageData, error) {
	p := &pageData{
		Results: r, Policy: policy(),
		Style: template.CSS(pageStyle), Script: template.JS(pageScript), //nolint:gosec // our own files
		Meaning: reports.ExitMeaning(r.ExitCode), ExitTone: toneOfExit(r.ExitCode),
		Facts: facts(r), Questions: questions(r), Targets: targetViews(r), Causes: causeGroups(r), Bar: bar(r.Counts),
		Tallies: r.Tallies(), Declared: r.Declarations(), RowCounts: r.CountRows(),
	}
	for _, o := range r.Obligations {
		if !o.Settled() {
			p.Unsettled = append(p.Unsettled, o)
		}
	}
	return p, p.addBodies()
}

// addBodies renders what opens: findings first, which stand in the page.
func (p *pageData) addBodies() error {
	b := newBodies(p.Results)
	p.Findings = b.findings()
	p.Groups = b.groups()
	p.Controls = b.controls()
	p.Facets = facets(p.Results)
	for _, f := range p.Findings {
		switch {
		case f.FalseAccept:
			p.FalseAccept++
		case f.FalseReject:
			p.FalseReject++
		}
		p.Folded += f.Folded
	}
	var err error
	p.Packed, err = b.pack()
	return err
}
