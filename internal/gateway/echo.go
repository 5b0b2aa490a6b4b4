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
	for i := range e.seen {
		saw := e.seen[(e.next+i)%len(e.seen)]
		if saw.Case == id && (run == "" || saw.Run == run) {
			found = append(found, saw)
		}
	}
	return found
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
	if len(e.seen) < limit {
		e.seen = append(e.seen, saw)
		return
	}
	e.seen[e.next] = saw
	e.next = (e.next + 1) % limit
}
