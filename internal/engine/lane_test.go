package engine

import (
	"testing"

	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/scenarios"
)

// TestAround: a control vouches for a case only if it ended before the case
// started, or started after it ended; the nearest on each side counts (design
// 5.1).
func TestAround(t *testing.T) {
	t.Parallel()
	const (
		yes  = verdict.Accepted
		no   = verdict.Refused
		none = verdict.None
	)
	rows := []struct {
		name          string
		shots         []controlShot
		before, after verdict.ControlState
		ready         bool
	}{
		{"none", nil, none, none, false},
		{"before only", []controlShot{{start: 1, end: 2, state: yes}}, yes, none, false},
		{"both", []controlShot{{start: 1, end: 2, state: yes}, {start: 30, end: 31, state: no}}, yes, no, true},
		{"the nearest before", []controlShot{{start: 1, end: 2, state: no}, {start: 3, end: 4, state: yes}}, yes, none, false},
		{"the nearest after", []controlShot{{start: 30, end: 31, state: yes}, {start: 40, end: 41, state: no}}, none, yes, true},
		{"over its start", []controlShot{{start: 1, end: 2, state: yes}, {start: 3, end: 15, state: no}}, yes, none, false},
		{"over its end", []controlShot{{start: 15, end: 25, state: yes}}, none, none, false},
		{"within it", []controlShot{{start: 12, end: 14, state: yes}}, none, none, false},
		{"over all of it", []controlShot{{start: 5, end: 50, state: yes}}, none, none, false},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := &lane{shots: tt.shots}
			b, ready := l.around(&shot{start: 10, end: 20})
			if b.before != tt.before || b.after != tt.after || ready != tt.ready {
				t.Errorf("expected %s and %s, ready %t, got %s and %s, %t", tt.before, tt.after, tt.ready, b.before, b.after, ready)
			}
		})
	}
}

// TestFiredGivesTheWaiting: a shot gives the cases that it makes judgeable, once.
func TestFiredGivesTheWaiting(t *testing.T) {
	t.Parallel()
	l := &lane{}
	l.fired(controlShot{start: 1, end: 2, state: verdict.Accepted})
	early, late := &shot{start: 3, end: 4}, &shot{start: 7, end: 8}
	l.keep(early)
	l.keep(late)
	if got := l.fired(controlShot{start: 5, end: 6, state: verdict.Accepted}); len(got) != 1 || got[0].shot != early {
		t.Errorf("expected the early case alone, got %d", len(got))
	}
	if got := l.left(); len(got) != 1 || got[0].shot != late || got[0].before != verdict.Accepted || got[0].after != verdict.None {
		t.Errorf("expected the late case left, got %+v", got)
	}
	if got := l.left(); len(got) != 0 {
		t.Errorf("expected nothing left, got %d", len(got))
	}
}

// TestAcceptedFirst: choices whose control is accepted come first, each group
// in its order, and none is lost.
func TestAcceptedFirst(t *testing.T) {
	t.Parallel()
	r := &Run{lanes: map[scenarios.Control]*lane{}}
	var choices []scenarios.Choice
	for i, state := range []verdict.ControlState{verdict.Refused, verdict.Accepted, verdict.Unproven, verdict.Accepted} {
		c := scenarios.Control{Number: i}
		r.lanes[c] = &lane{shots: []controlShot{{state: state}}}
		choices = append(choices, scenarios.Choice{Control: c})
	}
	var got []int
	for c := range r.acceptedFirst(choices) {
		got = append(got, c.Control.Number)
	}
	if want := [4]int{1, 3, 0, 2}; len(got) != 4 || [4]int(got) != want {
		t.Errorf("expected %v, got %v", want, got)
	}
}

// TestKeep: a control is due after 25 refusals; what was let in is none.
func TestKeep(t *testing.T) {
	t.Parallel()
	l := &lane{}
	for i := 1; i <= 60; i++ {
		if l.keep(&shot{reach: verdict.Reached}) {
			t.Errorf("after %d refusals: due by what was let in", i-1)
		}
		if due := l.keep(&shot{reach: verdict.NotReached}); due != (i%refusalsPerControl == 0) {
			t.Errorf("after %d refusals: due %t", i, due)
		}
	}
}
