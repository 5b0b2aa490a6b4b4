package verdict_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/verdict"
)

func observe(t *testing.T, id string, records []verdict.Record) verdict.Verdict {
	t.Helper()
	for _, o := range verdict.Observers() {
		if o.ID == id {
			return o.Observe(verdict.Finished{Records: records})
		}
	}
	t.Fatalf("no observer %s", id)
	return verdict.Verdict{}
}

func TestObserversAreSorted(t *testing.T) {
	var ids []string
	for _, o := range verdict.Observers() {
		ids = append(ids, o.ID)
	}
	if !slices.IsSorted(ids) || len(ids) != 14 {
		t.Errorf("expected 14 observers (catalogue 0), sorted, got %v", ids)
	}
}

func TestTokenNotEchoed(t *testing.T) {
	good := verdict.Record{Case: "a", Status: 401, Reach: away}
	bad := verdict.Record{Case: "b", Status: 403, TokenEchoed: true, Reach: away}
	tests := []struct {
		name    string
		records []verdict.Record
		want    verdict.Reason
		detail  string
	}{
		{"nothing", nil, verdict.NothingObserved, ""},
		{"faults only", []verdict.Record{{Fault: probe.FaultReset, TokenEchoed: true}}, verdict.NothingObserved, ""},
		{"the upstream's answers only", []verdict.Record{{Status: 200, Reach: reached, TokenEchoed: true}}, verdict.NothingObserved, ""},
		{"never", []verdict.Record{good, good}, verdict.TokenNeverEchoed, "2 answers"},
		{"once", []verdict.Record{good, bad}, verdict.TokenEchoed, "b"},
		{"an accepted answer, bare", []verdict.Record{{Case: "c", Status: 200, TokenEchoed: true}}, verdict.TokenEchoed, "c"},
		{"after one without an answer", []verdict.Record{{Fault: probe.FaultReset}, bad}, verdict.TokenEchoed, "b"},
		{"five cases", andCases(bad, "c", "d", "e", "f"), verdict.TokenEchoed, "b, c, d, e, f"},
		{"six cases", andCases(bad, "c", "d", "e", "f", "g"), verdict.TokenEchoed, "b, c, d, e, f and 1 more"},
		{"twice in one case", []verdict.Record{bad, bad}, verdict.TokenEchoed, "b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if v := observe(t, "rsp-token-not-echoed", tt.records); v.Reason != tt.want || v.Detail != tt.detail || v.Outcome != tt.want.Outcome() {
				t.Errorf("got %+v", v)
			}
		})
	}
}

// andCases returns the record and copies of it for other cases.
func andCases(r verdict.Record, ids ...string) []verdict.Record {
	all := []verdict.Record{r}
	for _, id := range ids {
		r.Case = id
		all = append(all, r)
	}
	return all
}

func TestNeverServerError(t *testing.T) {
	good := verdict.Record{Case: "good", Status: 401}
	tests := []struct {
		name   string
		record verdict.Record
		want   verdict.Reason
	}{
		{"499", verdict.Record{Case: "x", Status: 499}, verdict.NeverServerError},
		{"500", verdict.Record{Case: "x", Status: 500}, verdict.ServerErrorsSeen},
		{"503 where listed", verdict.Record{Case: "x", Status: 503, Demand: verdict.DemandOf(expect(t, "refuse 401 503"))}, verdict.NeverServerError},
		{"500 where 503 is listed", verdict.Record{Case: "x", Status: 500, Demand: verdict.DemandOf(expect(t, "refuse 401 503"))}, verdict.ServerErrorsSeen},
		{"reset", verdict.Record{Case: "x", Fault: probe.FaultReset, Connected: true}, verdict.ServerErrorsSeen},
		{"time-out", verdict.Record{Case: "x", Fault: probe.FaultTimeout, Connected: true}, verdict.ServerErrorsSeen},
		{"never sent", verdict.Record{Case: "x", Fault: probe.FaultRefused}, verdict.NeverServerError},
		{"no TLS", verdict.Record{Case: "x", Fault: probe.FaultTLS, Connected: true}, verdict.NeverServerError},
		{"reset where closed is listed", verdict.Record{Case: "x", Fault: probe.FaultReset, Connected: true, Demand: verdict.DemandOf(expect(t, "{refuse: [401], or: closed}"))}, verdict.NeverServerError},
		{"closed where it is listed", verdict.Record{Case: "x", Fault: probe.FaultClosed, Connected: true, Demand: verdict.DemandOf(expect(t, "{refuse: [401], or: closed}"))}, verdict.NeverServerError},
		{"time-out where closed is listed", verdict.Record{Case: "x", Fault: probe.FaultTimeout, Connected: true, Demand: verdict.DemandOf(expect(t, "{refuse: [401], or: closed}"))}, verdict.ServerErrorsSeen},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := observe(t, "rsp-never-5xx", []verdict.Record{good, tt.record})
			if v.Reason != tt.want || tt.want == verdict.ServerErrorsSeen && v.Detail != "x" {
				t.Errorf("got %+v", v)
			}
			// A route that never gave anything else is not the gateway's doing.
			alone := observe(t, "rsp-never-5xx", []verdict.Record{tt.record})
			if dead := tt.record.Status == 0 || tt.record.Status >= 500; dead && alone.Reason != verdict.NothingObserved {
				t.Errorf("alone: got %+v", alone)
			}
		})
	}
}

func TestObserversNameFiveCases(t *testing.T) {
	records := []verdict.Record{{Case: "ok", Status: 401}}
	for _, id := range []string{"g", "f", "e", "d", "c", "b", "a"} {
		records = append(records, verdict.Record{Case: id, Status: 500})
	}
	before := slices.Clone(records)
	if v := observe(t, "rsp-never-5xx", records); v.Detail != "a, b, c, d, e and 2 more" {
		t.Errorf("got %q", v.Detail)
	}
	if diff := cmp.Diff(before, records); diff != "" {
		t.Error(diff)
	}
}

func TestRecordOf(t *testing.T) {
	e := verdict.Evidence{Expect: expect(t, "refuse 401"), Observed: fault(probe.FaultReset), Reach: away}
	want := verdict.Record{Case: "x/1", Demand: verdict.DemandOf(e.Expect), Fault: probe.FaultReset, Connected: true, Reach: away, Presented: verdict.Nothing}
	if diff := cmp.Diff(want, verdict.RecordOf("x/1", e)); diff != "" {
		t.Error(diff)
	}
}
