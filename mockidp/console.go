package mockidp

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strings"
	"sync"
)

// The console is a web page on the management listener, for people: what exists
// here, what happened last, and a form that mints tokens. A browser cannot send
// a bearer token by itself, so the management token is asked for once and a
// cookie stands for it from then on (console_session.go).
//
// The pages work without script, which only refreshes a list and copies texts.

// consolePath is where the console begins.
const consolePath = "/console/"

//go:embed console
var consoleFiles embed.FS

// consoleTemplates are parsed when somebody first looks at a page.
var consoleTemplates = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("console").Funcs(consoleFuncs()).ParseFS(consoleFiles, "console/*.tmpl"))
})

// console answers below consolePath.
type console struct {
	issuer   *Issuer
	sessions sessions
	mux      *http.ServeMux
	// sameOrigin refuses what another site's page sends.
	sameOrigin *http.CrossOriginProtection
}

// ConsoleURL is the address of the console, empty where there is no management
// listener.
func (i *Issuer) ConsoleURL() string {
	if i.server.management == "" {
		return ""
	}
	return i.ManagementURL() + consolePath
}

// newConsole is the console of an issuer.
func (i *Issuer) newConsole() *console {
	c := &console{issuer: i, mux: http.NewServeMux(), sameOrigin: http.NewCrossOriginProtection()}
	c.sessions.open = map[string]session{}
	c.handle("GET "+consolePath+"{$}", c.signedIn(c.overview))
	c.handle("GET "+consolePath+"requests", c.signedIn(c.requests))
	c.handle("GET "+consolePath+"mint", c.signedIn(c.mintForm))
	c.handle("POST "+consolePath+"mint", c.signedIn(c.mint))
	c.handle("GET "+consolePath+"sign-in", c.signInForm)
	c.handle("POST "+consolePath+"sign-in", c.signIn)
	c.handle("POST "+consolePath+"sign-out", c.signOut)
	for _, name := range []string{"console.css", "console.js", "icon.svg"} {
		c.handle("GET "+consolePath+name, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-cache")
			http.ServeFileFS(w, r, consoleFiles, "console/"+name)
		})
	}
	return c
}

func (c *console) handle(pattern string, f http.HandlerFunc) { c.mux.HandleFunc(pattern, f) }

// isConsole reports whether a request is one for the console. A browser that
// asks for the listener itself is shown the way.
func isConsole(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, consolePath) || r.URL.Path == strings.TrimSuffix(consolePath, "/") ||
		r.URL.Path == "/" && r.Method == http.MethodGet && r.Header.Get("Authorization") == ""
}

// consolePolicy lets in what the listener itself serves, and nothing else.
const consolePolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// maxConsoleBody bounds a form.
const maxConsoleBody = 1 << 20

func (c *console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", consolePolicy)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	// Not no-referrer: a browser would send Origin: null with our own forms.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if !strings.HasPrefix(r.URL.Path, consolePath) {
		http.Redirect(w, r, consolePath, http.StatusSeeOther)
		return
	}
	if err := c.sameOrigin.Check(r); err != nil {
		c.refuse(w, http.StatusForbidden, "This form was sent by another site’s page.")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxConsoleBody)
	c.mux.ServeHTTP(w, r)
}

// frame is what all pages have.
type frame struct {
	Title string
	// At is the page's address below consolePath, for the navigation.
	At       string
	SignedIn bool
}

// page sends a page, or says that it could not be made: a page that breaks off
// in the middle would look whole.
func (c *console) page(w http.ResponseWriter, status int, name string, data any) {
	var text bytes.Buffer
	if err := consoleTemplates().ExecuteTemplate(&text, name, data); err != nil {
		c.issuer.cfg.Log.Error("console failed", "page", name, "error", err)
		http.Error(w, "The page could not be made; the log says why.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = text.WriteTo(w) // a client that has gone away is nobody's error
}

// refuse sends a page with one sentence.
func (c *console) refuse(w http.ResponseWriter, status int, text string) {
	c.page(w, status, "refused", struct {
		frame
		Text string
	}{frame{Title: "Refused"}, text})
}

// readForm reads a form, or answers that it is none.
func (c *console) readForm(w http.ResponseWriter, r *http.Request) bool {
	if err := r.ParseForm(); err != nil {
		c.refuse(w, http.StatusBadRequest, "This is not a form, or it is too large.")
		return false
	}
	return true
}
