package mockidp

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/entraproof/entraproof/internal/chromium"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// openConsole opens the console and signs in as somebody at a keyboard does.
func openConsole(t *testing.T, b chromium.Browser, i *Issuer, v chromium.View) *chromium.Tab {
	t.Helper()
	v.Origin = i.ManagementURL()
	p := b.Open(t, i.ManagementURL()+"/", v)
	p.Do(chromedp.Focus("#token"))
	p.Keys(manager + "\r")
	p.Do(chromedp.WaitVisible(".answers"))
	return p
}

// TestConsoleInChromium looks at the console in a real browser. Its pages must
// keep their console clean and ask nobody but the management listener.
func TestConsoleInChromium(t *testing.T) {
	chrome := chromium.Start(t)
	desk, telephone := chromium.View{Width: 1280, Height: 1000}, chromium.View{Width: 360, Height: 740}
	for _, row := range []struct {
		name string
		view chromium.View
		test func(*Issuer, *chromium.Tab)
	}{
		{"minting by keyboard alone", desk, mintsByKeyboard},
		{"minting without script", chromium.View{Width: 1280, Height: 1000, NoScript: true}, mintsByKeyboard},
		{"a mistake is where the focus is", desk, showsMistake},
		{"what does not apply is not asked", desk, asksWhatApplies},
		{"the list is live", desk, refreshes},
		{"the list pauses", desk, pauses},
		{"the session ends elsewhere", desk, noticesTheEnd},
		{"copy", desk, copiesCommands},
		{"the list without script", chromium.View{Width: 1280, Height: 1000, NoScript: true}, reloads},
		{"on a telephone", telephone, fitsTelephone},
		{"on a telephone, dark", chromium.View{Width: 360, Height: 740, Scheme: "dark"}, fitsTelephone},
		{"dark", chromium.View{Width: 1280, Height: 1000, Scheme: "dark"}, isDark},
	} {
		t.Run(row.name, func(t *testing.T) {
			i := defaultIssuer(t, nil)
			visit(t, i)
			row.test(i, openConsole(t, chrome, i, row.view))
		})
	}
}

// tabTo presses Tab until something has the focus.
func tabTo(p *chromium.Tab, selector string) {
	p.T.Helper()
	for range 80 {
		p.Keys(kb.Tab)
		if chromium.Value[bool](p, fmt.Sprintf(`document.activeElement.matches(%q)`, selector)) {
			return
		}
	}
	p.T.Fatalf("no key leads to %s", selector)
}

// textOf is what somebody reads of an element.
func textOf(p *chromium.Tab, selector string) string {
	p.T.Helper()
	return chromium.Value[string](p, fmt.Sprintf(`document.querySelector(%q).innerText`, selector))
}

// mintsByKeyboard signs in, goes to the form, chooses, mints and reads, without
// a mouse.
func mintsByKeyboard(_ *Issuer, p *chromium.Tab) {
	tabTo(p, `nav a[href="/console/mint"]`)
	p.Keys("\r")
	p.Do(chromedp.WaitVisible("#api"))
	tabTo(p, "#api")
	p.Keys("orders-dev")
	tabTo(p, "#client")
	p.Keys("worker-dev")
	tabTo(p, "#other-audience")
	p.Keys("api://orders.uat")
	tabTo(p, `input[value="no-kid"]`)
	p.Keys(" ")
	tabTo(p, "button.main")
	p.Keys("\r")
	p.Do(chromedp.WaitVisible(".claims"))
	e := mint.Explain(chromium.Value[string](p, `document.querySelector(".jwt").value`))
	payload := claimsOf(e)
	if payload.GetText("aud") != "api://orders.uat" || payload.GetText("azp") != "0d2c0000-0001-4c11-8000-00000000d001" || len(e.Header) != 2 {
		p.T.Errorf("expected another audience, worker-dev and no kid, got %s and %d members of the header", payload.JSON(), len(e.Header))
	}
	// The reader goes on where the token is.
	p.Keys(kb.Tab)
	if !chromium.Value[bool](p, `document.activeElement.closest("#result") !== null`) {
		p.T.Error("expected the next key to lead into the result")
	}
	if text := textOf(p, "#result"); !strings.Contains(text, "wrong on purpose") || !strings.Contains(text, "not what a gateway does") {
		p.T.Errorf("the result lacks its words: %s", text)
	}
}

// showsMistake sends steps that are none.
func showsMistake(_ *Issuer, p *chromium.Tab) {
	p.Do(chromedp.Navigate(textAttribute(p, `nav a[href="/console/mint"]`)), chromedp.WaitVisible("#api"))
	tabTo(p, "summary")
	p.Keys("\r")
	tabTo(p, "#steps")
	p.Keys("[{sett: {aud: x}}]")
	tabTo(p, "button.main")
	p.Keys("\r")
	p.Do(chromedp.WaitVisible(".note.bad"))
	if !chromium.Value[bool](p, `document.activeElement.matches("#result.note")`) {
		p.T.Error("expected the focus on what is wrong")
	}
	p.Keys(kb.Tab + "\r")
	p.Until(`location.hash === "#steps"`)
	if !chromium.Value[bool](p, `document.querySelector("#steps").checkVisibility() && document.querySelector("#steps").value === "[{sett: {aud: x}}]"`) {
		p.T.Error("expected the field with what was written")
	}
}

