package verdict

import (
	"hash/fnv"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unique"

	"github.com/entraproof/entraproof/internal/probe"
)

// Record is what observers know of one request of a finished run.
type Record struct {
	Case      string
	Guards    string
	Demand    Demand
	Status    int
	Fault     probe.Fault
	Connected bool // a server took the connection
	Reach     Reach
	Presented Presented
	// TokenEchoed: an answer that the upstream did not write repeats a piece of
	// the token's secret part.
	TokenEchoed bool
	// The rest is about answers that the upstream did not write.

	// Challenge is WWW-Authenticate, several joined by commas.
	Challenge string
	// Redirects: the answer sends the client somewhere else.
	Redirects bool
	// Stored: a cache may keep the answer, or did.
	Stored bool
	// Look is a hash of all that tells answers of one status apart from outside.
	Look uint64
	// Tells are the internals that the answer gives away, in words.
	Tells []string
}

// Demand is what observers need of an expectation, which is ten times as large:
// there is a record for each of many requests.
type Demand struct {
	// Refuse are the statuses that the row lists, the first being the best.
	Refuse []int
	// Closed: the row takes a closed connection for a refusal.
	Closed bool
	// Refused: the request must be refused; a row that tolerates acceptance asks
	// for none.
	Refused bool
}

// DemandOf is the demand in an expectation.
func DemandOf(e Expectation) Demand {
	return Demand{Refuse: e.Refuse, Closed: e.OrClosed, Refused: e.Refuses() && e.Accept == AcceptanceFree}
}

// Internal is a text of the gateway's configuration that nobody outside needs
// to know.
type Internal struct {
	// Name says what it is.
	Name string
	Text string
}

// RecordOf returns what observers need of one observation.
func RecordOf(id string, e Evidence) Record {
	o := e.Observed
	r := Record{
		Case: id, Demand: DemandOf(e.Expect), Reach: e.Reach, Status: o.Status, Fault: o.Fault, Connected: o.Connected,
		Presented: PresentedIn(o.Sent),
	}
	if e.Reach == Reached || o.Status == 0 {
		return r
	}
	r.TokenEchoed = o.TokenEchoed()
	// Kept once for all that are alike, and not as a part of its answer's head.
	r.Challenge = unique.Make(strings.Join(o.Values("WWW-Authenticate"), ", ")).Value()
	r.Redirects = o.Status >= 300 && o.Status < 400 && o.Get("Location") != ""
	r.Stored = stored(o)
	r.Look = look(o)
	r.Tells = told(o, e.Internals)
	return r
}

// stored reports whether an answer allows caches to keep it, or says that one
// did. A refusal without any word on it is not kept: 401 and 403 are not
// cacheable by themselves (RFC 9110 15.1, RFC 9111 3).
func stored(o probe.Observation) bool {
	control := strings.ToLower(strings.Join(o.Values("Cache-Control"), ","))
	for _, word := range []string{"no-store", "no-cache", "private"} {
		if strings.Contains(control, word) {
			return false
		}
	}
	age, _ := strconv.Atoi(o.Get("Age"))
	return age > 0 || strings.HasPrefix(strings.ToUpper(o.Get("X-Cache")), "HIT") ||
		strings.Contains(control, "public") || lifetime.MatchString(control) || expires(o)
}

// expires reports whether an answer names a moment that has yet to come.
func expires(o probe.Observation) bool {
	at, err := http.ParseTime(o.Get("Expires"))
	return err == nil && at.After(o.Started)
}

// lifetime is a time for which an answer is fresh, other than none at all.
var lifetime = regexp.MustCompile(`(s-maxage|max-age)="?0*[1-9]`)

// look hashes challenge and body, without what differs each time.
func look(o probe.Observation) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(strings.Join(o.Values("WWW-Authenticate"), ",")))
	_, _ = h.Write(volatile.ReplaceAll(o.Body, nil))
	return h.Sum64()
}

// volatile are numbers, times and identifiers.
var volatile = regexp.MustCompile(`[0-9A-Fa-f-]*[0-9][0-9A-Fa-f:.TZ-]*`)

// told are the internals in an answer: the given ones, versions of software and
// traces of its stack.
func told(o probe.Observation, internals []Internal) []string {
	lines := []string{string(o.Body)}
	for _, p := range o.Header {
		lines = append(lines, p.Value)
	}
	text := strings.Join(lines, "\n")
	var found []string
	for _, i := range internals {
		if i.Text != "" && strings.Contains(text, i.Text) {
			found = append(found, i.Name)
		}
	}
	for _, name := range []string{"Server", "X-Powered-By"} {
		if version.MatchString(o.Get(name)) {
			found = append(found, "a version in "+name)
		}
	}
	if traced(text) {
		found = append(found, "a stack trace")
	}
	return found
}

// traced reports whether the text holds a line of a stack trace. Hardly any does,
// and each refusal of a run is asked: the words come first, without which the
// expression cannot match.
func traced(text string) bool {
	for _, word := range []string{"at ", "goroutine ", "Traceback "} {
		if strings.Contains(text, word) {
			return trace.MatchString(text)
		}
	}
	return false
}

var (
	version = regexp.MustCompile(`[A-Za-z]/?[0-9]+\.[0-9]+`)
	// trace is how Java, Go, Python, .NET and Node begin a line of one.
	trace = regexp.MustCompile(`\bat [\w.$<>]+\([\w.]*(:\d+)?\)|goroutine \d+ \[|Traceback \(most recent call last\)|\bat [\w.]+ in .+:line \d+|\bat .+\.js:\d+:\d+`)
)
