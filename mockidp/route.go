package mockidp

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// route is one endpoint: its path, what answers there, and where discovery
// names it.
type route struct {
	methods []string
	// path is a pattern whose segments may be {names}; {rest...} takes all that
	// is left.
	path string
	// member is the member of the discovery document that names the endpoint,
	// and version the document; empty: none.
	member  string
	version mint.Version
	// page: people see the endpoint, also what goes wrong there.
	page  bool
	serve func(*Issuer, *request)
}

// request is one request to a route.
type request struct {
	*http.Request
	w     http.ResponseWriter
	route route
	// id goes out as x-ms-request-id; errors repeat it and uti encodes it.
	id string
	// correlation is the client-request-id of the request, or a fresh one.
	correlation string
	tenant      tenant
}

// routes are all endpoints of the public listeners; the first that matches
// answers.
func routes() []route {
	return slices.Concat(discoveryRoutes(), keySetRoutes(), tokenRoutes(), authorizeRoutes(), pemRoutes(), calloutRoutes(), healthRoutes())
}

// match reports whether a path fits the pattern, and what its names stand for.
func (r route) match(path string) (map[string]string, bool) {
	names := map[string]string{}
	words := strings.Split(path, "/")
	for i, want := range strings.Split(r.path, "/") {
		switch {
		case want == "{rest...}":
			return names, true
		case i >= len(words):
			return nil, false
		case strings.HasPrefix(want, "{"):
			if words[i] == "" {
				return nil, false
			}
			names[strings.Trim(want, "{}")] = words[i]
		case want != words[i]:
			return nil, false
		}
	}
	return names, len(words) == strings.Count(r.path, "/")+1
}

// ServeHTTP answers a request to the public listeners.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := &request{Request: r, w: w, id: i.freshGUID()}
	q.correlation = q.Header.Get("client-request-id")
	if !mint.IsGUID(q.correlation) {
		q.correlation = i.freshGUID()
	}
	for _, route := range i.routes {
		names, ok := route.match(r.URL.Path)
		if !ok {
			continue
		}
		q.route = route
		for name, text := range names {
			r.SetPathValue(name, text)
		}
		i.counters.hit(q.countedAs(), r)
		i.answer(q)
		return
	}
	i.counters.hit("unknown path", r)
	http.NotFound(w, r)
}

// countedAs is the pattern, with the case of a call-out written out.
func (q *request) countedAs() string {
	if name := q.PathValue("case"); name != "" {
		return "/callout/" + name[:min(len(name), 100)]
	}
	return q.route.path
}

// answer checks method and tenant and calls the handler.
func (i *Issuer) answer(q *request) {
	entraHeaders(q)
	if len(q.route.methods) > 0 && !slices.Contains(q.route.methods, q.Method) {
		i.turnAway(q, wrongMethod(q.Method, q.route.methods))
		return
	}
	if name := q.PathValue("tenant"); name != "" {
		t, problem := i.tenant(name, q)
		if problem != nil {
			i.turnAway(q, *problem)
			return
		}
		q.tenant = t
	}
	i.cfg.Log.Info("request", slog.String("endpoint", q.route.path), slog.String("method", q.Method), slog.String("client", q.RemoteAddr), slog.String("id", q.id))
	q.route.serve(i, q)
}

// turnAway refuses a request before its endpoint has seen it.
func (i *Issuer) turnAway(q *request, p problem) {
	if q.route.page && p.status != http.StatusMethodNotAllowed {
		i.showProblem(q, p)
		return
	}
	i.refuse(q, p)
}

// entraHeaders are on every answer (entra-tokens 3.6).
func entraHeaders(q *request) {
	h := q.w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("P3P", `CP="DSP CUR OTPi IND OTRi ONL FIN"`)
	h.Set("x-ms-request-id", q.id)
	h.Set("x-ms-ests-server", "2.1.19568.3 - MOCK ProdSlices")
	h.Set("X-XSS-Protection", "0")
	if strings.EqualFold(q.Header.Get("return-client-request-id"), "true") {
		h.Set("client-request-id", q.correlation)
	}
	for _, cookie := range []string{"fpc=mock; path=/; secure; HttpOnly; SameSite=None", "x-ms-gateway-slice=estsfd; path=/; secure; samesite=none; httponly", "stsservicecookie=estsfd; path=/; secure; samesite=none; httponly"} {
		h.Add("Set-Cookie", cookie)
	}
}

// cacheable marks metadata: kept for a day, readable by scripts.
func cacheable(q *request) {
	h := q.w.Header()
	h.Set("Cache-Control", "max-age=86400, private")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET, OPTIONS")
}

// uncached marks answers of the token endpoint.
func uncached(q *request) {
	h := q.w.Header()
	h.Set("Cache-Control", "no-store, no-cache")
	h.Set("Pragma", "no-cache")
	h.Set("Expires", "-1")
}

// write sends a body; a client that has gone away is nobody's error.
func (q *request) write(status int, body []byte) {
	q.w.WriteHeader(status)
	_, _ = q.w.Write(body)
}

// freshGUID is a random GUID for request and correlation ids.
func (i *Issuer) freshGUID() string {
	b := make([]byte, 16)
	if err := i.random(b); err != nil {
		b = []byte(i.cfg.Now().String()) // a broken source of randomness is reported when a token is asked for
	}
	return mint.DerivedGUID("request", string(b))
}
