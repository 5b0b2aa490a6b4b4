package verdict_test

import (
	"strings"
	"testing"
	"time"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/verdict"
)

// Shorter words for the table.
const (
	yes  = verdict.Accepted
	no   = verdict.Refused
	dead = verdict.Unproven
	none = verdict.None

	reached   = verdict.Reached
	forwarded = verdict.Forwarded
	away      = verdict.NotReached
	unknown   = verdict.ReachUnknown
)

type judgement struct {
	name          string
	expect        string
	observed      probe.Observation
	reach         verdict.Reach
	before, after verdict.ControlState
	want          verdict.Reason
	outcome       verdict.Outcome
	best          bool
}

// check judges the row and compares outcome, reason and mark.
func (j judgement) check(t *testing.T) {
	t.Helper()
	v := verdict.Judge(verdict.Evidence{
		Expect: expect(t, j.expect), Observed: j.observed, Reach: j.reach, Before: j.before, After: j.after,
	})
	if v.Reason != j.want || v.Outcome != j.outcome || v.Best != j.best {
		t.Errorf("expected %s %s best=%t, got %s %s best=%t (%s)", j.outcome, j.want, j.best, v.Outcome, v.Reason, v.Best, v.Detail)
	}
	if v.Outcome != v.Reason.Outcome() {
		t.Errorf("outcome %s, but the reason means %s", v.Outcome, v.Reason.Outcome())
	}
	if v.Detail == "" {
		t.Error("no detail")
	}
}

func run(t *testing.T, rows []judgement) {
	t.Helper()
	for _, j := range rows {
		t.Run(j.name, func(t *testing.T) { j.check(t) })
	}
}

// Design §5.1: a refusal proves nothing alone.
func TestRefusalNeedsControlsOnBothSides(t *testing.T) {
	const e = "refuse 401 403"
	o := status(401)
	run(t, []judgement{
		{"accepted before and after", e, o, away, yes, yes, verdict.RefusedAsRequired, verdict.Pass, true},
		{"none at all", e, o, away, none, none, verdict.NoControl, verdict.Inconclusive, false},
		{"none after", e, o, away, yes, none, verdict.NoControl, verdict.Inconclusive, false},
		{"none before", e, o, away, none, yes, verdict.NoControl, verdict.Inconclusive, false},
		{"lost after", e, o, away, yes, no, verdict.ControlLost, verdict.Inconclusive, false},
		{"gained after", e, o, away, no, yes, verdict.ControlLost, verdict.Inconclusive, false},
		{"dead after", e, o, away, yes, dead, verdict.ControlLost, verdict.Inconclusive, false},
		{"dead before", e, o, away, dead, yes, verdict.ControlLost, verdict.Inconclusive, false},
		{"refused on both sides", e, o, away, no, no, verdict.ControlRefused, verdict.Inconclusive, false},
		{"refused, none after", e, o, away, no, none, verdict.ControlRefused, verdict.Inconclusive, false},
		{"none before, refused", e, o, away, none, no, verdict.ControlRefused, verdict.Inconclusive, false},
		{"refused, dead after", e, o, away, no, dead, verdict.ControlRefused, verdict.Inconclusive, false},
		{"dead before, refused", e, o, away, dead, no, verdict.ControlRefused, verdict.Inconclusive, false},
		{"dead on both sides", e, o, away, dead, dead, verdict.ControlUnproven, verdict.Inconclusive, false},
		{"dead, none after", e, o, away, dead, none, verdict.ControlUnproven, verdict.Inconclusive, false},
		{"tolerated status too", e, status(400), away, no, no, verdict.ControlRefused, verdict.Inconclusive, false},
		{"closed too", "{refuse: [401], or: closed}", fault(probe.FaultClosed), away, no, no, verdict.ControlRefused, verdict.Inconclusive, false},
		{"weak too", e, o, unknown, no, no, verdict.ControlRefused, verdict.Inconclusive, false},
		{"server error too", e, status(500), away, no, no, verdict.ControlRefused, verdict.Inconclusive, false},
		{"conditions only, refused", "{no-5xx: true}", o, away, no, no, verdict.ControlRefused, verdict.Inconclusive, false},
	})
}

