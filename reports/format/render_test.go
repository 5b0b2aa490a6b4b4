package format_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/reports/format"
)

// everyOutput calls f for every fixture in every format.
func everyOutput(t *testing.T, f func(t *testing.T, fx fixture, to format.Format, out string)) {
	t.Helper()
	for _, fx := range fixtures() {
		for _, to := range format.Formats() {
			t.Run(fx.name+"/"+to.Name, func(t *testing.T) { f(t, fx, to, rendered(t, to, fx.make())) })
		}
	}
}

func TestNoSecretSurvives(t *testing.T) {
	everyOutput(t, func(t *testing.T, _ fixture, _ format.Format, out string) {
		t.Helper()
		out = expanded(t, out)
		for _, secret := range []string{signature, clientSecret} {
			for i := 0; i+8 <= len(secret); i++ {
				if strings.Contains(out, secret[i:i+8]) {
					t.Fatalf("output holds %q of a secret", secret[i:i+8])
				}
			}
		}
	})
	html, _ := format.Named("html")
	if out := expanded(t, rendered(t, html, broken())); !strings.Contains(out, "uti") || !strings.Contains(out, "signature") {
		t.Error("html shows no decoded token: the search above proved nothing")
	}
}

func TestOutputIsDeterministicAndPure(t *testing.T) {
	everyOutput(t, func(t *testing.T, fx fixture, to format.Format, out string) {
		t.Helper()
		r := fx.make()
		before, _ := json.Marshal(r)
		if again := rendered(t, to, r); again != out {
			t.Errorf("two outputs differ:\n%s", cmp.Diff(out, again))
		}
		slices.Reverse(r.Cases)
		slices.Reverse(r.Controls)
		if again := rendered(t, to, r); again != out {
			t.Errorf("output depends on the order of cases:\n%s", cmp.Diff(out, again))
		}
		slices.Reverse(r.Cases)
		slices.Reverse(r.Controls)
		if after, _ := json.Marshal(r); !bytes.Equal(before, after) {
			t.Error("the renderer changed what it was given")
		}
	})
}

// TestStoredConclusionIsNotRepeated gives a renderer a forged green.
func TestStoredConclusionIsNotRepeated(t *testing.T) {
	for _, to := range format.Formats() {
		r := leaky()
		want := rendered(t, to, r)
		r.ExitCode, r.Counts.Fail, r.Answers.CrossEnvironment.State = 0, 0, reports.Closed
		if rendered(t, to, r) != want {
			t.Errorf("%s repeats an exit code or answer that the cases do not bear", to.Name)
		}
	}
}

func TestWriterErrorsAreReturned(t *testing.T) {
	gone := errors.New("gone")
	for _, to := range format.Formats() {
		if err := to.Render(brokenPipe{gone}, leaky()); !errors.Is(err, gone) {
			t.Errorf("%s: expected the writer's error, got %v", to.Name, err)
		}
	}
}

type brokenPipe struct{ err error }

func (p brokenPipe) Write([]byte) (int, error) { return 0, p.err }

func TestJSONIsReadBack(t *testing.T) {
	for _, fx := range fixtures() {
		to, _ := format.Named("json")
		out := rendered(t, to, fx.make())
		r, err := reports.Decode(strings.NewReader(out))
		if err != nil {
			t.Fatalf("%s: %v", fx.name, err)
		}
		if again := rendered(t, to, r); again != out {
			t.Errorf("%s (-first +again):\n%s", fx.name, cmp.Diff(out, again))
		}
	}
}

func TestRegistry(t *testing.T) {
	if want := []string{"console", "html", "json", "junit", "markdown"}; !slices.Equal(format.Names(), want) {
		t.Errorf("expected %v, got %v", want, format.Names())
	}
	for _, name := range format.Names() {
		if f, ok := format.Named(name); !ok || f.Name != name || f.Title == "" {
			t.Errorf("%s: got %+v", name, f)
		}
	}
	if _, ok := format.Named("pdf"); ok {
		t.Error("pdf is known")
	}
}

