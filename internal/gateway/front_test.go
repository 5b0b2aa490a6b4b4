package gateway

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// wire is a connection that sends a text and then ends.
type wire struct {
	net.Conn
	io.Reader
}

func (w wire) Read(p []byte) (int, error) { return w.Reader.Read(p) }

// handed is what net/http gets of a text that comes in steps, and the heads.
func handed(t testing.TB, text string, steps func(io.Reader) io.Reader) (string, []head) {
	t.Helper()
	c := &frontConn{Conn: wire{Reader: steps(strings.NewReader(text))}}
	out, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	var heads []head
	for _, h := range c.heads {
		heads = append(heads, *h)
	}
	return string(out), heads
}

func atOnce(r io.Reader) io.Reader { return r }

// TestFront: what the front tells about each head of a connection, and what it
// hands on: the same bytes, unless net/http would refuse or mend them.
func TestFront(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		text, out string // no out: as it came
		heads     []head
	}{
		"nothing":          {"", "", nil},
		"plain":            {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "", []head{{}}},
		"bare line feeds":  {"GET / HTTP/1.1\nHost: a\n\n", "", []head{{}}},
		"two on one way":   {"GET / HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n", "", []head{{}, {}}},
		"content":          {"POST / HTTP/1.1\r\nContent-Length: 8\r\n\r\nA\nB : c\nGET /b HTTP/1.1\r\n\r\n", "", []head{{lengths: 1, content: 8}, {}}},
		"two equal":        {"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nxGET / HTTP/1.1\r\nA : b\r\n\r\n", "", []head{{lengths: 2, content: 1, last: true}}},
		"chunked":          {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /b HTTP/1.1\r\nA : b\r\n\r\n", "", []head{{codings: 1, last: true}}},
		"two lengths":      {"POST / HTTP/1.1\r\ncontent-length : 1\r\nTransfer-Encoding: chunked\r\n\r\n", "POST / HTTP/1.1\r\ncontent-length:1\r\nTransfer-Encoding:chunked\r\n\r\n", []head{{blankBeforeColon: true, lengths: 1, codings: 1, content: 1, last: true}}},
		"no length":        {"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "", []head{{lengths: 1, content: -1, last: true}}},
		"blank, colon":     {"GET / HTTP/1.1\r\nA \t: b\r\nC: d\r\n\r\n", "GET / HTTP/1.1\r\nA:b\r\nC:d\r\n\r\n", []head{{blankBeforeColon: true}}},
		"folded":           {"GET / HTTP/1.1\r\nA: b\r\n  c : d\r\n\r\n", "GET / HTTP/1.1\r\nA:b c : d\r\n\r\n", []head{{folded: true}}},
		"folded at once":   {"GET / HTTP/1.1\r\n A: b\r\n\r\n", "GET / HTTP/1.1 A: b\r\n\r\n", []head{{folded: true}}},
		"controls":         {"GET / HTTP/1.1\r\nA: b\x00c\rd\x7f\r\n\r\n", "GET / HTTP/1.1\r\nA:b c d \r\n\r\n", []head{{control: true}}},
		"bytes beyond 127": {"GET / HTTP/1.1\r\nA : \xff\xa0\r\n\r\n", "GET / HTTP/1.1\r\nA:\xff\xa0\r\n\r\n", []head{{blankBeforeColon: true}}},
		"no name":          {"GET / HTTP/1.1\r\njunk\r\n\r\n", "", []head{{}}},
		"no end":           {"GET / HTTP/1.1\r\nA : b\r\n", "", nil},
		"no line":          {"\r\nGET / HTTP/1.1\r\n\r\n", "", []head{{}, {}}},
		"too long":         {"GET / HTTP/1.1\r\nA : " + strings.Repeat("b", 2*maxHeader) + "\r\n\r\n", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			want := row.out
			if want == "" {
				want = row.text
			}
			for way, steps := range map[string]func(io.Reader) io.Reader{"at once": atOnce, "by bytes": iotest.OneByteReader} {
				out, heads := handed(t, row.text, steps)
				if out != want {
					t.Errorf("%s: expected %q, got %q", way, want, out)
				}
				if diff := cmp.Diff(row.heads, heads, cmp.AllowUnexported(head{})); diff != "" {
					t.Errorf("%s: %s", way, diff)
				}
			}
		})
	}
}

// FuzzFront: however the bytes arrive, the same comes out; it is never longer
// than what came by more than line ends, and what was right stays as it is.
func FuzzFront(f *testing.F) {
	seeds := []string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\nA : b\n c\n\nX", "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n",
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n", "\x00\r\n : \r\n\t\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	}
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		out, heads := handed(t, text, atOnce)
		slow, again := handed(t, text, iotest.OneByteReader)
		if out != slow || !cmp.Equal(heads, again, cmp.AllowUnexported(head{})) {
			t.Errorf("expected %q and %v, got %q and %v byte by byte", out, heads, slow, again)
		}
		right := true
		for _, h := range heads {
			right = right && !h.blankBeforeColon && !h.folded && !h.control
		}
		if right && out != text {
			t.Errorf("expected %q as it came, got %q", text, out)
		}
		if len(out) > 2*len(text)+4 {
			t.Errorf("expected about %d bytes, got %d", len(text), len(out))
		}
	})
}

