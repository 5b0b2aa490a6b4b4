package verdict

import (
	"strconv"

	"github.com/entraproof/entraproof/internal/probe"
)

// answer is the kind of thing that came back.
type answer uint8

const (
	opened      answer = iota // a success, or the upstream's own answer
	foreign                   // a success, known not to be the upstream's
	forwarded                 // the upstream saw it, the client got something else
	refused                   // 4xx
	notFound                  // 404
	limited                   // 429
	redirected                // 3xx
	serverError               // 5xx
	silent                    // taken, but no answer
	neverTaken                // no server took the request
)

// classify sorts what came back. What arrived at the upstream was let in,
// whatever the client received.
func classify(o probe.Observation, reach Reach) answer {
	switch {
	case reach == Reached && o.Answered():
		return opened
	case succeeded(o.Status) && reach == NotReached:
		return foreign
	case succeeded(o.Status):
		return opened
	case reach.Arrived():
		return forwarded
	case neverSent(o):
		return neverTaken
	case !o.Answered():
		return silent
	case o.Status == 404:
		return notFound
	case o.Status == 429:
		return limited
	case o.Status < 400:
		return redirected
	case o.Status < 500:
		return refused
	}
	return serverError
}

// succeeded reports whether a status says that the request was granted. 101
// has switched protocols, and 304 has evaluated a condition on the resource,
// which only a granted request gets to (RFC 9110 13.2.1).
func succeeded(status int) bool {
	return status >= 200 && status < 300 || status == 101 || status == 304
}

// answerText tells what came back in two or three words.
func answerText(o probe.Observation) string {
	if o.Answered() {
		return "answered " + strconv.Itoa(o.Status)
	}
	if o.Fault == probe.NoFault {
		return "no answer"
	}
	return "no answer: " + string(o.Fault)
}

// faultReason is why a request that no server took could not be run.
func faultReason(f probe.Fault) Reason {
	switch f {
	case probe.FaultDNS:
		return NameNotResolved
	case probe.FaultTLS:
		return TLSFailed
	default:
		return ConnectionRefused
	}
}

// silenceReason is why an exchange without an answer proves nothing.
func silenceReason(f probe.Fault) Reason {
	switch f {
	case probe.FaultTimeout:
		return Timeout
	case probe.FaultReset:
		return ConnectionReset
	case probe.FaultMalformed:
		return MalformedResponse
	default:
		return ConnectionClosed
	}
}
