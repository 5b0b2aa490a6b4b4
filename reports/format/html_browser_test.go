package format_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/entraproof/entraproof/internal/chromium"
	"github.com/entraproof/entraproof/reports"
)

// TestInChromium looks at pages in a real browser. Each page must keep its
// console clean and the network alone.
func TestInChromium(t *testing.T) {
	chrome := chromium.Start(t)
	desk := chromium.View{Width: 1280, Height: 900}
	for _, row := range []struct {
		name string
		make func() *reports.Results
		view chromium.View
		test func(p *chromium.Tab)
	}{
		{"search", leaky, desk, searches},
		{"filters", leaky, desk, filters},
		{"keyboard", leaky, desk, moves},
		{"a link to a case", leaky, desk, followsLinks},
		{"what is packed opens", compareOther, desk, unpacks},
		{"copy", compareOther, desk, copies},
		{"without script", compareOther, chromium.View{Width: 1280, Height: 900, NoScript: true}, readsWithoutScript},
		{"hostile text", breakingOut, desk, keepsInside},
		{"on paper", compareOther, chromium.View{Width: 794, Height: 1123, Media: "print"}, prints},
		{"on paper, without script", compareOther, chromium.View{Width: 794, Height: 1123, Media: "print", NoScript: true}, printsOpen},
		{"on a telephone", leaky, chromium.View{Width: 360, Height: 740}, fits},
		{"on a telephone, dark", compareOther, chromium.View{Width: 360, Height: 740, Scheme: "dark"}, fits},
		{"no case at all", empty, desk, func(p *chromium.Tab) { shows(p, `#shown`, "0 findings, 0 cases") }},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.test(open(t, chrome, htmlOf(t, row.make()), row.view))
		})
	}
}

func compareOther() *reports.Results { return compared("audience", otherAudience()) }

// shows expects the text of one element.
func shows(p *chromium.Tab, selector, want string) {
	p.T.Helper()
	if got := chromium.Value[string](p, fmt.Sprintf(`document.querySelector(%q).innerText`, selector)); got != want {
		p.T.Errorf("%s: expected %q, got %q", selector, want, got)
	}
}

// seen lists the scenarios of the findings or cases that can be seen.
func seen(p *chromium.Tab, selector string) []string {
	p.T.Helper()
	return chromium.Value[[]string](p, fmt.Sprintf(`[...document.querySelectorAll(%q)].filter((el) => el.checkVisibility()).map((el) => el.querySelector("code").textContent)`, selector))
}

func searches(p *chromium.Tab) {
	shows(p, "#shown", "3 findings, 21 cases")
	p.Keys("/")
	p.Keys("EXP  uat")
	shows(p, "#shown", "1 of 3 findings, 1 of 21 cases")
	if got := seen(p, ".finding"); !slices.Equal(got, []string{"exp-past-genuine"}) {
		p.T.Errorf("expected the finding, got %q", got)
	}
	if got := seen(p, ".row.item"); !slices.Equal(got, []string{"exp-past-genuine/uat→uat/v1-user"}) {
		p.T.Errorf("expected its group opened, got %q", got)
	}
	p.Keys(kb.Escape)
	shows(p, "#shown", "3 findings, 21 cases")
	if got := seen(p, ".row.item"); len(got) != 0 {
		p.T.Errorf("expected the groups closed again, got %q", got)
	}
	if got := chromium.Value[string](p, `document.getElementById("shown").getAttribute("aria-live")`); got != "polite" {
		p.T.Errorf("expected counts that are read out, got %q", got)
	}
}

// press clicks a filter.
func press(p *chromium.Tab, facet, value string) {
	p.T.Helper()
	p.Do(chromedp.Evaluate(`document.querySelector(".more").open = true`, nil),
		chromedp.Click(fmt.Sprintf(`.chip[data-facet=%q][data-value=%q]`, facet, value), chromedp.ByQuery))
}

