package mockidp

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/value"
)

// alteredAnswer is the answer of an endpoint before it is sent, while
// misbehaviours change it.
type alteredAnswer struct {
	header http.Header
	status int
	body   []byte
	// wait is how long the answer is kept, stall how long the connection is kept
	// after what is sent of it.
	wait, stall time.Duration
	// most bytes of the body are sent before the connection is cut; -1: all.
	most int
	// padding bytes are added to the body.
	padding int

	// refuse answers with an error of Entra's in the place of the body so far.
	refuse func(problem)
	// base is the issuer's own URL; ring is what was in force when the request
	// came.
	base string
	ring *ring
}

// Header is that of the answer.
func (a *alteredAnswer) Header() http.Header { return a.header }

func (a *alteredAnswer) Write(b []byte) (int, error) {
	a.body = append(a.body, b...)
	return len(b), nil
}

// WriteHeader keeps the status.
func (a *alteredAnswer) WriteHeader(status int) { a.status = status }

// rewrite changes one member of the body, where that is an object that has it.
func (a *alteredAnswer) rewrite(name string, change func(value.Value) value.Value) {
	doc, err := value.ParseJSON(a.body)
	if err != nil {
		return
	}
	if was, has := doc.Get(name); has && a.status == http.StatusOK {
		a.body = doc.Set(name, change(was)).JSON()
	}
}

// rewriteKeys changes the keys of a key set.
func (a *alteredAnswer) rewriteKeys(change func([]value.Value) []value.Value) {
	a.rewrite("keys", func(was value.Value) value.Value { return value.List(change(was.Items)...) })
}

// keyID is the kid of a key by its name.
func (a *alteredAnswer) keyID(name string) string {
	if k := a.ring.find(name); k != nil {
		return k.KeyID()
	}
	return name
}

// misbehave answers as the misbehaviours have it.
func (i *Issuer) misbehave(q *request, r *ring, met []*fault) {
	a := &alteredAnswer{header: q.w.Header(), status: http.StatusOK, most: -1, base: i.baseURL(), ring: r}
	a.refuse = func(p problem) {
		a.body = nil
		i.refuse(q, p)
	}
	q.w = a
	instead := false
	for _, f := range met {
		instead = instead || f.kind.instead
	}
	if !instead {
		q.route.serve(i, q)
	}
	for _, f := range met {
		f.kind.answer(f, a)
	}
	q.w = q.sent
	i.deliver(q, a)
}

// deliver sends the answer, late, in part or with padding.
func (i *Issuer) deliver(q *request, a *alteredAnswer) {
	i.pause(q, a.ring.faults, a.wait)
	head, tail := a.body, ""
	if a.padding > 0 {
		head, tail = padded(a.body)
	}
	q.w.Header().Set("Content-Length", strconv.Itoa(len(head)+a.padding+len(tail)))
	q.w.WriteHeader(a.status)
	if a.most >= 0 {
		_, _ = q.w.Write(head[:min(a.most, len(head))])
		_ = http.NewResponseController(q.w).Flush() // whoever cannot be flushed to is cut off all the same
		i.pause(q, a.ring.faults, a.stall)
		panic(http.ErrAbortHandler) // net/http cuts the connection
	}
	_, err := q.w.Write(head)
	for left := a.padding; left > 0 && err == nil; left -= len(paddingText) {
		_, err = q.w.Write([]byte(paddingText[:min(left, len(paddingText))]))
	}
	if err == nil && tail != "" {
		_, _ = q.w.Write([]byte(tail))
	}
}

// paddingText is a piece of padding.
var paddingText = strings.Repeat("a", 32<<10)

// padded is a body with room for padding: within a member of its own where it
// is an object (RFC 7517 5: unknown members are ignored), else after blanks.
func padded(body []byte) (head []byte, tail string) {
	if trimmed, isObject := strings.CutSuffix(string(body), "}"); isObject {
		return []byte(trimmed + `,"padding":"`), `"}`
	}
	return body, ""
}

// pause waits, but not longer than the lease, the client's patience or the
// misbehaviours themselves.
func (i *Issuer) pause(q *request, s *faultSet, wait time.Duration) {
	i.mu.Lock()
	if i.lease != nil {
		wait = min(wait, i.lease.Expires.Sub(i.cfg.Now()))
	}
	i.mu.Unlock()
	if wait <= 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.ended:
	case <-q.Context().Done():
	}
}
