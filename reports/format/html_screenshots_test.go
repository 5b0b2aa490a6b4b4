package format_test

import (
	"flag"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/entraproof/entraproof/internal/chromium"
	"github.com/entraproof/entraproof/reports"
	conformance "github.com/entraproof/entraproof/suites"
)

var screenshots = flag.Bool("screenshots", false, "write the screenshots in docs/images anew")

// article is a run against two embedded set-ups: the false positive of the
// article, and its first fix.
func article(t *testing.T) *reports.Results {
	t.Helper()
	leaky, fixed := embedded(t, "oidc-check-skipped"), embedded(t, "fix1")
	r := *leaky
	r.Targets = append(r.Targets, fixed.Targets...)
	r.Cases = append(r.Cases, fixed.Cases...)
	r.Controls = append(r.Controls, fixed.Controls...)
	r.Causes = append(r.Causes, fixed.Causes...)
	r.Selection.Selected += fixed.Selection.Selected
	r.Conclude()
	return &r
}

// embedded judges one set-up of the emulator.
func embedded(t *testing.T, setup string) *reports.Results {
	t.Helper()
	session, err := conformance.NewSession(conformance.Config{
		Setup: setup, Selection: conformance.Selection{Profile: "core"}, Seed: 42,
		Tool:    reports.Tool{Name: "entraproof", Version: "devel"},
		Command: "entraproof run --target " + setup + ".yaml",
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := session.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range r.Targets {
		r.Targets[i].Name = setup
	}
	for i := range r.Cases {
		r.Cases[i].Target = setup
	}
	for i := range r.Controls {
		r.Controls[i].Target = setup
	}
	for i := range r.Causes {
		r.Causes[i].Target = setup
	}
	r.Conclude()
	return r
}

// TestScreenshots writes the pictures that the documentation shows.
func TestScreenshots(t *testing.T) {
	if !*screenshots {
		t.Skip("go test ./reports/format -run TestScreenshots -screenshots writes docs/images")
	}
	chrome := chromium.Start(t)
	html := htmlOf(t, article(t))
	for _, s := range []struct {
		name, scheme, show string
		height             int64
	}{
		{"report-light", "light", ``, 1160},
		{"report-dark", "dark", ``, 1160},
		{"report-finding", "light", `{
			const [finding] = document.querySelectorAll(".finding");
			finding.open = finding.querySelector(".case").open = true;
			finding.scrollIntoView();
		}`, 1270},
	} {
		p := open(t, chrome, html, chromium.View{Width: 1280, Height: s.height, Scheme: s.scheme})
		p.Do(chromedp.Evaluate(s.show, nil))
		p.Shoot(filepath.Join("..", "..", "docs", "images", s.name+".png"))
	}
}