// Design §5.2: an acceptance needs no control, and a forbidden token that
// reached the upstream fails whatever the controls say.
func TestAcceptanceNeedsNoControl(t *testing.T) {
	const r = "refuse 401 403"
	var rows []judgement
	for _, before := range []verdict.ControlState{none, yes, no, dead} {
		for _, after := range []verdict.ControlState{none, yes, no, dead} {
			at := " " + before.String() + "/" + after.String()
			rows = append(rows,
				judgement{"genuine accepted" + at, "accept", byEcho(), reached, before, after, verdict.AcceptedAsRequired, verdict.Pass, false},
				judgement{"genuine refused" + at, "accept", status(403), away, before, after, verdict.RefusedGenuine, verdict.Fail, false},
				judgement{"forbidden reached" + at, r, byEcho(), reached, before, after, verdict.ReachedUpstream, verdict.Fail, false},
				judgement{"forbidden forwarded, then refused" + at, r, status(401), forwarded, before, after, verdict.ReachedUpstream, verdict.Fail, false},
				judgement{"forbidden forwarded, then silent" + at, r, fault(probe.FaultTimeout), forwarded, before, after, verdict.ReachedUpstream, verdict.Fail, false},
				judgement{"forbidden accepted, bare status" + at, r, status(200), unknown, before, after, verdict.AcceptedForbidden, verdict.Fail, false},
				judgement{"lenient" + at, "{refuse: [401], accept: warn}", byEcho(), reached, before, after, verdict.AcceptedLeniently, verdict.Warn, false},
			)
		}
	}
	if len(rows) != 7*16 {
		t.Fatalf("expected 112 rows, got %d", len(rows))
	}
	run(t, rows)
}

// Design §5.3, catalogue §1.1 rules 3 and 4: the upstream decides, the status
// grades.
func TestUpstreamDecides(t *testing.T) {
	run(t, []judgement{
		{"first status", "refuse 401 403", status(401), away, yes, yes, verdict.RefusedAsRequired, verdict.Pass, true},
		{"second status", "refuse 401 403", status(403), away, yes, yes, verdict.RefusedAsRequired, verdict.Pass, false},
		{"other 4xx", "refuse 401 403", status(400), away, yes, yes, verdict.RefusedWithToleratedStatus, verdict.Warn, false},
		{"405", "refuse 401 403", status(405), away, yes, yes, verdict.RefusedWithToleratedStatus, verdict.Warn, false},
		{"404 where not listed", "refuse 401 403", status(404), away, yes, yes, verdict.NotFound, verdict.Inconclusive, false},
		{"404 where listed", "refuse 401 404", status(404), away, yes, yes, verdict.RefusedAsRequired, verdict.Pass, false},
		{"404 where not listed, weak", "refuse 401 403", status(404), unknown, yes, yes, verdict.NotFound, verdict.Inconclusive, false},
		{"redirect", "refuse 401", status(302), away, yes, yes, verdict.RefusedByRedirect, verdict.Warn, false},
		{"redirect, weak", "refuse 401", status(302), unknown, yes, yes, verdict.UpstreamUnknown, verdict.Inconclusive, false},
		{"listed, without echo or mark", "refuse 401", status(401), unknown, yes, yes, verdict.WeakRefusal, verdict.Warn, false},
		{"other 4xx, without echo or mark", "refuse 401", status(403), unknown, yes, yes, verdict.WeakRefusal, verdict.Warn, false},
		{"accepted, bare status", "accept", status(200), unknown, yes, yes, verdict.WeakAcceptance, verdict.Warn, false},
		{"upstream's own 401 to a forbidden token", "refuse 401", status(401), reached, yes, yes, verdict.ReachedUpstream, verdict.Fail, false},
		{"upstream's own 418 to a genuine token", "accept", status(418), reached, yes, yes, verdict.AcceptedAsRequired, verdict.Pass, false},
		{"forwarded, answered 2xx by another", "accept", status(200), forwarded, none, none, verdict.AcceptedAsRequired, verdict.Pass, false},
		{"genuine, forwarded, then refused", "accept", status(403), forwarded, yes, yes, verdict.RefusedGenuine, verdict.Fail, false},
		{"genuine, 2xx not the upstream's", "accept", status(200), away, yes, yes, verdict.AnsweredByAnother, verdict.Inconclusive, false},
		{"forbidden, 2xx not the upstream's", "refuse 401", status(200), away, yes, yes, verdict.AcceptedForbidden, verdict.Fail, false},
		{"the same where the route is a landing page", "refuse 401", status(200), away, dead, dead, verdict.ControlUnproven, verdict.Inconclusive, false},
		{"forbidden, 304", "refuse 401", status(304), unknown, yes, yes, verdict.AcceptedForbidden, verdict.Fail, false},
		{"forbidden, 304 not the upstream's", "refuse 401", status(304), away, yes, yes, verdict.AcceptedForbidden, verdict.Fail, false},
		{"forbidden, 101", "refuse 401", status(101), unknown, yes, yes, verdict.AcceptedForbidden, verdict.Fail, false},
		{"forbidden, 299", "refuse 401", status(299), unknown, yes, yes, verdict.AcceptedForbidden, verdict.Fail, false},
		{"forbidden, 300", "refuse 401", status(300), away, yes, yes, verdict.RefusedByRedirect, verdict.Warn, false},
		{"genuine, redirected", "accept", status(302), away, yes, yes, verdict.RefusedGenuine, verdict.Fail, false},
	})
}

