package format_test

import (
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/reports"
)

// breakouts are texts that end an element, a comment or a line where they are
// written without care. Each would set "broken" if it ran.
func breakouts() []string {
	return []string{
		`</script><img src=x onerror="window.broken=1">`,
		`<!--<script>window.broken=1</script>`,
		"\u2028window.broken=1\u2029", `"><svg onload="window.broken=1">`,
		`</textarea></title></style><script>window.broken=1</script>`,
		`{{.}}</noscript><iframe srcdoc="<script>parent.broken=1</script>">`,
		"' onfocus='window.broken=1' autofocus x='", "\u202e\u2066drow",
	}
}

// breakingOut holds hostile text wherever a gateway, a token or a user's own
// row can put some; one case of it fails and one passes.
func breakingOut() *reports.Results {
	text := strings.Join(breakouts(), " ")
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text)
	r := compared("audience", request{
		header: `{"typ":"JWT","alg":"RS256","kid":"` + quoted + `"}`, claims: `{"aud":"` + quoted + `","` + quoted + `":"x"}`,
		extra: "X-Hostile: " + strings.NewReplacer("\u2028", "", "\u2029", "").Replace(text) + "\r\n", status: 200, body: text,
		echo: &probe.Echo{Method: "GET", Target: text, Header: []probe.Pair{{Name: text, Value: text}}},
	})
	for i := range r.Cases {
		c := &r.Cases[i]
		c.Title, c.Detail, c.Expected, c.Command, c.Guards, c.Client, c.Variant, c.Pos = text, text, text, text, text, text, text, text
		c.Refs, c.By, c.Declare, c.Group, c.Severity = []string{text, "8725§3.9" + text}, []string{text}, text, text, text
	}
	r.Cases[0].ID = "hostile/dev " + text
	r.Cases[1].Exchange = r.Cases[0].Exchange
	r.Targets[0].Stated = text
	r.Run.ID, r.Selection.Profile, r.Selection.Filters = text, text, []string{text}
	r.Causes = []reports.Cause{{Target: "orders-staging", Environment: "dev", Kind: "v2 app", Certainty: text, Sentence: text, Remedy: text}}
	r.Conclude()
	return r
}

func TestHTMLKeepsHostileTextInside(t *testing.T) {
	page := htmlOf(t, breakingOut())
	golden(t, "breakout.html", forReview(t, page))
	if got := strings.Count(page, "<script"); got != 2 {
		t.Errorf("expected our two script elements, got %d", got)
	}
	whole := scriptBlock.ReplaceAllLiteralString(page, "") + strings.Join(packedOf(t, page), "\n")
	for _, never := range []string{"<img", "<!--", "<iframe", "<svg onload", "\u2028", "\u2029", "\u202e", "\u2066"} {
		if strings.Contains(whole, never) {
			t.Errorf("the page holds %q", never)
		}
	}
	if !strings.Contains(whole, "&lt;img src=x") {
		t.Error("the hostile text is not shown: the search above proved nothing")
	}
}
