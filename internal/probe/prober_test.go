package probe_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/value"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// script serves each connection with the function, one after the other is
// counted.
func script(t testing.TB, serve func(n int, c net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for n := 1; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				serve(n, c)
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	return l.Addr().String()
}

// readRequest reads one request as net/http does.
func readRequest(r *bufio.Reader) (*http.Request, error) {
	req, err := http.ReadRequest(r)
	if err == nil {
		_, _ = io.Copy(io.Discard, req.Body)
	}
	return req, err
}

// answerOnce reads one request, writes the bytes and closes.
func answerOnce(text string) func(int, net.Conn) {
	return func(_ int, c net.Conn) {
		if _, err := readRequest(bufio.NewReader(c)); err == nil {
			_, _ = io.WriteString(c, text)
		}
	}
}

func build(t testing.TB, address, request string) probe.Wire {
	t.Helper()
	w, err := decode(t, request).Build(testScope(), probe.Endpoint{URL: "http://" + address, RoutePath: "/r"}, probe.Tags{Run: "r", Case: "c"})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func prober(t testing.TB) *probe.Prober {
	t.Helper()
	p := &probe.Prober{Timeout: 5 * time.Second}
	t.Cleanup(p.Close)
	return p
}

func TestFireReadsAnswers(t *testing.T) {
	tests := []struct {
		name, answer, request string
		status                int
		body                  string
		fault                 probe.Fault
		truncated             bool
	}{
		{name: "length", answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", status: 200, body: "hi"},
		{name: "to the end", answer: "HTTP/1.1 403 Forbidden\r\n\r\nno", status: 403, body: "no"},
		{name: "HTTP/1.0", answer: "HTTP/1.0 401 Unauthorized\r\n\r\n", status: 401},
		{name: "no reason phrase", answer: "HTTP/1.1 401\r\nContent-Length: 0\r\n\r\n", status: 401},
		{name: "bare line feeds", answer: "HTTP/1.1 401 No\nContent-Length: 1\n\nx", status: 401, body: "x"},
		{name: "chunked with trailer", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n1;x=y\r\n!\r\n0\r\nX: y\r\n\r\n", status: 200, body: "hi!"},
		{name: "interim answers", answer: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", status: 401},
		{name: "switching protocols", answer: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", status: 101},
		{name: "HEAD", answer: "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", request: "{method: HEAD}", status: 200},
		{name: "no content", answer: "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", status: 204},
		{name: "not modified", answer: "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", status: 304},
		{name: "body cut short", answer: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", status: 200, body: "hi", truncated: true},
		{name: "chunk cut short", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhi", status: 200, body: "hi", truncated: true},
		{name: "same length twice", answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi", status: 200, body: "hi"},
		{name: "two lengths", answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi", fault: probe.FaultMalformed},
		{name: "length no number", answer: "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nhi", fault: probe.FaultMalformed},
		{name: "nothing", answer: "", fault: probe.FaultClosed},
		{name: "HTTP/2 preface", answer: "\x00\x00\x12\x04\x00\x00\x00\x00\x00", fault: probe.FaultMalformed},
		{name: "SSH", answer: "SSH-2.0-x\r\n", fault: probe.FaultMalformed},
		{name: "three bytes", answer: "HTT", fault: probe.FaultMalformed},
		{name: "HTTP/2 in words", answer: "HTTP/2 200\r\n\r\n", fault: probe.FaultMalformed},
		{name: "status no number", answer: "HTTP/1.1 2x0 OK\r\n\r\n", fault: probe.FaultMalformed},
		{name: "status of four digits", answer: "HTTP/1.1 2000 OK\r\n\r\n", fault: probe.FaultMalformed},
		{name: "head cut short", answer: "HTTP/1.1 200 OK\r\nA: b", fault: probe.FaultMalformed},
		{name: "no colon", answer: "HTTP/1.1 200 OK\r\nAb\r\n\r\n", fault: probe.FaultMalformed},
		{name: "fold before any field", answer: "HTTP/1.1 200 OK\r\n x\r\n\r\n", fault: probe.FaultMalformed},
		{name: "endless head", answer: "HTTP/1.1 200 OK\r\n" + strings.Repeat("A: "+strings.Repeat("b", 1000)+"\r\n", 300), fault: probe.FaultMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.request == "" {
				tt.request = "{}"
			}
			address := script(t, answerOnce(tt.answer))
			o := prober(t).Fire(t.Context(), build(t, address, tt.request))
			if o.Status != tt.status || string(o.Body) != tt.body || o.Fault != tt.fault || o.Truncated != tt.truncated {
				t.Errorf("got status %d, body %q, fault %q %q, truncated %t", o.Status, o.Body, o.Fault, o.FaultText, o.Truncated)
			}
			if (o.Fault == "") != o.Answered() || !o.Connected || (o.Fault != "") != (o.FaultText != "" && !tt.truncated) {
				t.Errorf("answered %t, connected %t, fault text %q", o.Answered(), o.Connected, o.FaultText)
			}
		})
	}
}

func TestFireKeepsFieldsAsSent(t *testing.T) {
	address := script(t, answerOnce("HTTP/1.1 200 OK\r\nb: 2\r\nA : 1 \r\nB:3\r\n  more\r\nContent-Length: 0\r\n\r\n"))
	o := prober(t).Fire(t.Context(), build(t, address, "{}"))
	want := []probe.Pair{{Name: "b", Value: "2"}, {Name: "A", Value: "1"}, {Name: "B", Value: "3 more"}, {Name: "Content-Length", Value: "0"}}
	if diff := cmp.Diff(want, o.Header); diff != "" {
		t.Error(diff)
	}
	if o.Get("B") != "2" || len(o.Values("b")) != 2 || o.Get("C") != "" {
		t.Errorf("got %q %q", o.Get("B"), o.Values("b"))
	}
}

func TestFireCapsBody(t *testing.T) {
	address := script(t, answerOnce("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"+strings.Repeat("x", 100)))
	p := &probe.Prober{MaxBody: 10}
	defer p.Close()
	o := p.Fire(t.Context(), build(t, address, "{}"))
	if o.Status != 200 || len(o.Body) != 10 || !o.Truncated {
		t.Errorf("got %d, %d bytes, truncated %t", o.Status, len(o.Body), o.Truncated)
	}
}

func TestFireFaults(t *testing.T) {
	hang := script(t, func(_ int, c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	reset := script(t, func(_ int, c net.Conn) {
		_, _ = readRequest(bufio.NewReader(c))
		_ = c.(*net.TCPConn).SetLinger(0)
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := l.Addr().String()
	_ = l.Close()
	fails := func(err error) func(context.Context, string, string) (net.Conn, error) {
		return func(context.Context, string, string) (net.Conn, error) { return nil, err }
	}
	tests := []struct {
		name      string
		prober    *probe.Prober
		address   string
		tls       bool
		want      probe.Fault
		connected bool
	}{
		{"nobody listens", &probe.Prober{}, gone, false, probe.FaultRefused, false},
		{"no such name", &probe.Prober{Dial: fails(&net.DNSError{Err: "no such host", IsNotFound: true})}, "x:1", false, probe.FaultDNS, false},
		{"dial times out", &probe.Prober{Dial: fails(context.DeadlineExceeded)}, "x:1", false, probe.FaultTimeout, false},
		{"no answer in time", &probe.Prober{Timeout: 50 * time.Millisecond}, hang, false, probe.FaultTimeout, true},
		{"reset", &probe.Prober{}, reset, false, probe.FaultReset, true},
		{"no TLS there", &probe.Prober{}, script(t, answerOnce("HTTP/1.1 400 Bad Request\r\n\r\n")), true, probe.FaultTLS, true},
		{"TLS hangs", &probe.Prober{Timeout: 50 * time.Millisecond}, hang, true, probe.FaultTimeout, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			defer tt.prober.Close()
			w := build(t, tt.address, "{}")
			w.TLS, w.ServerName = tt.tls, "gw.example"
			o := tt.prober.Fire(t.Context(), w)
			if o.Fault != tt.want || o.Connected != tt.connected || o.Answered() || o.FaultText == "" {
				t.Errorf("expected %s, connected %t; got %s, connected %t, %s", tt.want, tt.connected, o.Fault, o.Connected, o.FaultText)
			}
			if len(o.Sent) == 0 || o.Address != tt.address || o.Started.IsZero() {
				t.Errorf("the observation does not say what was sent where: %+v", o)
			}
		})
	}
}

func TestFireStopsWithItsContext(t *testing.T) {
	arrived := make(chan struct{})
	address := script(t, func(_ int, c net.Conn) {
		_, _ = readRequest(bufio.NewReader(c))
		close(arrived)
		_, _ = io.Copy(io.Discard, c)
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	if o := prober(t).Fire(ctx, build(t, address, "{}")); o.Fault != probe.FaultTimeout {
		t.Errorf("got %s %s", o.Fault, o.FaultText)
	}
	if o := prober(t).Fire(ctx, build(t, address, "{}")); o.Answered() || o.Connected {
		t.Errorf("cancelled before: got %+v", o)
	}
}

// A server that answers before it has read a large request, and then closes,
// is heard: its answer is the refusal.
func TestFireHearsEarlyAnswers(t *testing.T) {
	address := script(t, func(_ int, c net.Conn) {
		_, _ = bufio.NewReader(c).ReadString('\n')
		_, _ = io.WriteString(c, "HTTP/1.1 431 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
	})
	scope := testScope()
	for _, size := range []int{100, 20 << 10, 4 << 20} {
		scope["token"] = value.String(strings.Repeat("a.", size/2))
		for range 8 {
			w, err := probe.Request{}.Build(scope, probe.Endpoint{URL: "http://" + address}, probe.Tags{})
			if err != nil {
				t.Fatal(err)
			}
			if o := prober(t).Fire(t.Context(), w); o.Status != 431 || string(o.Body) != "no" {
				t.Fatalf("%d bytes: got %d %q, fault %s %s", size, o.Status, o.Body, o.Fault, o.FaultText)
			}
		}
	}
}

// keeper serves any number of requests on a connection and counts both.
func keeper(t testing.TB, text string) (address string, conns, requests *atomic.Int32) {
	t.Helper()
	conns, requests = new(atomic.Int32), new(atomic.Int32)
	address = script(t, func(n int, c net.Conn) {
		conns.Store(int32(n))
		for r := bufio.NewReader(c); ; {
			if _, err := readRequest(r); err != nil {
				return
			}
			requests.Add(1)
			if _, err := io.WriteString(c, text); err != nil {
				return
			}
		}
	})
	return address, conns, requests
}

func TestFireSharesConnections(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	tests := []struct {
		name, answer, request string
		want                  int32
	}{
		{"ordinary", ok, "{}", 1},
		{"refused", "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", "{authorization: []}", 1},
		{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", "{}", 1},
		{"keep-alive said", "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", "{}", 1},
		{"close said", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "{}", 3},
		{"bad request", "HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n", "{}", 3},
		{"server error", "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "{}", 3},
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "{}", 3},
		{"an answer too many", ok + ok, "{}", 3},
		{"odd target", ok, `{target: "*"}`, 3},
		{"raw bytes", ok, `{bytes: "GET / HTTP/1.1\r\nHost: x\r\n\r\n"}`, 3},
		{"trailers", ok, "{trailers: [[a, b]]}", 3},
		{"lines", ok, `{lines: ["a: b"]}`, 3},
		{"host", ok, "{host: other}", 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			address, conns, requests := keeper(t, tt.answer)
			p := prober(t)
			for i := range 3 {
				o := p.Fire(t.Context(), build(t, address, tt.request))
				if !o.Answered() || o.Reused != (tt.want == 1 && i > 0) {
					t.Fatalf("request %d: %d %s, reused %t", i, o.Status, o.FaultText, o.Reused)
				}
			}
			if conns.Load() != tt.want || requests.Load() != 3 {
				t.Errorf("expected 3 requests on %d connections, got %d on %d", tt.want, requests.Load(), conns.Load())
			}
		})
	}
}

// A server may close an idle connection at any time. That is no fault of the
// next case.
func TestFireNoticesStaleConnections(t *testing.T) {
	closed := make(chan struct{}, 100)
	address := script(t, func(_ int, c net.Conn) {
		if _, err := readRequest(bufio.NewReader(c)); err == nil {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
		_ = c.Close()
		closed <- struct{}{}
	})
	p := prober(t)
	for i := range 50 {
		if o := p.Fire(t.Context(), build(t, address, "{}")); o.Status != 200 || o.Reused {
			t.Fatalf("request %d: got %d, fault %s, reused %t", i, o.Status, o.Fault, o.Reused)
		}
		<-closed
	}
}

func TestFireDropsConnectionsThatIdledLong(t *testing.T) {
	address, conns, _ := keeper(t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	now := time.Now()
	p := &probe.Prober{Now: func() time.Time { return now }}
	defer p.Close()
	for i, pause := range []time.Duration{0, 900 * time.Millisecond, 1100 * time.Millisecond} {
		now = now.Add(pause)
		if o := p.Fire(t.Context(), build(t, address, "{}")); o.Reused != (i == 1) {
			t.Errorf("after %s: reused %t", pause, o.Reused)
		}
	}
	if conns.Load() != 2 {
		t.Errorf("expected 2 connections, got %d", conns.Load())
	}
}

func TestFireNeverRetries(t *testing.T) {
	var requests atomic.Int32
	address := script(t, func(_ int, c net.Conn) {
		if _, err := readRequest(bufio.NewReader(c)); err == nil {
			requests.Add(1)
		}
	})
	if o := prober(t).Fire(t.Context(), build(t, address, "{}")); o.Fault != probe.FaultClosed || requests.Load() != 1 {
		t.Errorf("got %s after %d requests", o.Fault, requests.Load())
	}
}

func TestConnKeepsOneConnection(t *testing.T) {
	address, conns, _ := keeper(t, "HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n")
	c := prober(t).Conn()
	defer c.Close()
	for i, request := range []string{"{}", "{authorization: []}", `{lines: ["a : b"]}`} {
		if o := c.Fire(t.Context(), build(t, address, request)); o.Status != 400 || o.Reused != (i > 0) {
			t.Errorf("request %d: got %d %s, reused %t", i, o.Status, o.FaultText, o.Reused)
		}
	}
	if conns.Load() != 1 {
		t.Errorf("expected one connection, got %d", conns.Load())
	}
}

func TestConnEndsWithTheServer(t *testing.T) {
	closed := make(chan struct{})
	address := script(t, func(_ int, c net.Conn) {
		answerOnce("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")(1, c)
		_ = c.Close()
		close(closed)
	})
	c := prober(t).Conn()
	defer c.Close()
	if o := c.Fire(t.Context(), build(t, address, "{}")); o.Status != 401 {
		t.Fatalf("got %d %s", o.Status, o.FaultText)
	}
	<-closed
	for range 2 {
		if o := c.Fire(t.Context(), build(t, address, "{}")); o.Fault != probe.FaultClosed || o.Status != 0 {
			t.Errorf("after the end: got %d %q", o.Status, o.Fault)
		}
	}
}

// TestConnEndsAsAnnounced: no request is written after the answer that the
// server calls its last, however long it takes to close.
func TestConnEndsAsAnnounced(t *testing.T) {
	for answer, ends := range map[string]bool{
		"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n":                           false,
		"HTTP/1.1 401 No\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n":      true,
		"HTTP/1.0 401 No\r\nContent-Length: 0\r\n\r\n":                           true,
		"HTTP/1.0 401 No\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n": false,
	} {
		address, conns, _ := keeper(t, answer)
		c := prober(t).Conn()
		if o := c.Fire(t.Context(), build(t, address, "{}")); o.Status != 401 || c.Ended() != ends {
			t.Errorf("%q: expected ended %t, got %d %s", answer, ends, o.Status, o.FaultText)
		}
		if o := c.Fire(t.Context(), build(t, address, "{}")); (o.Fault == probe.FaultClosed) != ends || conns.Load() != 1 {
			t.Errorf("%q: then got %d %q on %d connections", answer, o.Status, o.Fault, conns.Load())
		}
		c.Close()
	}
}

func TestConnThatNeverCameAbout(t *testing.T) {
	p := &probe.Prober{Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no") }}
	c := p.Conn()
	if o := c.Fire(t.Context(), build(t, "x:1", "{}")); o.Fault != probe.FaultRefused {
		t.Errorf("got %q", o.Fault)
	}
	if o := c.Fire(t.Context(), build(t, "x:1", "{}")); o.Fault != probe.FaultClosed {
		t.Errorf("second: got %q", o.Fault)
	}
	c.Close()
}

func TestFireOverTLS(t *testing.T) {
	var names sync.Map
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		names.Store(r.TLS.ServerName+" "+r.Host+" "+r.Proto, true)
	}))
	s.Config.ErrorLog = discardLog()
	s.StartTLS()
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	replica := strings.TrimPrefix(s.URL, "https://")
	tests := []struct {
		name string
		e    probe.Endpoint
		want probe.Fault
	}{
		{"trusted, replica", probe.Endpoint{URL: "https://example.com/", Dial: replica, RootCAs: roots}, probe.NoFault},
		{"not trusted", probe.Endpoint{URL: "https://example.com/", Dial: replica, RootCAs: x509.NewCertPool()}, probe.FaultTLS},
		{"another name", probe.Endpoint{URL: "https://gw.example/", Dial: replica, RootCAs: roots}, probe.FaultTLS},
		{"another name, insecure", probe.Endpoint{URL: "https://gw.example/", Dial: replica, InsecureTLS: true}, probe.NoFault},
	}
	p := prober(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for i := range 2 {
				w, err := probe.Request{}.Build(testScope(), tt.e, probe.Tags{})
				if err != nil {
					t.Fatal(err)
				}
				o := p.Fire(t.Context(), w)
				if o.Fault != tt.want || o.Fault == "" && (o.Status != 200 || o.Reused != (i > 0)) {
					t.Errorf("got %d %s %s, reused %t", o.Status, o.Fault, o.FaultText, o.Reused)
				}
			}
		})
	}
	for _, want := range []string{"example.com example.com HTTP/1.1", "gw.example gw.example HTTP/1.1"} {
		if _, ok := names.Load(want); !ok {
			t.Errorf("the server never saw %q", want)
		}
	}
}

// With TLS 1.3 a missing client certificate is refused only after the
// handshake: no session, not a reset.
func TestFireClientCertificateAskedFor(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS13}
	s.Config.ErrorLog = discardLog()
	s.StartTLS()
	defer s.Close()
	w, err := probe.Request{}.Build(testScope(), probe.Endpoint{URL: s.URL, InsecureTLS: true}, probe.Tags{})
	if err != nil {
		t.Fatal(err)
	}
	if o := prober(t).Fire(t.Context(), w); o.Fault != probe.FaultTLS {
		t.Errorf("got %d %s %s", o.Status, o.Fault, o.FaultText)
	}
}

// echo answers as the echo upstream does.
func echoServer(t testing.TB) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := json.Marshal(probe.EchoOf(r))
		w.Header().Set(probe.EchoHeader, "1")
		_, _ = w.Write(body)
	}))
	t.Cleanup(s.Close)
	return s
}

func TestFireReadsTheEcho(t *testing.T) {
	s := echoServer(t)
	w := build(t, strings.TrimPrefix(s.URL, "http://"), `{authorization: ["Bearer ${bad}", "Bearer ${token}"], headers: [[X-User-Id, victim], [client_id, a], [Client_id, b]], target: "/r?x=1"}`)
	o := prober(t).Fire(t.Context(), w)
	if o.Echo == nil || !o.FromEcho() {
		t.Fatalf("got no echo: %d %s", o.Status, o.Body)
	}
	want := probe.Echo{
		Case: "c", Run: "r", Method: "GET", Target: "/r?x=1", Host: strings.TrimPrefix(s.URL, "http://"),
		Authorization: []probe.Seen{probe.See("Bearer B.A.D"), probe.See("Bearer T.O.K")},
		Header:        []probe.Pair{{Name: "Accept", Value: "*/*"}, {Name: "Client_id", Value: "a"}, {Name: "Client_id", Value: "b"}, {Name: "User-Agent", Value: "entraproof"}, {Name: "X-User-Id", Value: "victim"}},
	}
	if diff := cmp.Diff(want, *o.Echo); diff != "" {
		t.Error(diff)
	}
	if !o.Echo.Saw("Bearer T.O.K") || o.Echo.Saw("Bearer T.O.K ") {
		t.Error("Saw does not tell the values apart")
	}
}

func TestFireEchoThatCannotBeRead(t *testing.T) {
	address := script(t, answerOnce("HTTP/1.1 200 OK\r\nX-Entraproof-Echo: 1\r\nContent-Length: 99\r\n\r\n{\"case\""))
	if o := prober(t).Fire(t.Context(), build(t, address, "{}")); o.Echo != nil || !o.FromEcho() {
		t.Errorf("got %+v", o.Echo)
	}
}

func TestFireFromMany(t *testing.T) {
	s := echoServer(t)
	p := prober(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				if o := p.Fire(t.Context(), build(t, strings.TrimPrefix(s.URL, "http://"), "{}")); o.Echo == nil {
					t.Errorf("got %s %s", o.Fault, o.FaultText)
				}
			}
		})
	}
	all.Wait()
}

func TestFaultsAreAClosedSet(t *testing.T) {
	want := []probe.Fault{"closed", "dns", "malformed-response", "refused-connection", "reset", "timeout", "tls"}
	if diff := cmp.Diff(want, probe.Faults()); diff != "" {
		t.Error(diff)
	}
}

// BenchmarkCase is what the harness adds to one case beyond signing: build,
// fire, look at the answer. The round trip to a bare server is in it.
func BenchmarkCase(b *testing.B) {
	address, _, _ := keeper(b, "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 12\r\n\r\nUnauthorized")
	p := prober(b)
	scope := testScope()
	scope["token"] = value.String(testToken)
	b.ReportAllocs()
	for b.Loop() {
		w, err := probe.Request{}.Build(scope, probe.Endpoint{URL: "http://" + address, RoutePath: "/r"}, probe.Tags{Run: "r", Case: "c"})
		if err != nil {
			b.Fatal(err)
		}
		if o := p.Fire(context.Background(), w); o.Status != 401 || o.TokenEchoed() {
			b.Fatal(o.FaultText)
		}
	}
}

// BenchmarkBareRoundTrip is the same exchange with nothing of ours.
func BenchmarkBareRoundTrip(b *testing.B) {
	address, _, _ := keeper(b, "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 12\r\n\r\nUnauthorized")
	scope := testScope()
	scope["token"] = value.String(testToken)
	w, err := probe.Request{}.Build(scope, probe.Endpoint{URL: "http://" + address}, probe.Tags{})
	if err != nil {
		b.Fatal(err)
	}
	c, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	buf := make([]byte, 4096)
	for b.Loop() {
		_, _ = c.Write(w.Bytes)
		if n, _ := c.Read(buf); !bytes.Contains(buf[:n], []byte("Unauthorized")) {
			b.Fatal("no answer")
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	scope := testScope()
	scope["token"] = value.String(testToken)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (probe.Request{}).Build(scope, testEndpoint(), probe.Tags{Run: "r", Case: "c"}); err != nil {
			b.Fatal(err)
		}
	}
}
