//go:build figures && linux

package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/flows"
	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/scenarios"
)

// The stated figure of a run over a slow network (issue 6).
const (
	linkStated      = 1.2
	roundTrip       = 50 * time.Millisecond
	linkConcurrency = 16
	segment         = 16 << 10 // bytes that travel together
	inTransit       = 1 << 10  // segments of a connection; requests have a megabyte at most
)

// TestFigureLink holds the wall time of a full run over a network of 50 ms
// against the time for which its cases alone keep 16 connections waiting. In the
// ratio are all cases that may be fired side by side, with everything that a run
// of them takes: connections, controls until they settle, controls after every 25
// refusals and at the end. Cases that run alone and flows wait for each answer by
// their nature; what they take is printed, per request.
//
// Signatures are those of the first run: the issuer is not what is measured. A
// busy machine can only add to the time, so the best of a few attempts counts.
func TestFigureLink(t *testing.T) {
	b := newBench(t)
	b.memo = map[string][]byte{}
	b.x.Target.Pace.Concurrency = linkConcurrency
	together, alone := b.apart()
	b.overLink(t, together)
	best := 0.0
	for n := 0; n < attempts && (n == 0 || best > linkStated); n++ {
		r := b.overLink(t, together)
		bound := time.Duration(r.fired) * roundTrip / linkConcurrency
		ratio := r.wall.Seconds() / bound.Seconds()
		t.Logf("%d cases in %s, %d requests, %d connections: ratio %.2f", r.fired, r.wall.Round(time.Millisecond), r.requests, r.connections, ratio)
		if best == 0 || ratio < best {
			best = ratio
		}
	}
	r := b.overLink(t, alone)
	t.Logf("%d cases that run alone in %s, %d requests, %d connections: %.2f round trips a request",
		r.fired, r.wall.Round(time.Millisecond), r.requests, r.connections, r.wall.Seconds()/roundTrip.Seconds()/float64(r.requests))
	judge(t, fmt.Sprintf("wall time over a link of %v ÷ (cases ÷ %d × round trip)", roundTrip, linkConcurrency), best, linkStated, "")
}

// apart tells the cases that may be fired side by side from the others. Left out
// are flows of a hundred refusals, which are what they are about, and the one
// whose clock is moved while an answer is on its way.
func (b *bench) apart() (together, alone []scenarios.Case) {
	out := []string{"jwks-new-key-after-flood", "jwks-slow", "jwks-unknown-kid-flood", "state-replica-agreement"}
	for _, c := range b.x.Expand(b.rows) {
		row := c.Scenario
		switch {
		case c.Decided != nil, row.Kind == scenarios.Observe, slices.Contains(out, row.ID):
		case row.Kind == scenarios.Flow, row.Serial, c.Expect.NoCallout, c.Expect.Next, !row.Issuer.Empty():
			alone = append(alone, c)
		default:
			together = append(together, c)
		}
	}
	return together, alone
}

// linked is what a run over the link took.
type linked struct {
	wall                         time.Duration
	fired, requests, connections int
}

func (b *bench) overLink(t *testing.T, cases []scenarios.Case) linked {
	t.Helper()
	b.round++
	l := &link{}
	defer l.travelling.Wait()
	eng := &engine.Engine{
		Tokens: &countingIssuer{Issuer: b.issuer, t: t, memo: b.memo, signed: map[string]bool{}}, Seen: b.seen, Own: b.own,
		Prober: &probe.Prober{Dial: l.dial, Now: b.world.Clock.Now}, Now: b.world.Clock.Now, Wait: b.world.Clock.Wait, Operator: b.world,
	}
	sink := &memory{}
	started := time.Now()
	_, err := eng.Start(t.Context(), engine.Plan{Expansion: b.x, Cases: cases, Flows: flows.All(), Run: fmt.Sprint("link-", b.round), Sink: sink, Unwaited: true}).End()
	must(t, err)
	r := linked{wall: time.Since(started), requests: int(l.requests.Load()), connections: int(l.connections.Load())}
	for _, c := range sink.cases {
		if c.Outcome >= verdict.Inconclusive {
			t.Fatalf("expected a run that strict passes, got %s: %s, %s, %s", c.ID, c.Outcome, c.Reason, c.Detail)
		}
		if c.Status != 0 {
			r.fired++
		}
	}
	return r
}

// link is a network between the engine and the gateways, in this process: a
// connection is there after a round trip, and what is written arrives half of one
// later, however much else is under way.
type link struct {
	travelling  sync.WaitGroup
	connections atomic.Int64
	requests    atomic.Int64 // segments towards the gateways; a request has one, but for the largest
}

// dial makes the connection to the gateway and one to a proxy in front of it,
// which is what the engine gets.
func (l *link) dial(ctx context.Context, network, address string) (net.Conn, error) {
	gateway, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	proxy, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, gateway.Close())
	}
	defer proxy.Close()
	near, err := new(net.Dialer).DialContext(ctx, "tcp", proxy.Addr().String())
	if err != nil {
		return nil, errors.Join(err, gateway.Close())
	}
	far, err := proxy.Accept()
	if err != nil {
		return nil, errors.Join(err, gateway.Close(), near.Close())
	}
	l.connections.Add(1)
	l.carry(far.(*net.TCPConn), gateway.(*net.TCPConn), &l.requests)
	l.carry(gateway.(*net.TCPConn), far.(*net.TCPConn), new(atomic.Int64))
	<-time.After(roundTrip)
	return near, nil
}

// carry takes what one connection says to the other, half a round trip later.
func (l *link) carry(from, to *net.TCPConn, count *atomic.Int64) {
	type arrival struct {
		at   time.Time
		text []byte
	}
	under := make(chan arrival, inTransit)
	l.travelling.Go(func() {
		defer close(under)
		for {
			text := make([]byte, segment)
			n, err := from.Read(text)
			if n > 0 {
				count.Add(1)
				under <- arrival{time.Now().Add(roundTrip / 2), text[:n]}
			}
			if err != nil {
				return
			}
		}
	})
	l.travelling.Go(func() {
		defer to.CloseWrite() // the other side may have gone first
		for a := range under {
			<-time.After(time.Until(a.at))
			if _, err := to.Write(a.text); err != nil {
				_ = from.Close()
			}
		}
	})
}
