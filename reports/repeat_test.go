package reports_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
)

// TestMissedOf: the chance that repeats never meet the one bad replica of n.
func TestMissedOf(t *testing.T) {
	for _, row := range []struct {
		repeat, n int
		want      float64
	}{{0, 2, 0.5}, {1, 2, 0.5}, {5, 2, 0.03125}, {2, 3, 4.0 / 9}, {10, 4, 0.0563135147}, {3, 1, 0}} {
		if got := (reports.Selection{Repeat: row.repeat}).MissedOf(row.n); math.Abs(got-row.want) > 1e-9 {
			t.Errorf("%d of %d: expected %v, got %v", row.repeat, row.n, row.want, got)
		}
	}
}

// TestRepeatText holds the sentence, and that there is none where nothing was
// repeated.
func TestRepeatText(t *testing.T) {
	r := sample()
	if got := r.RepeatText(); got != "" {
		t.Errorf("expected nothing, got %q", got)
	}
	r.Selection.Repeat = 10
	const want = "critical refusals fired 10 times each; the chance that one misses a bad replica behind a balancer: 1 of 2 under 0.1 %, 1 of 3 1.7 %, 1 of 4 5.6 %, 1 of 8 26 %"
	if got := r.RepeatText(); got != want {
		t.Errorf("expected %q, got %q", want, got)
	}
	find(r, "alg-none", "dev").Replica = "1/2"
	find(r, "aud-other-env-genuine", "dev").Replica = "2/2"
	if diff := cmp.Diff([]string{"dev (2)"}, r.OneByOne()); diff != "" {
		t.Error(diff)
	}
}

// TestHoleBesideSilentReplica: a replica that could not be reached does not
// hide the hole of another.
func TestHoleBesideSilentReplica(t *testing.T) {
	c := newCase("s", "dev", "dev", "", verdict.ReplicasDisagree)
	c.Repeats = []reports.Shot{{Outcome: reports.Error}, {Outcome: reports.Fail}}
	if got := c.Grade(); got != reports.Fail {
		t.Errorf("expected fail, got %s", got)
	}
	c.Repeats, c.Outcome = []reports.Shot{{Outcome: reports.Error}, {Outcome: reports.Pass}}, reports.Pass
	if got := c.Grade(); got != reports.Error {
		t.Errorf("expected error, got %s", got)
	}
}
