package lab

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"testing"
	"time"
)

// connected are both ends of one connection.
func connected(t *testing.T) (ours, theirs net.Conn) {
	t.Helper()
	n := &inside{}
	l := n.listen()
	accepted := make(chan net.Conn, 1)
	go func() {
		c, _ := l.Accept()
		accepted <- c
	}()
	ours, err := n.dial(context.Background(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return ours, <-accepted
}

// TestInsideCarriesBytes: what one side writes the other reads, and the end as
// well.
func TestInsideCarriesBytes(t *testing.T) {
	t.Parallel()
	ours, theirs := connected(t)
	sent := make([]byte, 3*mostUnread/2) // more than fits, so that the writer waits
	for i := range sent {
		sent[i] = byte(i)
	}
	go func() {
		_, _ = ours.Write(sent)
		_ = ours.Close()
	}()
	got, err := io.ReadAll(theirs)
	if err != nil || string(got) != string(sent) {
		t.Errorf("expected the %d bytes that were sent, got %d (%v)", len(sent), len(got), err)
	}
	if _, err := theirs.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("write to an end that is gone: expected %v, got %v", io.ErrClosedPipe, err)
	}
}

// TestInsideKeepsDeadlines: a deadline ends what waits, also one that is set
// meanwhile, and one that is taken away lets it go on.
func TestInsideKeepsDeadlines(t *testing.T) {
	t.Parallel()
	ours, theirs := connected(t)
	ended := make(chan error, 1)
	read := func() {
		_, err := ours.Read(make([]byte, 1))
		ended <- err
	}
	waits := func() bool {
		d := &ours.(*insideConn).read
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.changed != nil
	}
	_ = ours.SetReadDeadline(time.Now().Add(time.Hour))
	go read()
	for !waits() {
		runtime.Gosched()
	}
	_ = ours.SetReadDeadline(time.Unix(1, 0))
	if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("expected %v, got %v", os.ErrDeadlineExceeded, err)
	}
	_ = ours.SetReadDeadline(time.Time{})
	go read()
	if _, err := theirs.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("without a deadline: expected none, got %v", err)
	}
	_ = theirs.SetWriteDeadline(time.Unix(1, 0))
	if _, err := theirs.Write(make([]byte, 2*mostUnread)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a write that nobody reads: expected %v, got %v", os.ErrDeadlineExceeded, err)
	}
}

// TestInsideIsQuietUntilSomethingComes: a prober keeps a connection on which
// nothing happens.
func TestInsideIsQuietUntilSomethingComes(t *testing.T) {
	t.Parallel()
	ours, theirs := connected(t)
	quiet := func() bool { return ours.(interface{ Quiet() bool }).Quiet() }
	if !quiet() {
		t.Error("a fresh connection is not quiet")
	}
	if _, err := theirs.Write([]byte("x")); err != nil || quiet() {
		t.Errorf("expected an end to the quiet with the first byte (%v)", err)
	}
	_, _ = ours.Read(make([]byte, 1))
	if !quiet() {
		t.Error("not quiet after all is read")
	}
	if _ = theirs.Close(); quiet() {
		t.Error("quiet though the other end is gone")
	}
}

// TestInsideServesHTTP: a listener that is closed refuses, as a port does.
func TestInsideServesHTTP(t *testing.T) {
	t.Parallel()
	n := &inside{}
	l := n.listen()
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })}
	go func() { _ = server.Serve(l) }()
	client := &http.Client{Transport: &http.Transport{DialContext: n.dial}}
	get := func() (int, error) {
		response, err := client.Get("http://" + l.Addr().String())
		if err != nil {
			return 0, err
		}
		return response.StatusCode, response.Body.Close()
	}
	if status, err := get(); status != http.StatusTeapot || err != nil {
		t.Errorf("expected %d, got %d (%v)", http.StatusTeapot, status, err)
	}
	_ = server.Close()
	client.CloseIdleConnections()
	var refused *net.OpError
	if _, err := get(); !errors.As(err, &refused) {
		t.Errorf("a closed listener: expected a refused connection, got %v", err)
	}
}
