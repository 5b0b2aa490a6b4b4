package lab

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/reports"
)

// made is a case of the row r.
func made(id string, outcome reports.Outcome, reached reports.Reach, status int) reports.Case {
	return reports.Case{ID: id, Scenario: "r", Form: "request", Outcome: outcome, Reached: reached, Status: status, Reason: "x"}
}

// TestCell: a cell holds the answer, and the verdict unless it is a pass.
func TestCell(t *testing.T) {
	t.Parallel()
	observer := made("r/dev", reports.Fail, reports.NotReached, 500)
	observer.Form = "observe"
	for _, row := range []struct {
		reason string
		c      reports.Case
		want   string
	}{
		{"accepted", made("r/dev", reports.Pass, reports.Reached, 200), "accepted"},
		{"accepted-oddly", made("r/dev", reports.Pass, reports.Reached, 404), "accepted 404"},
		{"false-accept", made("r/dev", reports.Fail, reports.Reached, 200), "accepted, fail"},
		{"refused", made("r/dev", reports.Pass, reports.NotReached, 401), "refused 401"},
		{"tolerated", made("r/dev", reports.Warn, reports.NotReached, 403), "refused 403, warn"},
		{"recorded", made("r/dev", reports.Recorded, reports.NotReached, 401), "refused 401, recorded"},
		{"closed", made("r/dev", reports.Pass, reports.NotReached, 0), "no answer"},
		{"forwarded", made("r/dev", reports.Fail, reports.Forwarded, 403), "forwarded, then refused 403, fail"},
		{"declared-away", made("r/dev", reports.Unsupported, reports.ReachUnknown, 0), "unsupported"},
		{"not-asked", made("r/dev", reports.Skipped, reports.ReachUnknown, 0), "skipped"},
		{"broken", made("r/dev", reports.Error, reports.NotReached, 500), "error: x"},
		{"observed", observer, "fail"},
	} {
		if got := Cell(&row.c); got != row.want {
			t.Errorf("%s: expected %q, got %q", row.reason, row.want, got)
		}
	}
}

// TestLinesOf: a row has as few lines as tell its outcomes apart.
func TestLinesOf(t *testing.T) {
	t.Parallel()
	accepted, refused := "accepted, fail", "refused 401"
	for _, row := range []struct {
		reason string
		cells  map[string]string // by the id after the row
		want   map[string]string // by the line's cases
	}{
		{"all-alike", map[string]string{"dev/v1": refused, "dev/v2": refused, "uat/v1": refused}, map[string]string{"*": refused}},
		{"by-kind", map[string]string{"dev/v1": accepted, "uat/v1": accepted, "uat/v2": refused}, map[string]string{"*/v1": accepted, "*/v2": refused}},
		{"by-environment", map[string]string{"dev/v1": accepted, "dev/v2": accepted, "uat/v1": refused}, map[string]string{"dev/*": accepted, "uat/*": refused}},
		{"by-pair", map[string]string{"dev/from-uat": accepted, "uat/from-dev": refused}, map[string]string{"*/from-uat": accepted, "*/from-dev": refused}},
		{"one-of-all", map[string]string{"dev/v1": accepted, "dev/v2": refused, "uat/v1": refused, "uat/v2": refused}, map[string]string{"dev/v1": accepted, "dev/v2": refused, "uat/v1": refused, "uat/v2": refused}},
	} {
		var all []outcomeOf
		for _, id := range slices.Sorted(maps.Keys(row.cells)) {
			all = append(all, outcomeOf{strings.Split(id, "/"), Leaky, row.cells[id]})
		}
		got := map[string]string{}
		for _, l := range linesOf("r", all) {
			got[l.Cases] = l.Cells[Leaky]
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s: (-expected +got)\n%s", row.reason, diff)
		}
	}
}

// results are those of a run whose cases are given.
func results(cases ...reports.Case) *reports.Results {
	r := &reports.Results{Cases: cases}
	r.Answers.InvalidClient = reports.Answer{State: reports.Fixed, Text: "4 of 4"}
	r.Answers.CrossEnvironment = reports.Answer{State: reports.Closed, Text: "1 of 1"}
	return r
}

