package verdict

import (
	"strings"

	"github.com/entraproof/entraproof/internal/probe"
)

// Reach says whether a request arrived at the upstream. Worse knowledge is
// never taken for better.
type Reach uint8

// ReachUnknown: nothing tells. NotReached: it did not arrive. Forwarded: it
// arrived, but the answer is not the upstream's. Reached: the upstream
// answered.
const (
	ReachUnknown Reach = iota
	NotReached
	Forwarded
	Reached
)

// String returns the word for r.
func (r Reach) String() string {
	return [...]string{"unknown", "not-reached", "forwarded", "reached"}[min(r, Reached)]
}

// MarshalText writes the word for r.
func (r Reach) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Arrived reports whether the upstream is known to have seen the request.
func (r Reach) Arrived() bool { return r == Forwarded || r == Reached }

// Asked returns r after the echo was asked for its log: seen there, it arrived
// whatever the client received; not seen there, it did not, unless the
// upstream's own answer came back.
func (r Reach) Asked(seen bool) Reach {
	switch {
	case r == Reached:
		return Reached
	case seen:
		return Forwarded
	}
	return NotReached
}

// Mark is what the upstream's own answers are known by. The zero Mark knows
// nothing but the status.
type Mark struct {
	Echo   bool         // the echo's header field
	Header []probe.Pair // fields with exactly these values
	Body   string       // a text in the body
}

// IsZero reports whether there is nothing to know the upstream's answers by.
func (m Mark) IsZero() bool { return !m.Echo && len(m.Header) == 0 && m.Body == "" }

// Reach returns what the answer alone tells. An answer without the mark is the
// gateway's; but without an answer, or with one that speaks of an upstream
// (502 and 504, RFC 9110 15.6.3 and 15.6.5), the request may have arrived.
func (m Mark) Reach(o probe.Observation) Reach {
	switch {
	case !o.Answered() && neverSent(o):
		return NotReached
	case m.IsZero() || !o.Answered():
		return ReachUnknown
	case m.on(o):
		return Reached
	case o.Status == 502 || o.Status == 504 || !m.Echo && o.Status >= 500:
		return ReachUnknown
	case m.Body != "" && o.Status < 300 && (o.Truncated || len(o.Body) == 0):
		return ReachUnknown
	}
	return NotReached
}

// on reports whether the answer bears the mark.
func (m Mark) on(o probe.Observation) bool {
	if m.Echo {
		return o.FromEcho()
	}
	for _, p := range m.Header {
		if o.Get(p.Name) != p.Value {
			return false
		}
	}
	return strings.Contains(string(o.Body), m.Body)
}

// neverSent reports whether no server took the request.
func neverSent(o probe.Observation) bool {
	return o.Fault != probe.NoFault && !o.Connected || o.Fault == probe.FaultTLS
}
