package reports

import "testing"

// TestCountedShots: what a gateway answered before it had settled proves
// nothing, and what it answered differently afterwards proves no more.
func TestCountedShots(t *testing.T) {
	for _, row := range []struct {
		name   string
		states []ControlState
		want   ControlState
	}{
		{"woke up", []ControlState{ControlNone, ControlAccepted, ControlAccepted}, ControlAccepted},
		{"refused throughout", []ControlState{ControlRefused, ControlRefused}, ControlRefused},
		{"turned", []ControlState{ControlAccepted, ControlRefused}, ControlUnproven},
		{"never sent", []ControlState{ControlNone}, ControlNone},
	} {
		t.Run(row.name, func(t *testing.T) {
			var c Control
			for _, s := range row.states {
				c.Shots = append(c.Shots, Shot{State: s})
			}
			if got := c.proves(); got != row.want {
				t.Errorf("expected %s, got %s", row.want, got)
			}
		})
	}
}
