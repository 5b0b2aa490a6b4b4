package reproduce

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/reports"
)

// TestCellOf: a cell is the worst of its cases that differs from the oracle,
// in whatever order they were judged.
func TestCellOf(t *testing.T) {
	t.Parallel()
	c := func(id string, o reports.Outcome, status int) reports.Case {
		return reports.Case{ID: id, Scenario: "mine", Outcome: o, Status: status}
	}
	rows := []struct {
		name  string
		want  string
		cases []reports.Case
		cell  Cell
	}{
		{"none", "pass", nil, Cell{Want: "pass", Got: "error"}},
		{"agrees", "pass", []reports.Case{c("b", reports.Pass, 403), c("a", reports.Pass, 401)}, Cell{Want: "pass", Got: "pass", Status: 401}},
		{"a warning is a pass", "pass", []reports.Case{c("a", reports.Warn, 400)}, Cell{Want: "pass", Got: "pass", Status: 400}},
		{"one differs", "pass", []reports.Case{c("a", reports.Pass, 401), c("b", reports.Fail, 200)}, Cell{Want: "pass", Got: "fail", Status: 200}},
		{"one differs by being better", "fail", []reports.Case{c("a", reports.Fail, 200), c("b", reports.Pass, 401)}, Cell{Want: "fail", Got: "pass", Status: 401}},
		{"the worst that differs", "pass", []reports.Case{c("a", reports.Fail, 200), c("b", reports.Inconclusive, 401), c("c", reports.Error, 0)}, Cell{Want: "pass", Got: "error"}},
		{"of others nothing", "pass", []reports.Case{{ID: "x", Scenario: "other", Outcome: reports.Pass}}, Cell{Want: "pass", Got: "error"}},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for range 2 {
				if diff := cmp.Diff(tt.cell, cellOf(tt.want, "mine", tt.cases)); diff != "" {
					t.Error(diff)
				}
				slices.Reverse(tt.cases)
			}
		})
	}
}