// textAttribute is where a link leads.
func textAttribute(p *chromium.Tab, selector string) string {
	p.T.Helper()
	return chromium.Value[string](p, fmt.Sprintf(`document.querySelector(%q).href`, selector))
}

// asksWhatApplies: users and scopes are asked for tokens of users, the name by
// which an API is asked for where it is told.
func asksWhatApplies(_ *Issuer, p *chromium.Tab) {
	p.Do(chromedp.Navigate(textAttribute(p, `nav a[href="/console/mint"]`)), chromedp.WaitVisible("#api"))
	visible := func(selector string) bool {
		return chromium.Value[bool](p, fmt.Sprintf(`document.querySelector(%q).checkVisibility()`, selector))
	}
	if visible("#user") || visible("#scopes") || visible("#asked") {
		p.T.Error("of an application’s v2 token: expected no user, no scopes and no name")
	}
	p.Do(chromedp.Click(`input[value="user"]`), chromedp.SetValue("#api", "orders-dev-v1"))
	if !visible("#user") || !visible("#scopes") || !visible("#asked") {
		p.T.Error("of a user’s v1 token: expected user, scopes and name")
	}
}

// rows are how many requests the list shows.
func rows(p *chromium.Tab) int {
	p.T.Helper()
	return chromium.Value[int](p, `document.querySelectorAll("#rows time").length`)
}

func refreshes(i *Issuer, p *chromium.Tab) {
	if n := rows(p); n != 5 {
		p.T.Fatalf("expected 5 requests, got %d", n)
	}
	fetch(p.T, i.URL()+"/common/discovery/keys")
	p.Until(`document.querySelectorAll("#rows time").length === 6`)
	if text := textOf(p, "#rows tr"); !strings.Contains(text, "/common/discovery/keys") {
		p.T.Errorf("expected the newest first, got %s", text)
	}
	if text := textOf(p, "#newest"); !strings.Contains(text, "2 of the last 6 requests refused") {
		p.T.Errorf("expected the answer to follow, got %s", text)
	}
}

// tick is over when the page's own interval has come round once more.
const tick = `new Promise((done) => setTimeout(done, 2100))`

func pauses(i *Issuer, p *chromium.Tab) {
	p.Do(chromedp.Click(".live button"))
	fetch(p.T, i.URL()+"/common/discovery/keys")
	chromium.Value[any](p, tick)
	if n := rows(p); n != 5 || textOf(p, ".live button") != "Go on" {
		p.T.Errorf("paused: expected 5 requests, got %d", n)
	}
	p.Do(chromedp.Click(".live button"))
	p.Until(`document.querySelectorAll("#rows time").length === 6`)
}

// noticesTheEnd: when the session is over the list becomes the form.
func noticesTheEnd(_ *Issuer, p *chromium.Tab) {
	p.Do(chromedp.Evaluate(`fetch("/console/sign-out", {method: "POST"})`, nil))
	p.Do(chromedp.WaitVisible("#token"))
	if strings.Contains(chromium.Value[string](p, `document.body.innerText`), "orders-dev") {
		p.T.Error("expected nothing of the directory")
	}
}

func copiesCommands(_ *Issuer, p *chromium.Tab) {
	grant := cdpbrowser.SetPermission(&cdpbrowser.PermissionDescriptor{Name: "clipboard-write"}, cdpbrowser.PermissionSettingGranted)
	p.Do(chromedp.ActionFunc(func(ctx context.Context) error { // a command to the browser and not to the tab
		return grant.Do(cdp.WithExecutor(ctx, chromedp.FromContext(ctx).Browser))
	}))
	p.Do(chromedp.Navigate(textAttribute(p, `nav a[href="/console/mint"]`)), chromedp.WaitVisible("#api"), chromedp.Click("button.main"), chromedp.WaitVisible(".copy"))
	if n := chromium.Value[int](p, `document.querySelectorAll(".command .copy").length`); n != 3 {
		p.T.Errorf("expected a button for the token and two commands, got %d", n)
	}
	p.Do(chromedp.Click(".copy"))
	p.Until(`document.querySelector(".copy").textContent === "Copied"`)
}

// reloads: without script the list is as new as the page, and no control stands
// there that does nothing.
func reloads(i *Issuer, p *chromium.Tab) {
	if n := rows(p); n != 5 || chromium.Value[bool](p, `document.querySelector(".live") !== null`) {
		p.T.Errorf("expected 5 requests and no button, got %d", n)
	}
	fetch(p.T, i.URL()+"/common/discovery/keys")
	p.Do(chromedp.Reload(), chromedp.WaitVisible(".answers"))
	if n := rows(p); n != 6 {
		p.T.Errorf("expected 6 requests, got %d", n)
	}
}