func filters(p *chromium.Tab) {
	pressed := `document.querySelectorAll('.chip[aria-pressed="true"]').length`
	press(p, "outcome", "fail")
	shows(p, "#shown", "2 of 3 findings, 6 of 21 cases")
	press(p, "outcome", "warn")
	shows(p, "#shown", "3 of 3 findings, 8 of 21 cases")
	press(p, "outcome", "warn")
	press(p, "environment", "dev")
	shows(p, "#shown", "2 of 3 findings, 2 of 21 cases")
	press(p, "group", "ALG")
	shows(p, "#shown", "1 of 3 findings, 1 of 21 cases")
	if n := chromium.Value[int](p, pressed); n != 3 {
		p.T.Errorf("expected 3 pressed filters, got %d", n)
	}
	p.Keys(kb.Escape)
	shows(p, "#shown", "3 findings, 21 cases")
	if n := chromium.Value[int](p, pressed); n != 0 {
		p.T.Errorf("expected no pressed filter, got %d", n)
	}
}

// focused is what a reader at the keyboard is on.
const focused = `document.activeElement.closest("[id]")?.id ?? ""`

func moves(p *chromium.Tab) {
	at := func(want string) {
		p.T.Helper()
		if got := chromium.Value[string](p, focused); got != want {
			p.T.Errorf("expected to be at %q, got %q", want, got)
		}
	}
	p.Keys("j")
	at("finding/aud-other-env-genuine/dev→test/v2-app")
	p.Keys("j")
	at("finding/alg-none/dev→dev/v2-user")
	p.Keys(kb.ArrowUp)
	at("finding/aud-other-env-genuine/dev→test/v2-app")
	p.Keys(kb.Enter)
	p.Until(`document.activeElement.parentElement.open`)
	p.Keys("j")
	at("aud-other-env-genuine/dev→test/v2-app")
	p.Keys("k")
	p.Keys("/")
	at("search")
	p.Keys("j")
	if got := chromium.Value[string](p, `document.getElementById("search").value`); got != "j" {
		p.T.Errorf("expected a letter in the search box, got %q", got)
	}
	p.Keys(kb.Escape)
	p.Keys(kb.ArrowDown)
	at("finding/aud-other-env-genuine/dev→test/v2-app")
}

func followsLinks(p *chromium.Tab) {
	const id = "alg-none/dev→dev/v2-user"
	p.Keys("/")
	p.Keys("exp-past")
	p.Do(chromedp.Evaluate(fmt.Sprintf(`location.hash = %q`, id), nil))
	p.Until(fmt.Sprintf(`document.activeElement.parentElement.id === %q`, id))
	shows(p, "#shown", "3 findings, 21 cases")
	if !chromium.Value[bool](p, fmt.Sprintf(`document.getElementById(%q).querySelector(".story").checkVisibility()`, id)) {
		p.T.Error("expected the case to be open")
	}
	if got := chromium.Value[string](p, `decodeURIComponent(location.hash)`); got != "#"+id {
		p.T.Errorf("expected the link to stay, got %q", got)
	}
	p.Do(chromedp.Reload())
	p.Until(fmt.Sprintf(`document.activeElement.parentElement?.id === %q`, id))
	p.Do(chromedp.Evaluate(`location.hash = "%E0%A4%A"`, nil)) // no name at all
}

func unpacks(p *chromium.Tab) {
	const row = `[...document.querySelectorAll("details.row.item")][0]`
	before := chromium.Value[string](p, row+`.textContent`)
	p.Do(chromedp.Evaluate(`document.querySelectorAll(".group").forEach((el) => { el.open = true; })`, nil))
	p.Do(chromedp.Evaluate(row+`.querySelector("summary").click()`, nil))
	p.Until(row + `.querySelector(".story") !== null`)
	after := chromium.Value[string](p, row+`.textContent`)
	if strings.Contains(before, "invalid_token") || !strings.Contains(after, `"error": "invalid_token"`) {
		p.T.Errorf("expected the exchange only once it is open, got %q", after)
	}
	if got := chromium.Value[string](p, row+`.querySelector("mark").textContent`); !strings.Contains(got, `"alg": "none"`) {
		p.T.Errorf("expected the changed algorithm to be marked, got %q", got)
	}
	control := `document.getElementById("control/dev/v2-app")`
	p.Do(chromedp.Evaluate(control+`.open = true`, nil))
	p.Until(control + `.querySelector("pre") !== null`)
}

