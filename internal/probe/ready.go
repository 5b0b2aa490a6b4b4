package probe

import (
	"context"
	"time"
)

// Ready is a request with the connection that it will go over, so that firing it
// takes one round trip. Nothing of it has been sent.
type Ready struct {
	prober *Prober
	wire   Wire
	link   *link
	// none is why there is no connection.
	none Observation
}

// Ready gives w a connection, as Fire does. Fire or Close must follow, once.
func (p *Prober) Ready(ctx context.Context, w Wire) *Ready {
	r := &Ready{prober: p, wire: w, link: p.idle(w)}
	if r.link == nil {
		if r.link, r.none = p.open(ctx, w); r.link != nil {
			r.link.idle = p.now()
		}
	}
	return r
}

// Fire writes the request once and returns what came back. A connection that
// ended meanwhile is replaced: nothing was sent on it.
func (r *Ready) Fire(ctx context.Context) Observation {
	if r.link == nil {
		return r.none
	}
	if !r.link.waits(r.prober.now()) {
		r.link.close()
		return r.prober.Fire(ctx, r.wire)
	}
	return r.prober.over(ctx, r.link, r.wire)
}

// Close gives the connection back, unused.
func (r *Ready) Close() {
	if r.link != nil && (r.wire.Fresh || !r.link.used || !r.prober.pool.put(r.link, r.prober.now())) {
		r.link.close()
	}
}

// waits reports whether the server still waits for a request. Under TLS it may
// have sent a ticket after the handshake.
func (l *link) waits(now time.Time) bool {
	if now.Sub(l.idle) >= maxIdle {
		return false
	}
	state := stateOf(l.tcp)
	return state == quiet || state == talking && l.place.tls && !l.used || state == unknown && !l.used
}
