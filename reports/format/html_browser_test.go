package format_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/entraproof/entraproof/reports"
)

// TestInChromium looks at pages in a real browser. Each page must keep its
// console clean and the network alone.
func TestInChromium(t *testing.T) {
	chrome := chromium(t)
	desk := view{width: 1280, height: 900}
	for _, row := range []struct {
		name string
		make func() *reports.Results
		view view
		test func(p *tab)
	}{
		{"search", leaky, desk, searches},
		{"filters", leaky, desk, filters},
		{"keyboard", leaky, desk, moves},
		{"a link to a case", leaky, desk, followsLinks},
		{"what is packed opens", compareOther, desk, unpacks},
		{"copy", compareOther, desk, copies},
		{"without script", compareOther, view{width: 1280, height: 900, noScript: true}, readsWithoutScript},
		{"hostile text", breakingOut, desk, keepsInside},
		{"on paper", compareOther, view{width: 794, height: 1123, media: "print"}, prints},
		{"on paper, without script", compareOther, view{width: 794, height: 1123, media: "print", noScript: true}, printsOpen},
		{"on a telephone", leaky, view{width: 360, height: 740}, fits},
		{"on a telephone, dark", compareOther, view{width: 360, height: 740, scheme: "dark"}, fits},
		{"no case at all", empty, desk, func(p *tab) { p.shows(`#shown`, "0 findings, 0 cases") }},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.test(chrome.open(t, htmlOf(t, row.make()), row.view))
		})
	}
}

func compareOther() *reports.Results { return compared("audience", otherAudience()) }

// shows expects the text of one element.
func (p *tab) shows(selector, want string) {
	p.t.Helper()
	if got := value[string](p, fmt.Sprintf(`document.querySelector(%q).innerText`, selector)); got != want {
		p.t.Errorf("%s: expected %q, got %q", selector, want, got)
	}
}

// seen lists the scenarios of the findings or cases that can be seen.
func (p *tab) seen(selector string) []string {
	p.t.Helper()
	return value[[]string](p, fmt.Sprintf(`[...document.querySelectorAll(%q)].filter((el) => el.checkVisibility()).map((el) => el.querySelector("code").textContent)`, selector))
}

func searches(p *tab) {
	p.shows("#shown", "3 findings, 21 cases")
	p.keys("/")
	p.keys("EXP  uat")
	p.shows("#shown", "1 of 3 findings, 1 of 21 cases")
	if got := p.seen(".finding"); !slices.Equal(got, []string{"exp-past-genuine"}) {
		p.t.Errorf("expected the finding, got %q", got)
	}
	if got := p.seen(".row.item"); !slices.Equal(got, []string{"exp-past-genuine/uat→uat/v1-user"}) {
		p.t.Errorf("expected its group opened, got %q", got)
	}
	p.keys(kb.Escape)
	p.shows("#shown", "3 findings, 21 cases")
	if got := p.seen(".row.item"); len(got) != 0 {
		p.t.Errorf("expected the groups closed again, got %q", got)
	}
	if got := value[string](p, `document.getElementById("shown").getAttribute("aria-live")`); got != "polite" {
		p.t.Errorf("expected counts that are read out, got %q", got)
	}
}

// press clicks a filter.
func (p *tab) press(facet, value string) {
	p.t.Helper()
	p.do(chromedp.Evaluate(`document.querySelector(".more").open = true`, nil),
		chromedp.Click(fmt.Sprintf(`.chip[data-facet=%q][data-value=%q]`, facet, value), chromedp.ByQuery))
}