// Catalogue §1.1 rule 2: 5xx, reset, time-out and 429.
func TestServerErrorsAndSilence(t *testing.T) {
	run(t, []judgement{
		{"5xx, upstream saw nothing", "refuse 401", status(500), away, yes, yes, verdict.RefusedByServerError, verdict.Warn, false},
		{"5xx, without an echo", "refuse 401", status(500), unknown, yes, yes, verdict.ServerErrorUnproven, verdict.Inconclusive, false},
		{"503 where listed", "refuse 401 503", status(503), away, yes, yes, verdict.RefusedAsRequired, verdict.Pass, false},
		{"5xx where never", "{refuse: [401], no-5xx: true}", status(500), away, yes, yes, verdict.ServerError, verdict.Fail, false},
		{"5xx where never, without an echo", "{refuse: [401], no-5xx: true}", status(599), unknown, yes, yes, verdict.ServerError, verdict.Fail, false},
		{"5xx where never, the control too", "{refuse: [401], no-5xx: true}", status(500), away, dead, dead, verdict.ControlUnproven, verdict.Inconclusive, false},
		{"5xx where never, no control", "{refuse: [401], no-5xx: true}", status(500), away, none, none, verdict.NoControl, verdict.Inconclusive, false},
		{"5xx where never, control refused", "{refuse: [401], no-5xx: true}", status(500), away, no, no, verdict.ServerError, verdict.Fail, false},
		{"499 where never 5xx", "{refuse: [401], no-5xx: true}", status(499), away, yes, yes, verdict.RefusedWithToleratedStatus, verdict.Warn, false},
		{"reset where never 5xx", "{refuse: [401], no-5xx: true}", fault(probe.FaultReset), away, yes, yes, verdict.ServerError, verdict.Fail, false},
		{"never sent where never 5xx", "{refuse: [401], no-5xx: true}", unconnected(probe.FaultRefused), away, yes, yes, verdict.ConnectionRefused, verdict.Error, false},
		{"reset, upstream saw nothing", "refuse 401", fault(probe.FaultReset), away, yes, yes, verdict.RefusedWithoutAnswer, verdict.Warn, false},
		{"time-out, upstream saw nothing", "refuse 401", fault(probe.FaultTimeout), away, yes, yes, verdict.RefusedWithoutAnswer, verdict.Warn, false},
		{"reset", "refuse 401", fault(probe.FaultReset), unknown, yes, yes, verdict.ConnectionReset, verdict.Inconclusive, false},
		{"time-out", "refuse 401", fault(probe.FaultTimeout), unknown, yes, yes, verdict.Timeout, verdict.Inconclusive, false},
		{"closed", "refuse 401", fault(probe.FaultClosed), unknown, yes, yes, verdict.ConnectionClosed, verdict.Inconclusive, false},
		{"malformed", "refuse 401", fault(probe.FaultMalformed), unknown, yes, yes, verdict.MalformedResponse, verdict.Inconclusive, false},
		{"no connection", "refuse 401", unconnected(probe.FaultRefused), away, yes, yes, verdict.ConnectionRefused, verdict.Error, false},
		{"no connection in time", "refuse 401", unconnected(probe.FaultTimeout), away, yes, yes, verdict.ConnectionRefused, verdict.Error, false},
		{"no name", "refuse 401", unconnected(probe.FaultDNS), away, yes, yes, verdict.NameNotResolved, verdict.Error, false},
		{"no TLS", "refuse 401", fault(probe.FaultTLS), away, yes, yes, verdict.TLSFailed, verdict.Error, false},
		{"no connection, accept", "accept", unconnected(probe.FaultRefused), away, yes, yes, verdict.ConnectionRefused, verdict.Error, false},
		{"no connection, measure", "{measure: x}", unconnected(probe.FaultRefused), away, yes, yes, verdict.ConnectionRefused, verdict.Error, false},
		{"429", "refuse 401", status(429), away, yes, yes, verdict.RateLimited, verdict.Inconclusive, false},
		{"429, accept", "accept", status(429), away, yes, yes, verdict.RateLimited, verdict.Inconclusive, false},
		{"429, accept, forwarded", "accept", status(429), forwarded, yes, yes, verdict.RateLimited, verdict.Inconclusive, false},
		{"429, measure", "{measure: x}", status(429), away, yes, yes, verdict.RateLimited, verdict.Inconclusive, false},
		{"429 where listed", "refuse 401 429", status(429), away, yes, yes, verdict.RefusedAsRequired, verdict.Pass, false},
		{"429, forbidden forwarded", "refuse 401", status(429), forwarded, yes, yes, verdict.ReachedUpstream, verdict.Fail, false},
		{"genuine, 5xx, controls accepted", "accept", status(500), away, yes, yes, verdict.ServerError, verdict.Fail, false},
		{"genuine, silence, controls accepted", "accept", fault(probe.FaultClosed), away, yes, yes, verdict.ServerError, verdict.Fail, false},
		{"genuine, 5xx, one control accepted", "accept", status(500), away, yes, dead, verdict.ServerErrorUnproven, verdict.Inconclusive, false},
		{"genuine, 5xx, other control accepted", "accept", status(500), away, dead, yes, verdict.ServerErrorUnproven, verdict.Inconclusive, false},
		{"genuine, 5xx, upstream unknown", "accept", status(504), unknown, yes, yes, verdict.ServerErrorUnproven, verdict.Inconclusive, false},
		{"genuine, 5xx, forwarded", "accept", status(502), forwarded, yes, yes, verdict.ServerErrorUnproven, verdict.Inconclusive, false},
		{"genuine, time-out, forwarded", "accept", fault(probe.FaultTimeout), forwarded, yes, yes, verdict.Timeout, verdict.Inconclusive, false},
		{"genuine, 404, a control accepted", "accept", status(404), away, yes, yes, verdict.NotFound, verdict.Inconclusive, false},
		{"genuine, 404, the other control accepted", "accept", status(404), away, none, yes, verdict.NotFound, verdict.Inconclusive, false},
		// Design §5.4: where no control was accepted either, the route is not proven.
		{"genuine, 404, no control", "accept", status(404), away, none, none, verdict.RouteNotProven, verdict.Error, false},
		{"genuine, 5xx, no control", "accept", status(503), away, none, none, verdict.RouteNotProven, verdict.Error, false},
		{"genuine, silence, dead controls", "accept", fault(probe.FaultTimeout), unknown, dead, dead, verdict.RouteNotProven, verdict.Error, false},
	})
}

