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
}

// policyRefusals writes refusals and reports them.
type policyRefusals struct {
	report func(Refusal)
}

func (p policyRefusals) write(w http.ResponseWriter, r *http.Request, with refusal) {
	if p.report != nil {
		p.report(Refusal{
			Run: r.Header.Get(probe.RunHeader), Case: r.Header.Get(probe.CaseHeader),
			Checks: []Check{with.Check}, Status: with.Status,
		})
	}
	if with.challenge != "" {
		w.Header().Set("WWW-Authenticate", with.challenge)
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(with.Status)
	_, _ = io.WriteString(w, with.body) // a client that is gone cannot be told
}
