package probe_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/entraproof/entraproof/internal/probe"
)

const emptyOK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

// TestReadyConnectsBeforeItFires: the connection is there before a byte of the
// request is.
func TestReadyConnectsBeforeItFires(t *testing.T) {
	accepted := make(chan struct{}, 1)
	address := script(t, func(_ int, c net.Conn) {
		accepted <- struct{}{}
		if _, err := readRequest(bufio.NewReader(c)); err == nil {
			_, _ = io.WriteString(c, emptyOK)
		}
	})
	ready := prober(t).Ready(t.Context(), build(t, address, "{}"))
	<-accepted
	if o := ready.Fire(t.Context()); o.Status != 200 || o.Reused || len(accepted) != 0 {
		t.Errorf("expected 200 on the one connection, got %d %s, reused %t, %d more", o.Status, o.FaultText, o.Reused, len(accepted))
	}
}

func TestReadySharesConnections(t *testing.T) {
	address, conns, _ := keeper(t, emptyOK)
	p := prober(t)
	for i := range 3 {
		if o := p.Ready(t.Context(), build(t, address, "{}")).Fire(t.Context()); o.Reused != (i > 0) {
			t.Errorf("request %d: reused %t", i, o.Reused)
		}
	}
	p.Ready(t.Context(), build(t, address, "{}")).Close() // gives it back
	if o := p.Fire(t.Context(), build(t, address, "{}")); !o.Reused || conns.Load() != 1 {
		t.Errorf("expected one connection, got %d", conns.Load())
	}
}

// TestReadyNoticesAnEnd: what the server ended meanwhile carries no request, and
// is no fault of the case.
func TestReadyNoticesAnEnd(t *testing.T) {
	closed := make(chan struct{}, 1)
	address := script(t, func(n int, c net.Conn) {
		if n == 1 {
			_ = c.Close()
			closed <- struct{}{}
			return
		}
		if _, err := readRequest(bufio.NewReader(c)); err == nil {
			_, _ = io.WriteString(c, emptyOK)
		}
	})
	ready := prober(t).Ready(t.Context(), build(t, address, "{}"))
	<-closed
	if o := ready.Fire(t.Context()); o.Status != 200 {
		t.Errorf("expected 200, got %d %s", o.Status, o.FaultText)
	}
}

func TestReadyThatWaitedLong(t *testing.T) {
	address := script(t, func(n int, c net.Conn) {
		if _, err := readRequest(bufio.NewReader(c)); err == nil {
			_, _ = fmt.Fprintf(c, "HTTP/1.1 20%d OK\r\nContent-Length: 0\r\n\r\n", n)
		}
	})
	now := time.Now()
	p := &probe.Prober{Now: func() time.Time { return now }}
	defer p.Close()
	ready := p.Ready(t.Context(), build(t, address, "{}"))
	now = now.Add(2 * time.Second)
	if o := ready.Fire(t.Context()); o.Status != 202 {
		t.Errorf("expected the answer of the second connection, got %d %s", o.Status, o.FaultText)
	}
}

func TestReadyWithoutConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	ready := prober(t).Ready(t.Context(), build(t, address, "{}"))
	if o := ready.Fire(t.Context()); o.Fault != probe.FaultRefused {
		t.Errorf("expected %s, got %s %s", probe.FaultRefused, o.Fault, o.FaultText)
	}
	prober(t).Ready(t.Context(), build(t, address, "{}")).Close()
}
