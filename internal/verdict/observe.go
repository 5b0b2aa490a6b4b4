package verdict

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/entraproof/entraproof/internal/probe"
)

// Record is what observers know of one request of a finished run.
type Record struct {
	Case      string
	Guards    string
	Expect    Expectation
	Status    int
	Fault     probe.Fault
	Connected bool // a server took the connection
	Reach     Reach
	// TokenEchoed: an answer that the upstream did not write repeats a piece of
	// the token's secret part.
	TokenEchoed bool
}

// RecordOf returns what observers need of one observation.
func RecordOf(id string, e Evidence) Record {
	return Record{
		Case: id, Expect: e.Expect, Reach: e.Reach, Status: e.Observed.Status, Fault: e.Observed.Fault,
		Connected: e.Observed.Connected, TokenEchoed: e.Reach != Reached && e.Observed.TokenEchoed(),
	}
}

// Observer judges a property of all answers of a run. It fires nothing.
type Observer struct {
	// ID is the scenario's.
	ID      string
	Observe func([]Record) Verdict
}

// Observers returns the registry, sorted by id.
func Observers() []Observer {
	all := []Observer{
		{"rsp-never-5xx", neverServerError},
		{"rsp-token-not-echoed", tokenNotEchoed},
	}
	slices.SortFunc(all, func(a, b Observer) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// tokenNotEchoed looks at every answer that the upstream did not write: what
// the backend says is not the gateway's doing.
func tokenNotEchoed(records []Record) Verdict {
	var cases []string
	answers := 0
	for _, r := range records {
		if r.Status == 0 || r.Reach == Reached {
			continue
		}
		answers++
		if r.TokenEchoed {
			cases = append(cases, r.Case)
		}
	}
	switch {
	case answers == 0:
		return Because(NothingObserved, "")
	case len(cases) > 0:
		return Because(TokenEchoed, listed(cases))
	}
	return Because(TokenNeverEchoed, strconv.Itoa(answers)+" answers")
}

// neverServerError looks for 5xx, resets and silence where the row does not
// list them. Where nothing else ever came back the route is to blame.
func neverServerError(records []Record) Verdict {
	var cases []string
	answers := 0
	for _, r := range records {
		o := probe.Observation{Status: r.Status, Fault: r.Fault, Connected: r.Connected}
		if o.Answered() && r.Status < 500 {
			answers++
		}
		if failing(o) && !r.tolerates() {
			cases = append(cases, r.Case)
		}
	}
	switch {
	case answers == 0:
		return Because(NothingObserved, "")
	case len(cases) > 0:
		return Because(ServerErrorsSeen, listed(cases))
	}
	return Because(NeverServerError, strconv.Itoa(answers)+" answers")
}

// tolerates reports whether the row itself lists what came back.
func (r Record) tolerates() bool {
	return slices.Contains(r.Expect.Refuse, r.Status) ||
		r.Expect.OrClosed && (r.Fault == probe.FaultReset || r.Fault == probe.FaultClosed)
}

// listed names the first five cases, sorted, each once.
func listed(cases []string) string {
	const most = 5
	slices.Sort(cases)
	cases = slices.Compact(cases)
	text := strings.Join(cases[:min(most, len(cases))], ", ")
	if more := len(cases) - most; more > 0 {
		text += " and " + strconv.Itoa(more) + " more"
	}
	return text
}
