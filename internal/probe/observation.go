package probe

import "time"

// Fault is why there is no answer to judge: a closed set, "" for an answer.
type Fault string

// The faults. FaultClosed is a connection that ended in order without an
// answer, FaultReset one that was torn down; FaultMalformed is an answer that
// is not HTTP/1.
const (
	NoFault        Fault = ""
	FaultRefused   Fault = "refused-connection"
	FaultDNS       Fault = "dns"
	FaultTLS       Fault = "tls"
	FaultTimeout   Fault = "timeout"
	FaultReset     Fault = "reset"
	FaultClosed    Fault = "closed"
	FaultMalformed Fault = "malformed-response"
)

// Faults returns every fault, sorted.
func Faults() []Fault {
	return []Fault{FaultClosed, FaultDNS, FaultMalformed, FaultRefused, FaultReset, FaultTimeout, FaultTLS}
}

// Observation is what came back for one request, unredacted: it lives in
// memory until Record makes an Exchange of it. With a Fault there is no
// Status, but what was read before it is kept.
type Observation struct {
	Status    int
	Proto     string
	Header    []Pair
	Body      []byte // at most Prober.MaxBody
	Truncated bool   // the body went on after MaxBody

	Fault     Fault
	FaultText string

	Started   time.Time     // just before the first byte was written, or dialling began where it failed
	Elapsed   time.Duration // until the answer was complete
	Address   string        // dialled host:port
	Connected bool          // a server took the connection
	Reused    bool          // an idle connection carried the request
	Sent      []byte        // the bytes as written
	Echo      *Echo         // nil: no echo's answer, or not one that can be read

	secrets []string
}

// FromEcho reports whether the echo wrote the answer. A body that was cut off
// can leave Echo nil all the same.
func (o Observation) FromEcho() bool { return o.Get(EchoHeader) == "1" }

// Values returns every value of the answer's header field called name.
func (o Observation) Values(name string) []string { return valuesOf(o.Header, name) }

// Get returns the first value of the answer's header field called name.
func (o Observation) Get(name string) string {
	if values := o.Values(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

// Answered reports whether there is an answer with a status.
func (o Observation) Answered() bool { return o.Fault == NoFault && o.Status != 0 }
