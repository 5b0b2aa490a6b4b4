package engine

import (
	"testing"

	"github.com/entraproof/entraproof/internal/verdict"
)

// TestDecide: of equal requests the worst stands for all, but a hole counts
// more than a replica that could not be reached.
func TestDecide(t *testing.T) {
	t.Parallel()
	at := func(number int, r verdict.Reason) judged {
		s := &shot{number: number}
		if r == verdict.ReachedUpstream {
			s.reach = verdict.Reached
		}
		return judged{shot: s, v: verdict.Because(r, "")}
	}
	const pass, hole, lost, gone = verdict.RefusedAsRequired, verdict.ReachedUpstream, verdict.ControlLost, verdict.ConnectionRefused
	for _, row := range []struct {
		name string
		of   []verdict.Reason
		want verdict.Reason
		by   int
	}{
		{"all alike", []verdict.Reason{pass, pass}, pass, 1},
		{"one proves nothing", []verdict.Reason{pass, lost, pass}, lost, 2},
		{"one could not be reached", []verdict.Reason{pass, gone}, gone, 2},
		{"a hole and one that could not be reached", []verdict.Reason{gone, hole}, verdict.ReplicasDisagree, 2},
		{"every one a hole", []verdict.Reason{hole, hole}, hole, 1},
		{"a failure of another sort", []verdict.Reason{pass, verdict.ServerError}, verdict.ServerError, 2},
	} {
		var all []judged
		for i, r := range row.of {
			all = append(all, at(i+1, r))
		}
		if got := decide(all); got.v.Reason != row.want || got.shot.number != row.by {
			t.Errorf("%s: expected %s by %d, got %s by %d", row.name, row.want, row.by, got.v.Reason, got.shot.number)
		}
	}
}
