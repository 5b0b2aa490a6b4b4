package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// abbreviations are how the references of rows are written.
const abbreviations = `A reference such as ` + "`8725§3.9`" + ` is RFC 8725 section 3.9, and so on for every number. The main ones: 6749 OAuth, 6750 bearer tokens, 7515 JWS, 7517 JWK, 7518 JWA, 7519 JWT, 7797 unencoded payload, 8017 PKCS#1, 8259 JSON, 8414 metadata, 8705 mTLS, 8725 JWT best practice, 9068 JWT access tokens, 9110 and 9112 HTTP, 9449 DPoP, 9700 OAuth security. ` + "`8725bis`" + ` is the draft that will replace 8725, ` + "`FAPI2`" + ` the FAPI 2.0 Security Profile, ` + "`OIDF`" + ` the conformance suite of the OpenID Foundation, ` + "`WP`" + ` Wycheproof, ` + "`PS`" + ` a lab of PortSwigger. After a CVE, (m) means written down from memory, (class) the same kind of flaw in another place.

Pages of Microsoft's identity platform: ` + "`MS-at`" + ` access tokens, ` + "`MS-cv`" + ` claims validation, ` + "`MS-cr`" + ` access token claims reference, ` + "`MS-oc`" + ` optional claims reference, ` + "`MS-cc`" + ` client credentials flow, ` + "`MS-kr`" + ` signing key rollover, ` + "`MS-ch`" + ` claims challenges.
`

// index is the page that leads to the groups.
func (c *catalogueDocs) index() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# The catalogue\n\n%s%s in %s: what a gateway in front of Entra-protected APIs must accept or refuse. Each has an id that never changes; [writing-a-scenario.md](../writing-a-scenario.md) explains every key, [coverage.md](../coverage.md) says which standards, weaknesses and flaws they stand for.\n\n",
		pagesNote, reports.Plural(c.all.Len(), "row"), reports.Plural(len(c.byGroup), "group"))
	b.WriteString("| group | code | rows | critical | high | accept | refuse | otherwise |\n|---|---|---|---|---|---|---|---|\n")
	for _, g := range scenarios.Groups() {
		if rows := c.byGroup[g.Code]; len(rows) > 0 {
			fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s |\n", g.Title, g.File, g.Code, strings.Join(numbers(rows), " | "))
		}
	}
	fmt.Fprintf(&b, "| **all** | | %s |\n\n## Profiles\n\n| profile | rows |\n|---|---|\n", strings.Join(numbers(c.all.All()), " | "))
	for _, name := range scenarios.ProfileNames() {
		rows, err := c.all.Select(scenarios.Selection{Profile: name})
		if err != nil {
			c.t.Fatal(err)
		}
		fmt.Fprintf(&b, "| `%s` | %d |\n", name, len(rows))
	}
	b.WriteString("\n## References\n\n" + abbreviations)
	return b.String()
}

// numbers are the cells of a line of the index.
func numbers(rows []scenarios.Scenario) []string {
	n := make([]int, 6)
	for _, s := range rows {
		n[0]++
		switch s.Severity {
		case scenarios.Critical:
			n[1]++
		case scenarios.High:
			n[2]++
		default:
		}
		switch {
		case s.Kind != scenarios.Data:
			n[5]++
		case s.Effective()[0].Scenario.Expect.Kind() == "accept":
			n[3]++
		case s.Effective()[0].Scenario.Expect.Refuses():
			n[4]++
		default:
			n[5]++
		}
	}
	cells := make([]string, len(n))
	for i := range n {
		cells[i] = fmt.Sprint(n[i])
	}
	return cells
}

// coverage is the page of the crosswalk.
func (c *catalogueDocs) coverage() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# What the rows stand for\n\n%sWhich rows test what a standard asks for, a weakness or a flaw that has happened. A row stands for a section if its references name it, or if `scenarios/crosswalk.yaml` does. It says what can be seen from outside of a gateway, and claims no more: a pass of these rows is evidence for a section, not conformance with it. `entraproof run --reference 'ASVS 9.2.3'` fires what stands for a section, `--reference 'ASVS 9'` what stands for all that is below it, `--reference CWE-697` what stands for a weakness.\n\n", pagesNote)
	b.WriteString("| document | entries | with rows | explained |\n|---|---|---|---|\n")
	for _, s := range c.standards {
		none := 0
		for _, e := range s.Entries {
			if e.None != "" {
				none++
			}
		}
		fmt.Fprintf(&b, "| [%s](#%s) | %d | %d | %d |\n", s.Name, anchor(s.Name), len(s.Entries), len(s.Entries)-none, none)
	}
	for _, s := range c.standards {
		name := s.Name
		fmt.Fprintf(&b, "\n## %s\n\n%s.%s\n\n", name, s.Says, readAt(s))
		c.entries(&b, s)
	}
	return b.String()
}

func readAt(s scenarios.Standard) string {
	if s.URL == "" {
		return ""
	}
	return " <" + s.URL + ">"
}

// anchor is the name of a heading in a link, as GitHub makes it.
func anchor(heading string) string {
	keep := func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		}
		return -1
	}
	return strings.Map(keep, strings.ToLower(heading))
}

func (c *catalogueDocs) entries(b *strings.Builder, s scenarios.Standard) {
	level := slices.ContainsFunc(s.Entries, func(e scenarios.Entry) bool { return e.Level > 0 })
	head, line := "| entry | in short | rows |\n", "|---|---|---|\n"
	if level {
		head, line = "| entry | level | in short | rows |\n", "|---|---|---|---|\n"
	}
	b.WriteString(head + line)
	for _, e := range s.Entries {
		says := cell(e.Says)
		if e.Unverified {
			says += " (from memory: look it up before you cite it)"
		}
		if level {
			says = fmt.Sprintf("%d | %s", e.Level, says)
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", s.Ref+e.Section, says, c.rowsOf(s, e))
	}
}

// rowsOf are the links of an entry: to its groups whole, and to the rows of
// others.
func (c *catalogueDocs) rowsOf(s scenarios.Standard, e scenarios.Entry) string {
	if e.None != "" {
		return "none: " + cell(e.None)
	}
	var links []string
	for _, g := range scenarios.Groups() {
		if slices.Contains(e.Groups, g.Code) && len(c.byGroup[g.Code]) > 0 {
			links = append(links, fmt.Sprintf("[%s, all %d](scenarios/%s.md)", g.Code, len(c.byGroup[g.Code]), g.File))
		}
	}
	for _, id := range s.Of(e, c.all.All()) {
		row, known := c.all.ByID(id)
		if !known || slices.Contains(e.Groups, row.Group) {
			continue // an unknown one is for the catalogue's own tests
		}
		for _, g := range scenarios.Groups() {
			if g.Code == row.Group {
				links = append(links, fmt.Sprintf("[%s](scenarios/%s.md#%s)", id, g.File, id))
			}
		}
	}
	return strings.Join(links, ", ")
}