// Design §12: the alternatives and what is not judged.
func TestAlternatives(t *testing.T) {
	const closed = "{refuse: [403, 426], or: closed}"
	const either = "{accept: true, or: refuse 400}"
	run(t, []judgement{
		{"closed: nobody listens", closed, unconnected(probe.FaultRefused), away, yes, yes, verdict.ClosedAsRequired, verdict.Pass, false},
		{"closed: dropped", closed, unconnected(probe.FaultTimeout), away, yes, yes, verdict.ClosedAsRequired, verdict.Pass, false},
		{"closed: reset", closed, fault(probe.FaultReset), unknown, yes, yes, verdict.ClosedAsRequired, verdict.Pass, false},
		{"closed: ended", closed, fault(probe.FaultClosed), away, yes, yes, verdict.ClosedAsRequired, verdict.Pass, false},
		{"closed: no answer in time is none", closed, fault(probe.FaultTimeout), unknown, yes, yes, verdict.Timeout, verdict.Inconclusive, false},
		{"closed: TLS is none", closed, fault(probe.FaultTLS), away, yes, yes, verdict.TLSFailed, verdict.Error, false},
		{"closed: no name is none", closed, unconnected(probe.FaultDNS), away, yes, yes, verdict.NameNotResolved, verdict.Error, false},
		{"closed: without controls", closed, unconnected(probe.FaultRefused), away, none, none, verdict.NoControl, verdict.Inconclusive, false},
		{"closed: arrived all the same", closed, fault(probe.FaultReset), forwarded, yes, yes, verdict.ReachedUpstream, verdict.Fail, false},
		{"closed: refused as listed", closed, status(426), away, yes, yes, verdict.RefusedAsRequired, verdict.Pass, false},
		{"or refuse: accepted", either, byEcho(), reached, none, none, verdict.AcceptedAsRequired, verdict.Pass, false},
		{"or refuse: refused as listed", either, status(400), away, yes, yes, verdict.RefusedAsRequired, verdict.Pass, true},
		{"or refuse: refused otherwise", either, status(401), away, yes, yes, verdict.RefusedWithToleratedStatus, verdict.Warn, false},
		{"or refuse: no controls", either, status(400), away, none, none, verdict.NoControl, verdict.Inconclusive, false},
		{"or refuse: redirected", either, status(302), away, yes, yes, verdict.RefusedGenuine, verdict.Fail, false},
		{"or refuse 404", "{accept: true, or: refuse 404}", status(404), away, yes, yes, verdict.RefusedAsRequired, verdict.Pass, true},
		{"or refuse 503", "{accept: true, or: refuse 400 503}", status(503), away, yes, yes, verdict.RefusedAsRequired, verdict.Pass, false},
		{"or refuse 429", "{accept: true, or: refuse 429}", status(429), away, yes, yes, verdict.RateLimited, verdict.Inconclusive, false},
		{"lenient: forwarded", "{refuse: [401], accept: warn}", status(401), forwarded, yes, yes, verdict.AcceptedLeniently, verdict.Warn, false},
		{"lenient: refused", "{refuse: [401], accept: warn}", status(401), away, yes, yes, verdict.RefusedAsRequired, verdict.Pass, true},
		{"lenient: bare status", "{refuse: [401], accept: warn}", status(200), unknown, none, none, verdict.AcceptedLeniently, verdict.Warn, false},
		{"measure: accepted", "{measure: x}", byEcho(), reached, none, none, verdict.Measured, verdict.Recorded, false},
		{"measure: refused", "{measure: x}", status(431), away, none, none, verdict.Measured, verdict.Recorded, false},
		{"measure: 5xx", "{measure: x}", status(500), away, none, none, verdict.Measured, verdict.Recorded, false},
		{"undeclared: accepted", "{either: kid-required}", byEcho(), reached, none, none, verdict.NotDeclared, verdict.Recorded, false},
		{"undeclared: refused", "{either: kid-required}", status(401), away, none, none, verdict.NotDeclared, verdict.Recorded, false},
		{"undeclared: never 5xx all the same", "{either: jwks-timeout, no-5xx: true}", status(500), away, yes, yes, verdict.ServerError, verdict.Fail, false},
		{"conditions: accepted", "{no-5xx: true}", byEcho(), reached, none, none, verdict.ConditionsHold, verdict.Pass, false},
		{"conditions: forwarded, then refused", "{no-5xx: true}", status(401), forwarded, none, none, verdict.ConditionsHold, verdict.Pass, false},
		{"conditions: bare acceptance", "{no-5xx: true}", status(200), unknown, none, none, verdict.ConditionsHold, verdict.Pass, false},
		{"conditions: refused", "{no-5xx: true}", status(401), away, yes, yes, verdict.ConditionsHold, verdict.Pass, false},
		{"conditions: refused, weak", "{no-5xx: true}", status(401), unknown, yes, yes, verdict.ConditionsHold, verdict.Pass, false},
		{"conditions: redirected", "{within: 2s}", status(302), away, yes, yes, verdict.ConditionsHold, verdict.Pass, false},
		{"conditions: answered by the gateway itself", "{within: 2s}", status(204), away, yes, yes, verdict.ConditionsHold, verdict.Pass, false},
		{"conditions: 404", "{within: 2s}", status(404), away, yes, yes, verdict.NotFound, verdict.Inconclusive, false},
		{"conditions: 5xx", "{within: 2s}", status(500), away, yes, yes, verdict.RefusedByServerError, verdict.Warn, false},
	})
}

