package engine

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
)

// clockTolerance is how far another clock may be from ours before rows about
// time prove nothing: they leave a margin of 15 s beyond the declared skew, and
// a Date has whole seconds.
const clockTolerance = 5 * time.Second

// clocks is how far the clocks of others are from ours: the issuer's, and those
// of the gateways by environment. A gateway's is the Date of an answer that it
// has written itself (RFC 9110 6.6.1); that of an accepted request may be the
// upstream's.
type clocks struct {
	mu     sync.Mutex
	offset map[string]time.Duration
}

func (c *clocks) set(of string, offset time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.offset == nil {
		c.offset = map[string]time.Duration{}
	}
	c.offset[of] = offset
}

// off is a party whose clock is not ours; empty if none is known.
func (c *clocks) off(parties ...string) (party string, by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range parties {
		if by, known := c.offset[p]; known && by.Abs() > clockTolerance {
			return p, by
		}
	}
	return "", 0
}

// all are the clocks that were seen, sorted.
func (c *clocks) all() []reports.Clock {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []reports.Clock
	for of, offset := range c.offset {
		list = append(list, reports.Clock{Of: of, OffsetMS: offset.Milliseconds()})
	}
	slices.SortFunc(list, func(a, b reports.Clock) int { return slices.Compare([]string{a.Of}, []string{b.Of}) })
	return list
}

const issuerClock = "issuer"

func (r *Run) gatewayClock(environment string) string {
	return r.plan.target().Name + " " + environment
}

// readClock notes the clock of the gateway that has written an answer.
func (r *Run) readClock(s *shot) {
	if s.reach != verdict.NotReached {
		return
	}
	if date, err := http.ParseTime(s.observed.Get("Date")); err == nil {
		r.clocks.set(r.gatewayClock(s.c.Home.Name), apart(date, s.sent, s.answered))
	}
}

// apart is how far a Date is from the whole seconds between which it was written:
// a slow answer has the time at which it was begun.
func apart(date, sent, answered time.Time) time.Duration {
	if late := date.Sub(answered.Truncate(time.Second)); late > 0 {
		return late
	}
	return min(date.Sub(sent.Truncate(time.Second)), 0)
}

// timely takes back a verdict on a row about time where the clocks differ: its
// token is older or younger at the gateway than it says. That holds for a genuine
// token that was refused, too: of two clocks nobody can tell which one is wrong,
// and a mock's is often ours. Where the Dates agree such a refusal is a fail.
func (r *Run) timely(s *shot, v verdict.Verdict) verdict.Verdict {
	if s.c.Scenario.Guards != "time" || v.Outcome != verdict.Fail && v.Outcome > verdict.Warn {
		return v
	}
	party, by := r.clocks.off(issuerClock, r.gatewayClock(s.c.Home.Name))
	if party == "" {
		return v
	}
	direction := "ahead of"
	if by < 0 {
		direction = "behind"
	}
	return verdict.Because(verdict.ClockSkewed, fmt.Sprintf("the clock of %s is %s %s ours; set the clocks by NTP", party, by.Abs(), direction))
}
