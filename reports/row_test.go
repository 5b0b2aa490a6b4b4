package reports_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
)

func TestRowsRollUpTheWorst(t *testing.T) {
	r := sample()
	set(find(r, "ctl", "dev"), verdict.RefusedGenuine)
	c := find(r, "alg-none", "uat")
	c.Waived = &reports.Waived{ID: "alg-none"}
	set(c, verdict.ReachedUpstream)
	var got []string
	for _, row := range r.Rows() {
		got = append(got, fmt.Sprintf("%s at %s: %s of %d", row.Scenario, row.Environment, row.Outcome, len(row.Cases)))
	}
	want := []string{
		"alg-none at dev: pass of 1", "alg-none at uat: warn of 1",
		"aud-other-env-genuine at dev: pass of 1", "aud-other-env-genuine at uat: pass of 1",
		"ctl at dev: fail of 2", "ctl at uat: pass of 2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if n := r.CountRows(); n.Fail != 1 || n.Warn != 1 || n.Pass != 4 || n.Total() != 6 {
		t.Errorf("count of rows: got %+v", n)
	}
	if n := r.CountCases(); n.Fail != 1 || n.Warn != 1 || n.Pass != 6 {
		t.Errorf("count of cases: got %+v", n)
	}
}

func TestWorst(t *testing.T) {
	for _, row := range []struct {
		name    string
		reasons []reports.Reason
		want    reports.Outcome
	}{
		{"nothing", nil, reports.Error},
		{"pass", []reports.Reason{verdict.RefusedAsRequired}, reports.Pass},
		{"recorded beats pass", []reports.Reason{verdict.Measured, verdict.RefusedAsRequired}, reports.Recorded},
		{"skipped beats warn", []reports.Reason{verdict.MissingAccount, verdict.WeakRefusal}, reports.Skipped},
		{"fail beats inconclusive", []reports.Reason{verdict.ControlLost, verdict.ReachedUpstream}, reports.Fail},
		{"error beats fail", []reports.Reason{verdict.TLSFailed, verdict.ReachedUpstream}, reports.Error},
	} {
		r := &reports.Results{}
		for i, reason := range row.reasons {
			c := newCase("s", "dev", "dev", fmt.Sprint(i), reason)
			r.Cases = append(r.Cases, c)
		}
		if got := r.Worst(); got != row.want {
			t.Errorf("%s: expected %s, got %s", row.name, row.want, got)
		}
	}
}

func TestCountsHaveAPlaceForEveryOutcome(t *testing.T) {
	for _, o := range verdict.Outcomes() {
		var n reports.Counts
		n.Add(o)
		if n.Of(o) != 1 || n.Total() != 1 {
			t.Errorf("%s: got %+v", o, n)
		}
	}
	var n reports.Counts
	n.Add(200)
	if n.Error != 1 {
		t.Errorf("an unknown outcome: expected an error, got %+v", n)
	}
}

