package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp/mint"
	"github.com/entraproof/entraproof/reports"
)

// TestInterrupted: after Ctrl-C every case is reported, nothing passes that
// has no control after it, and the run says so.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var served atomic.Int64
	w := newWorld(t, func(v visit) {
		if !v.control() && served.Add(1) == 10 {
			cancel()
		}
		careful(v)
	}, append(devOnly(), "{concurrency: 4}", "{concurrency: 1}")...)
	w.runIn(ctx, manyRefusals(60)+goodRow+
		"- {id: rsp-never-5xx, guards: response, source: real, kind: observe}\n"+
		"- {id: state-tampered-after-good, guards: state, source: real, kind: flow, base: any home, expect: refuse 401}\n")
	if !w.summary.Interrupted {
		t.Error("expected an interrupted run")
	}
	for id, c := range w.cases {
		if c.Reason != verdict.Interrupted && c.Reason != verdict.HarnessFailed && id != "good/dev" {
			t.Errorf("%s: expected interrupted, got %s", id, c.Reason)
		}
	}
	if len(w.counts) > 15 {
		t.Errorf("expected firing to stop, got requests of %d cases", len(w.counts))
	}
}

// TestInterruptedFail: a hole that was shown before Ctrl-C stays shown.
func TestInterruptedFail(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := newWorld(t, func(v visit) {
		v.admit()
		if !v.control() {
			cancel()
		}
	}, append(devOnly(), "{concurrency: 4}", "{concurrency: 1}")...)
	w.engine.Prober = &probe.Prober{}
	w.runIn(ctx, noneRow)
	if c := w.cases["none/dev"]; c.Reason != verdict.ReachedUpstream && c.Reason != verdict.Interrupted {
		t.Errorf("expected the hole or the interruption, got %s", c.Reason)
	}
}

// TestNeverStarted: a run whose context is over reports every case.
func TestNeverStarted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := newWorld(t, careful, devOnly()...)
	w.runIn(ctx, goodRow+noneRow)
	w.want("good/dev", verdict.Interrupted)
	w.want("none/dev", verdict.Interrupted)
	if !w.summary.Interrupted || len(w.order) > 0 {
		t.Errorf("expected nothing fired, got %v", w.order)
	}
}

// TestIssuerUnreachable: without the issuer's keys every case is an error that
// says so, and is reported; what was decided without it stays decided.
func TestIssuerUnreachable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, careful, append(devOnly(), "api: dev-v2", "api: dev-v2\n    fix: 2")...)
	w.source.keysErr = errors.New("connection refused, " + managementToken)
	w.run(strings.Replace(goodRow, "guards: audience", "guards: role", 1) + noneRow +
		"- {id: open, guards: issuer, source: real, base: any home, expect: refuse 401}\n")
	w.want("good/dev", verdict.IssuerUnreachable)
	w.want("none/dev", verdict.IssuerUnreachable)
	w.want("open/dev", verdict.LeftOpenByDeclaration)
	if detail := w.cases["good/dev"].Detail; !strings.Contains(detail, "connection refused") || strings.Contains(detail, managementToken) {
		t.Errorf("expected the reason without the token, got %q", detail)
	}
}

// TestTokenNotObtained: a client that gets no token is an error of the cases
// that need it and of no other.
func TestTokenNotObtained(t *testing.T) {
	t.Parallel()
	w := newWorld(t, careful, devOnly()...)
	w.source.fail = func(grants []mint.Grant) error {
		for _, g := range grants {
			if g.Client.ID == bothID {
				return errors.New("AADSTS7000215: invalid secret")
			}
		}
		return nil
	}
	w.run(goodRow + noneRow + foreignRow)
	w.want("foreign/dev/from-uat", verdict.TokenNotObtained)
	w.want("good/dev", verdict.AcceptedAsRequired)
	w.want("none/dev", verdict.RefusedAsRequired)
	if c := w.cases["foreign/dev/from-uat"]; !strings.Contains(c.Detail, "AADSTS7000215") {
		t.Errorf("expected the issuer's words, got %q", c.Detail)
	}
}

// TestOneGenuineAGrant: each distinct token is asked for once a run, in as few
// calls as can be (design 9).
func TestOneGenuineAGrant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, careful, "supports: {user-tokens: false}\n", "")
	w.run(goodRow + noneRow + forgedRow + foreignRow +
		"- {id: flip, guards: signature, source: real, base: any home, token: [{edit: {in: signature, flip: 0}}], expect: refuse 401}\n")
	for key, n := range w.source.asked {
		if n != 1 {
			t.Errorf("asked %d times for %s", n, key)
		}
	}
	if len(w.source.asked) < 6 {
		t.Errorf("expected at least 6 distinct tokens, got %d", len(w.source.asked))
	}
}

