package selftest

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// JSON writes the proof as data.
func (p *Proof) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(p)
}

// Write writes the proof for a reader: rows with what refuses and what fails
// them, mutants with what finds them, then the problems.
func (p *Proof) Write(w io.Writer) error {
	var b strings.Builder
	for _, r := range p.Rows {
		fmt.Fprintf(&b, "row     %-40s %-12s strict: %-8s %s\n", r.Scenario, r.Guards, r.Strict, provenWord(r))
		if r.Where != "" {
			writeList(&b, "where", []string{r.Where})
		}
		writeList(&b, "refused by", r.RefusedBy)
		writeList(&b, "failed by", r.FailedBy)
	}
	for _, m := range p.Mutants {
		fmt.Fprintf(&b, "mutant  %-40s %-12s %s\n", m.Name, m.Guards, mutantWord(m))
	}
	for _, c := range p.Checks {
		fmt.Fprintf(&b, "check   %-40s %s: %s\n", c.ID, map[bool]string{true: "holds", false: "DOES NOT HOLD"}[c.Holds], c.Says)
	}
	fmt.Fprintf(&b, "\n%d rows, %d mutants, %d checks", len(p.Rows), len(p.Mutants), len(p.Checks))
	switch {
	case len(p.Problems) == 0 && p.Part:
		b.WriteString(", a part of the catalogue: each of these rows can fail, if it had anything to look at. Without a selection everything is proven.\n")
	case len(p.Problems) == 0:
		b.WriteString(": every row can fail and every mutant is found; the set-ups are as the oracle says.\n")
	default:
		fmt.Fprintf(&b, ", %d problems:\n  %s\n", len(p.Problems), strings.Join(p.Problems, "\n  "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeList(b *strings.Builder, title string, words []string) {
	if len(words) > 0 {
		fmt.Fprintf(b, "          %s %s\n", title, strings.Join(words, ", "))
	}
}

func provenWord(r RowProof) string {
	switch {
	case r.Unseen:
		return "nothing to look at among these rows"
	case r.Proven:
		return "proven"
	}
	return "NOT PROVEN"
}

func mutantWord(m MutantProof) string {
	switch {
	case m.Unloaded:
		return "no row that names it is in the catalogue yet"
	case !m.Counts:
		return fmt.Sprintf("fails %d rows, too many to count", len(m.Kills))
	}
	return "found by " + strings.Join(m.Kills, ", ")
}