func filters(p *tab) {
	pressed := `document.querySelectorAll('.chip[aria-pressed="true"]').length`
	p.press("outcome", "fail")
	p.shows("#shown", "2 of 3 findings, 6 of 21 cases")
	p.press("outcome", "warn")
	p.shows("#shown", "3 of 3 findings, 8 of 21 cases")
	p.press("outcome", "warn")
	p.press("environment", "dev")
	p.shows("#shown", "2 of 3 findings, 2 of 21 cases")
	p.press("group", "ALG")
	p.shows("#shown", "1 of 3 findings, 1 of 21 cases")
	if n := value[int](p, pressed); n != 3 {
		p.t.Errorf("expected 3 pressed filters, got %d", n)
	}
	p.keys(kb.Escape)
	p.shows("#shown", "3 findings, 21 cases")
	if n := value[int](p, pressed); n != 0 {
		p.t.Errorf("expected no pressed filter, got %d", n)
	}
}

// focused is what a reader at the keyboard is on.
const focused = `document.activeElement.closest("[id]")?.id ?? ""`

func moves(p *tab) {
	at := func(want string) {
		p.t.Helper()
		if got := value[string](p, focused); got != want {
			p.t.Errorf("expected to be at %q, got %q", want, got)
		}
	}
	p.keys("j")
	at("finding/aud-other-env-genuine/dev→test/v2-app")
	p.keys("j")
	at("finding/alg-none/dev→dev/v2-user")
	p.keys(kb.ArrowUp)
	at("finding/aud-other-env-genuine/dev→test/v2-app")
	p.keys(kb.Enter)
	p.until(`document.activeElement.parentElement.open`)
	p.keys("j")
	at("aud-other-env-genuine/dev→test/v2-app")
	p.keys("k")
	p.keys("/")
	at("search")
	p.keys("j")
	if got := value[string](p, `document.getElementById("search").value`); got != "j" {
		p.t.Errorf("expected a letter in the search box, got %q", got)
	}
	p.keys(kb.Escape)
	p.keys(kb.ArrowDown)
	at("finding/aud-other-env-genuine/dev→test/v2-app")
}

func followsLinks(p *tab) {
	const id = "alg-none/dev→dev/v2-user"
	p.keys("/")
	p.keys("exp-past")
	p.do(chromedp.Evaluate(fmt.Sprintf(`location.hash = %q`, id), nil))
	p.until(fmt.Sprintf(`document.activeElement.parentElement.id === %q`, id))
	p.shows("#shown", "3 findings, 21 cases")
	if !value[bool](p, fmt.Sprintf(`document.getElementById(%q).querySelector(".story").checkVisibility()`, id)) {
		p.t.Error("expected the case to be open")
	}
	if got := value[string](p, `decodeURIComponent(location.hash)`); got != "#"+id {
		p.t.Errorf("expected the link to stay, got %q", got)
	}
	p.do(chromedp.Reload())
	p.until(fmt.Sprintf(`document.activeElement.parentElement?.id === %q`, id))
	p.do(chromedp.Evaluate(`location.hash = "%E0%A4%A"`, nil)) // no name at all
}

func unpacks(p *tab) {
	const row = `[...document.querySelectorAll("details.row.item")][0]`
	before := value[string](p, row+`.textContent`)
	p.do(chromedp.Evaluate(`document.querySelectorAll(".group").forEach((el) => { el.open = true; })`, nil))
	p.do(chromedp.Evaluate(row+`.querySelector("summary").click()`, nil))
	p.until(row + `.querySelector(".story") !== null`)
	after := value[string](p, row+`.textContent`)
	if strings.Contains(before, "invalid_token") || !strings.Contains(after, `"error": "invalid_token"`) {
		p.t.Errorf("expected the exchange only once it is open, got %q", after)
	}
	if got := value[string](p, row+`.querySelector("mark").textContent`); !strings.Contains(got, `"alg": "none"`) {
		p.t.Errorf("expected the changed algorithm to be marked, got %q", got)
	}
	control := `document.getElementById("control/dev/v2-app")`
	p.do(chromedp.Evaluate(control+`.open = true`, nil))
	p.until(control + `.querySelector("pre") !== null`)
}