// TestTokenAskedAgain: a kept token is asked for again when less than five
// minutes of its life are left, and not before.
func TestTokenAskedAgain(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name  string
		after time.Duration
		want  int
	}{
		{"young", 30 * time.Minute, 1},
		{"old", 2 * time.Hour, 2},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, careful, devOnly()...)
			var ahead atomic.Int64
			w.engine.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
			w.run(goodRow)
			ahead.Store(int64(tt.after))
			w.cases, w.twice, w.plan.Run = map[string]reports.Case{}, nil, "r2"
			w.run(goodRow)
			most := 0
			for _, n := range w.source.asked {
				most = max(most, n)
			}
			// Beyond its life every use asks anew: the mock's own clock stands.
			if (tt.want == 1) != (most == 1) {
				t.Errorf("expected %d, got %d", tt.want, most)
			}
		})
	}
}

// TestBudget: the target's budget of requests is never exceeded; what it does
// not reach is an error that says so, and what it cuts off proves nothing.
func TestBudget(t *testing.T) {
	t.Parallel()
	w := newWorld(t, careful, append(devOnly(), "{concurrency: 4}", "{concurrency: 4, budget: 20}")...)
	w.run(manyRefusals(60))
	if len(w.order) != 20 {
		t.Errorf("expected 20 requests, got %d", len(w.order))
	}
	if cut, spent := w.count(verdict.NoControl), w.count(verdict.BudgetSpent); cut != 17 || spent != 43 {
		t.Errorf("expected 17 without a control after them and 43 never fired, got %d and %d", cut, spent)
	}
}

// TestRate: the rate is kept: after the first burst each request waits for its
// turn.
func TestRate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, careful, append(devOnly(), "{concurrency: 4}", "{concurrency: 1, rate: 100/s}")...)
	started := time.Now()
	w.run(manyRefusals(20))
	least := time.Duration(len(w.order)-1) * 10 * time.Millisecond
	if took := time.Since(started); took < least {
		t.Errorf("expected %d requests to take at least %s, got %s", len(w.order), least, took)
	}
}

// TestConcurrency: no more requests are under way than the target allows, and
// as many as it allows.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int64
	var full sync.Once
	reached := make(chan struct{})
	w := newWorld(t, func(v visit) {
		n := now.Add(1)
		defer now.Add(-1)
		for {
			old := most.Load()
			if n <= old || most.CompareAndSwap(old, n) {
				break
			}
		}
		if n == 3 {
			full.Do(func() { close(reached) })
		}
		if !v.control() {
			select {
			case <-reached:
			case <-v.r.Context().Done():
			}
		}
		careful(v)
	}, append(devOnly(), "{concurrency: 4}", "{concurrency: 3}")...)
	w.run(manyRefusals(40))
	if most.Load() != 3 {
		t.Errorf("expected 3 at once, got %d", most.Load())
	}
	if n := w.count(verdict.RefusedAsRequired); n != 40 {
		t.Errorf("expected 40 to pass, got %d", n)
	}
}

