package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/reports/format"
)

// renderOptions are what the verb report render is given.
type renderOptions struct {
	results, format, output string
}

const renderLong = `render writes the results of a run in another format. Nothing is sent and nothing
is judged anew: the report is a function of the file. RESULTS is results.json, a
journal (results.ndjson) of a run that was cut off, the folder of a run, or - for
standard input.

Formats:
`

func (p *program) reportVerb() *cobra.Command {
	return family(&cobra.Command{
		Use: "report", Short: "work with the results of runs",
		Example: "  entraproof report render results --format html --output report.html",
	}, p.renderVerb())
}

func (p *program) renderVerb() *cobra.Command {
	var o renderOptions
	cmd := &cobra.Command{
		Use: "render RESULTS", Short: "write results in another format", Long: renderLong + formatList(),
		Example: "  entraproof report render results.json --format html --output report.html\n" +
			"  entraproof report render results.ndjson --format console",
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			o.results = args[0]
			if err := o.validate(); err != nil {
				return err
			}
			return p.render(o)
		},
	}
	cmd.Flags().StringVar(&o.format, "format", "console", "one of "+strings.Join(format.Names(), ", "))
	cmd.Flags().StringVarP(&o.output, "output", "o", "", "the file to write; standard output without")
	return cmd
}

// formatList is every report format, a line each.
func formatList() string {
	var b strings.Builder
	for _, f := range format.Formats() {
		fmt.Fprintf(&b, "  %-10s %s\n", f.Name, f.Title)
	}
	return strings.TrimRight(b.String(), "\n")
}

func (o renderOptions) validate() error { return checkWord("--format", o.format, format.Names()) }

func (p *program) render(o renderOptions) error {
	r, err := p.read(o.results)
	if err != nil {
		return err
	}
	f, _ := format.Named(o.format)
	if o.output == "" {
		return f.Render(p.out, r)
	}
	return writeReport(o.output, f, r)
}

// read reads results from a file, a folder or standard input.
func (p *program) read(name string) (*reports.Results, error) {
	var r *reports.Results
	var err error
	if name == "-" {
		r, err = reports.Decode(p.in)
	} else {
		r, err = reports.Read(name)
	}
	if errors.Is(err, reports.ErrNoHeader) {
		return nil, &failure{exitCouldNotRun, fmt.Errorf("%s: %w", name, err), "the run was cut off before it began; run it again"}
	}
	return r, wrongUsage(err, "RESULTS is results.json, results.ndjson or the folder of a run")
}

// writeReport writes one report, whole or not at all.
func writeReport(name string, f format.Format, r *reports.Results) error {
	return writeWhole(name, func(w io.Writer) error { return f.Render(w, r) })
}

// writeWhole writes a file beside its place and moves it there.
func writeWhole(name string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".entraproof-*")
	if err != nil {
		return wrongUsage(fmt.Errorf("write %s: %w", name, err), "")
	}
	err = errors.Join(write(f), f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), ignoreMissing(os.Remove(f.Name())))
	}
	return nil
}

// ignoreMissing is err unless it says that a file is not there.
func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
