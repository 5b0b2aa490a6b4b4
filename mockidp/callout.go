package mockidp

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// The bounds on what is kept of call-outs.
const (
	maxCallouts    = 1000
	maxCalloutText = 200
)

// Callout is one request to /callout/<case>: somebody has followed a URL that a
// token named, or a redirect.
type Callout struct {
	Case string `json:"case"`
	// Time is when it came, by the issuer's clock.
	Time    time.Time `json:"time"`
	Address string    `json:"address"`
	Method  string    `json:"method"`
	// Path is all of it without the query, UserAgent what the caller says that it
	// is; of both the first 200 bytes.
	Path      string `json:"path"`
	UserAgent string `json:"user-agent,omitempty"`
}

// Callouts are the last call-outs of a case, the newest first; those of all
// cases where it is empty.
func (i *Issuer) Callouts(_ context.Context, name string) ([]Callout, error) {
	return slices.DeleteFunc(i.callouts.newest(), func(c Callout) bool { return name != "" && c.Case != name }), nil
}

// Callouts are the last call-outs of a case, the newest first.
func (c *Client) Callouts(ctx context.Context, name string) ([]Callout, error) {
	var answer calloutsBody
	err := c.do(ctx, call{http.MethodGet, "/callouts?" + url.Values{"case": {name}}.Encode(), nil}, &answer)
	return answer.Callouts, err
}

func calloutRoutes() []route {
	return []route{
		{path: "/callout/{case}/{rest...}", serve: serveCallout},
		{path: "/callout/{case}", serve: serveCallout},
		{path: "/redirected/{case}", serve: serveRedirected},
	}
}

// serveCallout notes who called and answers a key set without keys.
func serveCallout(i *Issuer, q *request) {
	first := func(text string) string { return text[:min(len(text), maxCalloutText)] }
	i.callouts.add(Callout{
		Case: calloutCase(q), Time: q.came, Address: addressOf(q.Request), Method: shortMethod(q.Request),
		Path: first(q.URL.EscapedPath()), UserAgent: first(q.UserAgent()),
	})
	q.write(http.StatusOK, []byte(`{"keys":[]}`))
}

// serveRedirected leads to the call-out of a case: who follows redirects away
// from an issuer that it trusts shows there.
func serveRedirected(_ *Issuer, q *request) {
	q.w.Header().Set("Location", "/callout/"+url.PathEscape(calloutCase(q)))
	q.write(http.StatusFound, nil)
}

// calloutCase is the case as it is counted and kept.
func calloutCase(q *request) string {
	name := q.PathValue("case")
	return name[:min(len(name), 100)]
}

func healthRoutes() []route {
	return []route{{methods: get(), path: "/entraproof/health", unlisted: true, serve: serveHealth}}
}

func serveHealth(_ *Issuer, q *request) { q.write(http.StatusOK, []byte(`{"status":"ok"}`)) }
