package verdict

import (
	"bytes"
	"slices"
	"time"

	"github.com/entraproof/entraproof/internal/probe"
)

// Callout says whether the listener saw the gateway call out.
type Callout uint8

// CalloutUnknown: the gateway was never shown to reach the listener. NoCallout:
// it can, and did not. CalledOut: it did.
const (
	CalloutUnknown Callout = iota
	NoCallout
	CalledOut
)

// Evidence is everything that a verdict on one case rests on.
type Evidence struct {
	Expect Expectation // Either decided, where the target declares it
	Wanted Wanted      // Expect.Upstream with its placeholders filled in
	// Unreflected is Expect.Unreflected with its placeholders filled in.
	Unreflected []string
	Observed    probe.Observation
	Reach       Reach
	// Seen is what the echo's log holds of the case; the answer's own echo
	// counts too.
	Seen []probe.Echo
	// Before and After are the nearest controls of the case's kind on its
	// route; Next is the one right after, for `next: accept`.
	Before, After, Next ControlState
	Callout             Callout
	// IdentityHeaders are the fields by which the gateway is declared to tell
	// the upstream who the caller is.
	IdentityHeaders []string
	// Internals are texts that no refusal may tell; only records look at them.
	Internals []Internal
}

// Judge returns the verdict on one case: the answer's, or that of a condition
// which is worse.
func Judge(e Evidence) Verdict {
	v := e.judgeAnswer()
	if v.Detail == "" {
		v.Detail = answerText(e.Observed)
	}
	for _, condition := range e.judgeConditions() {
		v = v.Worse(condition)
	}
	return v
}

func (e Evidence) judgeAnswer() Verdict {
	a := classify(e.Observed, e.Reach)
	switch {
	case a == neverTaken && !(e.Expect.OrClosed && e.closed()):
		return Because(faultReason(e.Observed.Fault), answerText(e.Observed))
	case a == limited && !slices.Contains(e.refusals(), 429):
		return Because(RateLimited, "")
	case e.Expect.Measure != "" && e.contradictsSize(a):
		return e.contradicted()
	case e.Expect.Measure != "":
		return Because(Measured, "")
	case e.Expect.Either != "":
		return Because(NotDeclared, "")
	case e.Expect.Accept == AcceptanceRequired:
		return e.judgeAcceptance(a)
	case e.Expect.Refuses():
		return e.judgeRefusal(a)
	}
	return e.judgeEither(a)
}

// refusals returns the statuses that the row lists.
func (e Evidence) refusals() []int {
	return slices.Concat(e.Expect.Refuse, e.Expect.OrRefuse)
}

// judgeAcceptance needs no control to pass. What is not an acceptance is the
// gateway's fault only where the route is known to lead somewhere.
func (e Evidence) judgeAcceptance(a answer) Verdict {
	switch a = e.received(a); a {
	case opened:
		if e.Reach == ReachUnknown {
			return Because(WeakAcceptance, "")
		}
		return Because(AcceptedAsRequired, "")
	case foreign:
		if e.Wanted.Unreached {
			return Because(AcceptedAsRequired, "")
		}
		return Because(AnsweredByAnother, "")
	case limited:
		return Because(RateLimited, "")
	case refused, redirected:
		if len(e.Expect.OrRefuse) > 0 && a == refused {
			return e.judgeStatus(a, e.Expect.OrRefuse)
		}
		return e.refusedGenuine()
	default:
		return e.judgeMissingAcceptance(a)
	}
}

// judgeMissingAcceptance judges 404, 5xx and silence where a genuine token
// should have been accepted.
func (e Evidence) judgeMissingAcceptance(a answer) Verdict {
	switch known := e.Before == Accepted || e.After == Accepted; {
	case !known:
		return Because(RouteNotProven, "")
	case slices.Contains(e.Expect.OrRefuse, e.Observed.Status):
		return e.judgeStatus(a, e.Expect.OrRefuse)
	case a == notFound:
		return Because(NotFound, "")
	case e.Reach == NotReached && e.Before == Accepted && e.After == Accepted:
		return Because(ServerError, "")
	}
	return e.unanswered(a)
}