// A row that the target's declaration has decided is judged like any other;
// the other answer than the declared one contradicts the claim.
func TestDeclaredEither(t *testing.T) {
	either := expect(t, "{either: kid-required, no-5xx: true}")
	tests := []struct {
		name     string
		accept   bool
		observed probe.Observation
		reach    verdict.Reach
		want     verdict.Reason
		best     bool
	}{
		{"accept declared, accepted", true, byEcho(), reached, verdict.AcceptedAsRequired, false},
		{"accept declared, refused", true, status(401), away, verdict.ClaimContradicted, false},
		{"refuse declared, refused 401", false, status(401), away, verdict.RefusedAsRequired, true},
		{"refuse declared, refused 403", false, status(403), away, verdict.RefusedAsRequired, false},
		{"refuse declared, refused 400", false, status(400), away, verdict.RefusedAsRequired, false},
		{"refuse declared, refused 431", false, status(431), away, verdict.RefusedWithToleratedStatus, false},
		{"refuse declared, accepted", false, byEcho(), reached, verdict.ClaimContradicted, false},
		{"refuse declared, forwarded and refused", false, status(401), reached, verdict.ClaimContradicted, false},
		{"refuse declared, accepted as the status says", false, status(200), unknown, verdict.ClaimContradicted, false},
		{"conditions stay", false, status(500), away, verdict.ServerError, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			decided := either.Decide(tt.accept)
			if decided.Declared != "kid-required" || decided.Either != "" {
				t.Errorf("got %+v", decided)
			}
			v := verdict.Judge(verdict.Evidence{Expect: decided, Observed: tt.observed, Reach: tt.reach, Before: yes, After: yes})
			if v.Reason != tt.want || v.Best != tt.best {
				t.Errorf("expected %s, got %s (%s)", tt.want, v.Reason, v.Detail)
			}
		})
	}
}

