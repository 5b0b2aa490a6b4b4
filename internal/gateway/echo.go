package gateway

import (
	"net/http"
	"sync"

	"github.com/entraproof/entraproof/internal/probe"
)

// SeenPath is where the echo tells what it saw: GET with the parameters run and
// case answers a JSON array of probe.Echo, oldest first.
const SeenPath = "/entraproof/seen"

// Echo is the upstream that accepts everything and tells what arrived. It keeps
// what it saw of the last requests that named a case. The zero value is ready.
type Echo struct {
	// Limit is how many requests are kept; 0 is 4096.
	Limit int

	mu   sync.Mutex
	seen []probe.Echo
	next int
	// places are where a case's requests stand in seen, oldest first: a run asks
	// for every case, most of which never arrive.
	places map[string][]int
}

const keptRequests = 4096

func (e *Echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet && r.URL.Path == SeenPath {
		q := r.URL.Query()
		writeJSON(w, http.StatusOK, e.Seen(q.Get("run"), q.Get("case")))
		return
	}
	saw := probe.EchoOf(r)
	e.keep(saw)
	w.Header().Set(probe.EchoHeader, "1")
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, saw)
}

// Seen returns the requests of a case, oldest first; an empty run is any.
func (e *Echo) Seen(run, id string) []probe.Echo {
	e.mu.Lock()
	defer e.mu.Unlock()
	found := []probe.Echo{}
	for _, i := range e.places[id] {
		if saw := e.seen[i]; run == "" || saw.Run == run {
			found = append(found, saw)
		}
	}
	return found
}

// Forget drops all that was seen.
func (e *Echo) Forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.seen, e.places, e.next = nil, nil, 0
}

// keep overwrites the oldest entry once the log is full.
func (e *Echo) keep(saw probe.Echo) {
	if saw.Case == "" {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	limit := e.Limit
	if limit == 0 {
		limit = keptRequests
	}
	if e.places == nil {
		e.places = map[string][]int{}
	}
	if len(e.seen) < limit {
		e.places[saw.Case] = append(e.places[saw.Case], len(e.seen))
		e.seen = append(e.seen, saw)
		return
	}
	e.forget(e.next)
	e.places[saw.Case] = append(e.places[saw.Case], e.next)
	e.seen[e.next] = saw
	e.next = (e.next + 1) % limit
}

// forget takes out the place of the oldest request, which is the first of its
// case.
func (e *Echo) forget(oldest int) {
	id := e.seen[oldest].Case
	if rest := e.places[id][1:]; len(rest) > 0 {
		e.places[id] = rest
		return
	}
	delete(e.places, id)
}