func copies(p *chromium.Tab) {
	grant := cdpbrowser.SetPermission(&cdpbrowser.PermissionDescriptor{Name: "clipboard-write"}, cdpbrowser.PermissionSettingGranted)
	p.Do(chromedp.ActionFunc(func(ctx context.Context) error { // a command to the browser and not to the tab
		return grant.Do(cdp.WithExecutor(ctx, chromedp.FromContext(ctx).Browser))
	}))
	p.Do(chromedp.Evaluate(`location.hash = document.querySelector(".finding .case").id`, nil))
	p.Until(`document.querySelector(".finding .case .copy")?.checkVisibility()`)
	p.Do(chromedp.Click(".finding .case .copy", chromedp.ByQuery))
	p.Until(`document.querySelector(".finding .copy").textContent !== "Copy"`)
	shows(p, ".finding .command code", "entraproof run --target staging.yaml --id aud-other-only --seed 42")
}

func readsWithoutScript(p *chromium.Tab) {
	text := chromium.Value[string](p, `document.body.innerText`)
	for _, must := range []string{
		"Are genuine tokens refused?", "No, fixed: 4 of 4 kinds", "Can another environment’s token enter?", "minted for ↓ presented to →",
		"✓ accepted", "false positive", rowAlone.title, "neither searches nor filters",
	} {
		if !strings.Contains(text, must) {
			p.T.Errorf("without script the page lacks %q", must)
		}
	}
	if chromium.Value[bool](p, `[...document.querySelectorAll(".scripted, .copy")].some((el) => el.checkVisibility())`) {
		p.T.Error("without script the page shows a control that does nothing")
	}
	finding := chromium.Value[string](p, `document.querySelector(".finding").textContent`)
	for _, must := range []string{"api://orders.uat", "control: \"api://orders.dev\"", "RFC 8725 §3.9", "HTTP/1.1 200 OK", "SHA-256", "control before: accepted", "entraproof run --target"} {
		if !strings.Contains(finding, must) {
			p.T.Errorf("without script the finding lacks %q", must)
		}
	}
	p.Do(chromedp.Click(".finding > summary", chromedp.ByQuery))
	if !chromium.Value[bool](p, `document.querySelector(".finding .story").checkVisibility()`) {
		p.T.Error("without script the finding does not open")
	}
}

// keepsInside opens all there is to open.
func keepsInside(p *chromium.Tab) {
	p.Do(chromedp.Evaluate(`document.querySelectorAll("details").forEach((el) => { el.open = true; })`, nil))
	p.Until(`document.querySelectorAll("[data-body]").length === 0 && document.querySelectorAll(".row .story").length > 0`)
	if chromium.Value[bool](p, `"broken" in window`) {
		p.T.Error("a script of hostile text ran")
	}
	if n := chromium.Value[int](p, `document.querySelectorAll("img, iframe, [onload], [onerror], [onfocus], body script:not(#packed):not(:last-of-type)").length`); n != 0 {
		p.T.Errorf("expected no element of hostile text, got %d", n)
	}
	if !strings.Contains(chromium.Value[string](p, `document.body.innerText`), `<img src=x onerror="window.broken=1">`) {
		p.T.Error("the hostile text is not shown: the looks above proved nothing")
	}
}

func prints(p *chromium.Tab) {
	p.Do(chromedp.Evaluate(`dispatchEvent(new Event("beforeprint"))`, nil))
	printsOpen(p)
	p.Do(chromedp.Evaluate(`dispatchEvent(new Event("afterprint"))`, nil))
	if chromium.Value[bool](p, `document.querySelector(".finding").open`) {
		p.T.Error("expected the finding closed again")
	}
}