// suite is JUnit as a strict consumer reads it: Jenkins's XSD knows these
// members, in this order, and no others.
type suites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Suites   []struct {
		Name     string `xml:"name,attr"`
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Errors   int    `xml:"errors,attr"`
		Skipped  int    `xml:"skipped,attr"`
		Cases    []struct {
			Name      string  `xml:"name,attr"`
			Classname string  `xml:"classname,attr"`
			Status    string  `xml:"status,attr"`
			Skipped   *string `xml:"skipped"`
			Error     *string `xml:"error"`
			Failure   *string `xml:"failure"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

func TestJUnitAsAConsumerReadsIt(t *testing.T) {
	junit, _ := format.Named("junit")
	for _, fx := range fixtures() {
		t.Run(fx.name, func(t *testing.T) {
			r := fx.make()
			out := rendered(t, junit, r)
			strictJUnit(t, out)
			var doc suites
			if err := xml.Unmarshal([]byte(out), &doc); err != nil {
				t.Fatal(err)
			}
			tests, failures, errs := 0, 0, 0
			status := map[string]string{}
			for _, s := range doc.Suites {
				n := [4]int{}
				for _, c := range s.Cases {
					n[0]++
					if c.Failure != nil {
						n[1]++
					}
					if c.Error != nil {
						n[2]++
					}
					if c.Skipped != nil {
						n[3]++
					}
					status[c.Name] = c.Status
				}
				if got := [4]int{s.Tests, s.Failures, s.Errors, s.Skipped}; got != n {
					t.Errorf("suite %s: attributes say %v, its cases %v", s.Name, got, n)
				}
				tests, failures, errs = tests+n[0], failures+n[1], errs+n[2]
			}
			if got, want := [3]int{doc.Tests, doc.Failures, doc.Errors}, [3]int{tests, failures, errs}; got != want {
				t.Errorf("the whole: attributes say %v, its cases %v", got, want)
			}
			if red := failures+errs > 0; red != (r.ExitCode != 0) {
				t.Errorf("exit code %d, and %d failures and %d errors in the file", r.ExitCode, failures, errs)
			}
			if failures != r.Counts.Fail {
				t.Errorf("expected %d failures, got %d", r.Counts.Fail, failures)
			}
			for _, c := range r.Cases {
				if _, there := status[c.ID]; there == c.Extra {
					t.Errorf("case %s: in the file %v, extra %v", c.ID, there, c.Extra)
				}
			}
		})
	}
}

// strictJUnit checks the order of elements that Jenkins's XSD demands, and
// their attributes.
func strictJUnit(t *testing.T, out string) {
	t.Helper()
	order := map[string][]string{
		"testsuites": {"testsuite"}, "testsuite": {"properties", "testcase"}, "properties": {"property"},
		"testcase": {"skipped", "error", "failure", "system-out"},
	}
	attributes := map[string]string{
		"testsuites": "name time tests failures disabled errors",
		"testsuite":  "name tests failures errors time disabled skipped timestamp hostname id package",
		"testcase":   "name assertions time classname status",
		"property":   "name value", "failure": "type message", "error": "type message",
	}
	d := xml.NewDecoder(strings.NewReader(out))
	d.Strict = true
	var open []string
	at := map[int]int{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			if depth := len(open); depth > 0 {
				i := slices.Index(order[open[depth-1]], e.Name.Local)
				if i < at[depth] {
					t.Fatalf("<%s> in <%s> is unknown or out of order", e.Name.Local, open[depth-1])
				}
				at[depth] = i
			}
			for _, a := range e.Attr {
				if !slices.Contains(strings.Fields(attributes[e.Name.Local]), a.Name.Local) {
					t.Fatalf("<%s> has no attribute %q", e.Name.Local, a.Name.Local)
				}
			}
			open = append(open, e.Name.Local)
			at[len(open)] = 0
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
}

func TestJUnitMapsEveryOutcome(t *testing.T) {
	junit, _ := format.Named("junit")
	for _, o := range append(verdict.Outcomes(), 200) {
		r := clean()
		r.Cases[0].Outcome = o
		var doc suites
		if err := xml.Unmarshal([]byte(rendered(t, junit, r)), &doc); err != nil {
			t.Fatal(err)
		}
		var got string
		for _, c := range doc.Suites[0].Cases {
			if c.Name == r.Cases[0].ID {
				got = fmt.Sprint(c.Failure != nil, c.Error != nil, c.Skipped != nil)
			}
		}
		want := map[reports.Outcome]string{
			reports.Pass: "false false false", reports.Warn: "false false false",
			reports.Recorded: "false false true", reports.Unsupported: "false false true", reports.Skipped: "false false true",
			reports.Fail: "true false false", reports.Inconclusive: "false true false", reports.Error: "false true false",
			200: "false true false",
		}[o]
		if got != want {
			t.Errorf("outcome %d: expected failure, error, skipped to be %s, got %s", o, want, got)
		}
	}
}

func TestHostileTextIsTamed(t *testing.T) {
	for _, row := range []struct{ format, never string }{
		{"markdown", "<script"},
		{"markdown", "<b>"},
		{"markdown", "\n## <"},
		{"markdown", "@everyone"},
		{"console", "\x1b"},
		{"console", "\n## "},
		{"junit", "<script"},
		{"junit", "]]>"},
	} {
		to, _ := format.Named(row.format)
		out := rendered(t, to, hostile())
		if row.format == "markdown" { // code is taken literally
			out = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`").ReplaceAllString(out, "code")
		}
		if strings.Contains(out, row.never) {
			t.Errorf("%s holds %q", row.format, row.never)
		}
		if strings.ContainsFunc(out, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
			t.Errorf("%s holds a character that does not print", row.format)
		}
	}
}

