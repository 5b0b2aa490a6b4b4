package probe_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"testing"

	"github.com/entraproof/entraproof/internal/probe"
)

// TestTrickle: what comes back for a request that is written byte by byte: an
// answer before its end or after it, the connection's end, or our own patience's.
func TestTrickle(t *testing.T) {
	t.Parallel()
	table := []struct {
		name   string
		reads  int // bytes that the server takes before it acts
		answer string
		most   int // bytes that we write, 0: all
		status int
		fault  probe.Fault
	}{
		{"answered early", 5, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n", 0, 408, probe.NoFault},
		{"closed early", 5, "", 0, 0, probe.FaultClosed},
		{"answered at the end", 18, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0, 200, probe.NoFault},
		{"kept waiting", 18, "", 3, 0, probe.FaultTimeout},
	}
	for _, tt := range table {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = l.Close() }()
			done := make(chan struct{})
			go func() {
				defer close(done)
				conn, err := l.Accept()
				if err != nil {
					return
				}
				r := bufio.NewReader(conn)
				for range tt.reads {
					if _, err := r.ReadByte(); err != nil {
						break
					}
				}
				_, _ = conn.Write([]byte(tt.answer))
				_ = conn.Close()
			}()
			written := 0
			p := &probe.Prober{}
			o := p.Trickle(context.Background(), probe.Wire{Address: l.Addr().String(), Bytes: []byte("GET / HTTP/1.1\r\n\r\n")}, func() error {
				if written++; tt.most > 0 && written >= tt.most {
					return errors.New("no more")
				}
				return nil
			})
			<-done
			if o.Status != tt.status || o.Fault != tt.fault {
				t.Errorf("expected %d %q, got %d %q: %s", tt.status, tt.fault, o.Status, o.Fault, o.FaultText)
			}
		})
	}
}