// TestTakeHead: in the order of the requests, each once; none where no front is.
func TestTakeHead(t *testing.T) {
	t.Parallel()
	first, second := &head{folded: true}, &head{control: true}
	c := &frontConn{heads: []*head{first, second}}
	r := ask().WithContext(context.WithValue(t.Context(), frontKey{}, c))
	for i, want := range []*head{first, second, nil} {
		if got := takeHead(r); got != want {
			t.Errorf("head %d: expected %+v, got %+v", i, want, got)
		}
	}
	if got := takeHead(ask()); got != nil {
		t.Errorf("expected none without a front, got %+v", got)
	}
}

// TestFrontKeepsOrder: requests that come at once are judged each by its own
// head, and one whose end only net/http knows is the connection's last.
func TestFrontKeepsOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.now = time.Now()
	o := b.options("strict")
	o.Environment.Hosts = nil
	address := b.serveOn(b.gateway(o))
	field := "Host: gw.example\r\nAuthorization: Bearer " + b.genuine(v2App) + "\r\n"
	plain := "GET " + homePath + " HTTP/1.1\r\n" + field
	for name, row := range map[string]struct {
		text   string
		status []int
		ends   bool
	}{
		"one after the other": {plain + "\r\n" + plain + "A : b\r\n\r\n" + plain + "\r\n", []int{200, 400, 200}, false},
		"with content":        {plain + "Content-Length: 5\r\n\r\nA : b" + plain + "\r\n", []int{200, 200}, false},
		"chunked":             {plain + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + plain + "A : b\r\n\r\n", []int{200}, true},
	} {
		t.Run(name, func(t *testing.T) {
			c, answers := dialled(t, address)
			fmt.Fprint(c, row.text)
			for i, want := range row.status {
				if got := status(t, answers); got != want {
					t.Errorf("answer %d: expected %d, got %d", i, want, got)
				}
			}
			if row.ends {
				if _, err := answers.ReadByte(); err != io.EOF {
					t.Errorf("expected the connection to end, got %v", err)
				}
			}
		})
	}
}

// TestFrontBesideHandler: net/http reads while the handler works; what it read of
// the next head by then is not lost when it stops waiting.
func TestFrontBesideHandler(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.now = time.Now()
	o := b.options("strict")
	o.Environment.Hosts = nil
	held, release := make(chan struct{}), make(chan struct{})
	first := true
	o.Upstream = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if first {
			first = false
			close(held)
			<-release
		}
		b.echo.ServeHTTP(w, r)
	})
	c, answers := dialled(t, b.serveOn(b.gateway(o)))
	request := "GET " + homePath + " HTTP/1.1\r\nHost: gw.example\r\nAuthorization: Bearer " + b.genuine(v2App) + "\r\n\r\n"
	fmt.Fprint(c, request)
	<-held
	fmt.Fprint(c, request[:20])
	close(release)
	if got := status(t, answers); got != 200 {
		t.Fatalf("expected 200, got %d", got)
	}
	fmt.Fprint(c, request[20:])
	if got := status(t, answers); got != 200 {
		t.Errorf("expected 200 for what came in two pieces, got %d", got)
	}
}

func dialled(t *testing.T, address string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c, bufio.NewReader(c)
}

func status(t *testing.T, answers *bufio.Reader) int {
	t.Helper()
	response, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode
}

// TestFrontOnlyWhereWanted: the echo and the policies of MuleSoft meet net/http as
// it is.
func TestFrontOnlyWhereWanted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for setup, want := range map[string]bool{"strict": true, "turns-deny": true, "fix1": false, "accept-all": false} {
		server := &http.Server{Handler: b.gateway(b.options(setup))}
		_, got := inFront(server, nil).(front)
		if got != want {
			t.Errorf("%s: expected front %t, got %t", setup, want, got)
		}
	}
}

// BenchmarkFront is what the front costs a request without faults.
func BenchmarkFront(b *testing.B) {
	text := []byte("GET /orders/v1/ping HTTP/1.1\r\nHost: gw.example\r\nAuthorization: Bearer " + strings.Repeat("x", 1500) + "\r\nAccept: */*\r\n\r\n")
	endless := &repeated{text: text}
	c := &frontConn{Conn: wire{Reader: endless}}
	p := make([]byte, chunk)
	b.ReportAllocs()
	for b.Loop() {
		for n := 0; n < len(text); {
			read, err := c.Read(p)
			if err != nil {
				b.Fatal(err)
			}
			n += read
		}
		takeHead((&http.Request{}).WithContext(context.WithValue(context.Background(), frontKey{}, c)))
	}
}

// repeated gives a text once a read.
type repeated struct{ text []byte }

func (r *repeated) Read(p []byte) (int, error) { return bytes.NewReader(r.text).Read(p) }