func TestMarkdownEndsBeforeTheLimit(t *testing.T) {
	r := leaky()
	for i := range 5000 {
		c := r.Cases[0]
		c.ID, c.Scenario = fmt.Sprint("big/", i), fmt.Sprint("big-", i)
		c.Outcome, c.Reason, c.Title = verdict.Fail, verdict.ReachedUpstream, strings.Repeat("x", 150)
		r.Cases = append(r.Cases, c)
	}
	markdown, _ := format.Named("markdown")
	out := rendered(t, markdown, r)
	if len(out) > format.MarkdownLimit || len(out) < format.MarkdownLimit/2 {
		t.Errorf("expected at most %d bytes, got %d", format.MarkdownLimit, len(out))
	}
	if !strings.HasSuffix(out, "in `results.json`.**\n") {
		t.Errorf("no notice at the end: %q", out[len(out)-100:])
	}
	if strings.Count(out, "```")%2 != 0 {
		t.Error("a block of code was left open")
	}
}

func TestMarkdownTellsFalsePositivesFirst(t *testing.T) {
	r := leaky()
	r.Cases[0].Outcome, r.Cases[0].Reason = verdict.Fail, verdict.RefusedGenuine
	markdown, _ := format.Named("markdown")
	out := rendered(t, markdown, r)
	accept, reject := strings.Index(out, "| false positive |"), strings.Index(out, "| false reject |")
	if accept < 0 || reject < 0 || accept > reject {
		t.Errorf("false positive at %d, false reject at %d", accept, reject)
	}
}

