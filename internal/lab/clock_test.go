package lab

import (
	"context"
	"testing"
	"time"
)

// TestClock: what waits on the clock goes on when it is moved to its time, not
// before, and not once it was stopped.
func TestClock(t *testing.T) {
	t.Parallel()
	table := []struct {
		name  string
		steps []time.Duration
		want  error
	}{
		{"not moved", nil, nil},
		{"not far enough", []time.Duration{20 * time.Minute, 39 * time.Minute}, nil},
		{"far enough", []time.Duration{time.Hour}, context.Canceled},
		{"far enough in steps", []time.Duration{20 * time.Minute, 41 * time.Minute}, context.Canceled},
	}
	for _, tt := range table {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := &Clock{}
			began := c.Now()
			ctx, cancel := c.Timeout(t.Context(), time.Hour)
			defer cancel()
			var moved time.Duration
			for _, step := range tt.steps {
				moved += step
				if err := c.Wait(t.Context(), step); err != nil {
					t.Fatal(err)
				}
			}
			if got := c.Now().Sub(began); got < moved || got > moved+time.Minute {
				t.Errorf("expected the clock %s ahead, got %s", moved, got)
			}
			if ctx.Err() != tt.want { //nolint:errorlint // nil, or what a context says itself
				t.Errorf("expected %v, got %v", tt.want, ctx.Err())
			}
			cancel()
			if len(c.alarms) != 0 {
				t.Errorf("expected nothing to wait any more, got %d", len(c.alarms))
			}
		})
	}
}

// TestClockStopped: time that passes on the machine does not pass on a clock that
// stands; what it is moved by does, and wakes who waits for it.
func TestClockStopped(t *testing.T) {
	t.Parallel()
	var c Clock
	c.Stop()
	before := c.Now()
	ctx, cancel := c.Timeout(t.Context(), time.Hour)
	defer cancel()
	for machine := time.Now(); !time.Now().After(machine); { // the machine's goes on
	}
	c.Stop()
	if got := c.Now(); !got.Equal(before) {
		t.Errorf("expected the clock to stand, got %s more", got.Sub(before))
	}
	if err := c.Wait(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := c.Now().Sub(before); got != time.Hour || ctx.Err() == nil {
		t.Errorf("expected an hour more and the waiting over, got %s, %v", got, ctx.Err())
	}
}
