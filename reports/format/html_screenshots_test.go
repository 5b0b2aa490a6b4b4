package format_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

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

// maxScreenshot keeps the pictures light enough for a README.
const maxScreenshot = 300_000

// TestScreenshots writes the pictures that the documentation shows.
func TestScreenshots(t *testing.T) {
	if !*screenshots {
		t.Skip("go test ./reports/format -run TestScreenshots -screenshots writes docs/images")
	}
	chrome := chromium(t)
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
		p := chrome.open(t, html, view{width: 1280, height: s.height, scheme: s.scheme})
		p.do(chromedp.Evaluate(s.show, nil))
		p.shoot(filepath.Join("..", "..", "docs", "images", s.name+".png"))
	}
}

// shoot writes what the window shows.
func (p *tab) shoot(path string) {
	p.t.Helper()
	var picture []byte
	p.do(chromedp.ActionFunc(func(ctx context.Context) (err error) {
		picture, err = page.CaptureScreenshot().WithFormat(page.CaptureScreenshotFormatPng).WithOptimizeForSpeed(false).Do(ctx)
		return err
	}))
	if len(picture) > maxScreenshot {
		p.t.Errorf("%s: expected at most %d bytes, got %d", path, maxScreenshot, len(picture))
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, picture, 0o600); err != nil {
		p.t.Fatal(err)
	}
}
