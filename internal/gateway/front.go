package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
)

// front stands between a listener and net/http for a handler that judges heads
// itself. net/http refuses or mends what two parsers could read in two ways
// before any handler sees it; so a check of strict could not be shown to refuse
// it. The front reads each head, keeps what is wrong with it for the handler,
// and hands net/http a form that it takes.
type front struct{ net.Listener }

// headReader is a handler that takes each request's head with takeHead, once.
type headReader interface{ readsHeads() }

func (f front) Accept() (net.Conn, error) {
	c, err := f.Listener.Accept()
	if err != nil {
		return nil, err //nolint:wrapcheck // net/http tells temporary errors by their type
	}
	return &frontConn{Conn: c}, nil
}

// frontConn is one connection. net/http reads it from one goroutine at a time,
// but from another one than the handler's.
type frontConn struct {
	net.Conn
	// raw are bytes that nobody has looked at, ready those that net/http may have;
	// both stand in buffer, which is used anew once they are gone.
	raw, ready, buffer []byte
	// line is where the last line of raw begins, seen where nobody has looked for
	// its end yet.
	line, seen int
	// content is how many bytes of the last request's content are still to pass.
	content int64
	// through: everything passes as it is, for the front does not know where the
	// next head begins.
	through bool

	mu    sync.Mutex
	heads []*head
}

// chunk is how much is read at once: what bufio reads for net/http.
const chunk = 4 << 10

func (c *frontConn) Read(p []byte) (int, error) {
	for {
		switch {
		case len(c.ready) > 0:
			n := copy(p, c.ready)
			c.ready = c.ready[n:]
			return n, nil
		case c.through:
			return c.pass(p)
		case c.content > 0:
			n, err := c.pass(p[:min(int64(len(p)), c.content)])
			c.content -= int64(n)
			return n, err
		case c.sort():
		default:
			if err := c.more(); err != nil {
				return 0, err
			}
		}
	}
}

// pass hands on what was read too early, then what comes.
func (c *frontConn) pass(p []byte) (int, error) {
	if len(c.raw) == 0 {
		return c.Conn.Read(p) //nolint:wrapcheck // a connection's own errors
	}
	n := copy(p, c.raw)
	c.raw = c.raw[n:]
	return n, nil
}

// sort takes a head out of raw, if a whole one is there. One that is too long
// or that does not end is net/http's business.
func (c *frontConn) sort() bool {
	end := c.headEnd()
	if end == 0 {
		c.through = len(c.raw) > maxHeader
		return c.through
	}
	h := readHead(c.raw[:end])
	c.ready, c.raw = h.tolerable(c.raw[:end]), c.raw[end:]
	c.content, c.through = h.content, h.last
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heads = append(c.heads, h)
	return true
}

// more reads once. A connection that ends within a head lets net/http see what
// there is of it; a deadline, by which net/http ends its own waiting, does not.
func (c *frontConn) more() error {
	if len(c.raw) == 0 {
		c.raw = c.buffer
	}
	if cap(c.raw)-len(c.raw) < chunk/2 {
		c.raw = append(make([]byte, 0, 2*len(c.raw)+chunk), c.raw...)
		c.buffer = c.raw[:0]
	}
	n, err := c.Conn.Read(c.raw[len(c.raw):cap(c.raw)])
	c.raw = c.raw[:len(c.raw)+n]
	switch {
	case n > 0:
		return nil
	case errors.Is(err, io.EOF) && len(c.raw) > 0:
		c.through = true
		return nil
	}
	return err //nolint:wrapcheck // a connection's own errors
}

// headEnd is the length of the head at the start of raw with its empty line; 0 if
// that has not come yet. No byte is looked at twice, however they arrive.
func (c *frontConn) headEnd() int {
	for {
		i := bytes.IndexByte(c.raw[c.seen:], '\n')
		if i < 0 {
			c.seen = len(c.raw)
			return 0
		}
		end := c.seen + i + 1
		empty := len(withoutEnd(c.raw[c.line:end])) == 0
		c.line, c.seen = end, end
		if empty {
			c.line, c.seen = 0, 0
			return end
		}
	}
}

type frontKey struct{}

// inFront puts the front before a server whose handler reads heads.
func inFront(server *http.Server, listener net.Listener) net.Listener {
	if !wantsHeads(server.Handler) {
		return listener
	}
	server.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, frontKey{}, c)
	}
	return front{listener}
}

// wantsHeads reports whether the handler, or the one that it stands around, is a
// headReader.
func wantsHeads(h http.Handler) bool {
	for {
		around, ok := h.(interface{ Unwrap() http.Handler })
		if !ok {
			_, wants := h.(headReader)
			return wants
		}
		h = around.Unwrap()
	}
}

// takeHead is what the front read of the request; nil if none stands before this
// server. Heads are taken in the order of the requests: net/http ends a
// connection whose request it does not hand to the handler.
func takeHead(r *http.Request) *head {
	c, ok := r.Context().Value(frontKey{}).(*frontConn)
	if !ok {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.heads) == 0 {
		return nil
	}
	h := c.heads[0]
	c.heads = c.heads[1:]
	return h
}
