package mockidp

import (
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

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
	page bool
	// unlisted keeps its requests out of Issuer.Requests.
	unlisted bool
	// readable is metadata, which scripts of every origin may read.
	readable bool
	// on is whether a configuration has the endpoint; nil: every one does.
	on    func(Config) bool
	serve func(*Issuer, *request)
}

// restOfPath at the end of a pattern takes all that is left, nothing included.
const restOfPath = "{rest...}"

// request is one request to a route.
type request struct {
	*http.Request
	w     http.ResponseWriter
	sent  *sentAnswer // what w writes to in the end
	came  time.Time
	route route
	// id goes out as x-ms-request-id; errors repeat it and uti encodes it.
	id string
	// correlation is the client-request-id of the request, or a fresh one.
	correlation string
	tenant      tenant
	// aadsts is the number of the error that was answered.
	aadsts int
}

// unknownPath is how requests are counted and listed that no route answers.
const unknownPath = "unknown path"

// routes are all endpoints that there can be at the public listeners; the first
// that matches answers.
func routes() []route {
	return slices.Concat(discoveryRoutes(), instanceRoutes(), keySetRoutes(), tokenRoutes(), authorizeRoutes(), deviceRoutes(), logoutRoutes(),
		userInfoRoutes(), userRealmRoutes(), pemRoutes(), calloutRoutes(), healthRoutes(), graphRoutes(), introspectionRoutes(), identityRoutes())
}

// routes are the endpoints that this configuration has.
func (c Config) routes() []route {
	return slices.DeleteFunc(routes(), func(r route) bool { return r.on != nil && !r.on(c) })
}

// match reports whether a path fits the pattern, and tells what each name on the
// way stands for.
func (r route) match(path string, tell func(name, text string)) bool {
	pattern := r.path
	for {
		want, wanted, moreWanted := strings.Cut(pattern, "/")
		word, words, moreWords := strings.Cut(path, "/")
		name, isName := strings.CutPrefix(want, "{")
		switch {
		case isName && word != "":
			tell(strings.TrimSuffix(name, "}"), word)
		case isName || want != word:
			return false
		}
		switch {
		case wanted == restOfPath:
			return true
		case moreWanted != moreWords:
			return false
		case !moreWanted:
			return true
		}
		pattern, path = wanted, words
	}
}

// unheard is for a match of which only the outcome counts.
func unheard(string, string) {}

// ServeHTTP answers a request to the public listeners.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	sent := &sentAnswer{ResponseWriter: w}
	q := &request{Request: r, w: sent, sent: sent, id: i.freshGUID(), came: i.cfg.Now()}
	defer i.remember(q, time.Now())
	q.correlation = q.Header.Get("client-request-id")
	if !mint.IsGUID(q.correlation) {
		q.correlation = i.freshGUID()
	}
	if headerSize(r) > maxHeader {
		refuseHeader(q)
		return
	}
	for _, route := range i.routes {
		if !route.match(r.URL.Path, unheard) {
			continue
		}
		q.route = route
		route.match(r.URL.Path, r.SetPathValue)
		i.counters.hit(q.countedAs(), r)
		i.answer(q)
		return
	}
	i.counters.hit(unknownPath, r)
	http.NotFound(q.w, r)
}

// countedAs is the pattern, with the case of a call-out written out.
func (q *request) countedAs() string {
	if name := calloutCase(q); name != "" {
		return "/callout/" + name
	}
	return q.route.path
}

// answer checks method and tenant and calls the handler.
func (i *Issuer) answer(q *request) {
	i.entraHeaders(q)
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
	i.cfg.Log.LogAttrs(q.Context(), slog.LevelInfo, "request", slog.String("endpoint", q.route.path), slog.String("method", q.Method), slog.String("client", q.RemoteAddr), slog.String("id", q.id))
	if q.route.readable && q.Method == http.MethodOptions {
		q.write(http.StatusOK, nil) // the headers are the answer
		return
	}
	r := i.current()
	if met := r.faults.due(q); len(met) > 0 {
		i.misbehave(q, r, met)
		return
	}
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
func (i *Issuer) entraHeaders(q *request) {
	h := q.w.Header()
	if q.route.readable {
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Allow-Methods", "GET, OPTIONS")
	}
	maps.Copy(h, fixedHeaders)
	q.literal("x-ms-request-id", q.id)
	if i.cfg.Variations.EchoUnasked || strings.EqualFold(q.Header.Get("return-client-request-id"), "true") {
		q.literal("client-request-id", q.correlation)
	}
}

// fixedHeaders are the same on every answer, which shares the values: a handler
// sets a header anew or adds to it, and never changes a value in its place.
var fixedHeaders = http.Header{
	"Content-Type":              {"application/json; charset=utf-8"},
	"Strict-Transport-Security": {"max-age=31536000; includeSubDomains"},
	"X-Content-Type-Options":    {"nosniff"},
	"P3P":                       {`CP="DSP CUR OTPi IND OTRi ONL FIN"`},
	"x-ms-ests-server":          {"2.1.19568.3 - MOCK ProdSlices"},
	"X-XSS-Protection":          {"0"},
	"Set-Cookie": {
		"fpc=mock; path=/; secure; HttpOnly; SameSite=None",
		"x-ms-gateway-slice=estsfd; path=/; secure; samesite=none; httponly",
		"stsservicecookie=estsfd; path=/; secure; samesite=none; httponly",
	},
}

// literal sets a header whose name goes out as it is written: MSAL Java looks for
// client-request-id in Entra's own letters.
func (q *request) literal(name, text string) { q.w.Header()[name] = []string{text} }

// cacheable marks metadata: kept for a day.
func cacheable(q *request) { q.w.Header().Set("Cache-Control", "max-age=86400, private") }

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