// printsOpen looks for all that is relevant, and for no control.
func printsOpen(p *chromium.Tab) {
	for selector, want := range map[string]bool{".finding .story": true, ".finding pre": true, ".row": true, ".tools": false, "main > nav": false} {
		if got := chromium.Value[bool](p, fmt.Sprintf(`document.querySelector(%q).checkVisibility()`, selector)); got != want {
			p.T.Errorf("%s on paper: expected visible %t, got %t", selector, want, got)
		}
	}
}

// fits opens all findings: nothing may be wider than the window, nor cut off by
// what it stands in, but what scrolls by itself.
func fits(p *chromium.Tab) {
	p.Do(chromedp.Evaluate(`document.querySelectorAll(".finding, .finding .case, .group, .more").forEach((el) => { el.open = true; })`, nil))
	if wide := chromium.Value[int](p, `document.documentElement.scrollWidth`); wide > 360 {
		p.T.Errorf("expected at most 360 pixels, got %d", wide)
	}
	cut := chromium.Value[[]string](p, `[...document.querySelectorAll("main *:not(.scroll *, .off)")]
		.filter((el) => el.checkVisibility() && el.getBoundingClientRect().right > 361).map((el) => el.outerHTML.slice(0, 80))`)
	if len(cut) > 0 {
		p.T.Errorf("expected nothing beyond the window, got %q", cut)
	}
}

// TestAccessible asks axe-core, in light and in dark, about pages with
// everything open.
func TestAccessible(t *testing.T) {
	chrome := chromium.Start(t)
	axe := chromium.Axe(t, filepath.Join("..", ".."))
	for _, fx := range []fixture{{name: "compared", make: compareOther}, {name: "leaky", make: leaky}, {name: "broken", make: broken}, {name: "inconclusive", make: inconclusive}, {name: "empty", make: empty}} {
		for _, scheme := range []string{"light", "dark"} {
			t.Run(fx.name+"/"+scheme, func(t *testing.T) {
				p := open(t, chrome, htmlOf(t, fx.make()), chromium.View{Width: 1280, Height: 900, Scheme: scheme})
				p.Do(chromedp.Evaluate(axe, nil))
				p.Accessible("as it opens")
				p.Do(chromedp.Evaluate(`document.querySelectorAll("details").forEach((el) => { el.open = true; })`, nil))
				p.Until(`document.querySelectorAll("[data-body]").length === 0`)
				p.Do(chromedp.Evaluate(`document.querySelector(".chip")?.click()`, nil))
				p.Accessible("with everything open and a filter")
			})
		}
	}
}

// TestKeystroke holds a keystroke's filtering on the large page to 100 ms, the
// median of 20, its layout included.
func TestKeystroke(t *testing.T) {
	p := open(t, chromium.Start(t), htmlOf(t, large(false)), chromium.View{Width: 1280, Height: 900})
	p.Do(chromedp.Evaluate(`
		window.strokes = [];
		addEventListener("input", () => { window.begun = performance.now(); }, true);
		addEventListener("input", () => { document.body.offsetHeight; strokes.push(performance.now() - begun); });`, nil))
	p.Keys("/")
	for _, key := range "row-1" + strings.Repeat(kb.Backspace, 5) + "envoy dev " {
		p.Keys(string(key))
	}
	strokes := chromium.Value[[]float64](p, "strokes")
	if len(strokes) != 20 {
		t.Fatalf("expected 20 keystrokes, got %d", len(strokes))
	}
	slices.Sort(strokes)
	t.Logf("20 keystrokes: median %.1f ms, longest %.1f ms; %s", strokes[10], strokes[19], chromium.Value[string](p, `document.getElementById("shown").textContent`))
	if strokes[10] > 100 {
		t.Errorf("expected a median of at most 100 ms, got %.1f", strokes[10])
	}
}