func TestConditions(t *testing.T) {
	seconds := func(n int) time.Duration { return time.Duration(n) * time.Second }
	tests := []struct {
		name   string
		expect string
		change func(*verdict.Evidence)
		want   verdict.Reason
	}{
		{"call-out seen", "{refuse: [401], callout: false}", func(e *verdict.Evidence) { e.Callout = verdict.CalledOut }, verdict.CalloutSeen},
		{"call-out seen, no controls", "{refuse: [401], callout: false}", func(e *verdict.Evidence) { e.Callout, e.Before = verdict.CalledOut, none }, verdict.CalloutSeen},
		{"no call-out", "{refuse: [401], callout: false}", func(e *verdict.Evidence) { e.Callout = verdict.NoCallout }, verdict.RefusedAsRequired},
		{"call-out not provable", "{refuse: [401], callout: false}", func(*verdict.Evidence) {}, verdict.CalloutUnprovable},
		{"call-out not provable, reached", "{refuse: [401], callout: false}", func(e *verdict.Evidence) { e.Reach = reached }, verdict.ReachedUpstream},
		{"call-out not asked for", "refuse 401", func(e *verdict.Evidence) { e.Callout = verdict.CalledOut }, verdict.RefusedAsRequired},
		{"in time", "{refuse: [401], within: 2s}", func(e *verdict.Evidence) { e.Observed = slow(e.Observed, seconds(2)) }, verdict.RefusedAsRequired},
		{"late", "{refuse: [401], within: 2s}", func(e *verdict.Evidence) { e.Observed = slow(e.Observed, seconds(2)+1) }, verdict.TooSlow},
		{"late, and reached", "{refuse: [401], within: 2s}", func(e *verdict.Evidence) { e.Observed, e.Reach = slow(byEcho(), seconds(3)), reached }, verdict.ReachedUpstream},
		{"hangs", "{refuse: [401], within: 2s}", func(e *verdict.Evidence) { e.Observed = slow(fault(probe.FaultTimeout), seconds(9)) }, verdict.TooSlow},
		{"late, the control dead", "{refuse: [401], within: 2s}", func(e *verdict.Evidence) { e.Observed, e.Before = slow(e.Observed, seconds(3)), dead }, verdict.ControlLost},
		{"never sent is not late", "{refuse: [401], within: 2s}", func(e *verdict.Evidence) { e.Observed = slow(unconnected(probe.FaultRefused), seconds(3)) }, verdict.ConnectionRefused},
		{"no bound", "refuse 401", func(e *verdict.Evidence) { e.Observed = slow(e.Observed, seconds(99)) }, verdict.RefusedAsRequired},
		{"next accepted", "{refuse: [401], next: accept}", func(e *verdict.Evidence) { e.Next = yes }, verdict.RefusedAsRequired},
		{"next refused", "{refuse: [401], next: accept}", func(e *verdict.Evidence) { e.Next = no }, verdict.ControlAfterRefused},
		{"next refused as before", "{refuse: [401], next: accept}", func(e *verdict.Evidence) { e.Before, e.After, e.Next = no, no, no }, verdict.ControlRefused},
		{"next refused, before unproven", "{refuse: [401], next: accept}", func(e *verdict.Evidence) { e.Before, e.After, e.Next = verdict.Unproven, no, no }, verdict.ControlRefused},
		{"next dead", "{refuse: [401], next: accept}", func(e *verdict.Evidence) { e.Next = dead }, verdict.ControlAfterRefused},
		{"next not fired", "{refuse: [401], next: accept}", func(*verdict.Evidence) {}, verdict.NoControl},
		{"next not asked for", "refuse 401", func(e *verdict.Evidence) { e.Next = no }, verdict.RefusedAsRequired},
		{"the worse of two conditions", "{refuse: [401], callout: false, next: accept}", func(e *verdict.Evidence) { e.Next = no }, verdict.ControlAfterRefused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := verdict.Evidence{Expect: expect(t, tt.expect), Observed: status(401), Reach: away, Before: yes, After: yes}
			tt.change(&e)
			if v := verdict.Judge(e); v.Reason != tt.want || v.Outcome != tt.want.Outcome() {
				t.Errorf("expected %s, got %s (%s)", tt.want, v.Reason, v.Detail)
			}
		})
	}
}

