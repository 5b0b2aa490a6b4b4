package mockidp_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/entraproof/entraproof/internal/chromium"
)

// spa is a client that is a script in a browser.
const spa = "5b000000-0000-4000-8000-0000000000c6"

// singlePage signs in with MSAL Browser in a real browser: the page reads the
// answers of the token endpoint from another origin.
func singlePage(t *testing.T, s *stage) []report {
	t.Helper()
	folder := filepath.Join(clientFolder, "msal-browser")
	library := filepath.Join(folder, "node_modules", "@azure", "msal-browser", "lib")
	if _, err := os.Stat(library); err != nil {
		missing(t, "msal-browser", err.Error()+"; install it with: make clients")
	}
	mux := http.NewServeMux()
	mux.Handle("/msal-browser.min.js", http.FileServer(http.Dir(library)))
	mux.HandleFunc("/settings.json", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(asJSON(t, map[string]string{"issuer": s.url(), "tenant": tenant, "client": spa, "web": worker, "scope": devUserScope, "forbidden": uatUserScope})))
	})
	mux.HandleFunc("/page.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, filepath.Join(folder, "page.js")) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, filepath.Join(folder, "page.html")) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	home := "http://localhost:" + port
	p := chromium.Start(t, chromium.Trusting(s.authority(t))).Open(t, home+"/", chromium.View{Anything: true})
	meets := func(what string) bool {
		p.Do(chromedp.WaitVisible(what + ", .failed"))
		return chromium.Value[bool](p, `!document.querySelector(".failed")`)
	}
	if meets(`input[name="password"]`) {
		signInAs(p, alicePassword)
		if meets(`button[value="accept"]`) { // for the client that is a web application
			p.Do(chromedp.Click(`button[value="accept"]`))
			meets(".done")
		}
	}
	text := chromium.Value[string](p, `document.querySelector("#report").textContent`)
	all, err := readReports(strings.NewReader(text), nil)
	if err != nil {
		t.Fatalf("%v; the page says:\n%s", err, text)
	}
	return all
}

// signInAs fills in alice's form on the sign-in page.
func signInAs(p *chromium.Tab, password string) {
	p.T.Helper()
	form := `form:has(input[value="` + aliceName + `"]) `
	p.Do(chromedp.WaitVisible(form+`input[name="password"]`), chromedp.SendKeys(form+`input[name="password"]`, password), chromedp.Click(form+"button"))
}

// singlePageChecks are what must come of it.
func singlePageChecks() []check {
	user := map[string]string{"ver": "2.0", "aud": ordersDev, "azp": spa, "azpacr": "0", "scp": "DEV.Access", "preferred_username": aliceName}
	return []check{
		{name: "id token", accepted: map[string]string{"ver": "2.0", "aud": spa, "preferred_username": aliceName}},
		{name: "code", token: user},
		{name: "cached user", cached: "code"},
		{name: "refreshed", token: user, unlike: "code"},
		{name: "no consent", failure: "InteractionRequiredAuthError", code: "AADSTS65001"},
		{name: "as a web application", failure: "ServerError", code: "AADSTS9002326"},
	}
}
