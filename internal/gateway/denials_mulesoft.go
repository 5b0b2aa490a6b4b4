package gateway

import (
	"io"
	"net/http"

	"github.com/entraproof/entraproof/internal/probe"
)

// refusal is the answer of one of MuleSoft's policies, and the check behind it.
type refusal struct {
	Check
	body      string
	challenge string
	// keys are the parameters that the check hangs on.
	keys []string
}

// hangs names the parameters that the check hangs on, the first one first.
func (r *refusal) hangs(keys ...string) *refusal {
	r.keys = keys
	return r
}

// refuse answers for the policy at a place of the chain, and reports.
func (c *chain) refuse(w http.ResponseWriter, x *exchange, at int, with refusal) {
	if c.options.Report != nil {
		c.options.Report(Refusal{
			Run: x.request.Header.Get(probe.RunHeader), Case: x.request.Header.Get(probe.CaseHeader),
			Checks: []Check{with.Check}, Status: with.Status, Policy: at, Keys: with.keys, Switches: x.switches, NotEvaluated: x.unevaluated,
		})
	}
	if with.challenge != "" {
		w.Header().Set("WWW-Authenticate", with.challenge)
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(with.Status)
	_, _ = io.WriteString(w, with.body) // a client that is gone cannot be told
}

// Acceptance is what a chain of MuleSoft's policies tells about a request that
// it forwarded.
type Acceptance struct {
	// Run and Case are those of the request's headers; empty if it had none.
	Run, Case string
	// Switches are those of Switches that it hangs on, by name (SwitchTable).
	Switches []string
}

// accepted tells that a request is forwarded.
func (o Options) accepted(x *exchange) {
	if o.Accepted != nil {
		o.Accepted(Acceptance{
			Run: x.request.Header.Get(probe.RunHeader), Case: x.request.Header.Get(probe.CaseHeader), Switches: x.switches,
		})
	}
}
