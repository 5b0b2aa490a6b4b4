package verdict

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/entraproof/entraproof/internal/probe"
)

// answerObservers look at what answers do and tell.
func answerObservers() []Observer {
	return []Observer{
		{"rsp-never-5xx", neverServerError},
		{"rsp-token-not-echoed", property{
			Record.gateways, func(r Record) bool { return r.TokenEchoed }, TokenNeverEchoed, TokenEchoed, "answers",
		}.observe},
		{"rsp-jwks-url-not-leaked", internalsKept},
		{"rsp-no-login-redirect", property{
			Record.gateways, func(r Record) bool { return r.Redirects }, NeverRedirected, RedirectedAway, "answers",
		}.observe},
		{"rsp-not-cacheable", property{
			Record.refusal, func(r Record) bool { return r.Stored }, RefusalsNotStored, RefusalStored, "refusals",
		}.observe},
		{"rsp-upstream-untouched", property{
			func(r Record) bool { return r.Demand.Refused && r.Reach != ReachUnknown },
			func(r Record) bool { return r.Reach.Arrived() }, UpstreamUntouched, UpstreamTouched, "requests that must be refused",
		}.observe},
		{"rsp-reasons-not-distinguishable", reasonsAlike},
	}
}

// neverServerError looks for 5xx, resets and silence where the row does not
// list them. Where nothing else ever came back the route is to blame.
func neverServerError(e Finished) Verdict {
	var cases []string
	answers := 0
	for _, r := range e.Records {
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

// internalsKept names what was told, and where first.
func internalsKept(e Finished) Verdict {
	where := map[string][]string{}
	answers := 0
	for _, r := range e.Records {
		if r.gateways() {
			answers++
		}
		for _, name := range r.Tells {
			where[name] = append(where[name], r.Case)
		}
	}
	if answers == 0 {
		return Because(NothingObserved, "")
	}
	detail := ""
	for _, name := range slices.Sorted(maps.Keys(where)) {
		detail += "; " + name + ": " + listed(where[name])
	}
	if detail != "" {
		return Because(InternalsTold, detail[2:])
	}
	return Because(InternalsKept, strconv.Itoa(answers)+" answers")
}

// reasonsAlike compares the refusals of a bad signature, an unknown key and a
// time that is over: whoever tries must not learn which it was. Rows that would
// rather see another status than 401, or allow a refusal for the size, are about
// more than that.
func reasonsAlike(e Finished) Verdict {
	looks := map[string]map[string]string{} // by guard, a case of each look
	all := map[string]string{}
	for _, r := range e.Records {
		if !slices.Contains([]string{"signature", "key", "time"}, r.Guards) || r.best() != unauthorized || r.sized() || !r.refusal() || r.Presented != Bearer {
			continue
		}
		if looks[r.Guards] == nil {
			looks[r.Guards] = map[string]string{}
		}
		look := fmt.Sprintf("%d %x", r.Status, r.Look)
		looks[r.Guards][look] = r.Case
		if known, ok := all[look]; !ok || r.Case < known {
			all[look] = r.Case
		}
	}
	switch {
	case len(looks) < 2:
		return Because(NothingObserved, "refusals for two reasons at least are needed")
	case len(all) > 1:
		return Because(ReasonsDiffer, fmt.Sprintf("%d different answers: %s", len(all), listed(slices.Collect(maps.Values(all)))))
	}
	return Because(ReasonsAlike, fmt.Sprintf("%d reasons, one answer", len(looks)))
}