// Design §5.4: an equal refusal of the control is a result, a dead route is
// none.
func TestJudgeControl(t *testing.T) {
	tests := []struct {
		name     string
		observed probe.Observation
		reach    verdict.Reach
		state    verdict.ControlState
		want     verdict.Reason
	}{
		{"accepted", byEcho(), reached, yes, verdict.AcceptedAsRequired},
		{"accepted, forwarded", status(200), forwarded, yes, verdict.AcceptedAsRequired},
		{"accepted, bare status", status(204), unknown, yes, verdict.WeakAcceptance},
		{"upstream's own 403", status(403), reached, yes, verdict.AcceptedAsRequired},
		{"refused 401", status(401), away, no, verdict.RefusedGenuine},
		{"refused 403, bare status", status(403), unknown, no, verdict.RefusedGenuine},
		{"refused 405", status(405), away, no, verdict.RefusedGenuine},
		{"redirected", status(302), away, no, verdict.RefusedGenuine},
		{"forwarded, then refused", status(403), forwarded, no, verdict.RefusedGenuine},
		{"429", status(429), away, dead, verdict.RateLimited},
		{"429, forwarded", status(429), forwarded, dead, verdict.RateLimited},
		{"404", status(404), away, dead, verdict.RouteNotProven},
		{"404 of the upstream", status(404), reached, dead, verdict.RouteNotProven},
		{"500", status(500), away, dead, verdict.RouteNotProven},
		{"500 of the upstream", status(500), reached, dead, verdict.RouteNotProven},
		{"503 of the upstream", status(503), reached, dead, verdict.RouteNotProven},
		{"502, forwarded", status(502), forwarded, dead, verdict.RouteNotProven},
		{"a landing page", status(200), away, dead, verdict.RouteNotProven},
		{"time-out", fault(probe.FaultTimeout), unknown, dead, verdict.RouteNotProven},
		{"time-out, forwarded", fault(probe.FaultTimeout), forwarded, dead, verdict.RouteNotProven},
		{"nobody listens", unconnected(probe.FaultRefused), away, dead, verdict.RouteNotProven},
		{"no TLS", fault(probe.FaultTLS), away, dead, verdict.RouteNotProven},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			state, v := verdict.JudgeControl(tt.observed, tt.reach)
			if state != tt.state || v.Reason != tt.want || v.Outcome != tt.want.Outcome() || v.Detail == "" {
				t.Errorf("expected %s %s, got %s %s (%s)", tt.state, tt.want, state, v.Reason, v.Detail)
			}
		})
	}
}

