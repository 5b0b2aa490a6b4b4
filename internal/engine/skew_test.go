package engine_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/entraproof/entraproof/internal/verdict"
)

// timeRows are about time, and one is about something else.
const timeRows = `
- {id: exp-gone, title: an expired token, group: TIM, guards: time, source: mock, base: v2 app home, token: [{set: {exp: "${now - 1h}"}}], expect: refuse 401}
- {id: not-about-time, title: no token, group: HTP, guards: placement, source: real, base: none, expect: refuse 401}
`

// TestClocks: where the gateway's Date is not ours, rows about time prove
// nothing, let in or not; the others do (catalogue 8, self-clock-skewed).
func TestClocks(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		date  func(now time.Time) string
		admit bool
		want  verdict.Reason
		says  string
	}{
		{"the same", func(now time.Time) string { return now.Format(http.TimeFormat) }, false, verdict.RefusedAsRequired, ""},
		{"a second apart", func(now time.Time) string { return now.Add(time.Second).Format(http.TimeFormat) }, false, verdict.RefusedAsRequired, ""},
		{"ten minutes behind", func(now time.Time) string { return now.Add(-10 * time.Minute).Format(http.TimeFormat) }, false, verdict.ClockSkewed, "behind ours"},
		{"ten minutes ahead", func(now time.Time) string { return now.Add(10 * time.Minute).Format(http.TimeFormat) }, false, verdict.ClockSkewed, "ahead of ours"},
		{"no date", func(time.Time) string { return "soon" }, false, verdict.RefusedAsRequired, ""},
		{"the upstream's date is not the gateway's", func(now time.Time) string { return now.Add(-10 * time.Minute).Format(http.TimeFormat) }, true, verdict.ReachedUpstream, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(v visit) {
				v.w.Header().Set("Date", row.date(time.Now().UTC()))
				switch {
				case v.control(), row.admit:
					v.admit()
				default:
					v.refuse(http.StatusUnauthorized)
				}
			}, devOnly()...)
			w.run(timeRows)
			w.want("exp-gone/dev", row.want)
			for _, c := range w.cases {
				if c.Scenario == "exp-gone" && !strings.Contains(c.Detail, row.says) {
					t.Errorf("expected %q in the detail, got %q", row.says, c.Detail)
				}
			}
			if !row.admit {
				w.want("not-about-time/dev", verdict.RefusedAsRequired)
			}
		})
	}
}
