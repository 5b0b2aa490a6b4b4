package mockidp

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

//go:embed pages
var pageFiles embed.FS

// pages are what people see of the issuer.
type pages struct {
	templates *template.Template
	style     template.CSS
	script    template.JS
}

func newPages() *pages {
	return &pages{
		templates: template.Must(template.ParseFS(pageFiles, "pages/pages.html")),
		style:     template.CSS(pageText("page.css")),   //nolint:gosec // a file of ours, none of a client's
		script:    template.JS(pageText("formpost.js")), //nolint:gosec // a file of ours, none of a client's
	}
}

func pageText(name string) string {
	text, err := pageFiles.ReadFile("pages/" + name)
	if err != nil {
		panic(fmt.Sprintf("mockidp: a page of ours: %v", err))
	}
	return string(text)
}

// page is what stands on a page; which members are looked at is the template's
// matter.
type page struct {
	Title string
	Style template.CSS

	// Client is who asks, User who is asked.
	Client, User string
	// Problem is what went wrong, Text what else there is to say, Facts what to tell
	// whoever looks into it.
	Problem, Text string
	Facts         []string
	// Action is where the form goes, Flow what it takes along.
	Action, Flow string
	People       []person
	// More: there are more people than are shown.
	More    bool
	Scopes  []string
	ByAdmin bool

	// Target is where the fields are posted to, by the script if there may be one.
	Target template.URL
	Fields []field
	Script template.JS
}

// person is one account on the sign-in page.
type person struct {
	Name, Username string
	Password       bool
}

// field is one parameter of an answer.
type field struct{ Name, Text string }

// show writes a page. What it may load, and where its forms may lead, is written
// in its header: nothing from anywhere, and to the issuer or the given place.
func (i *Issuer) show(q *request, name string, p page, leadsTo string) {
	all := i.pages()
	p.Style, p.Script = all.style, all.script
	var b bytes.Buffer
	if err := all.templates.ExecuteTemplate(&b, name, p); err != nil {
		i.cfg.Log.Error("cannot show", "page", name, "error", err)
		i.refuse(q, ownFailure())
		return
	}
	h := q.w.Header()
	uncached(q)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", fmt.Sprintf("default-src 'none'; style-src %s; script-src %s; form-action 'self'%s; base-uri 'none'; frame-ancestors 'none'",
		sourceHash(string(all.style)), sourceHash(string(all.script)), formSource(leadsTo)))
	q.write(http.StatusOK, b.Bytes())
}

// sourceHash allows one inline style or script (CSP 3, 2.3.1).
func sourceHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// formSource allows forms to lead to a redirect URI, also by way of a redirect:
// browsers hold those to form-action too.
func formSource(uri string) string {
	u, err := url.Parse(uri)
	switch {
	case err != nil || u.Scheme == "":
		return ""
	case u.Scheme == "http" || u.Scheme == "https":
		if strings.ContainsAny(u.Host, " ;,'\"") {
			return ""
		}
		return " " + u.Scheme + "://" + u.Host
	}
	return " " + u.Scheme + ":"
}

// showProblem is the page about an error that goes to no client.
func (i *Issuer) showProblem(q *request, p problem) {
	i.noteRefusal(q, p)
	i.show(q, "message", page{
		Title: "Sorry, but we’re having trouble signing you in.", Problem: fmt.Sprintf("AADSTS%d: %s", p.code, p.text),
		Facts: []string{"Request Id: " + q.id, "Correlation Id: " + q.correlation, "Timestamp: " + i.cfg.Now().UTC().Format(timestampForm)},
	}, "")
}

// step is the path of a form's next step, from wherever the page stands: what
// is in front of the tenant may be a proxy's.
func (a *authorization) step(name string) string {
	return strings.Repeat("../", strings.Count(a.route.path, "/")-1) + a.Tenant + "/" + name
}
