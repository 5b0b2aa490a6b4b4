package lab

import (
	"errors"
	"io"
	"net"
	"testing"
)

// echoUntilEnd sends everything back when the other side has said all.
func echoUntilEnd(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all, _ := io.ReadAll(c)
			_, _ = c.Write(all)
			c.Close()
		}
	}()
	return l.Addr().String()
}

func dial(t *testing.T, address string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.(*net.TCPConn)
}

func TestForwarderCarriesBothWaysToTheEnd(t *testing.T) {
	t.Parallel()
	f, err := forward(t.Context(), "127.0.0.1:0", echoUntilEnd(t))
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	for range 3 {
		c := dial(t, f.address())
		if _, err := c.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		if err := c.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(c); err != nil || string(got) != "hello" {
			t.Errorf("expected hello, got %q, %v", got, err)
		}
	}
}

func TestForwarderWithoutTargetHangsUp(t *testing.T) {
	t.Parallel()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	f, err := forward(t.Context(), "127.0.0.1:0", gone.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	if got, err := io.ReadAll(dial(t, f.address())); err != nil || len(got) != 0 {
		t.Errorf("expected the end at once, got %q, %v", got, err)
	}
}

// TestForwarderEndsItsConnections: close returns though nobody has said all.
func TestForwarderEndsItsConnections(t *testing.T) {
	t.Parallel()
	f, err := forward(t.Context(), "127.0.0.1:0", echoUntilEnd(t))
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, f.address())
	if _, err := c.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	address := f.address()
	f.close()
	if _, err := net.Dial("tcp", address); err == nil {
		t.Error("it still listens")
	}
	if _, err := io.ReadAll(c); err == nil {
		return
	} else if errors.Is(err, net.ErrClosed) {
		t.Errorf("expected the other side to hang up, got %v", err)
	}
}
