package format_test

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
)

func TestHTMLFetchesNothing(t *testing.T) {
	for _, fx := range fixtures() {
		page := htmlOf(t, fx.make())
		out := scriptBlock.ReplaceAllLiteralString(expanded(t, page), "")
		for _, never := range []string{"<link", "<img", "<iframe", "@import", "url(", " src=", " style=", " onclick=", "http-equiv=\"refresh"} {
			if strings.Contains(out, never) {
				t.Errorf("%s: the page holds %q", fx.name, never)
			}
		}
		for _, must := range []string{"prefers-color-scheme: dark", "@media print", "prefers-reduced-motion", "403 Invalid Client", "cross-environment"} {
			if !strings.Contains(out, must) {
				t.Errorf("%s: the page lacks %q", fx.name, must)
			}
		}
		for _, link := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(out, -1) {
			id, err := url.PathUnescape(html.UnescapeString(link[1]))
			if err != nil || !strings.Contains(out, `id="`+html.EscapeString(id)+`"`) {
				t.Errorf("%s: a link leads to #%s, which is not there (%v)", fx.name, id, err)
			}
		}
	}
}

// TestHTMLPolicy: only our style and our script are let in, by their hashes.
func TestHTMLPolicy(t *testing.T) {
	page := htmlOf(t, leaky())
	hash := func(blocks [][]string) string {
		if len(blocks) != 1 {
			t.Fatalf("expected one block, got %d", len(blocks))
		}
		sum := sha256.Sum256([]byte(blocks[0][1]))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	want := "default-src 'none'; style-src " + hash(styleBlock.FindAllStringSubmatch(page, -1)) +
		"; script-src " + hash(scriptBlock.FindAllStringSubmatch(page, -1)) + "; base-uri 'none'; form-action 'none'"
	got := regexp.MustCompile(`http-equiv="Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page)
	if got == nil || html.UnescapeString(got[1]) != want {
		t.Errorf("expected %q, got %q", want, got)
	}
}

func TestHTMLTellsEveryCase(t *testing.T) {
	r := leaky()
	page := htmlOf(t, r)
	for _, c := range r.Cases {
		if !strings.Contains(page, c.ID) {
			t.Errorf("case %s is missing", c.ID)
		}
	}
	for _, must := range []string{"✗ accepted", "✓ refused", "2 accepted", "Required", "control before: ", "accepted", "left out", "skew of one day"} {
		if !strings.Contains(page, must) {
			t.Errorf("the page lacks %q", must)
		}
	}
}

// TestHTMLFindingsAreWhole: each failed case stands in the page as it is,
// packed is what did not fail.
func TestHTMLFindingsAreWhole(t *testing.T) {
	for _, fx := range fixtures() {
		r := fx.make()
		page := htmlOf(t, r)
		failed, told := 0, strings.Count(page, `<ol class="story">`)
		for i := range r.Cases {
			if c := &r.Cases[i]; !c.Extra && c.Grade() == reports.Fail {
				failed++
			}
		}
		if told != failed || strings.Contains(page, "beyond the first 3 MB") {
			t.Errorf("%s: expected %d failed cases in full, got %d", fx.name, failed, told)
		}
		if got, want := len(packedOf(t, page)), len(r.Cases)-failed+len(r.Controls); got != want {
			t.Errorf("%s: expected %d packed bodies, got %d", fx.name, want, got)
		}
	}
}

// marks are the marked lines of a page's findings.
func marks(page string) []string {
	var all []string
	for _, m := range regexp.MustCompile(`<mark class="(\w+)"><b>[^<]*</b>(.*?)<small>(.*?)</small></mark>`).FindAllStringSubmatch(page, -1) {
		all = append(all, m[1]+" "+html.UnescapeString(m[2])+" | "+html.UnescapeString(m[3]))
	}
	return all
}

func TestHTMLMarksTheMutation(t *testing.T) {
	claims := func(old, now string) request {
		return request{header: genuineHeader, claims: strings.Replace(genuineClaims, old, now, 1)}
	}
	with := func(change func(q *request)) request {
		q := request{header: genuineHeader, claims: genuineClaims}
		change(&q)
		return q
	}
	for _, row := range []struct {
		reason, guards string
		sent           request
		want           []string
	}{
		{"claim-changed", "audience", otherAudience(), []string{`changed "aud": "api://orders.uat" | control: "api://orders.dev"`}},
		{"claim-added", "client", claims(`"ver"`, `"client_id":"0d2c","ver"`), []string{`added "client_id": "0d2c" | added; the control has none`}},
		{"claim-removed", "audience", claims(`"aud":"api://orders.dev",`, ``), []string{`missing "aud": "api://orders.dev" | left out; the control has it`}},
		{"claim-twice", "audience", claims(`{"aud"`, `{"aud":"x","aud"`), []string{
			`changed "aud": "x" | control: "api://orders.dev"`, `added "aud": "api://orders.dev" | added; the control has none`,
		}},
		{"claim-of-another-type", "role", claims(`["DEV.Access"]`, `"DEV.Access"`), []string{`changed "roles": "DEV.Access" | control: ["DEV.Access"]`}},
		{"number-beyond-float", "audience", claims(`"exp":4000`, `"exp":9223372036854775808`), []string{`changed "exp": 9223372036854775808 | control: 4000`}},
		{"time-of-the-same-token", "audience", claims(`"exp":4000`, `"exp":1`), []string{`changed "exp": 1 | control: 4000`}},
		{"time-of-another-token", "audience", claims(`"exp":4000,"aio":"AbC","azp":"0d2c","roles":["DEV.Access"],"uti":"u-1"`, `"exp":1,"aio":"x","azp":"0d2c","roles":["DEV.Access"],"uti":"u-2"`), nil},
		{"time-is-the-point", "time", claims(`"exp":4000,"aio":"AbC","azp":"0d2c","roles":["DEV.Access"],"uti":"u-1"`, `"exp":1,"aio":"x","azp":"0d2c","roles":["DEV.Access"],"uti":"u-2"`), []string{`changed "exp": 1 | control: 4000`}},
		{"header-changed", "algorithm", with(func(q *request) { q.header = `{"typ":"JWT","alg":"none","kid":"k1"}` }), []string{`changed "alg": "none" | control: "RS256"`}},
		{"field-added", "client", with(func(q *request) { q.extra = "client_id: 0d2c\r\n" }), []string{`added client_id: 0d2c | added; the control has none`}},
		{"run-and-case-are-ours", "client", with(func(q *request) { q.extra = "X-Entraproof-Case: a\r\n" }), nil},
		{"path-changed", "route", with(func(q *request) { q.line = "GET /orders//v1/ping HTTP/1.1" }), []string{
			`changed GET /orders//v1/ping HTTP/1.1 | control: GET /orders/v1/ping HTTP/1.1`,
		}},
		{"nothing", "audience", with(func(*request) {}), nil},
	} {
		t.Run(row.reason, func(t *testing.T) {
			if diff := cmp.Diff(row.want, marks(htmlOf(t, compared(row.guards, row.sent)))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestHTMLMarksPlacement: what is compared of the Authorization field is all
// but the token, which stands below.
func TestHTMLMarksPlacement(t *testing.T) {
	for scheme, want := range map[string]string{"bearer": "changed Authorization: bearer", "-": "missing Authorization: Bearer"} {
		got := marks(htmlOf(t, compared("placement", request{authorization: scheme, header: genuineHeader, claims: genuineClaims})))
		if len(got) != 1 || !strings.HasPrefix(got[0], want) {
			t.Errorf("%s: expected one mark %q, got %q", scheme, want, got)
		}
	}
}

// TestHTMLWithoutControl: results of earlier versions keep no exchange of a
// control; nothing is marked then, and nothing is claimed.
func TestHTMLWithoutControl(t *testing.T) {
	r := compared("audience", otherAudience())
	for i := range r.Controls {
		r.Controls[i].Shots[0].Exchange = nil
	}
	page := htmlOf(t, r)
	if got := marks(page); got != nil {
		t.Errorf("expected no mark, got %q", got)
	}
	if strings.Contains(page, "differs from the control") || !strings.Contains(page, "api://orders.uat") {
		t.Error("expected the token without a comparison")
	}
}

// TestHTMLTellsWhatTheUpstreamSaw: its own words, or why there are none.
func TestHTMLTellsWhatTheUpstreamSaw(t *testing.T) {
	for reached, want := range map[reports.Reach]string{
		reports.Reached:      "Authorization: Bearer <i>SHA-256 ",
		reports.Forwarded:    "The request arrived; the answer is the gateway’s own",
		reports.NotReached:   "Nothing: the request did not arrive.",
		reports.ReachUnknown: "The answer is not the echo’s",
	} {
		r := compared("audience", otherAudience())
		for i := range r.Cases {
			if c := &r.Cases[i]; c.Outcome == reports.Fail {
				c.Reached = reached
				if reached != reports.Reached {
					c.Exchange.Echo = nil
				}
			}
		}
		if page := htmlOf(t, r); !strings.Contains(page, want) {
			t.Errorf("%s: the page lacks %q", reached, want)
		}
	}
}

func TestHTMLSpellsClausesOut(t *testing.T) {
	page := htmlOf(t, compared("audience", otherAudience()))
	all := regexp.MustCompile(`<ul class="clauses">(.*?)</ul>`).FindStringSubmatch(page)
	want := []string{
		`<a href="https://www.rfc-editor.org/rfc/rfc8725#section-3.9" rel="noreferrer">RFC 8725 §3.9 (JWT best practices)</a>`,
		"RFC 8725bis §2.11 (JWT best practices)", "OWASP ASVS 5.0, 9.2.3", "NIST SP 800-53, AC-3", "OWASP API Security Top 10 (2023), API2",
		"Microsoft Entra, access tokens", `<a href="https://cwe.mitre.org/data/definitions/697.html" rel="noreferrer">CWE-697</a>`,
		"PortSwigger JWT lab 2", "envoyproxy/gateway#8027",
	}
	if all == nil || all[1] != "<li>"+strings.Join(want, "</li><li>")+"</li>" {
		t.Errorf("expected %q, got %q", want, all)
	}
}

// TestHTMLAnswersForEachTarget: a mended target is not blamed for another's
// hole.
func TestHTMLAnswersForEachTarget(t *testing.T) {
	r, sound := leaky(), clean()
	for i := range sound.Cases {
		sound.Cases[i].Target = "mended"
	}
	for i := range sound.Controls {
		sound.Controls[i].Target = "mended"
	}
	sound.Targets[0].Name = "mended"
	r.Targets, r.Cases, r.Controls = append(r.Targets, sound.Targets...), append(r.Cases, sound.Cases...), append(r.Controls, sound.Controls...)
	r.Selection.Selected += sound.Selection.Selected
	r.Conclude()
	page := htmlOf(t, r)
	_, mended, _ := strings.Cut(page, "<h3>mended</h3>")
	mended, leaking, _ := strings.Cut(mended, "<h3>orders-staging</h3>")
	if !strings.Contains(mended, "✓ closed") || !strings.Contains(leaking, "✗ open") || strings.Contains(mended, "✗ open") {
		t.Errorf("expected mended closed and the other open, got %q", mended)
	}
	if !strings.Contains(page, "Yes, open:") {
		t.Error("the answer for all is not open")
	}
}

// TestHTMLWorstFirst: another environment's token before other false accepts,
// those before false rejects, waived failures last.
func TestHTMLWorstFirst(t *testing.T) {
	r := leaky()
	reject := add(r, rowControl, "dev", "dev", "v2 user", because(verdict.RefusedGenuine, ""))
	refused(reject, 403)
	r.Selection.Selected++
	r.Conclude()
	var got []string
	for _, m := range regexp.MustCompile(`<details class="finding item \w+" id="finding/([a-z0-9-]+)/`).FindAllStringSubmatch(htmlOf(t, r), -1) {
		got = append(got, m[1])
	}
	if want := []string{"aud-other-env-genuine", "alg-none", "ctl", "exp-past-genuine"}; !slices.Equal(got, want) {
		t.Errorf("expected %q, got %q", want, got)
	}
}

// TestHTMLStaysSmall holds the page to 6 MB for 60 rows, 3 environments and 4
// gateways, also where every case fails.
func TestHTMLStaysSmall(t *testing.T) {
	for _, all := range []bool{false, true} {
		r := large(all)
		begun := time.Now()
		page := htmlOf(t, r)
		took := time.Since(begun)
		t.Logf("every case fails: %t; %d cases, %d bytes, rendered in %s", all, len(r.Cases), len(page), took.Round(time.Millisecond))
		if len(page) > 6_000_000 {
			t.Errorf("expected at most 6 MB, got %d bytes", len(page))
		}
		if took > 3*time.Minute { // seconds, but for the race detector on a busy machine
			t.Errorf("expected seconds, took %s", took)
		}
		if told := strings.Contains(page, "failed cases beyond the first 3 MB of findings"); told != all {
			t.Errorf("every case fails: %t; the page says that some are packed: %t", all, told)
		}
		if full := strings.Count(page, `<ol class="story">`); full < 300 {
			t.Errorf("expected hundreds of failed cases in full, got %d", full)
		}
	}
}