func TestProgress(t *testing.T) {
	cases := []reports.Case{
		{ID: "a", Outcome: reports.Pass},
		{ID: "b", Outcome: reports.Fail, Reason: verdict.ReachedUpstream},
		{ID: "x", Outcome: reports.Fail, Extra: true},
		{ID: "c", Outcome: reports.Inconclusive},
		{ID: "d", Outcome: reports.Pass},
	}
	const redraw = "\r\x1b[K"
	for _, row := range []struct {
		name     string
		terminal bool
		want     []string
	}{
		{"plain", false, []string{
			"controls\n", "1/4\n", "fail b: reached-upstream\n", "2/4, 1 fail\n",
			"3/4, 1 fail, 1 inconclusive\n", "4/4, 1 fail, 1 inconclusive\n",
		}},
		{"terminal", true, []string{
			redraw, "0/4", redraw, "0/4, controls", redraw, "1/4, controls", redraw, "fail b: reached-upstream\n",
			redraw, "2/4, 1 fail, controls", redraw, "3/4, 1 fail, 1 inconclusive, controls",
			redraw, "4/4, 1 fail, 1 inconclusive, controls", redraw,
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var out bytes.Buffer
			p := format.NewProgress(&out, row.terminal)
			p.Start(4)
			p.Phase("controls")
			for _, c := range cases {
				p.Case(c)
			}
			p.End()
			if diff := cmp.Diff(strings.Join(row.want, ""), out.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestProgressOfATenthAtATime(t *testing.T) {
	var out bytes.Buffer
	p := format.NewProgress(&out, false)
	p.Start(1000)
	var wait sync.WaitGroup
	for range 1000 {
		wait.Go(func() { p.Case(reports.Case{ID: "a"}) })
	}
	wait.Wait()
	p.End()
	if lines := strings.Count(out.String(), "\n"); lines != 10 {
		t.Errorf("expected 10 lines, got %d:\n%s", lines, out.String())
	}
}

// TestTellsWhatWasLearnt: what people read ends with lines to paste, each on a
// line of its own, and says nothing of a target that could declare nothing.
func TestTellsWhatWasLearnt(t *testing.T) {
	r := clean()
	r.Learnt = []reports.Learnt{
		{Target: "orders", Environment: "dev", Key: "kid-required", Value: "false", Says: "Without kid the published keys are tried."},
		{Target: "orders", Environment: "dev", Key: "client-claim", Open: []string{"azp", "first-present"}},
		{Target: "shop", Environment: "dev", Key: "client-claim", Open: []string{"azp", "first-present"}},
	}
	for name, want := range map[string]string{
		"console": `
learnt of orders, to paste into its file if it is meant so:
  supports:
    # client-claim: azp or first-present
    kid-required: false # Without kid the published keys are tried.
`,
		"markdown": "\n<details><summary>Learnt of orders, to paste into its file if it is meant so</summary>\n\n```yaml" + `
supports:
  # client-claim: azp or first-present
  kid-required: false # Without kid the published keys are tried.
` + "```\n\n</details>\n",
		"html": `
<p>Of orders, to paste into its file if it is meant so:</p>
<pre>supports:
  # client-claim: azp or first-present
  kid-required: false # Without kid the published keys are tried.</pre>
`,
	} {
		as, ok := format.Named(name)
		if !ok {
			t.Fatalf("no format %s", name)
		}
		if out := string(rendered(t, as, r)); !strings.Contains(out, want) || regexp.MustCompile("(?i)of shop, to paste").MatchString(out) {
			t.Errorf("%s: expected %s\ngot %s", name, want, out)
		}
	}
}

// TestLearntHasNoMarkup: what a target's name or a sentence holds ends no block.
func TestLearntHasNoMarkup(t *testing.T) {
	r := clean()
	r.Learnt = []reports.Learnt{{Target: "<b>x", Environment: "dev", Key: "kid-required", Value: "false", Says: "```</pre><script>"}}
	for name, ending := range map[string]string{"markdown": "```</pre>", "html": "</pre><script>"} {
		as, _ := format.Named(name)
		if out := string(rendered(t, as, r)); strings.Contains(out, "<b>x") || strings.Contains(out, ending) {
			t.Errorf("%s: expected no markup of a target's, got %s", name, out)
		}
	}
}