// received returns what the client got of a request that was forwarded and
// answered otherwise.
func (e Evidence) received(a answer) answer {
	if a != forwarded {
		return a
	}
	return classify(e.Observed, ReachUnknown)
}

func (e Evidence) refusedGenuine() Verdict {
	if e.Expect.Declared != "" {
		return e.contradicted()
	}
	return Because(RefusedGenuine, "")
}

// contradicted is the verdict on an answer that is not the declared one.
func (e Evidence) contradicted() Verdict {
	return Because(ClaimContradicted, answerText(e.Observed)+", declared by "+e.Expect.Declared)
}

// contradictsSize reports whether a field was taken that is declared to be too
// large, or one refused between accepted controls that is declared to be taken.
func (e Evidence) contradictsSize(a answer) bool {
	if e.Expect.Size == 0 {
		return false
	}
	size := largestField(e.Observed.Sent)
	if a == opened || a == forwarded {
		return size > e.Expect.Size
	}
	return a == refused && size <= e.Expect.Size && e.Before == Accepted && e.After == Accepted
}

// largestField is the length of the longest field line of a request in bytes,
// without its line end.
func largestField(sent []byte) int {
	head, _, _ := bytes.Cut(sent, []byte("\r\n\r\n"))
	_, fields, _ := bytes.Cut(head, []byte("\r\n"))
	longest := 0
	for line := range bytes.SplitSeq(fields, []byte("\r\n")) {
		longest = max(longest, len(line))
	}
	return longest
}

// judgeRefusal fails what was let in whatever the controls say, and passes
// nothing without them.
func (e Evidence) judgeRefusal(a answer) Verdict {
	switch {
	case e.Expect.Accept == AcceptanceWarned && (a == opened || a == forwarded):
		return Because(AcceptedLeniently, "")
	case e.Expect.Declared != "" && e.Expect.Status == 0 && (e.Reach.Arrived() || a == opened):
		return e.contradicted()
	case e.Reach.Arrived():
		return Because(ReachedUpstream, "")
	case a == opened:
		return Because(AcceptedForbidden, "")
	}
	v := e.judgeStatus(a, e.Expect.Refuse)
	if e.Expect.Status != 0 && a == refused && v.Outcome <= Warn && e.Observed.Status != e.Expect.Status {
		return e.contradicted()
	}
	return v
}

// judgeEither judges a row that has conditions only: being let in is as good
// as being refused, but a refusal still needs its controls.
func (e Evidence) judgeEither(a answer) Verdict {
	if a == opened || a == forwarded {
		return Because(ConditionsHold, "")
	}
	v := e.judgeStatus(a, nil)
	switch v.Reason {
	case RefusedWithToleratedStatus, RefusedByRedirect, WeakRefusal, AcceptedForbidden:
		return Because(ConditionsHold, "")
	default:
		return v
	}
}

// judgeStatus grades an answer that did not come from the upstream.
func (e Evidence) judgeStatus(a answer, listed []int) Verdict {
	if v, ok := paired(e.Before, e.After); !ok {
		return v
	}
	place := slices.Index(listed, e.Observed.Status)
	weak := e.Reach == ReachUnknown
	switch {
	case e.Expect.OrClosed && e.closed():
		return Because(ClosedAsRequired, "")
	case place >= 0 && weak:
		return Because(WeakRefusal, "")
	case place >= 0:
		return Verdict{Outcome: Pass, Reason: RefusedAsRequired, Best: place == 0}
	case a == foreign:
		return Because(AcceptedForbidden, answerText(e.Observed)+", not by the upstream")
	case a == notFound:
		return Because(NotFound, "")
	case a == refused && weak:
		return Because(WeakRefusal, "")
	case a == refused:
		return Because(RefusedWithToleratedStatus, "")
	case weak:
		return e.unanswered(a)
	case a == redirected:
		return Because(RefusedByRedirect, "")
	case a == serverError:
		return Because(RefusedByServerError, "")
	}
	return Because(RefusedWithoutAnswer, answerText(e.Observed))
}

