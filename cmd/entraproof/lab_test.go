package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/reports"
)

// TestMisses: a mode that shows less than it is about is told so.
func TestMisses(t *testing.T) {
	t.Parallel()
	owed := func(what, state string, owed bool) reports.Obligation {
		return reports.Obligation{What: what, State: state, Owed: owed}
	}
	partly := func(invalid, cross string, obligations ...reports.Obligation) *reports.Results {
		return &reports.Results{Obligations: obligations, Answers: reports.Answers{
			InvalidClient: reports.Answer{State: invalid}, CrossEnvironment: reports.Answer{State: cross},
		}}
	}
	answers := func(invalid, cross string) *reports.Results {
		r := partly(invalid, cross, owed(reports.ControlOwed, reports.Unmet, true), owed(reports.PairOwed, reports.Unmet, true))
		r.Cases = []reports.Case{{Scenario: "ctl-v2-app-only", Expected: "accept"}}
		return r
	}
	met := owed(reports.ControlOwed, reports.Met, true)
	elsewhere := owed(reports.ControlOwed, reports.NotTested, false)
	noPair := owed(reports.PairOwed, reports.NotTested, false)
	untested := reports.AnswerNotTested
	caused := answers(reports.NotFixed, reports.AnswerUnproven)
	caused.Causes = []reports.Cause{{Reads: "client_id"}}
	other := answers(reports.NotFixed, reports.AnswerUnproven)
	other.Causes = []reports.Cause{{Reads: "scope"}}
	rejects, accepts := labFinding{FalseRejects: []string{"a"}}, labFinding{FalseAccepts: []string{"a"}}
	for _, row := range []struct {
		reason  string
		mode    lab.Mode
		results *reports.Results
		finding labFinding
		want    string
	}{
		{"broken", lab.Broken, caused, rejects, ""},
		{"broken-let-all-in", lab.Broken, answers(reports.Fixed, reports.Open), labFinding{}, "403 Invalid Client: expected not fixed, got fixed; expected false rejects, got none; expected a cause that names client_id, got []"},
		{"broken-for-another-cause", lab.Broken, other, rejects, "expected a cause that names client_id, got []"},
		{"leaky", lab.Leaky, answers(reports.Fixed, reports.Open), accepts, ""},
		{"leaky-closed", lab.Leaky, answers(reports.Fixed, reports.Closed), labFinding{}, "cross-environment: expected open, got closed; expected false accepts, got none"},
		{"audience", lab.FixedAudience, answers(reports.Fixed, reports.Closed), accepts, ""},
		{"audience-open", lab.FixedAudience, answers(reports.Fixed, reports.Open), accepts, "cross-environment: expected closed, got open"},
		{"scope", lab.FixedScope, answers(reports.Fixed, reports.Closed), rejects, ""},
		{"scope-unproven", lab.FixedScope, answers(reports.NotFixed, reports.AnswerUnproven), rejects, "403 Invalid Client: expected fixed, got not fixed; cross-environment: expected closed, got unproven"},
		{"no-pair-selected", lab.FixedAudience, partly(reports.Fixed, untested, met, noPair), labFinding{}, ""},
		{"no-pair-selected-leaky", lab.Leaky, partly(reports.Fixed, untested, met, noPair), labFinding{}, ""},
		{"some-kinds-selected", lab.FixedAudience, partly(untested, untested, met, elsewhere, noPair), labFinding{}, ""},
		{"some-kinds-selected-and-refused", lab.FixedAudience, partly(reports.NotFixed, untested, owed(reports.ControlOwed, reports.Unmet, true), elsewhere, noPair), labFinding{}, "403 Invalid Client: expected fixed, got not fixed"},
		{"some-pairs-selected-unproven", lab.FixedAudience, partly(untested, untested, met, elsewhere, owed(reports.PairOwed, reports.Unproven, true), noPair), labFinding{}, "cross-environment: expected closed, got not tested"},
		{"some-pairs-selected-leaky", lab.Leaky, partly(untested, untested, met, elsewhere, owed(reports.PairOwed, reports.Met, true), noPair), labFinding{}, "cross-environment: expected open, got not tested; expected false accepts, got none"},
		{"nothing-genuine-selected", lab.Broken, partly(untested, untested, elsewhere, noPair), labFinding{}, ""},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(misses(row.mode, row.results, row.finding), "; "); got != row.want {
				t.Errorf("expected %q, got %q", row.want, got)
			}
		})
	}
}

// TestCompared: what differs from the matrix counts where the program is the
// one that the matrix was made with.
func TestCompared(t *testing.T) {
	t.Parallel()
	differ := []lab.Difference{{Row: "alg-none", Cases: "dev/v1", Mode: lab.Leaky, Expected: "refused 401", Got: "accepted, fail"}}
	for _, row := range []struct {
		reason string
		before bool
		differ []lab.Difference
		tried  bool
		want   bool
	}{
		{"as-the-matrix", true, nil, true, true},
		{"differs", true, differ, true, false},
		{"differs-with-another-version", true, differ, false, true},
		{"misses-with-another-version", false, differ, false, false},
	} {
		f := labFinding{AsExpected: row.before}
		f.compared(row.differ, row.tried)
		if f.AsExpected != row.want {
			t.Errorf("%s: expected %v, got %v", row.reason, row.want, f.AsExpected)
		}
		if text := f.text(); strings.Contains(text, `alg-none (dev/v1): expected "refused 401", got "accepted, fail"`) != (row.differ != nil) {
			t.Errorf("%s: expected the difference to be told, got %q", row.reason, text)
		}
	}
}

// TestLabExitCode: a gateway that differs counts before one that could not be
// run, and nothing judged is no success.
func TestLabExitCode(t *testing.T) {
	t.Parallel()
	missing := &lab.MissingError{Gateway: "haproxy", Program: "haproxy", Install: "apt-get install haproxy"}
	for _, row := range []struct {
		reason  string
		finding []labFinding
		missing error
		allowed bool
		want    int
	}{
		{"as-expected", []labFinding{{AsExpected: true}}, nil, false, 0},
		{"differs", []labFinding{{AsExpected: true}, {}}, nil, false, 1},
		{"broke", []labFinding{{Broke: "x", err: errors.New("x")}}, nil, false, 3},
		{"differs-and-missing", []labFinding{{}}, missing, false, 1},
		{"missing", []labFinding{{AsExpected: true}}, missing, false, 3},
		{"missing-allowed", []labFinding{{AsExpected: true}}, missing, true, 0},
		{"only-missing-allowed", nil, missing, true, 3},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()
			var out, people strings.Builder
			r := labReport{p: &program{out: &out, err: &people}, format: asText}
			if row.missing != nil {
				r.missing(row.missing, row.allowed)
			}
			for _, f := range row.finding {
				r.add(f)
			}
			if got := exitCode(r.end()); got != row.want {
				t.Errorf("expected %d, got %d", row.want, got)
			}
			if row.allowed && !strings.Contains(people.String(), "hint: install it with: apt-get install haproxy") {
				t.Errorf("expected the missing program to be named, got %q", people.String())
			}
		})
	}
}