func TestFindingsWorstFirst(t *testing.T) {
	r := sample()
	r.Cases = nil
	add := func(scenario, severity string, reason reports.Reason) *reports.Case {
		c := newCase(scenario, "dev", "uat", "v2 app", reason)
		c.Severity = severity
		r.Cases = append(r.Cases, c)
		return &r.Cases[len(r.Cases)-1]
	}
	add("e-low", "low", verdict.ReachedUpstream)
	add("d-other", "critical", verdict.TokenEchoed)
	add("c-reject", "critical", verdict.RefusedGenuine)
	add("b-cross", "high", verdict.ReachedUpstream).Cross = true
	add("a-waived", "critical", verdict.ReachedUpstream).Waived = &reports.Waived{ID: "a-waived"}
	add("f-odd", "odd", verdict.ReachedUpstream)
	add("g-fine", "critical", verdict.RefusedAsRequired)
	add("h-extra", "critical", verdict.ReachedUpstream).Extra = true
	var got []string
	for _, f := range r.Findings() {
		got = append(got, f.Scenario)
	}
	if diff := cmp.Diff([]string{"b-cross", "f-odd", "e-low", "c-reject", "d-other", "a-waived"}, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestKindWords(t *testing.T) {
	for _, row := range []struct{ kinds, want string }{
		{"", ""},
		{"v2 app", "v2 daemon"},
		{"v2 user,v2 app", "v2 × user/daemon"},
		{"v1 app,v2 app", "v1/v2 × daemon"},
		{"v2 app,v1 user,v1 app,v2 user", "v1/v2 × user/daemon"},
		{"v1 app,v2 user", "v1 daemon, v2 user"},
		{"v2 app,v2 app", "v2 daemon"},
		{"odd", "odd"},
	} {
		if got := reports.KindWords(strings.Split(row.kinds, ",")); got != row.want {
			t.Errorf("%s: expected %q, got %q", row.kinds, row.want, got)
		}
	}
}

// TestTheExampleOfTheDesign prints the block of design.md §5 from cases.
func TestTheExampleOfTheDesign(t *testing.T) {
	r := sample()
	third := r.Targets[0].Environments[0]
	third.Name = "test"
	r.Targets[0].Environments = append(r.Targets[0].Environments, third)
	r.Cases, r.Controls = nil, nil
	for i := range r.Targets[0].Environments {
		e := &r.Targets[0].Environments[i]
		e.Kinds = []string{"v1 app", "v1 user", "v2 app", "v2 user"}
		e.Enforces = []string{"audience", "client", "role", "tenant"}
		for _, kind := range e.Kinds {
			r.Controls = append(r.Controls, reports.Control{
				ID: "control/" + e.Name + "/" + kind, Target: "t", Environment: e.Name, Kind: kind,
				Shots: []reports.Shot{shot("start", reports.ControlAccepted)},
			})
		}
		for _, from := range []string{"dev", "test", "uat"} {
			if from == e.Name {
				continue
			}
			c := newCase("aud-other-env-genuine", from, e.Name, "v2 app", verdict.RefusedAsRequired)
			c.Cross, c.By = true, []string{"audience"}
			if from == "dev" && e.Name == "uat" {
				c.By = []string{"client"}
			}
			r.Cases = append(r.Cases, c)
		}
		for n := range 48 {
			add := func(guard string) {
				c := newCase(fmt.Sprint(guard, n), "", e.Name, "", verdict.LeftOpenByDeclaration)
				c.Guards = guard
				r.Cases = append(r.Cases, c)
			}
			if add("scope"); n < 22 {
				add("issuer")
			}
		}
	}
	r.Selection.Selected = len(r.Cases)
	r.Conclude()
	var lines []string
	for _, q := range r.Questions() {
		lines = append(lines, fmt.Sprintf("%-23s%-13s%s", q.Name, q.State, q.Text))
	}
	lines = append(lines, "left open by declaration: "+r.LeftOpenText())
	want := []string{
		"403 Invalid Client     fixed        4 of 4 kinds of genuine token accepted (v1/v2 × user/daemon)",
		"cross-environment      closed       6 of 6 pairs refused, by audience (5) and client (1)",
		"left open by declaration: scope (48 rows), issuer (22 rows)",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

func TestWhoRefusedIsNamedOnlyWhenIsolated(t *testing.T) {
	both := func(r *reports.Results) { find(r, "aud-other-env-genuine", "dev").By = []string{"role", "audience"} }
	alone := func(r *reports.Results, reason reports.Reason) {
		c := newCase("aud-other-only", "dev", "dev", "v2 app", reason)
		c.Other, c.By = "uat", []string{"audience"}
		r.Cases = append(r.Cases, c)
	}
	for _, row := range []struct {
		name  string
		spoil func(*reports.Results)
		want  string
	}{
		{"one check only", func(*reports.Results) {}, "2 of 2 pairs refused, by audience (2)"},
		{"two checks", both, "2 of 2 pairs refused, by audience (1) and audience or role, not isolated (1)"},
		{"isolated by a row", func(r *reports.Results) { both(r); alone(r, verdict.RefusedAsRequired) }, "2 of 2 pairs refused, by audience (2)"},
		{"the row failed", func(r *reports.Results) { both(r); alone(r, verdict.ReachedUpstream) }, "2 of 2 pairs refused, by audience (1) and audience or role, not isolated (1)"},
		{"the row is of another pair", func(r *reports.Results) {
			both(r)
			alone(r, verdict.RefusedAsRequired)
			r.Cases[len(r.Cases)-1].Other = "test"
		}, "2 of 2 pairs refused, by audience (1) and audience or role, not isolated (1)"},
		{"nothing known", func(r *reports.Results) {
			for i := range r.Cases {
				r.Cases[i].By = nil
			}
		}, "2 of 2 pairs refused"},
	} {
		r := sample()
		row.spoil(r)
		if got := r.Concluded().Answers.CrossEnvironment.Text; got != row.want {
			t.Errorf("%s: expected %q, got %q", row.name, row.want, got)
		}
	}
}

func TestLeftOpenSaysWhere(t *testing.T) {
	r := sample()
	r.Targets[0].Environments[0].Enforces = []string{"audience", "client", "issuer", "role", "tenant"} // uat
	set(find(r, "alg-none", "uat"), verdict.LeftOpenByDeclaration)
	find(r, "alg-none", "uat").Guards = "scope"
	r.Targets[0].Environments[1].Enforces = []string{"audience", "client", "issuer", "role", "scope"} // dev
	if got, want := r.Concluded().LeftOpenText(), "scope (1 row at uat), tenant (no row selected at dev)"; got != want {
		t.Errorf("expected %q, got %q", want, got)
	}
}

// TestFalseAcceptOfClaims: a declaration that is contradicted by a request that
// was let in, and replicas of which one let it in, are false accepts; what was
// refused is none.
func TestFalseAcceptOfClaims(t *testing.T) {
	for _, row := range []struct {
		name    string
		reason  reports.Reason
		reached reports.Reach
		status  int
		repeats []reports.Shot
		want    bool
	}{
		{"claimed refused, reached", verdict.ClaimContradicted, reports.Reached, 200, nil, true},
		{"claimed refused, forwarded", verdict.ClaimContradicted, reports.Forwarded, 401, nil, true},
		{"claimed refused, accepted as the status says", verdict.ClaimContradicted, reports.ReachUnknown, 200, nil, true},
		{"claimed accepted, refused", verdict.ClaimContradicted, reports.NotReached, 401, nil, false},
		{"one of two replicas", verdict.ReplicasDisagree, reports.NotReached, 401, []reports.Shot{{Reached: reports.NotReached, Status: 401}, {Reached: reports.Reached, Status: 200}}, true},
		{"no replica", verdict.ReplicasDisagree, reports.NotReached, 401, []reports.Shot{{Reached: reports.NotReached, Status: 401}}, false},
	} {
		c := newCase("s", "dev", "dev", "", row.reason)
		c.Reached, c.Status, c.Repeats = row.reached, row.status, row.repeats
		if got := c.FalseAccept(); got != row.want {
			t.Errorf("%s: expected %v, got %v", row.name, row.want, got)
		}
	}
}