func copies(p *tab) {
	grant := cdpbrowser.SetPermission(&cdpbrowser.PermissionDescriptor{Name: "clipboard-write"}, cdpbrowser.PermissionSettingGranted)
	p.do(chromedp.ActionFunc(func(ctx context.Context) error { // a command to the browser and not to the tab
		return grant.Do(cdp.WithExecutor(ctx, chromedp.FromContext(ctx).Browser))
	}))
	p.do(chromedp.Evaluate(`location.hash = document.querySelector(".finding .case").id`, nil))
	p.until(`document.querySelector(".finding .case .copy")?.checkVisibility()`)
	p.do(chromedp.Click(".finding .case .copy", chromedp.ByQuery))
	p.until(`document.querySelector(".finding .copy").textContent !== "Copy"`)
	p.shows(".finding .command code", "entraproof run --target staging.yaml --id aud-other-only --seed 42")
}

func readsWithoutScript(p *tab) {
	text := value[string](p, `document.body.innerText`)
	for _, must := range []string{
		"Are genuine tokens refused?", "No, fixed: 4 of 4 kinds", "Can another environment’s token enter?", "minted for ↓ presented to →",
		"✓ accepted", "false positive", rowAlone.title, "neither searches nor filters",
	} {
		if !strings.Contains(text, must) {
			p.t.Errorf("without script the page lacks %q", must)
		}
	}
	if value[bool](p, `[...document.querySelectorAll(".scripted, .copy")].some((el) => el.checkVisibility())`) {
		p.t.Error("without script the page shows a control that does nothing")
	}
	finding := value[string](p, `document.querySelector(".finding").textContent`)
	for _, must := range []string{"api://orders.uat", "control: \"api://orders.dev\"", "RFC 8725 §3.9", "HTTP/1.1 200 OK", "SHA-256", "control before: accepted", "entraproof run --target"} {
		if !strings.Contains(finding, must) {
			p.t.Errorf("without script the finding lacks %q", must)
		}
	}
	p.do(chromedp.Click(".finding > summary", chromedp.ByQuery))
	if !value[bool](p, `document.querySelector(".finding .story").checkVisibility()`) {
		p.t.Error("without script the finding does not open")
	}
}

// keepsInside opens all there is to open.
func keepsInside(p *tab) {
	p.do(chromedp.Evaluate(`document.querySelectorAll("details").forEach((el) => { el.open = true; })`, nil))
	p.until(`document.querySelectorAll("[data-body]").length === 0 && document.querySelectorAll(".row .story").length > 0`)
	if value[bool](p, `"broken" in window`) {
		p.t.Error("a script of hostile text ran")
	}
	if n := value[int](p, `document.querySelectorAll("img, iframe, [onload], [onerror], [onfocus], body script:not(#packed):not(:last-of-type)").length`); n != 0 {
		p.t.Errorf("expected no element of hostile text, got %d", n)
	}
	if !strings.Contains(value[string](p, `document.body.innerText`), `<img src=x onerror="window.broken=1">`) {
		p.t.Error("the hostile text is not shown: the looks above proved nothing")
	}
}

func prints(p *tab) {
	p.do(chromedp.Evaluate(`dispatchEvent(new Event("beforeprint"))`, nil))
	printsOpen(p)
	p.do(chromedp.Evaluate(`dispatchEvent(new Event("afterprint"))`, nil))
	if value[bool](p, `document.querySelector(".finding").open`) {
		p.t.Error("expected the finding closed again")
	}
}

// printsOpen looks for all that is relevant, and for no control.
func printsOpen(p *tab) {
	for selector, want := range map[string]bool{".finding .story": true, ".finding pre": true, ".row": true, ".tools": false, "main > nav": false} {
		if got := value[bool](p, fmt.Sprintf(`document.querySelector(%q).checkVisibility()`, selector)); got != want {
			p.t.Errorf("%s on paper: expected visible %t, got %t", selector, want, got)
		}
	}
}

