package engine

import (
	"testing"
	"time"
)

// TestApart: a Date that was written at any time between request and answer is
// ours, down to its whole seconds.
func TestApart(t *testing.T) {
	t.Parallel()
	sent := time.Unix(1_700_000_000, 900_000_000)
	answered := sent.Add(30 * time.Second)
	for _, row := range []struct {
		name string
		date int64
		want time.Duration
	}{
		{"when it was sent", 1_700_000_000, 0},
		{"while it was answered", 1_700_000_012, 0},
		{"when it was answered", 1_700_000_030, 0},
		{"before it was sent", 1_699_999_400, -10 * time.Minute},
		{"after it was answered", 1_700_000_630, 10 * time.Minute},
	} {
		if got := apart(time.Unix(row.date, 0), sent, answered); got != row.want {
			t.Errorf("%s: expected %s, got %s", row.name, row.want, got)
		}
	}
}