// TestWait: whoever waits for a scenario at an environment gets its cases when
// all are judged, sorted; a name that is none is an error.
func TestWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t, careful)
	run := w.start(t.Context(), manyRefusals(5)+goodRow)
	for spec, n := range map[string]int{"many/dev": 5, "many/uat": 5, "good/dev": 1} {
		cases, err := run.Wait(t.Context(), spec)
		if err != nil || len(cases) != n {
			t.Errorf("%s: expected %d cases, got %d, %v", spec, n, len(cases), err)
		}
		for i := 1; i < len(cases); i++ {
			if cases[i-1].ID >= cases[i].ID {
				t.Errorf("%s: not sorted: %s, %s", spec, cases[i-1].ID, cases[i].ID)
			}
		}
	}
	if _, err := run.Wait(t.Context(), "nothing/dev"); err == nil {
		t.Error("expected an error for a spec that is none")
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := run.End(); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Wait(over, "good/dev"); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestSink: verdicts that could not be written down are the run's error, and
// the run goes on.
func TestSink(t *testing.T) {
	t.Parallel()
	w := newWorld(t, careful, devOnly()...)
	w.sinkErr = errors.New("disk full")
	var told atomic.Int64
	w.plan.Progress = func(reports.Case) { told.Add(1) }
	_, err := w.start(t.Context(), manyRefusals(10)).End()
	if !errors.Is(err, w.sinkErr) || told.Load() != 10 || len(w.cases) != 10 {
		t.Errorf("expected the sink's error and 10 cases, got %v, %d, %d", err, told.Load(), len(w.cases))
	}
}

// TestRedaction: nothing that a run reports holds a piece of a signature or a
// secret, whatever the gateway repeats.
func TestRedaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(v visit) {
		if v.control() && v.N < 3 {
			careful(v)
			return
		}
		v.w.Header().Set("X-Debug", v.Token)
		v.w.WriteHeader(http.StatusUnauthorized)
		_, _ = v.w.Write([]byte("you sent " + v.r.Header.Get("Authorization") + " and " + workerSecret + " " + managementToken))
	}, devOnly()...)
	w.source.fail = func(grants []mint.Grant) error {
		for _, g := range grants {
			if g.Client.ID == bothID {
				return errors.New("refused: Bearer " + managementToken + " of " + workerSecret)
			}
		}
		return nil
	}
	w.run(goodRow + noneRow + forgedRow + foreignRow +
		"- {id: rsp-token-not-echoed, guards: response, source: real, kind: observe}\n" +
		"- {id: state-tampered-after-good, guards: state, source: real, kind: flow, base: any home, expect: refuse 401}\n")
	w.want("rsp-token-not-echoed/dev", verdict.TokenEchoed)
	text, err := json.Marshal([]any{w.cases, w.controls, w.ctls, w.summary})
	if err != nil {
		t.Fatal(err)
	}
	pieces := []string{workerSecret, managementToken}
	for token := range w.source.genuine {
		signature := token[strings.LastIndexByte(token, '.')+1:]
		for i := 0; i+16 <= len(signature); i += 16 {
			pieces = append(pieces, signature[i:i+16])
		}
	}
	for _, piece := range pieces {
		if strings.Contains(string(text), piece) {
			t.Errorf("the report holds %q", piece)
		}
	}
	if c := w.cases["good/dev"]; c.Exchange == nil || !c.Exchange.TokenEchoed || len(c.Exchange.Tokens) == 0 {
		t.Error("expected the redacted exchange of a failure")
	}
}

// TestExchanges: full exchanges are kept of everything that is not a pass, of
// one case a scenario (design 7.9), and of one accepted shot a control, with
// which reports compare what the cases sent.
func TestExchanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(v visit) {
		if strings.HasSuffix(v.Case, "v1003") || strings.HasSuffix(v.Case, "v1007") {
			v.refuse(http.StatusBadRequest)
			return
		}
		careful(v)
	}, append(devOnly(), "{concurrency: 4}", "{concurrency: 1}")...)
	w.run(manyRefusals(10))
	kept := 0
	for _, c := range w.cases {
		if c.Exchange != nil {
			kept++
		}
	}
	for _, id := range []string{"many/dev/v1003", "many/dev/v1007"} {
		if c := w.cases[id]; c.Reason != verdict.RefusedWithToleratedStatus || c.Exchange == nil {
			t.Errorf("%s: expected a warning with its exchange, got %s", id, c.Reason)
		}
	}
	if kept > 3 {
		t.Errorf("expected at most one pass kept, got %d", kept)
	}
	for id, shots := range w.controls {
		held := 0
		for _, s := range shots {
			if s.Exchange != nil {
				held++
			}
		}
		if held != 1 || len(shots) < 2 || len(shots[0].Exchange.Tokens) != 1 {
			t.Errorf("%s: expected the first of %d accepted shots with its exchange, got %d", id, len(shots), held)
		}
	}
	if got := w.cases["many/dev/v1003"].Command; got != "entraproof run --id many" {
		t.Errorf("expected the command, got %q", got)
	}
}

// TestObservers: the rows that look at all answers judge those of their own
// environment.
func TestObservers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(v visit) {
		if v.Env == "uat" && !v.control() {
			v.refuse(http.StatusInternalServerError)
			return
		}
		careful(v)
	})
	w.run(noneRow + "- {id: rsp-never-5xx, guards: response, source: real, kind: observe}\n- {id: rsp-nobody, guards: response, source: real, kind: observe}\n")
	w.want("rsp-never-5xx/dev", verdict.NeverServerError)
	w.want("rsp-nobody/dev", verdict.HarnessFailed)
	if r := w.cases["rsp-never-5xx/uat"].Reason; r != verdict.NothingObserved && r != verdict.ServerErrorsSeen {
		t.Errorf("expected uat's own answers judged, got %s", r)
	}
}

// TestSourceOf: a target file names its source, the embedded one does not.
func TestSourceOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t, careful)
	if s, err := engine.SourceOf(w.target); err != nil || s == nil {
		t.Errorf("expected the management listener, got %v, %v", s, err)
	}
	w.target.Tokens.Mock, w.target.Tokens.Embedded = nil, true
	if s, err := engine.SourceOf(w.target); err == nil {
		t.Errorf("expected no source, got %v", s)
	}
}
