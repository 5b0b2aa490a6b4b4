package format

import (
	"cmp"
	"io"
	"slices"

	"github.com/entraproof/entraproof/reports"
)

// Render writes r to w in one format. It leaves r as it is.
type Render func(w io.Writer, r *reports.Results) error

// Format is one way to write results down.
type Format struct {
	// Name is what `--format` takes.
	Name string
	// Title says what it is for.
	Title string
	// File is the usual name of the written file; empty for a terminal's.
	File string
	// Render writes it.
	Render Render
}

// formats is the registry, sorted by name.
var formats = register([]Format{
	{Name: "console", Title: "a summary for a terminal", Render: Console},
	{Name: "html", Title: "one self-contained page for auditors", File: "report.html", Render: HTML},
	{Name: "json", Title: "the results model itself", File: reports.ResultsFile, Render: JSON},
	{Name: "junit", Title: "JUnit XML for CI systems", File: "junit.xml", Render: JUnit},
	{Name: "markdown", Title: "a step summary for pull requests", File: "summary.md", Render: Markdown},
})

// Formats returns every format, sorted by name.
func Formats() []Format { return slices.Clone(formats) }

// Named returns the format of that name.
func Named(name string) (Format, bool) {
	i, ok := slices.BinarySearchFunc(formats, name, func(f Format, name string) int { return cmp.Compare(f.Name, name) })
	if !ok {
		return Format{}, false
	}
	return formats[i], true
}

// Names returns the names of all formats, sorted.
func Names() []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.Name)
	}
	return names
}

func register(all []Format) []Format {
	slices.SortFunc(all, func(a, b Format) int { return cmp.Compare(a.Name, b.Name) })
	for i := 1; i < len(all); i++ {
		if all[i].Name == all[i-1].Name {
			panic("format: registered twice: " + all[i].Name)
		}
	}
	return all
}