// unanswered is an answer, or the lack of one, from which nothing follows.
func (e Evidence) unanswered(a answer) Verdict {
	switch a {
	case silent:
		return Because(silenceReason(e.Observed.Fault), answerText(e.Observed))
	case serverError:
		return Because(ServerErrorUnproven, "")
	default:
		return Because(UpstreamUnknown, "")
	}
}

// closed reports whether the connection was refused, dropped or ended without
// an answer. A TLS failure may be ours and does not count.
func (e Evidence) closed() bool {
	switch e.Observed.Fault {
	case probe.FaultRefused, probe.FaultReset, probe.FaultClosed:
		return true
	case probe.FaultTimeout:
		return !e.Observed.Connected
	default:
		return false
	}
}

// judgeConditions returns a verdict for each condition that does not simply
// hold.
func (e Evidence) judgeConditions() []Verdict {
	var all []Verdict
	all = append(all, e.judgeUpstream()...)
	if reflects(e.Observed, e.Unreflected) {
		all = append(all, Because(HeaderValueReflected, ""))
	}
	if e.Expect.NoCallout {
		all = append(all, e.judgeCallout())
	}
	if proven := e.Before != Unproven && e.Before != None; proven && e.Expect.No5xx && failing(e.Observed) {
		all = append(all, Because(ServerError, answerText(e.Observed)))
	} else if proven && e.late() {
		all = append(all, Because(TooSlow, e.Observed.Elapsed.Round(time.Millisecond).String()+", allowed "+e.Expect.Within.String()))
	}
	if e.Expect.Next {
		all = append(all, e.judgeNext())
	}
	return all
}

// failing reports whether a server took the request and answered 5xx or not at
// all.
func failing(o probe.Observation) bool {
	return o.Status >= 500 || o.Fault != probe.NoFault && !neverSent(o)
}

func (e Evidence) late() bool {
	return e.Expect.Within > 0 && e.Observed.Elapsed > e.Expect.Within && !neverSent(e.Observed)
}

func (e Evidence) judgeCallout() Verdict {
	switch e.Callout {
	case CalledOut:
		return Because(CalloutSeen, "")
	case NoCallout:
		return Because(ConditionsHold, "")
	default:
		return Because(CalloutUnprovable, "")
	}
}

// judgeNext blames the request for a refused control after it only where the
// one before it was accepted.
func (e Evidence) judgeNext() Verdict {
	switch {
	case e.Next == Accepted:
		return Because(ConditionsHold, "")
	case e.Next == None:
		return Because(NoControl, "no control right after")
	case e.Before != Accepted:
		v, _ := paired(e.Before, e.Next)
		return v
	}
	return Because(ControlAfterRefused, "the control right after was "+e.Next.String())
}

// judgeUpstream compares every arrival of the request with the condition.
func (e Evidence) judgeUpstream() []Verdict {
	if e.Wanted.isZero() {
		return nil
	}
	seen := e.Seen
	if len(seen) == 0 && e.Observed.Echo != nil {
		seen = []probe.Echo{*e.Observed.Echo}
	}
	var all []Verdict
	for _, echo := range seen {
		all = append(all, e.Wanted.judge(echo, e.IdentityHeaders))
	}
	if len(all) == 0 && e.Wanted.Unreached && e.Reach.Arrived() {
		return []Verdict{Because(ReachedUpstream, "")}
	}
	if len(all) == 0 && (e.Reach.Arrived() || succeeded(e.Observed.Status) && e.Reach == ReachUnknown) {
		all = append(all, Because(UpstreamUnknown, "it arrived, but nothing tells what the upstream saw"))
	}
	return all
}
