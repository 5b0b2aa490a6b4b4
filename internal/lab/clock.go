package lab

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// Clock is the clock of everything in an embedded lab: this machine's, ahead of
// it by as much as it was moved. What waits for a time on it goes on when it is
// moved, so that minutes need not pass. The zero Clock is ready and is right.
type Clock struct {
	mu    sync.Mutex
	ahead time.Duration
	// stopped is when it was, zero while it goes.
	stopped time.Time
	// alarms are what waits, each until its time.
	alarms map[*alarm]bool
}

// alarm is called once, when the clock has reached its time.
type alarm struct {
	at    time.Time
	timer *time.Timer
	ring  func()
}

// Now is the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

// now is the time; c.mu is held.
func (c *Clock) now() time.Time {
	if !c.stopped.IsZero() {
		return c.stopped.Add(c.ahead)
	}
	return time.Now().Add(c.ahead)
}

// Stop has the clock stand still: from then on only Wait moves it, so that what
// is counted by it hangs on no machine's haste. Time-outs pass as ever.
func (c *Clock) Stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped.IsZero() {
		c.stopped = time.Now()
	}
}

// Wait moves the clock ahead, which takes no time.
func (c *Clock) Wait(ctx context.Context, d time.Duration) error {
	for _, a := range c.move(d) {
		a.ring()
	}
	return ctx.Err()
}

// move gives the alarms whose time has come.
func (c *Clock) move(d time.Duration) []*alarm {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
	now := c.now()
	var due []*alarm
	for _, a := range slices.Collect(maps.Keys(c.alarms)) {
		if a.at.After(now) {
			a.timer.Reset(a.at.Sub(now))
		} else if delete(c.alarms, a); a.timer.Stop() {
			due = append(due, a)
		}
	}
	return due
}

// Timeout is context.WithTimeout by this clock.
func (c *Clock) Timeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := c.after(d, func() { cancel(context.DeadlineExceeded) })
	return ctx, func() {
		stop()
		cancel(context.Canceled)
	}
}

// after calls ring when d has passed on the clock, unless it is stopped before.
func (c *Clock) after(d time.Duration, ring func()) (stop func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := &alarm{at: c.now().Add(d), ring: ring}
	a.timer = time.AfterFunc(d, ring)
	if c.alarms == nil {
		c.alarms = map[*alarm]bool{}
	}
	c.alarms[a] = true
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		a.timer.Stop()
		delete(c.alarms, a)
	}
}
