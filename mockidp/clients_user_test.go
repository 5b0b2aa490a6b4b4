package mockidp_test

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// person is a user at a browser without scripts: they follow redirects and fill
// in forms.
type person struct {
	t    *testing.T
	http *http.Client
	base string
}

// person is somebody new, without cookies.
func (s *stage) person(t *testing.T) *person {
	t.Helper()
	return newPerson(t, s.http.Transport, s.url())
}

func newPerson(t *testing.T, way http.RoundTripper, base string) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &person{t, &http.Client{Transport: way, Jar: jar, CheckRedirect: stay}, base}
}

// does what a program asks, and says what it is to be told.
func (p *person) does(r report) string {
	p.t.Helper()
	switch r.Ask {
	case "sign in":
		return p.signIn(r.URL)
	case "enter a code":
		p.enter(r.URL, r.Code)
	default:
		p.t.Fatalf("expected something that a user can do, got %q", r.Ask)
	}
	return ""
}

// mostPages is how many pages a sign-in may have.
const mostPages = 10

// signIn goes to a page and does what it is asked, until it is sent somewhere
// else: that address. What would be posted there (response_mode=form_post) stands
// in its query.
func (p *person) signIn(address string) string {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, address, nil)
	for range mostPages {
		if err != nil {
			p.t.Fatal(err)
		}
		at, text := p.open(r)
		if !strings.HasPrefix(at, p.base) {
			return at
		}
		var fields url.Values
		if r, fields, err = p.fill(at, text, nil); err == nil && !strings.HasPrefix(r.URL.String(), p.base) {
			return r.URL.String() + "?" + fields.Encode()
		}
	}
	p.t.Fatalf("still not signed in after %d pages", mostPages)
	return ""
}

// enter goes to a page and types a code, and then signs in, until no form is
// left: what the last page says.
func (p *person) enter(address, code string) string {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, address, nil)
	for range mostPages {
		if err != nil {
			p.t.Fatal(err)
		}
		at, text := p.open(r)
		if !strings.Contains(text, "<form") {
			return text
		}
		r, _, err = p.fill(at, text, url.Values{"user_code": {code}, "code": {code}})
	}
	p.t.Fatalf("still a form after %d pages", mostPages)
	return ""
}

// open makes a request and follows the redirects within the issuer: where it
// ended, and the page there.
func (p *person) open(r *http.Request) (at, text string) {
	p.t.Helper()
	for range mostPages {
		res, err := p.http.Do(r)
		if err != nil {
			p.t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			p.t.Fatal(err)
		}
		location, err := res.Location()
		if err != nil { // no redirect
			return res.Request.URL.String(), string(body)
		}
		if !strings.HasPrefix(location.String(), p.base) {
			return location.String(), ""
		}
		if r, err = http.NewRequestWithContext(p.t.Context(), http.MethodGet, location.String(), nil); err != nil {
			p.t.Fatal(err)
		}
	}
	p.t.Fatal("redirected in a circle")
	return "", ""
}

var (
	form  = regexp.MustCompile(`(?s)<form[^>]*action="([^"]*)"[^>]*>(.*?)</form>`)
	input = regexp.MustCompile(`<(?:input|button)[^>]*name="([^"]*)"(?:[^>]*value="([^"]*)")?`)
)

// fill fills in the last form of a page, where anybody can write who they are:
// name and password, and what else is known.
func (p *person) fill(at, text string, known url.Values) (*http.Request, url.Values, error) {
	p.t.Helper()
	forms := form.FindAllStringSubmatch(text, -1)
	if len(forms) == 0 {
		p.t.Fatalf("expected a form at %s, got %s", at, text)
	}
	last := forms[len(forms)-1]
	fields := url.Values{}
	for _, m := range input.FindAllStringSubmatch(last[2], -1) {
		name := html.UnescapeString(m[1])
		switch {
		case name == "username":
			fields.Set(name, aliceName)
		case name == "password":
			fields.Set(name, alicePassword)
		case known.Has(name):
			fields.Set(name, known.Get(name))
		case !fields.Has(name): // of several buttons the first is pressed
			fields.Set(name, html.UnescapeString(m[2]))
		}
	}
	base, err := url.Parse(at)
	if err != nil {
		return nil, nil, err
	}
	action, err := base.Parse(html.UnescapeString(last[1]))
	if err != nil {
		return nil, nil, err
	}
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, action.String(), strings.NewReader(fields.Encode()))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r, fields, err
}
