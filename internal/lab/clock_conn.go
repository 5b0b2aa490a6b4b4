package lab

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// longestHeader is the longest time for which a server is taken to wait for the
// head of a request. Longer ones are those of idle connections and bodies, which
// must not end because a clock was moved between two requests.
const longestHeader = 15 * time.Second

// Listener is a listener whose connections wait for heads by this clock.
func (c *Clock) Listener(l net.Listener) net.Listener { return clockListener{l, c} }

type clockListener struct {
	net.Listener
	clock *Clock
}

func (l clockListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &clockConn{Conn: conn, clock: l.clock}, nil
}

// clockConn is a connection whose short read deadlines come when the clock is
// moved there.
type clockConn struct {
	net.Conn
	clock *Clock

	mu   sync.Mutex
	stop func()
	// late: the clock was moved past the deadline.
	late atomic.Bool
}

// Read ends the connection where the clock was moved past the deadline: net/http
// would take half a line for a whole one, and answer it with 400.
func (c *clockConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.late.Load() && errors.Is(err, os.ErrDeadlineExceeded) {
		_ = c.Close()
	}
	return n, err
}

func (c *clockConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stop != nil {
		c.stop()
		c.stop = nil
	}
	if left := time.Until(t); !t.IsZero() && left > 0 && left <= longestHeader {
		c.stop = c.clock.after(left, func() {
			c.late.Store(true)
			_ = c.Conn.SetReadDeadline(time.Unix(1, 0))
		})
	}
	return c.Conn.SetReadDeadline(t)
}

// Close forgets the deadline.
func (c *clockConn) Close() error {
	c.mu.Lock()
	if c.stop != nil {
		c.stop()
		c.stop = nil
	}
	c.mu.Unlock()
	return c.Conn.Close()
}