// fitsTelephone: nothing is wider than the window but what scrolls by itself.
func fitsTelephone(i *Issuer, p *chromium.Tab) {
	for _, page := range []string{"", "requests", "mint"} {
		if page != "" {
			p.Do(chromedp.Navigate(i.ConsoleURL()+page), chromedp.WaitVisible("main"))
		}
		if page == "mint" {
			p.Do(chromedp.Click(`input[value="client-id"]`), chromedp.Click("button.main"), chromedp.WaitVisible(".claims"))
		}
		if wide := chromium.Value[int](p, `document.documentElement.scrollWidth`); wide > 360 {
			p.T.Errorf("%q: expected at most 360 pixels, got %d", page, wide)
		}
		cut := chromium.Value[[]string](p, `[...document.querySelectorAll("body *:not(.scroll *, .off, .skip, option, datalist)")]
			.filter((el) => el.checkVisibility() && el.getBoundingClientRect().right > 361).map((el) => el.outerHTML.slice(0, 80))`)
		if len(cut) > 0 {
			p.T.Errorf("%q: expected nothing beyond the window, got %q", page, cut)
		}
	}
}

func isDark(_ *Issuer, p *chromium.Tab) {
	if got := chromium.Value[string](p, `getComputedStyle(document.body).backgroundColor`); got != "rgb(15, 19, 24)" {
		p.T.Errorf("expected a dark ground, got %s", got)
	}
}

// TestConsoleHostileInChromium: no script of a hostile name runs.
func TestConsoleHostileInChromium(t *testing.T) {
	i := defaultIssuer(t, func(c *Config) { c.Directory = hostileDirectory() })
	p := openConsole(t, chromium.Start(t), i, chromium.View{Width: 1280, Height: 1000})
	look := func(where string) {
		if chromium.Value[bool](p, `"broken" in window || document.querySelectorAll("img, [onerror], main script").length > 0`) {
			t.Errorf("%s: a script of a hostile name ran", where)
		}
		if !strings.Contains(chromium.Value[string](p, `document.body.textContent`), `<img src=x onerror="window.broken=1">`) {
			t.Errorf("%s: the hostile name is not shown: the look above proved nothing", where)
		}
	}
	look("overview")
	p.Do(chromedp.Navigate(i.ConsoleURL()+"mint"), chromedp.WaitVisible("#api"), chromedp.SetValue("#tenant", tenantA),
		chromedp.SetValue("#set-name", hostile), chromedp.SetValue("#set-value", "1"), chromedp.Click("button.main"), chromedp.WaitVisible(".claims"))
	look("minted")
	if got := claimsOf(mint.Explain(chromium.Value[string](p, `document.querySelector(".jwt").value`))); !slices.Equal(texts(got, "roles"), []string{hostile}) {
		t.Errorf("expected the hostile role, got %s", got.JSON())
	}
}

// TestConsoleAccessible asks axe-core, in light and in dark, about every page in
// every state.
func TestConsoleAccessible(t *testing.T) {
	axe := chromium.Axe(t, filepath.Join(".."))
	chrome := chromium.Start(t)
	for _, scheme := range []string{"light", "dark"} {
		t.Run(scheme, func(t *testing.T) {
			i := defaultIssuer(t, nil)
			visit(t, i)
			lease, err := i.Lease(t.Context(), time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			if err := i.Misbehave(t.Context(), lease.ID, []Misbehaviour{{Name: "slow"}}); err != nil {
				t.Fatal(err)
			}
			p := chrome.Open(t, i.ConsoleURL(), chromium.View{Width: 1280, Height: 1000, Scheme: scheme, Origin: i.ManagementURL()})
			accessible := func(when string, actions ...chromedp.Action) {
				p.Do(actions...)
				p.Do(chromedp.Evaluate(axe, nil), chromedp.Evaluate(`document.querySelectorAll("details").forEach((el) => { el.open = true; })`, nil))
				p.Accessible(when)
			}
			accessible("sign in")
			p.Do(chromedp.Focus("#token"))
			p.Keys(manager + "\r")
			accessible("overview", chromedp.WaitVisible(".answers"))
			accessible("requests", chromedp.Navigate(i.ConsoleURL()+"requests"), chromedp.WaitVisible(".requests"))
			accessible("form", chromedp.Navigate(i.ConsoleURL()+"mint"), chromedp.WaitVisible("#api"), chromedp.Click(`input[value="user"]`))
			accessible("minted", chromedp.SetValue("#other-audience", "api://orders.uat"), chromedp.SetValue("#remove", "oid"),
				chromedp.Click(`input[value="client-id"]`), chromedp.Click("button.main"), chromedp.WaitVisible(".claims"))
			accessible("mistakes", chromedp.SetValue("#url", "x"), chromedp.SetValue("#steps", "["), chromedp.Click("button.main"), chromedp.WaitVisible(".note.bad"))
		})
	}
}