// TestMatrixRoundTrip: what is written is read back, and what a run found does
// not differ from the matrix that was made of it.
func TestMatrixRoundTrip(t *testing.T) {
	t.Parallel()
	found := map[Mode]*reports.Results{
		Leaky:      results(made("r/dev/v1", reports.Fail, reports.Reached, 200), made("r/dev/v2", reports.Pass, reports.NotReached, 401)),
		FixedScope: results(made("r/dev", reports.Unsupported, reports.ReachUnknown, 0)),
	}
	m := FoundMatrix(haproxy(), found)
	read, err := ParseMatrix(m.String())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, read); diff != "" {
		t.Errorf("(-written +read)\n%s", diff)
	}
	for mode, r := range found {
		if got := read.Compare(mode, r, true); len(got) > 0 {
			t.Errorf("%s: expected no difference, got %v", mode, got)
		}
	}
}

// TestMatrixDiffers plants one difference after the other.
func TestMatrixDiffers(t *testing.T) {
	t.Parallel()
	passed := made("r/dev", reports.Pass, reports.NotReached, 401)
	m := FoundMatrix(haproxy(), map[Mode]*reports.Results{Leaky: results(passed)})
	fixed := results(passed)
	fixed.Answers.InvalidClient.State = reports.NotFixed
	unknown := passed
	unknown.Scenario, unknown.ID = "new", "new/dev"
	extra := unknown
	extra.Extra = true
	observed := made("r/dev", reports.Fail, reports.NotReached, 0)
	observed.Form = "observe"
	alone := made("r/dev", reports.Unsupported, reports.ReachUnknown, 0)
	alone.Form = "flow"
	partly := made("r/dev", reports.Fail, reports.Reached, 200)
	for _, row := range []struct {
		reason string
		found  *reports.Results
		mode   Mode
		whole  bool
		want   []string // Cases, Expected and Got
	}{
		{"as-it-was", results(passed), Leaky, true, nil},
		{"let-in", results(partly), Leaky, false, []string{"dev", "refused 401", "accepted, fail"}},
		{"other-status", results(made("r/dev", reports.Pass, reports.NotReached, 403)), Leaky, false, []string{"dev", "refused 401", "refused 403"}},
		{"row-of-nobody", results(passed, unknown), Leaky, false, nil},
		{"a-cause-is-no-row", results(passed, extra), Leaky, true, nil},
		{"mode-of-nobody", results(passed), Broken, false, []string{"dev", "no such case", "refused 401"}},
		{"part-of-the-rows", results(), Leaky, false, nil},
		{"observed-in-a-part", results(observed), Leaky, false, nil},
		{"skipped-in-a-part", results(made("r/dev", reports.Skipped, reports.NotReached, 0)), Leaky, false, nil},
		{"neighbour-not-in-the-part", results(alone), Leaky, false, nil},
		{"row-lost", results(), Leaky, true, []string{"answer", "1 pass, 0 fail, 0 inconclusive, 0 not judged", "0 pass, 0 fail, 0 inconclusive, 0 not judged", "*", "refused 401", "not fired"}},
		{"other-answer", fixed, Leaky, true, []string{"answer", "fixed: 4 of 4", "not fixed: 4 of 4"}},
	} {
		var got []string
		for _, d := range m.Compare(row.mode, row.found, row.whole) {
			got = append(got, d.Cases, d.Expected, d.Got)
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: expected %q, got %q", row.reason, row.want, got)
		}
	}
	if got := m.NotKept(results(passed, unknown, extra)); !slices.Equal(got, []string{"new"}) {
		t.Errorf("expected the row without a line, got %q", got)
	}
}

// TestParseMatrixRefuses: a broken file is no matrix.
func TestParseMatrixRefuses(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ reason, text, want string }{
		{"unknown-mode", "# g 1: x\n| row | cases | lax |\n", `mode "lax"`},
		{"cell-missing", "# g 1: x\n| row | cases | leaky |\n| r | * |\n", "expected 3 cells, got 2"},
	} {
		if _, err := ParseMatrix(row.text); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: expected %q, got %v", row.reason, row.want, err)
		}
	}
}

// TestReviewedMatrices: every gateway has a matrix of its own, made with the
// version that the recipe names.
func TestReviewedMatrices(t *testing.T) {
	t.Parallel()
	for _, r := range Recipes() {
		m, err := ReviewedMatrix(r.Name)
		if err != nil {
			t.Errorf("%s: %v: write it with: go test ./suites -args -lab %s -update", r.Name, err, r.Name)
			continue
		}
		if m.Gateway != r.Name || m.Tried != r.Version || len(m.Lines) == 0 || len(m.Answers) == 0 {
			t.Errorf("%s: expected a matrix of %s, got one of %s %s with %d lines", r.Name, r.Version, m.Gateway, m.Tried, len(m.Lines))
		}
	}
}