func TestDetailTellsWhatCameBack(t *testing.T) {
	tests := []struct {
		observed probe.Observation
		want     string
	}{
		{status(418), "answered 418"},
		{fault(probe.FaultReset), "no answer: reset"},
		{probe.Observation{}, "no answer"},
	}
	for _, tt := range tests {
		v := verdict.Judge(verdict.Evidence{Expect: expect(t, "{measure: x}"), Observed: tt.observed})
		if _, control := verdict.JudgeControl(tt.observed, away); control.Detail != tt.want {
			t.Errorf("control: expected %q, got %q", tt.want, control.Detail)
		}
		if tt.observed.Connected && v.Detail != tt.want {
			t.Errorf("expected %q, got %q", tt.want, v.Detail)
		}
	}
}

// Whatever came back, a refusal row passes only between two accepted controls
// and only if nothing arrived.
func TestNoRefusalPassesWithoutProof(t *testing.T) {
	var observations []probe.Observation
	for code := 100; code < 600; code++ {
		observations = append(observations, status(code))
	}
	for _, f := range probe.Faults() {
		observations = append(observations, fault(f), unconnected(f))
	}
	states := []verdict.ControlState{none, yes, no, dead}
	judged, passed := 0, 0
	for _, text := range []string{"refuse 401 403", "{refuse: [401], or: closed}", "{refuse: [401], no-5xx: true, accept: warn}"} {
		e := expect(t, text)
		for _, o := range observations {
			for _, reach := range []verdict.Reach{unknown, away, forwarded, reached} {
				for _, before := range states {
					for _, after := range states {
						v := verdict.Judge(verdict.Evidence{Expect: e, Observed: o, Reach: reach, Before: before, After: after})
						judged++
						if v.Outcome != verdict.Pass {
							continue
						}
						passed++
						if before != yes || after != yes || reach.Arrived() || o.Status != 401 && o.Status != 403 && o.Answered() {
							t.Fatalf("%s passes with %d %s, %s, controls %s and %s", text, o.Status, o.Fault, reach, before, after)
						}
					}
				}
			}
		}
	}
	if judged != 3*514*4*16 || passed == 0 {
		t.Errorf("judged %d, passed %d", judged, passed)
	}
}

// TestDeclaredNumber: a status and a size are contradicted by the answer that
// shows another, either way, and by nothing that the controls do not bear out.
func TestDeclaredNumber(t *testing.T) {
	missing := expect(t, "refuse 401 400")
	missing.Status, missing.Declared = 400, "missing-token-status: 400"
	ladder := expect(t, "{measure: largest-token}")
	ladder.Size, ladder.Declared = 20, "largest-header: 20"
	sent := func(o probe.Observation, size int) probe.Observation {
		o.Sent = []byte("GET / HTTP/1.1\r\nHost: a\r\nA: " + strings.Repeat("x", size-3) + "\r\n\r\n" + strings.Repeat("y", 99))
		return o
	}
	for _, tt := range []struct {
		name     string
		expect   verdict.Expectation
		observed probe.Observation
		reach    verdict.Reach
		after    verdict.ControlState
		want     verdict.Reason
	}{
		{"status as declared", missing, status(400), away, yes, verdict.RefusedAsRequired},
		{"another status", missing, status(401), away, yes, verdict.ClaimContradicted},
		{"another status, control lost", missing, status(401), away, no, verdict.ControlLost},
		{"let in whatever is declared", missing, byEcho(), reached, yes, verdict.ReachedUpstream},
		{"as large as declared, taken", ladder, sent(byEcho(), 20), reached, yes, verdict.Measured},
		{"larger than declared, taken", ladder, sent(byEcho(), 21), reached, yes, verdict.ClaimContradicted},
		{"as large as declared, refused", ladder, sent(status(431), 20), away, yes, verdict.ClaimContradicted},
		{"as large as declared, refused, control lost", ladder, sent(status(431), 20), away, no, verdict.Measured},
		{"larger than declared, refused", ladder, sent(status(431), 21), away, yes, verdict.Measured},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := verdict.Judge(verdict.Evidence{Expect: tt.expect, Observed: tt.observed, Reach: tt.reach, Before: yes, After: tt.after})
			if v.Reason != tt.want {
				t.Errorf("expected %s, got %s (%s)", tt.want, v.Reason, v.Detail)
			}
		})
	}
}
