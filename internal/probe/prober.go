package probe

import (
	"context"
	"net"
	"strings"
	"time"
)

// Defaults of a Prober's zero fields.
const (
	// DefaultTimeout bounds dialling and, again, the exchange.
	DefaultTimeout = 10 * time.Second
	defaultMaxBody = 64 << 10
	// maxIdle is far below the idle time of every server that is known to keep
	// connections, so that a request hardly ever meets a server's close.
	maxIdle = time.Second
)

// Prober fires requests: one request, one observation, never a retry. The zero
// Prober is ready; it may be used by many goroutines at once and must not be
// copied. Close it at the end.
type Prober struct {
	// Dial makes connections; nil: plain TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Timeout bounds dialling and, again, the exchange; 0: 10 seconds.
	Timeout time.Duration
	// MaxBody bounds the body that is kept; 0: 64 KiB.
	MaxBody int
	// Now is the clock of Started and Elapsed; nil: time.Now.
	Now func() time.Time

	pool pool
}

// Fire writes w once and returns what came back. An ordinary request may go
// over an idle connection that is still alive, any other over its own.
func (p *Prober) Fire(ctx context.Context, w Wire) Observation {
	l := p.idle(w)
	if l == nil {
		var o Observation
		if l, o = p.open(ctx, w); l == nil {
			return o
		}
	}
	return p.over(ctx, l, w)
}

// over writes w on a connection and keeps that for others where it can.
func (p *Prober) over(ctx context.Context, l *link, w Wire) Observation {
	o, keep := l.exchange(ctx, p, w)
	if !keep || w.Fresh || !p.pool.put(l, p.now()) {
		l.close()
	}
	return o
}

// Close closes the idle connections.
func (p *Prober) Close() { p.pool.close() }

// idle returns a live connection to w's place, nil if there is none.
func (p *Prober) idle(w Wire) *link {
	if w.Fresh {
		return nil
	}
	return p.pool.get(w.place(), p.now())
}

// open returns a new connection, or the observation that there is none.
func (p *Prober) open(ctx context.Context, w Wire) (*link, Observation) {
	started := p.now()
	dialling, cancel := context.WithTimeout(ctx, p.timeout())
	defer cancel()
	l, fault, err := p.connect(dialling, w)
	if err == nil {
		return l, Observation{}
	}
	return nil, Observation{
		Fault: fault, FaultText: err.Error(), Address: w.Address, Connected: fault == FaultTLS,
		Started: started, Elapsed: p.now().Sub(started), Sent: w.Bytes, secrets: w.Secrets,
	}
}

// Conn is one connection for a sequence of requests. It connects with the
// first one and never again.
type Conn struct {
	prober *Prober
	link   *link
	ended  bool
}

// Conn returns a connection that is not shared with anybody.
func (p *Prober) Conn() *Conn { return &Conn{prober: p} }

// Fire writes w on the connection and returns what came back: FaultClosed if
// the connection ended with the answer before. It must not be called twice at
// once.
func (c *Conn) Fire(ctx context.Context, w Wire) Observation {
	switch {
	case c.ended, c.link != nil && stateOf(c.link.tcp) == ended:
		c.Close()
		return Observation{
			Fault: FaultClosed, FaultText: "the connection had ended before the request",
			Address: w.Address, Started: c.prober.now(), Sent: w.Bytes, secrets: w.Secrets,
		}
	case c.link == nil:
		l, o := c.prober.open(ctx, w)
		if l == nil {
			c.ended = true
			return o
		}
		c.link = l
	}
	o, _ := c.link.exchange(ctx, c.prober, w)
	if o.Fault != NoFault || o.Truncated || len(w.Bytes) > maxOrdinary || o.lastOfConnection() {
		c.Close()
	}
	return o
}

// Ended reports whether the connection carries no further request: it broke,
// or the server said that the last answer was its last (RFC 9112 9.6).
func (c *Conn) Ended() bool { return c.ended }

// lastOfConnection reports whether the server announced the connection's end:
// by saying so, or by a version that keeps connections only where it says that.
func (o Observation) lastOfConnection() bool {
	words := strings.ToLower(strings.Join(valuesOf(o.Header, "Connection"), ","))
	if o.Proto != "HTTP/1.1" {
		return !strings.Contains(words, "keep-alive")
	}
	return strings.Contains(words, "close")
}

// Close ends the connection.
func (c *Conn) Close() {
	c.ended = true
	if c.link != nil {
		c.link.close()
	}
}

func (p *Prober) now() time.Time {
	if p.Now != nil {
		return p.Now()
	}
	return time.Now()
}

func (p *Prober) timeout() time.Duration {
	if p.Timeout > 0 {
		return p.Timeout
	}
	return DefaultTimeout
}

func (p *Prober) maxBody() int {
	if p.MaxBody > 0 {
		return p.MaxBody
	}
	return defaultMaxBody
}
