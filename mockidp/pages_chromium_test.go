package mockidp

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/entraproof/entraproof/internal/chromium"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// TestPagesAccessible asks axe-core, in light and in dark, about every page that
// people see on the way in.
func TestPagesAccessible(t *testing.T) {
	axe := chromium.Axe(t, "..")
	chrome := chromium.Start(t)
	for _, scheme := range []string{"light", "dark"} {
		t.Run(scheme, func(t *testing.T) {
			c := converse(t, func(cfg *Config) { cfg.Directory.Consents = nil })
			authorize := c.i.URL() + "/" + tenantA + authorizePath(mint.V2) + "?"
			p := chrome.Open(t, authorize+asking().Encode(), chromium.View{Width: 1280, Height: 1000, Scheme: scheme, Origin: c.i.URL()})
			accessible := func(when string, actions ...chromedp.Action) {
				t.Helper()
				p.Do(actions...)
				p.Do(chromedp.Evaluate(axe, nil), chromedp.Evaluate(`document.querySelectorAll("details").forEach((el) => { el.open = true; })`, nil))
				p.Accessible(when)
			}
			alice := `//form[input[@value="alice@contoso.example"]]`
			submit := func(text string) chromedp.Action {
				return chromedp.Tasks{chromedp.SetValue(alice+`//input[@type="password"]`, text), chromedp.Click(alice + `//button`)}
			}
			accessible("sign-in")
			accessible("sign-in again", submit("wrong"), chromedp.WaitVisible(`[role="alert"]`))
			accessible("consent", submit(password), chromedp.WaitVisible(`button[value="accept"]`))
			accessible("error", chromedp.Navigate(authorize+asking("redirect_uri", "https://evil.example/").Encode()), chromedp.WaitVisible(`[role="alert"]`))
			accessible("device code", chromedp.Navigate(c.i.URL()+"/common/oauth2/deviceauth"), chromedp.WaitVisible(`input[name="user_code"]`))
			accessible("wrong device code", chromedp.SetValue(`input[name="user_code"]`, "NONSENSE"), chromedp.Click("button", chromedp.ByQuery), chromedp.WaitVisible(`[role="alert"]`))
		})
	}
}

// TestFormPostInChromium: the page that posts the answer goes on by itself, as
// far as another origin; the policy of the page lets it.
func TestFormPostInChromium(t *testing.T) {
	chrome := chromium.Start(t)
	got := make(chan string, 1)
	c := converse(t, nil)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			got <- r.PostFormValue("state")
		}
	}))
	t.Cleanup(server.Close)
	home := server.URL + "/signed-in"
	d := c.i.directory.Load().Directory
	w := d.Clients["web"]
	w.RedirectURIs.Web = []string{home}
	d.Clients = map[string]ClientRegistration{"web": w}
	d.Consents = []Consent{{Client: "web", API: "orders-dev", Scopes: []string{"DEV.Access"}}}
	c.i.directory.Store(d.snapshot())
	p := chrome.Open(t, c.i.URL()+"/"+tenantA+authorizePath(mint.V2)+"?"+asking("redirect_uri", home, "response_mode", "form_post").Encode(), chromium.View{})
	p.Do(chromedp.Click(`//form[input[@value="bob@contoso.example"]]//button`))
	if state := <-got; state != "st ate&1" {
		t.Errorf("state %q", state)
	}
}
