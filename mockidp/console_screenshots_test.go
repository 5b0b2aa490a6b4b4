package mockidp

import (
	"flag"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/entraproof/entraproof/internal/chromium"
)

var screenshots = flag.Bool("screenshots", false, "write the screenshots in docs/images anew")

// TestConsoleScreenshots writes the pictures that the documentation shows.
func TestConsoleScreenshots(t *testing.T) {
	if !*screenshots {
		t.Skip("go test ./mockidp -run TestConsoleScreenshots -screenshots writes docs/images")
	}
	i := defaultIssuer(t, nil)
	visit(t, i)
	chrome := chromium.Start(t)
	for _, s := range []struct{ name, scheme, path, show string }{
		{"console-light", "light", "", "body"},
		{"console-dark", "dark", "", "body"},
		{"console-mint", "light", "mint", "#result"},
		{"console-claims", "dark", "mint", "#payload"},
	} {
		p := openConsole(t, chrome, i, chromium.View{Width: 1280, Height: 1000, Scheme: s.scheme})
		if s.path != "" {
			p.Do(chromedp.Navigate(i.ManagementURL()+consolePath+s.path), chromedp.WaitVisible("#api"),
				chromedp.SetValue("#api", "orders-dev"), chromedp.SetValue("#client", "worker-dev"), chromedp.SetValue("#other-audience", "api://orders.uat"),
				chromedp.Click(`input[value="client-id"]`), chromedp.Click(`button.main`), chromedp.WaitVisible(".claims"))
		}
		p.Do(chromedp.Evaluate("document.querySelector(\""+s.show+"\").scrollIntoView()", nil))
		p.Shoot(filepath.Join("..", "docs", "images", s.name+".png"))
	}
}

// visit asks the issuer for this and that, rightly and wrongly.
func visit(t *testing.T, i *Issuer) {
	t.Helper()
	tenant := i.URL() + "/7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40"
	fetch(t, tenant+"/v2.0/.well-known/openid-configuration")
	fetch(t, tenant+"/discovery/v2.0/keys")
	for _, s := range []string{"worker-dev-secret", "wrong"} {
		post(t, tenant+"/oauth2/v2.0/token", url.Values{
			"grant_type": {"client_credentials"}, "client_id": {"0d2c0000-0001-4c11-8000-00000000d001"}, "client_secret": {s},
			"scope": {"api://orders.dev/.default"},
		}, nil)
	}
	fetch(t, tenant+"/nothing")
}
