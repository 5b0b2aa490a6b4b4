package format

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/entraproof/entraproof/reports"
)

// JUnit writes JUnit XML in the strictest common flavour, that of Jenkins: a
// test case for each case, its name the id; failure, error or skipped inside.
// What a green run owes and does not have is a case of its own, so that a file
// without failure and error is written exactly when the exit code is 0.
func JUnit(w io.Writer, r *reports.Results) error {
	r = r.Concluded()
	doc := junitSuites{Name: "entraproof"}
	for i := range r.Targets {
		doc.add(junitTarget(r, r.Targets[i].Name))
	}
	if run := junitRun(r, doc.Failures+doc.Errors == 0); len(run.Cases) > 0 {
		doc.add(run)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(doc); err != nil {
		return fmt.Errorf("format: junit: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

func (d *junitSuites) add(s junitSuite) {
	d.Tests += s.Tests
	d.Failures += s.Failures
	d.Errors += s.Errors
	d.Suites = append(d.Suites, s)
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr,omitempty"`
	Timestamp  string          `xml:"timestamp,attr,omitempty"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

// junitCase has its outcome's word in status: the one place that the flavour
// has for it, and never the only sign of a failure.
type junitCase struct {
	Name      string       `xml:"name,attr"`
	Classname string       `xml:"classname,attr"`
	Time      string       `xml:"time,attr,omitempty"`
	Status    string       `xml:"status,attr"`
	Skipped   *string      `xml:"skipped"`
	Error     *junitReason `xml:"error"`
	Failure   *junitReason `xml:"failure"`
	Out       string       `xml:"system-out,omitempty"`
}

type junitReason struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func (s *junitSuite) add(c junitCase) {
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
	s.Cases = append(s.Cases, c)
}

func junitTarget(r *reports.Results, target string) junitSuite {
	s := junitSuite{Name: target, Properties: junitProperties(r), Time: seconds(r.Run.DurationMS)}
	if !r.Run.Started.IsZero() {
		s.Timestamp = r.Run.Started.UTC().Format("2006-01-02T15:04:05")
	}
	for i := range r.Cases {
		if c := &r.Cases[i]; c.Target == target && !c.Extra {
			s.add(junitOf(c))
		}
	}
	for _, o := range r.Obligations {
		if o.Target == target && !o.Settled() && !toldByCase(r, o) {
			why := o.State + ": " + o.Why
			s.add(junitCase{
				Name: o.Name, Classname: "obligation", Status: o.State,
				Error: &junitReason{Type: o.State, Message: oneLine(why, lineWidth), Text: "A green run owes this."},
			})
		}
	}
	return s
}

// toldByCase reports whether a red case already tells what is not met.
func toldByCase(r *reports.Results, o reports.Obligation) bool {
	return slices.ContainsFunc(r.Cases, func(c reports.Case) bool {
		if c.Extra || c.Target != o.Target || c.Environment != o.Environment || c.Effective() < reports.Inconclusive {
			return false
		}
		switch o.What {
		case reports.CriticalOwed:
			return c.Scenario == o.Scenario
		case reports.PairOwed:
			return c.Cross && c.MintedFor == o.MintedFor
		}
		return c.Kind == o.Kind && c.FalseReject()
	})
}

func junitProperties(r *reports.Results) []junitProperty {
	return []junitProperty{
		{"tool", r.Tool.Name + " " + r.Tool.Version},
		{"schema", r.Schema},
		{"catalogue", r.Catalogue.Digest},
		{"profile", r.Selection.Profile},
		{"seed", fmt.Sprint(r.Run.Seed)},
		{"403 Invalid Client", r.Answers.InvalidClient.State},
		{"cross-environment", r.Answers.CrossEnvironment.State},
		{"left open by declaration", r.LeftOpenText()},
		{"exit code", fmt.Sprint(r.ExitCode)},
	}
}

func junitOf(c *reports.Case) junitCase {
	j := junitCase{Name: c.ID, Classname: c.Group, Status: c.Effective().String(), Time: seconds(c.ElapsedMS)}
	reason := &junitReason{Type: string(c.Reason), Message: oneLine(sentence(c.Reason), lineWidth), Text: junitText(c)}
	switch c.Effective() {
	case reports.Pass:
	case reports.Warn:
		j.Out = junitText(c)
	case reports.Recorded, reports.Unsupported, reports.Skipped:
		text := string(c.Reason) + ": " + sentence(c.Reason)
		j.Skipped = &text
	case reports.Fail:
		j.Failure = reason
	default: // inconclusive, error, and what a later version may add
		j.Error = reason
	}
	return j
}

// junitText says what a developer acts on: expected, observed, and how to see
// it again.
func junitText(c *reports.Case) string {
	lines := []string{
		c.Title,
		"reason: " + sentence(c.Reason),
		"expected: " + c.Expected,
		"observed: " + observed(c),
	}
	for _, more := range [][2]string{{"detail: ", c.Detail}, {"again: ", c.Command}, {"row: ", c.Pos}} {
		if more[1] != "" {
			lines = append(lines, more[0]+more[1])
		}
	}
	if c.Waived != nil {
		lines = append(lines, fmt.Sprintf("waived: until %s: %s", c.Waived.Expires, c.Waived.Reason))
	}
	for i, line := range lines {
		lines[i] = oneLine(line, 4*lineWidth)
	}
	return strings.Join(lines, "\n")
}

// junitRun is what is wrong with the run as a whole; if all else is green, its
// exit code is wrong at least.
func junitRun(r *reports.Results, green bool) junitSuite {
	s := junitSuite{Name: "run", Properties: junitProperties(r)}
	fault := func(name, text string) {
		s.add(junitCase{
			Name: name, Classname: "run", Status: "error",
			Error: &junitReason{Type: "error", Message: text, Text: text},
		})
	}
	if r.Unfinished() {
		fault("run/finished", fmt.Sprintf("the run did not finish: %d of %d cases judged", r.Counts.Total(), r.Selection.Selected))
	}
	if r.Selection.Fired == 0 {
		fault("run/fired", "no case was fired")
	}
	for _, w := range r.Waivers {
		if w.Unused() {
			fault("waiver/"+w.ID, "the waiver covers nothing any more: remove it")
		}
	}
	if green && len(s.Cases) == 0 && r.ExitCode != reports.ExitConforms {
		fault("run/exit", fmt.Sprintf("exit code %d: %s", r.ExitCode, reports.ExitMeaning(r.ExitCode)))
	}
	return s
}

func seconds(ms int64) string {
	return fmt.Sprintf("%.3f", (time.Duration(ms) * time.Millisecond).Seconds())
}
