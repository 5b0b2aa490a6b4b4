package lab

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"time"
)

// inside is a network within this process: whoever dials an address meets the
// listener that has it, and no byte passes the system. The zero inside is ready.
type inside struct {
	mu   sync.Mutex
	next int
	open map[int]*insideListener
}

// firstInside is the port of the first listener; ports are never used again.
const firstInside = 1

func (n *inside) listen() net.Listener {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.open == nil {
		n.open, n.next = map[int]*insideListener{}, firstInside
	}
	l := &insideListener{
		network: n, addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: n.next},
		dialled: make(chan net.Conn), closed: make(chan struct{}),
	}
	n.open[n.next] = l
	n.next++
	return l
}

// dial is for probe.Prober.Dial. The host is not looked at: all of them are here.
func (n *inside) dial(ctx context.Context, network, address string) (net.Conn, error) {
	refused := &net.OpError{Op: "dial", Net: network, Err: errors.New("connection refused")}
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		return nil, refused
	}
	port, _ := strconv.Atoi(text)
	n.mu.Lock()
	l := n.open[port]
	n.mu.Unlock()
	if l == nil {
		return nil, refused
	}
	ours, theirs := insidePipe(l.addr)
	select {
	case l.dialled <- theirs:
		return ours, nil
	case <-l.closed:
		return nil, refused
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type insideListener struct {
	network *inside
	addr    *net.TCPAddr
	dialled chan net.Conn
	once    sync.Once
	closed  chan struct{}
}

func (l *insideListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.dialled:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *insideListener) Addr() net.Addr { return l.addr }

func (l *insideListener) Close() error {
	l.once.Do(func() {
		l.network.mu.Lock()
		defer l.network.mu.Unlock()
		delete(l.network.open, l.addr.Port)
		close(l.closed)
	})
	return nil
}

// mostUnread is how much one side may write before the other reads, as a
// socket's buffers do: a server that answers before it has read all must not
// stop who writes.
const mostUnread = 1 << 20

// flow is one direction of a connection.
type flow struct {
	mu       sync.Mutex
	changed  chan struct{} // closed and replaced whenever something changed
	unread   []byte
	ended    bool // the writer has closed
	deserted bool // the reader has closed
}

func (s *flow) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}

// insideConn is one end of a connection.
type insideConn struct {
	from, to   *flow
	addr       net.Addr
	read, writ deadline
}

// insidePipe is a connection with both its ends.
func insidePipe(addr net.Addr) (a, b *insideConn) {
	there, back := &flow{changed: make(chan struct{})}, &flow{changed: make(chan struct{})}
	return &insideConn{from: back, to: there, addr: addr}, &insideConn{from: there, to: back, addr: addr}
}

func (c *insideConn) Read(p []byte) (int, error) {
	for {
		s := c.from
		s.mu.Lock()
		n, ended, changed := len(s.unread), s.ended, s.changed
		deserted := s.deserted
		if n > 0 && !deserted {
			n = copy(p, s.unread)
			s.unread = s.unread[n:]
			close(s.changed)
			s.changed = make(chan struct{})
		}
		s.mu.Unlock()
		switch {
		case deserted:
			return 0, net.ErrClosed
		case n > 0:
			return n, nil
		case ended:
			return 0, io.EOF
		}
		if err := c.read.wait(changed); err != nil {
			return 0, err
		}
	}
}

func (c *insideConn) Write(p []byte) (int, error) {
	written := 0
	for {
		s := c.to
		s.mu.Lock()
		changed, gone := s.changed, s.deserted || s.ended
		if room := mostUnread - len(s.unread); room > 0 && !gone {
			n := min(room, len(p)-written)
			s.unread = append(s.unread, p[written:written+n]...)
			written += n
			close(s.changed)
			s.changed = make(chan struct{})
		}
		s.mu.Unlock()
		switch {
		case gone:
			return written, io.ErrClosedPipe
		case written == len(p):
			return written, nil
		}
		if err := c.writ.wait(changed); err != nil {
			return written, err
		}
	}
}

// Close ends both directions; what was written before can still be read.
func (c *insideConn) Close() error {
	c.to.change(func() { c.to.ended = true })
	c.from.change(func() { c.from.deserted = true })
	return nil
}

func (c *insideConn) LocalAddr() net.Addr  { return c.addr }
func (c *insideConn) RemoteAddr() net.Addr { return c.addr }

func (c *insideConn) SetDeadline(t time.Time) error {
	c.read.set(t)
	c.writ.set(t)
	return nil
}

func (c *insideConn) SetReadDeadline(t time.Time) error  { c.read.set(t); return nil }
func (c *insideConn) SetWriteDeadline(t time.Time) error { c.writ.set(t); return nil }

// Quiet reports whether the connection is open and nothing waits to be read.
func (c *insideConn) Quiet() bool {
	c.from.mu.Lock()
	defer c.from.mu.Unlock()
	return len(c.from.unread) == 0 && !c.from.ended && !c.from.deserted
}

// deadline is until when one direction may wait. The zero deadline is never.
type deadline struct {
	mu      sync.Mutex
	at      time.Time
	changed chan struct{}
}

func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = t
	if d.changed != nil {
		close(d.changed)
		d.changed = nil
	}
}

func (d *deadline) current() (time.Time, chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.changed == nil {
		d.changed = make(chan struct{})
	}
	return d.at, d.changed
}

// wait returns when changed is closed, or fails at the deadline.
func (d *deadline) wait(changed <-chan struct{}) error {
	for {
		at, moved := d.current()
		if at.IsZero() {
			select {
			case <-changed:
				return nil
			case <-moved:
				continue
			}
		}
		left := time.Until(at)
		if left <= 0 {
			return os.ErrDeadlineExceeded
		}
		timer := time.NewTimer(left)
		select {
		case <-changed:
			timer.Stop()
			return nil
		case <-moved:
			timer.Stop()
		case <-timer.C:
		}
	}
}
