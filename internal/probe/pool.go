package probe

import (
	"net"
	"sync"
	"time"
)

// maxIdlePerPlace bounds the idle connections to one place.
const maxIdlePerPlace = 64

// linkState is what can be seen of an idle connection. Bytes that nobody asked
// for (talking) mean that the server has done with it, or, under TLS, only
// that it sent a ticket.
type linkState uint8

const (
	unknown linkState = iota
	quiet
	talking
	ended
)

// pool keeps idle connections, the longest idle first out: a server that
// closes after its answer has then had the most time to be noticed.
type pool struct {
	mu     sync.Mutex
	idle   map[place][]*link
	closed bool
}

// get returns a live connection, nil if there is none; the dead ones that it
// meets are closed.
func (p *pool) get(at place, now time.Time) *link {
	for {
		l := p.pop(at)
		if l == nil || now.Sub(l.idle) < maxIdle && stateOf(l.tcp) == quiet {
			return l
		}
		l.close()
	}
}

func (p *pool) pop(at place) *link {
	p.mu.Lock()
	defer p.mu.Unlock()
	links := p.idle[at]
	if len(links) == 0 {
		return nil
	}
	p.idle[at] = links[1:]
	return links[0]
}

// put keeps l and reports whether it did.
func (p *pool) put(l *link, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle[l.place]) >= maxIdlePerPlace {
		return false
	}
	if p.idle == nil {
		p.idle = map[place][]*link{}
	}
	l.idle = now
	p.idle[l.place] = append(p.idle[l.place], l)
	return true
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, links := range p.idle {
		for _, l := range links {
			l.close()
		}
	}
	p.idle, p.closed = nil, true
}

// stateOf looks at a connection: one that is not the system's says itself that
// nothing happens on it.
func stateOf(conn net.Conn) linkState {
	if c, ok := conn.(interface{ Quiet() bool }); ok {
		if c.Quiet() {
			return quiet
		}
		return ended
	}
	return look(conn)
}
