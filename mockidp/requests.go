package mockidp

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// maxRequests is how many requests are remembered.
const maxRequests = 256

// Request is one request to the public listeners and how it was answered. It
// holds no secret and no token: of what a client sent it knows the method, and
// the client id where that is a GUID.
type Request struct {
	// Time is when it came, by the issuer's clock.
	Time time.Time `json:"time"`
	// ID is the x-ms-request-id of the answer, which its errors and its token
	// carry as well.
	ID      string `json:"id"`
	Address string `json:"address"`
	Method  string `json:"method"`
	// Endpoint is the path pattern, such as "/{tenant}/oauth2/v2.0/token", or
	// "unknown path".
	Endpoint string `json:"endpoint"`
	// TLS: it came over the listener with TLS.
	TLS bool `json:"tls,omitempty"`
	// Tenant is how URLs name it: a GUID, common or organizations.
	Tenant   string `json:"tenant,omitempty"`
	ClientID string `json:"client-id,omitempty"`
	Status   int    `json:"status"`
	// AADSTS is the number of Entra's error; zero: none.
	AADSTS   int           `json:"aadsts,omitempty"`
	Duration time.Duration `json:"nanoseconds"`
}

// Requests are the last requests to the public listeners, the newest first.
// Checks of health are left out.
func (i *Issuer) Requests(context.Context) ([]Request, error) { return i.requests.newest(), nil }

// Requests are the last requests to the public listeners, the newest first.
func (c *Client) Requests(ctx context.Context) ([]Request, error) {
	var answer requestsBody
	err := c.do(ctx, call{http.MethodGet, "/requests", nil}, &answer)
	return answer.Requests, err
}

// remember keeps what a request was, once it has been answered.
func (i *Issuer) remember(q *request, began time.Time) {
	if q.route.unlisted {
		return
	}
	endpoint := q.route.path
	if endpoint == "" {
		endpoint = unknownPath
	}
	i.requests.add(Request{
		Time: q.came, ID: q.id, Address: addressOf(q.Request), Method: shortMethod(q.Request), Endpoint: endpoint, TLS: q.Request.TLS != nil,
		Tenant: q.tenant.path, ClientID: clientIDOf(q.Request), Status: q.sent.code(), AADSTS: q.aadsts, Duration: time.Since(began),
	})
}

// clientIDOf is the client that a request names, from what its handler has read
// of it. Whatever is no GUID may be anything, a secret in the wrong place too.
func clientIDOf(r *http.Request) string {
	basic, _, _ := basicCredentials(r)
	for _, id := range []string{r.PostForm.Get("client_id"), r.URL.Query().Get("client_id"), basic} {
		if mint.IsGUID(id) {
			return id
		}
	}
	return ""
}

// shortMethod is the method, as long as any has ever been: more may be anything.
func shortMethod(r *http.Request) string { return r.Method[:min(len(r.Method), 20)] }

// addressOf is the client's address without its port.
func addressOf(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}

// sentAnswer is a ResponseWriter that knows what status it sent.
type sentAnswer struct {
	http.ResponseWriter
	status int
}

// WriteHeader sends the status and keeps it.
func (s *sentAnswer) WriteHeader(status int) {
	if s.status == 0 {
		s.status = status
	}
	s.ResponseWriter.WriteHeader(status)
}

// Unwrap is what http.ResponseController looks for.
func (s *sentAnswer) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// code is the status; net/http sends 200 where a handler names none.
func (s *sentAnswer) code() int {
	if s.status == 0 {
		return http.StatusOK
	}
	return s.status
}

// recent holds the last entries of a list that has no end, so that no client
// can make the issuer grow.
type recent[E any] struct {
	mu      sync.Mutex
	most    int
	entries []E // at most most
	next    int // where the next entry goes once it is full
}

func (r *recent[E]) add(e E) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.entries) < r.most {
		r.entries = append(r.entries, e)
		return
	}
	r.entries[r.next] = e
	r.next = (r.next + 1) % r.most
}

// newest are the entries, the newest first.
func (r *recent[E]) newest() []E {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]E, 0, len(r.entries))
	for n := range r.entries {
		all = append(all, r.entries[(r.next+len(r.entries)-1-n)%len(r.entries)])
	}
	return all
}
