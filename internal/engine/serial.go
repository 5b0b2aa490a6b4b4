package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/scenarios"
)

// leaseTime is how long a changed issuer may stay changed if we die.
const leaseTime = 2 * time.Minute

// refetchRest is how long a gateway that has just fetched the key set for an
// unknown key id may hold back before it does so again: two rows with key ids of
// their own must not look like a flood.
const refetchRest = 250 * time.Millisecond

// fireSerially fires cases one after the other: those that need a state of the
// issuer's keys, then those that run alone, look for call-outs or at the control
// right after.
func (r *Run) fireSerially(ctx context.Context, cases []*scenarios.Case) {
	for _, c := range statesFirst(cases) {
		restore, err := r.enter(ctx, c)
		if err != nil {
			r.report(&shot{c: c}, leaseless(err))
			continue
		}
		var due *lane
		if s := r.make(ctx, c); s != nil {
			for _, s := range r.repeats(s) {
				if r.fireAlone(ctx, s) {
					due = s.lane
				}
			}
		}
		restore()
		if due != nil { // under the ordinary keys: the row's may refuse the control
			r.fireControl(ctx, due, "after 25 refusals")
		}
	}
}

// statesFirst puts the cases with a state of the key set before the others, and
// those with one state side by side: a gateway that has just seen many unknown
// key ids may not fetch the keys for one more.
func statesFirst(cases []*scenarios.Case) []*scenarios.Case {
	rank := map[string]int{}
	for _, c := range cases {
		if _, known := rank[c.Scenario.Issuer.Key()]; !known && !c.Scenario.Issuer.Empty() {
			rank[c.Scenario.Issuer.Key()] = len(rank) - len(cases)
		}
	}
	cases = slices.Clone(cases)
	slices.SortStableFunc(cases, func(a, b *scenarios.Case) int { return rank[a.Scenario.Issuer.Key()] - rank[b.Scenario.Issuer.Key()] })
	return cases
}

// leaseless is the verdict on a case for which the issuer could not be
// changed.
func leaseless(err error) verdict.Verdict {
	if errors.Is(err, mockidp.ErrLeaseHeld) || errors.Is(err, errNoAuthority) {
		return verdict.Because(verdict.LeaseMissing, err.Error())
	}
	return verdict.Because(verdict.IssuerUnreachable, err.Error())
}

// fireAlone fires a case between two controls of its own where it asks for one.
// It reports whether a control is due.
func (r *Run) fireAlone(ctx context.Context, s *shot) (due bool) {
	last := s.lane.state()
	if s.c.Expect.Next && last != verdict.Accepted { // an earlier case may have stopped the gateway for a moment
		last = r.fireControl(ctx, s.lane, "before "+s.id())
	}
	before := r.callouts(ctx, s.c)
	s.wire.Fresh = true // what an earlier row did to its connection must not show here
	if !r.shoot(ctx, s) {
		return false
	}
	if s.c.Expect.NoCallout {
		s.callout = compareCallouts(before, r.callouts(ctx, s.c))
	}
	if !s.c.Expect.Next {
		if s.needsNoControl() {
			r.settle(s, verdict.None, verdict.None)
			return false
		}
		return s.lane.keep(s)
	}
	s.next = r.fireControl(ctx, s.lane, "after "+s.id())
	s.cut = ctx.Err() != nil
	r.settle(s, last, s.next)
	return false
}

// counters is an issuer that tells who asked it for what.
type counters interface {
	Counters(ctx context.Context) (map[string]int, error)
}

// hits are the issuer's counters that a call-out shows in; known is false where
// the issuer did not tell them.
type hits struct {
	callouts, keys int
	known          bool
}

func (r *Run) callouts(ctx context.Context, c *scenarios.Case) hits {
	source, ok := r.engine.Tokens.(counters)
	if !ok || !c.Expect.NoCallout {
		return hits{}
	}
	all, err := source.Counters(ctx)
	if err != nil {
		return hits{}
	}
	h := hits{known: true}
	for name, n := range all {
		switch {
		case strings.HasPrefix(name, "/callout/"):
			h.callouts += n
		case strings.Contains(name, "/keys "):
			h.keys += n
		}
	}
	return h
}

// compareCallouts takes "none seen" for a proof only where the gateway was
// shown to reach the listener: it has fetched keys there (catalogue 0).
func compareCallouts(before, after hits) verdict.Callout {
	switch {
	case !before.known || !after.known:
		return verdict.CalloutUnknown
	case after.callouts > before.callouts:
		return verdict.CalledOut
	case after.keys > 0:
		return verdict.NoCallout
	}
	return verdict.CalloutUnknown
}

// errNoAuthority says that the source of tokens cannot be changed.
var errNoAuthority = errors.New("engine: the source of tokens is not an issuer that can be changed")

// enter puts the issuer's key set into the state that a row asks for and gives
// the way back.
func (r *Run) enter(ctx context.Context, c *scenarios.Case) (restore func(), err error) {
	if c.Scenario.Issuer.Empty() {
		return func() {}, nil
	}
	issuer, ok := r.engine.Tokens.(mockidp.Authority)
	if !ok {
		return nil, errNoAuthority
	}
	state, err := c.Scenario.Issuer.Resolve(r.setting(c, c.Choices[0].Kind))
	if err != nil {
		return nil, fmt.Errorf("engine: the state of the issuer's keys: %w", err)
	}
	lease, err := issuer.Lease(ctx, leaseTime)
	if err != nil {
		return nil, fmt.Errorf("engine: lease the issuer: %w", err)
	}
	restore = func() { _ = issuer.Release(context.WithoutCancel(ctx), lease.ID) } // it ends by itself otherwise
	if err := issuer.KeySet(ctx, lease.ID, state); err != nil {
		restore()
		return nil, fmt.Errorf("engine: set the issuer's keys: %w", err)
	}
	if err := r.engine.wait(ctx, refetchRest); err != nil {
		restore()
		return nil, err
	}
	return restore, nil
}
