package engine_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
)

// timeRows are about time, and one is about something else.
const timeRows = `
- {id: exp-gone, title: an expired token, group: TIM, guards: time, source: mock, base: v2 app home, token: [{set: {exp: "${now - 1h}"}}], expect: refuse 401}
- {id: fresh, title: a fresh token, group: CTL, guards: time, source: real, base: v2 app home, expect: accept}
- {id: not-about-time, title: no token, group: HTP, guards: placement, source: real, base: none, expect: refuse 401}
`

// TestClocks: where the gateway's Date is not ours, rows about time prove
// nothing, let in or not, and neither does a fresh token that was refused; where
// it is, that is a fail. The other rows prove what they do (catalogue 8,
// self-clock-skewed).
func TestClocks(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		date  func(now time.Time) string
		admit bool
		want  verdict.Reason
		fresh verdict.Reason
		says  string
	}{
		{"the same", func(now time.Time) string { return now.Format(http.TimeFormat) }, false, verdict.RefusedAsRequired, verdict.RefusedGenuine, ""},
		{"a second apart", func(now time.Time) string { return now.Add(time.Second).Format(http.TimeFormat) }, false, verdict.RefusedAsRequired, verdict.RefusedGenuine, ""},
		{"ten minutes behind", func(now time.Time) string { return now.Add(-10 * time.Minute).Format(http.TimeFormat) }, false, verdict.ClockSkewed, verdict.ClockSkewed, "behind ours"},
		{"ten minutes ahead", func(now time.Time) string { return now.Add(10 * time.Minute).Format(http.TimeFormat) }, false, verdict.ClockSkewed, verdict.ClockSkewed, "ahead of ours"},
		{"no date", func(time.Time) string { return "soon" }, false, verdict.RefusedAsRequired, verdict.RefusedGenuine, ""},
		{"the upstream's date is not the gateway's", func(now time.Time) string { return now.Add(-10 * time.Minute).Format(http.TimeFormat) }, true, verdict.ReachedUpstream, verdict.AcceptedAsRequired, ""},
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
			w.want("fresh/dev", row.fresh)
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

// TestOwnToken: a row about time has a token that was issued for it, also in a
// later run of the engine; other rows share the one that is kept.
func TestOwnToken(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	sent := map[string][]string{}
	w := newWorld(t, func(v visit) {
		mu.Lock()
		sent[v.Case] = append(sent[v.Case], v.Token)
		mu.Unlock()
		careful(v)
	}, devOnly()...)
	const rows = timeRows + "- {id: kept, guards: audience, source: real, base: v2 app home, expect: accept}\n"
	w.run(rows)
	w.cases = map[string]reports.Case{}
	w.run(rows)
	kept, fresh := sent["kept/dev"], sent["fresh/dev"]
	if len(kept) != 2 || kept[0] != kept[1] {
		t.Errorf("expected the kept token twice, got %d that differ", len(kept))
	}
	if len(fresh) != 2 || fresh[0] == fresh[1] || slices.Contains(kept, fresh[0]) || slices.Contains(kept, fresh[1]) {
		t.Errorf("expected a fresh token each time, got %d that are the same or kept", len(fresh))
	}
}