// fits opens all findings: nothing may be wider than the window, nor cut off by
// what it stands in, but what scrolls by itself.
func fits(p *tab) {
	p.do(chromedp.Evaluate(`document.querySelectorAll(".finding, .finding .case, .group, .more").forEach((el) => { el.open = true; })`, nil))
	if wide := value[int](p, `document.documentElement.scrollWidth`); wide > 360 {
		p.t.Errorf("expected at most 360 pixels, got %d", wide)
	}
	cut := value[[]string](p, `[...document.querySelectorAll("main *:not(.scroll *, .off)")]
		.filter((el) => el.checkVisibility() && el.getBoundingClientRect().right > 361).map((el) => el.outerHTML.slice(0, 80))`)
	if len(cut) > 0 {
		p.t.Errorf("expected nothing beyond the window, got %q", cut)
	}
}

// TestAccessible asks axe-core, in light and in dark, about pages with
// everything open.
func TestAccessible(t *testing.T) {
	chrome := chromium(t)
	path := os.Getenv("ENTRAPROOF_AXE")
	if path == "" {
		path = filepath.Join("..", "..", "tools", "axe", "node_modules", "axe-core", "axe.min.js")
	}
	axe, err := os.ReadFile(path)
	if err != nil {
		missing(t, "axe", "npm ci --prefix tools/axe")
	}
	for _, fx := range []fixture{{name: "compared", make: compareOther}, {name: "leaky", make: leaky}, {name: "broken", make: broken}, {name: "inconclusive", make: inconclusive}, {name: "empty", make: empty}} {
		for _, scheme := range []string{"light", "dark"} {
			t.Run(fx.name+"/"+scheme, func(t *testing.T) {
				p := chrome.open(t, htmlOf(t, fx.make()), view{width: 1280, height: 900, scheme: scheme})
				p.do(chromedp.Evaluate(string(axe), nil))
				p.accessible("as it opens")
				p.do(chromedp.Evaluate(`document.querySelectorAll("details").forEach((el) => { el.open = true; })`, nil))
				p.until(`document.querySelectorAll("[data-body]").length === 0`)
				p.do(chromedp.Evaluate(`document.querySelector(".chip")?.click()`, nil))
				p.accessible("with everything open and a filter")
			})
		}
	}
}

// accessible expects axe to find nothing, and to have looked.
func (p *tab) accessible(when string) {
	p.t.Helper()
	var found struct {
		Passes     int
		Violations []string
	}
	p.do(chromedp.Evaluate(`axe.run(document).then((r) => ({passes: r.passes.length,
		violations: r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.html + " " + n.failureSummary).join("; "))}))`, &found, awaiting))
	if found.Passes < 20 || len(found.Violations) > 0 {
		p.t.Errorf("%s: expected nothing in at least 20 rules, got %d rules and %q", when, found.Passes, found.Violations)
	}
}

// TestKeystroke holds a keystroke's filtering on the large page to 100 ms, the
// median of 20, its layout included.
func TestKeystroke(t *testing.T) {
	p := chromium(t).open(t, htmlOf(t, large(false)), view{width: 1280, height: 900})
	p.do(chromedp.Evaluate(`
		window.strokes = [];
		addEventListener("input", () => { window.begun = performance.now(); }, true);
		addEventListener("input", () => { document.body.offsetHeight; strokes.push(performance.now() - begun); });`, nil))
	p.keys("/")
	for _, key := range "row-1" + strings.Repeat(kb.Backspace, 5) + "envoy dev " {
		p.keys(string(key))
	}
	strokes := value[[]float64](p, "strokes")
	if len(strokes) != 20 {
		t.Fatalf("expected 20 keystrokes, got %d", len(strokes))
	}
	slices.Sort(strokes)
	t.Logf("20 keystrokes: median %.1f ms, longest %.1f ms; %s", strokes[10], strokes[19], value[string](p, `document.getElementById("shown").textContent`))
	if strokes[10] > 100 {
		t.Errorf("expected a median of at most 100 ms, got %.1f", strokes[10])
	}
}
