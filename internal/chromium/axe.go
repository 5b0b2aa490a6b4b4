package chromium

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// leastRules is how many rules axe applies to any page of ours: fewer, and it
// has looked at something else.
const leastRules = 20

// Axe is the accessibility checker, as script. The tests of a package run in its
// folder; root leads from there to that of the module.
func Axe(t *testing.T, root string) string {
	t.Helper()
	path := os.Getenv("ENTRAPROOF_AXE")
	if path == "" {
		path = filepath.Join(root, "tools", "axe", "node_modules", "axe-core", "axe.min.js")
	}
	axe, err := os.ReadFile(path) //nolint:gosec // who tests says where it is
	if err != nil {
		Missing(t, "axe", "npm ci --prefix tools/axe")
	}
	return string(axe)
}

// Accessible expects axe, which has been evaluated in the page, to find nothing
// and to have looked.
func (p *Tab) Accessible(when string) {
	p.T.Helper()
	var found struct {
		Passes     int
		Violations []string
	}
	p.Do(chromedp.Evaluate(`axe.run(document).then((r) => ({passes: r.passes.length,
		violations: r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.html + " " + n.failureSummary).join("; "))}))`, &found, awaiting))
	if found.Passes < leastRules || len(found.Violations) > 0 {
		p.T.Errorf("%s: expected nothing in at least %d rules, got %d rules and %q", when, leastRules, found.Passes, found.Violations)
	}
}
