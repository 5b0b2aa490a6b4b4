package verdict

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/entraproof/entraproof/internal/probe"
)

// Finished is what there is to look at when all requests of a run have been
// answered, at one environment.
type Finished struct {
	Records []Record
	// KeyFetches are the fetches of the key set that the issuer saw.
	KeyFetches []KeyFetch
	// Local: the issuer is on the machine that fires, as on a developer's desk.
	Local bool
	// Log is the gateway's own log of the run; nil: nobody has it.
	Log []string
}

// KeyFetch is one fetch of the key set.
type KeyFetch struct {
	Address string
	TLS     bool
}

// Observer judges a property of all answers of a run. It fires nothing.
type Observer struct {
	// ID is the scenario's.
	ID      string
	Observe func(Finished) Verdict
}

// Observers returns the registry, sorted by id.
func Observers() []Observer {
	all := slices.Concat(answerObservers(), challengeObservers(), []Observer{
		{"jwks-plain-http", keysOverTLS},
		{"rsp-refusals-logged", refusalsLogged},
	})
	slices.SortFunc(all, func(a, b Observer) int { return cmp.Compare(a.ID, b.ID) })
	for i := 1; i < len(all); i++ {
		if all[i].ID == all[i-1].ID {
			panic("verdict: two observers are called " + all[i].ID)
		}
	}
	return all
}

// property looks at each record that it is about and names the cases that are
// not as they should be.
type property struct {
	// about is what is looked at; wrong is what must not be.
	about, wrong func(Record) bool
	holds, fails Reason
	// unit is what is counted.
	unit string
}

func (p property) observe(e Finished) Verdict {
	var cases []string
	looked := 0
	for _, r := range e.Records {
		if !p.about(r) {
			continue
		}
		looked++
		if p.wrong(r) {
			cases = append(cases, r.Case)
		}
	}
	switch {
	case looked == 0:
		return Because(NothingObserved, "")
	case len(cases) > 0:
		return Because(p.fails, listed(cases))
	}
	return Because(p.holds, strconv.Itoa(looked)+" "+p.unit)
}

// gateways reports whether there is an answer that the upstream did not write:
// what the backend says is not the gateway's doing.
func (r Record) gateways() bool { return r.Status != 0 && r.Reach != Reached }

// refusal reports whether the gateway refused with a 4xx.
func (r Record) refusal() bool {
	return r.gateways() && !r.Reach.Arrived() && r.Status >= 400 && r.Status < 500
}

// tolerates reports whether the row itself lists what came back.
func (r Record) tolerates() bool {
	return slices.Contains(r.Demand.Refuse, r.Status) ||
		r.Demand.Closed && (r.Fault == probe.FaultReset || r.Fault == probe.FaultClosed)
}

// sized reports whether the row lets the request be refused for its size. Such a
// refusal, of whatever status, may come before anybody has looked at the
// credentials, and says nothing of them (RFC 6585 5).
func (r Record) sized() bool {
	return slices.Contains(r.Demand.Refuse, http.StatusRequestHeaderFieldsTooLarge)
}

// best is the status that the row would rather see, 0 if it wants no refusal.
func (r Record) best() int {
	if len(r.Demand.Refuse) == 0 {
		return 0
	}
	return r.Demand.Refuse[0]
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
