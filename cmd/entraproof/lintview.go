package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/reports"
)

// writeFinding is one finding as compilers write theirs, with why and fix below,
// and the command that shows it; files are those that were looked at.
func writeFinding(w io.Writer, f policy.Finding, files []policy.File) {
	fmt.Fprintf(w, "%s: %s: %s [%s]\n", f.At, f.Severity, f.Message, f.Rule)
	fmt.Fprintf(w, "    why: %s\n    fix: %s\n", f.Why, f.Fix)
	for _, p := range f.Patches {
		fmt.Fprintf(w, "    --fix: %s\n", p)
	}
	if len(f.Proof) > 0 {
		fmt.Fprintf(w, "    shown by: %s\n", proofCommand(namesOf(files), f.Proof, f.ProofFlags))
	} else {
		fmt.Fprintf(w, "    not shown: %s\n", f.Unshown)
	}
}

// fewFiles are as many as a command names one by one.
const fewFiles = 3

// namesOf are files as a command takes them. Another environment's counts too.
func namesOf(files []policy.File) string {
	var names []string
	for _, f := range files {
		names = append(names, f.Name)
	}
	if len(names) > fewFiles {
		return "FILE..."
	}
	return strings.Join(names, " ")
}

// proofCommand fires the rows that show a finding.
func proofCommand(files string, rows []string, flags string) string {
	return strings.TrimSpace("entraproof policy predict " + files + " --id " + strings.Join(rows, ",") + " " + flags)
}

// findingView is a finding as JSON.
type findingView struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	policy.Finding
	// Edits are the patches in the text of their file.
	Edits []editView `json:"edits,omitempty"`
}

// editView is one edit as JSON: length characters give way to text.
type editView struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Length int    `json:"length"`
	Text   string `json:"text"`
}

func findingViews(found []policy.Finding, files []policy.File) []findingView {
	all := []findingView{}
	for _, f := range found {
		view := findingView{File: f.At.File, Line: f.At.Line, Column: f.At.Column, Finding: f}
		for _, e := range editsOf(f, files) {
			view.Edits = append(view.Edits, editView{e.At.File, e.At.Line, e.At.Column, e.Length, e.Text})
		}
		all = append(all, view)
	}
	return all
}

// editsOf are the edits that make the patches of a finding; none where one of
// them cannot be made.
func editsOf(f policy.Finding, files []policy.File) []policy.Edit {
	var all []policy.Edit
	for _, p := range f.Patches {
		for _, file := range files {
			if file.Name != p.At.File {
				continue
			}
			e, err := p.Edit(file.Bytes)
			if err != nil {
				return nil
			}
			all = append(all, e)
		}
	}
	return all
}

// writeDiff is a unified diff of the files that differ. It is applied with
// patch -p1, or with -p0 where names are absolute.
func writeDiff(w io.Writer, before, after []policy.File) {
	for i := range before {
		from, to := "a/"+before[i].Name, "b/"+before[i].Name
		if filepath.IsAbs(before[i].Name) {
			from, to = before[i].Name, before[i].Name
		}
		text := string(diff.Diff(from, before[i].Bytes, to, after[i].Bytes))
		_, text, _ = strings.Cut(text, "\n") // the line "diff FROM TO", which is of another tool
		fmt.Fprint(w, text)
	}
}

// writeFiles writes the files that differ, each whole or not at all.
func writeFiles(before, after []policy.File) error {
	for i := range after {
		if string(after[i].Bytes) == string(before[i].Bytes) {
			continue
		}
		mode := os.FileMode(0o644)
		if info, err := os.Stat(after[i].Name); err == nil {
			mode = info.Mode().Perm()
		}
		if err := writeWhole(after[i].Name, func(w io.Writer) error {
			_, err := w.Write(after[i].Bytes)
			return err
		}); err != nil {
			return err
		}
		if err := os.Chmod(after[i].Name, mode); err != nil {
			return fmt.Errorf("write %s: %w", after[i].Name, err)
		}
	}
	return nil
}

// listLintRules writes the rules as a table.
func (p *program) listLintRules(rules []policy.LintRule, format string) error {
	if format == asJSON {
		return printJSON(p.out, rules)
	}
	table := [][]string{{"rule", "severity", "why"}}
	for _, r := range rules {
		table = append(table, []string{r.ID, string(r.Severity), r.Why})
	}
	if err := printTable(p.out, table); err != nil {
		return err
	}
	fmt.Fprintln(p.err, reports.Plural(len(rules), "rule"))
	return nil
}

// severityWords are the severities as flags take them.
func severityWords() []string {
	var all []string
	for _, s := range policy.Severities() {
		all = append(all, string(s))
	}
	return all
}
