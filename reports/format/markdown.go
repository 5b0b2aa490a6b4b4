package format

import (
	"fmt"
	"io"
	"strings"

	"github.com/entraproof/entraproof/reports"
)

// MarkdownLimit is how much GitHub takes of a step summary: 1 MiB.
const MarkdownLimit = 1 << 20

// Markdown writes a step summary: the verdict, the answers, false positives
// first, tables, and how to see it again. It ends before MarkdownLimit, and
// says so where it was cut.
func Markdown(w io.Writer, r *reports.Results) error {
	m := &markdown{r: r.Concluded()}
	m.head()
	m.causes()
	m.findings()
	m.matrices()
	m.counts()
	m.tallies()
	m.learnt()
	m.foot()
	_, err := io.WriteString(w, cut(m.text.String(), MarkdownLimit))
	return err
}

const cutNotice = "\n\n**Cut here: a step summary holds 1 MiB. The whole is in `" + reports.ResultsFile + "`.**\n"

// fence begins and ends a block of code.
const fence = "\n```"

// cut returns text of at most limit bytes, ending with a whole line and a
// notice if something is missing.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	text = text[:limit-len(fence)-len(cutNotice)]
	text = text[:max(0, strings.LastIndexByte(text, '\n'))]
	if strings.Count(text, fence)%2 == 1 {
		text += fence
	}
	return text + cutNotice
}

type markdown struct {
	r    *reports.Results
	text strings.Builder
}

func (m *markdown) line(format string, a ...any) { fmt.Fprintf(&m.text, format+"\n", a...) }

func (m *markdown) head() {
	sign := map[Tone]string{Good: "✅", Bad: "❌", Unsure: "⚠️", Quiet: "➖"}
	m.line("## %s entraproof: %s\n", sign[toneOfExit(m.r.ExitCode)], md(reports.ExitMeaning(m.r.ExitCode)))
	m.line("| question | answer | |\n|---|---|---|")
	for _, q := range m.r.Questions() {
		text := []string{md(q.Text)}
		for _, note := range q.Notes {
			text = append(text, md(oneLine(note, 2*lineWidth)))
		}
		m.line("| %s | %s **%s** | %s |", q.Name, sign[toneOfAnswer(q.Answer)], q.State, strings.Join(text, "<br>"))
	}
	if len(m.r.LeftOpen) > 0 {
		m.line("\nLeft open by declaration: %s.", md(m.r.LeftOpenText()))
	}
	if m.r.Unfinished() {
		m.line("\n**The run did not finish: %d of %d cases judged.**", m.r.Counts.Total(), m.r.Selection.Selected)
	}
}

func (m *markdown) causes() {
	for _, g := range causeGroups(m.r) {
		m.line("\n**Cause** (%s): %s: %s", g.Certainty, md(g.Where), md(oneLine(g.Sentence, lineWidth)))
		if g.Remedy != "" {
			m.line("**Remedy**: %s", md(oneLine(g.Remedy, 2*lineWidth)))
		}
	}
}

// findings lists the failures, false positives first, in a table that can be
// read at a glance, then how to see each again.
func (m *markdown) findings() {
	all := m.r.Findings()
	if len(all) == 0 {
		return
	}
	m.line("\n### Findings\n\n| | severity | scenario | where | expected | observed |\n|---|---|---|---|---|---|")
	for _, f := range all {
		what := sortOf(f)
		if f.Waived {
			what += ", waived until " + f.Cases[0].Waived.Expires
		}
		m.line("| %s | %s | %s<br>%s | %s | %s | %s |", md(what), md(f.Severity), code(f.Scenario), md(oneLine(f.Title, lineWidth)),
			md(placesText(f.Cases)), md(oneLine(f.Cases[0].Expected, lineWidth)), md(observed(f.Cases[0])+kindSuffix(f.Cases)))
	}
	m.line("\n<details><summary>How to reproduce</summary>\n\n```sh")
	for _, f := range all {
		if command := f.Cases[0].Command; command != "" {
			m.line("%s", strings.ReplaceAll(oneLine(command, 4*lineWidth), "```", "'''"))
		}
	}
	m.line("```\n\n</details>")
}

func (m *markdown) matrices() {
	for _, mx := range Matrices(m.r) {
		if len(mx.Rows) < 2 {
			continue
		}
		m.line("\n### %s: minted for × presented to\n", md(mx.Target))
		m.line("| | %s |\n|---|%s", strings.Join(mdAll(mx.To), " | "), strings.Repeat("---|", len(mx.To)))
		for _, row := range mx.Rows {
			var cells []string
			for _, c := range row.Cells {
				cells = append(cells, c.Tone.Mark()+" "+md(c.Word))
			}
			m.line("| **%s** | %s |", md(row.From), strings.Join(cells, " | "))
		}
	}
}

func (m *markdown) counts() {
	m.line("\n%s: %s.", reports.Plural(m.r.Counts.Total(), "case"), countsText(m.r.Counts))
}

func (m *markdown) tallies() {
	all := m.r.Tallies()
	if len(all) == 0 {
		return
	}
	m.line("\n<details><summary>What did not fail and is no pass</summary>\n\n| outcome | cases | reason | |\n|---|---|---|---|")
	for _, t := range all {
		m.line("| %s | %d | %s | %s |", t.Outcome, len(t.Cases), code(string(t.Reason)), md(sentence(t.Reason)))
	}
	m.line("\n</details>")
	for _, d := range m.r.Declarations() {
		m.line("\n`%s` in the target file declares %s away.", strings.ReplaceAll(oneLine(d.Line, lineWidth), "`", "'"), reports.Plural(d.Cases, "case"))
	}
}

// learnt is what the target files can declare after this run, to paste.
func (m *markdown) learnt() {
	for _, s := range learntOf(m.r.Supports) {
		m.line("\n<details><summary>Learnt of %s, to paste into its file if it is meant so</summary>\n\n```yaml", md(s.Target))
		m.line("%s", strings.ReplaceAll(supportsText(s), "```", "'''"))
		m.line("```\n\n</details>")
	}
}

func (m *markdown) foot() {
	m.line("\n%s. Exit code %d: %s.", md(identity(m.r)), m.r.ExitCode, md(reports.ExitMeaning(m.r.ExitCode)))
}

// md returns text that Markdown and HTML take literally, in a table cell too.
func md(text string) string {
	return markdownEscapes().Replace(oneLine(text, 8*lineWidth))
}

func markdownEscapes() *strings.Replacer {
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`,
		"<", "&lt;", ">", "&gt;", "&", "&amp;", "#", `\#`, "@", "&#64;")
}

func mdAll(texts []string) []string {
	var all []string
	for _, t := range texts {
		all = append(all, md(t))
	}
	return all
}

// code returns text as code; it is an id or a reason's code.
func code(text string) string {
	return "`" + strings.NewReplacer("`", "'", "|", "/").Replace(oneLine(text, lineWidth)) + "`"
}
