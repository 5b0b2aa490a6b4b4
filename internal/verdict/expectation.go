package verdict

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
)

// Acceptance is what an expectation says about being accepted.
type Acceptance uint8

// AcceptanceFree says nothing, AcceptanceRequired asks for it, AcceptanceWarned
// tolerates it with a warning where a refusal is asked for.
const (
	AcceptanceFree Acceptance = iota
	AcceptanceRequired
	AcceptanceWarned
)

// Expectation is a decoded `expect` member: what is required of any gateway.
// At most one of Accept (required), Refuse, Either and Measure is set; with
// none of them the conditions judge either answer.
type Expectation struct {
	Accept  Acceptance
	Refuse  []int  // statuses, the best first
	Either  string // a capability decides; see Decide
	Measure string // a name; nothing is judged

	OrRefuse []int // tolerated beside Accept
	OrClosed bool  // tolerated beside Refuse: no answer at all

	Upstream  Upstream
	No5xx     bool
	NoCallout bool
	Within    time.Duration // 0: no bound
	Next      bool          // the control right after must be accepted
	// Unreflected are texts that no header field of the answer may hold.
	Unreflected []value.Expr

	// Declared is the capability by which Decide made Accept or Refuse, or on
	// which they, Status or Size rest.
	Declared string
	// Status is the one that a refusal is declared to have, Size up to how many
	// bytes a header field is declared to be taken; 0: nothing declared.
	Status, Size int
}

// Decide returns e with its Either replaced by what the target declares.
func (e Expectation) Decide(accept bool) Expectation {
	e.Declared, e.Either = e.Either, ""
	if accept {
		e.Accept = AcceptanceRequired
	} else {
		e.Refuse = []int{401, 403, 400}
	}
	return e
}

// Refs returns the placeholders in use, sorted, each once.
func (e Expectation) Refs() []string {
	refs := e.Upstream.refs()
	for _, expr := range e.Unreflected {
		refs = append(refs, expr.Refs()...)
	}
	slices.Sort(refs)
	return slices.Compact(refs)
}

// Refuses reports whether e asks for a refusal, so that only controls make it
// pass.
func (e Expectation) Refuses() bool { return len(e.Refuse) > 0 }

// Kind returns the word for what e asks: accept, refuse, either, measure or
// conditions.
func (e Expectation) Kind() string {
	switch {
	case e.Measure != "":
		return "measure"
	case e.Either != "":
		return "either"
	case e.Refuses():
		return "refuse"
	case e.Accept == AcceptanceRequired:
		return "accept"
	}
	return "conditions"
}

// Text returns e as a report prints it.
func (e Expectation) Text() string {
	parts := []string{e.Kind() + statusTexts(e.Refuse)}
	if name := e.Either + e.Measure; name != "" {
		parts[0] += " " + name
	}
	if len(e.OrRefuse) > 0 {
		parts = append(parts, "or refuse"+statusTexts(e.OrRefuse))
	}
	return strings.Join(append(parts, e.conditionTexts()...), ", ")
}

func statusTexts(statuses []int) string {
	text := ""
	for _, status := range statuses {
		text += " " + strconv.Itoa(status)
	}
	return text
}

func (e Expectation) conditionTexts() []string {
	var parts []string
	add := func(is bool, text string) {
		if is {
			parts = append(parts, text)
		}
	}
	add(e.OrClosed, "or closed")
	add(e.Accept == AcceptanceWarned, "accepted is a warning")
	add(!e.Upstream.IsZero(), "with a condition on what the upstream saw")
	add(len(e.Unreflected) > 0, "with a condition on the answer")
	add(e.No5xx, "no 5xx")
	add(e.NoCallout, "no call-out")
	add(e.Within > 0, "within "+e.Within.String())
	add(e.Next, "the next control accepted")
	return parts
}

// DecodeExpectation reads an `expect` member and records what is wrong in n.
func DecodeExpectation(n *document.Node) Expectation {
	if n.Kind() == document.String {
		return decodeShort(n)
	}
	e := decodeLong(n)
	e.check(n)
	return e
}

// decodeShort reads `accept` and `refuse 401 403`.
func decodeShort(n *document.Node) Expectation {
	words := strings.Fields(n.Str())
	switch {
	case len(words) == 1 && words[0] == "accept":
		return Expectation{Accept: AcceptanceRequired}
	case len(words) > 0 && words[0] == "refuse":
		return Expectation{Refuse: decodeStatuses(n, words[1:])}
	}
	n.Problemf(shortHint(words), "unknown expectation %q", n.Text())
	return Expectation{}
}

func shortHint(words []string) string {
	if len(words) > 0 {
		if near := document.Nearest(words[0], []string{"accept", "refuse"}); near != "" && near != words[0] {
			return "did you mean " + strconv.Quote(near) + "?"
		}
	}
	return "write accept, or refuse 401 403"
}

// decodeStatuses reads statuses from words, at least one, none twice.
func decodeStatuses(n *document.Node, words []string) []int {
	var statuses []int
	for _, word := range words {
		status, err := strconv.Atoi(word)
		switch {
		case err != nil || status < 400 || status > 599:
			n.Problemf("", "expected a status from 400 to 599, got %q", word)
		case slices.Contains(statuses, status):
			n.Problemf("", "status %d stands twice", status)
		default:
			statuses = append(statuses, status)
		}
	}
	if len(words) == 0 {
		n.Problemf("write refuse 401 403, the best first", "a refusal without a status")
	}
	return statuses
}

// decodeLong reads the mapping.
func decodeLong(n *document.Node) Expectation {
	f := n.Fields()
	e := Expectation{
		Accept:    decodeAccept(f.Take("accept")),
		Refuse:    decodeRefuse(f.Take("refuse")),
		Either:    decodeName(f.Take("either")),
		Measure:   decodeName(f.Take("measure")),
		Upstream:  decodeUpstream(f.Take("upstream")),
		No5xx:     decodeFixed(f.Take("no-5xx"), true),
		NoCallout: decodeFixed(f.Take("callout"), false),
		Within:    decodeWithin(f.Take("within")),
		Next:      f.Take("next").OneOf("step", []string{"accept"}) != "",
	}
	e.Unreflected = decodeAnswer(f.Take("answer"))
	e.OrRefuse, e.OrClosed = decodeOr(f.Take("or"))
	f.Rest()
	return e
}

// check records combinations that say nothing or two things.
func (e Expectation) check(n *document.Node) {
	mains := 0
	for _, is := range []bool{e.Accept == AcceptanceRequired, e.Refuses(), e.Either != "", e.Measure != ""} {
		if is {
			mains++
		}
	}
	switch {
	case mains > 1:
		n.Problemf("two rows; or a tolerated answer: refuse beside accept: warn, accept beside or: refuse 401", "expected one of accept, refuse, either and measure, got %d", mains)
	case mains == 0 && e.conditionless():
		n.Problemf("write accept, or refuse 401 403", "an empty expectation")
	case e.Accept == AcceptanceWarned && !e.Refuses():
		n.Problemf("", `"accept: warn" without "refuse"`)
	case e.OrClosed && !e.Refuses():
		n.Problemf("", `"or: closed" without "refuse"`)
	case len(e.OrRefuse) > 0 && e.Accept != AcceptanceRequired:
		n.Problemf("", `"or: refuse" without "accept: true"`)
	}
}

func (e Expectation) conditionless() bool {
	return e.Accept == AcceptanceFree && !e.OrClosed && len(e.OrRefuse) == 0 &&
		e.Upstream.IsZero() && len(e.Unreflected) == 0 && !e.No5xx && !e.NoCallout && e.Within == 0 && !e.Next
}
