package mockidp

import (
	"context"
	"net/http"
	"strings"
)

// requestView is one request as the console lists it.
type requestView struct {
	Request
	// Client is the name of the client's registration, or its id.
	Client string
}

// Tone is the colour of the status: refusals of the issuer are its business,
// failures are not.
func (q requestView) Tone() string {
	switch {
	case q.Status >= http.StatusInternalServerError:
		return "bad"
	case q.Status >= http.StatusBadRequest:
		return "unsure"
	}
	return "good"
}

// Path is the endpoint with the tenant in its place.
func (q requestView) Path() string {
	if q.Tenant == "" {
		return q.Endpoint
	}
	return strings.Replace(q.Endpoint, "{tenant}", q.Tenant, 1)
}

// Mark stands beside the colour.
func (q requestView) Mark() string {
	return map[string]string{"bad": "✗", "unsure": "!", "good": "✓"}[q.Tone()]
}

// lastRequests are the requests to the public listeners, the newest first.
func (c *console) lastRequests(ctx context.Context) []requestView {
	requests, err := c.issuer.Requests(ctx)
	if err != nil {
		c.issuer.cfg.Log.Error("console failed", "error", err)
	}
	known := c.issuer.directory.Load()
	all := make([]requestView, len(requests))
	for n, q := range requests {
		all[n] = requestView{q, q.ClientID}
		if r, ok := known.clients[strings.ToLower(q.ClientID)]; ok {
			all[n].Client = r.name
		}
	}
	return all
}

// requests lists what was asked of the issuer.
func (c *console) requests(w http.ResponseWriter, r *http.Request) {
	c.page(w, http.StatusOK, "requests", struct {
		frame
		Requests []requestView
	}{frame{Title: "Requests", At: "requests", SignedIn: true}, c.lastRequests(r.Context())})
}
