package gateway

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/entraproof/entraproof/internal/probe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestEchoReports: every Authorization value as scheme, sum and length; no
// signature of a token anywhere.
func TestEchoReports(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	good := b.genuine(v2App)
	r := askFor("GET", homePath+"?access_token="+good, "Bearer "+good, "Bearer x")
	r.Header.Set("X-Token", good)
	r.Header.Set(probe.RunHeader, "run-1")
	got := fire(t, b.echo, r)
	if got.status != 200 || !got.forwarded {
		t.Fatalf("expected 200 with the echo's header, got %d %v", got.status, got.header)
	}
	if got.echo.Case != "case-1" || got.echo.Run != "run-1" || got.echo.Method != "GET" {
		t.Errorf("expected the request as it was, got %+v", got.echo)
	}
	if len(got.echo.Authorization) != 2 || got.echo.Authorization[0] != probe.See("Bearer "+good) {
		t.Errorf("expected both Authorization values, got %+v", got.echo.Authorization)
	}
	if strings.Contains(got.body, strings.Split(good, ".")[2]) {
		t.Error("the signature is in the echo's answer")
	}
}

// TestEchoSeen: by run and case, oldest first, bounded.
func TestEchoSeen(t *testing.T) {
	t.Parallel()
	echo := &Echo{Limit: 3}
	send := func(run, id, target string) {
		r := askFor("GET", target)
		r.Header.Set(probe.RunHeader, run)
		r.Header.Set(probe.CaseHeader, id)
		echo.ServeHTTP(httptest.NewRecorder(), r)
	}
	for i, id := range []string{"a", "b", "a", "a"} {
		send("run-1", id, fmt.Sprint("/", i))
	}
	send("run-1", "", "/unnamed")
	for query, want := range map[string]string{
		"?run=run-1&case=a": "/2 /3", "?case=a": "/2 /3", "?run=run-1&case=b": "/1", "?run=run-2&case=a": "", "?run=run-1&case=c": "", "": "",
	} {
		w := httptest.NewRecorder()
		echo.ServeHTTP(w, httptest.NewRequest(http.MethodGet, SeenPath+query, nil))
		var seen []probe.Echo
		if err := json.Unmarshal(w.Body.Bytes(), &seen); err != nil || seen == nil {
			t.Fatalf("%s: expected an array, got %s", query, w.Body)
		}
		var targets []string
		for _, s := range seen {
			targets = append(targets, s.Target)
		}
		if got := strings.Join(targets, " "); got != want {
			t.Errorf("%s: expected %q, got %q", query, want, got)
		}
	}
}

// TestServe: over a real connection, with bytes that no client library sends.
func TestServe(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.now = time.Now()
	o := b.options("strict")
	o.Environment.Hosts = nil
	address := b.serveOn(b.gateway(o))
	good := b.genuine(v2App)
	line := "Authorization: Bearer " + good + "\r\n"
	padding := "X-Padding: " + strings.Repeat("x", 100<<10) + "\r\n"
	for name, row := range map[string]struct {
		head   string
		status string
	}{
		"genuine":             {"GET " + homePath + " HTTP/1.1\r\n" + line, "200"},
		"lower case name":     {"GET " + homePath + " HTTP/1.1\r\n" + strings.Replace(line, "Authorization", "authorization", 1), "200"},
		"large header":        {"GET " + homePath + " HTTP/1.1\r\n" + line + padding, "200"},
		"two lines":           {"GET " + homePath + " HTTP/1.1\r\n" + line + line, "400"},
		"space before colon":  {"GET " + homePath + " HTTP/1.1\r\nAuthorization : Bearer " + good + "\r\n", "400"},
		"dot segments":        {"GET /public/.." + homePath + " HTTP/1.1\r\n", "401"},
		"dot segments, token": {"GET /public/.." + homePath + " HTTP/1.1\r\n" + line, "404"},
		"double slash":        {"GET /" + homePath + " HTTP/1.1\r\n" + line, "404"},
		"absolute form":       {"GET http://other.example" + homePath + " HTTP/1.1\r\n" + line, "400"},
		"encoded path":        {"GET /orders/v1/%70ing HTTP/1.1\r\n" + line, "404"},
		"asterisk":            {"OPTIONS * HTTP/1.1\r\n", "401"},
		"folded line":         {"GET " + homePath + " HTTP/1.1\r\nAuthorization: Bearer\r\n " + good + "\r\n", "400"},
		"nul":                 {"GET " + homePath + " HTTP/1.1\r\nAuthorization: Bearer\x00" + good + "\r\n", "400"},
		"two lengths":         {"GET " + homePath + " HTTP/1.1\r\n" + line + "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", "400"},
		"two equal lengths":   {"GET " + homePath + " HTTP/1.1\r\n" + line + "Content-Length: 0\r\nContent-Length: 0\r\n", "400"},
		"websocket":           {"GET " + homePath + " HTTP/1.1\r\n" + line + "Upgrade: websocket\r\n", "400"},
		"no request line":     {"\r\nGET " + homePath + " HTTP/1.1\r\n" + line, "400"},
		"no field":            {"GET " + homePath + " HTTP/1.1\r\n" + line + "junk\r\n", "400"},
		"http 1.0":            {"GET " + homePath + " HTTP/1.0\r\n" + line, "200"},
	} {
		t.Run(name, func(t *testing.T) {
			connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer connection.Close()
			fmt.Fprint(connection, row.head+"Host: gw.example\r\nConnection: close\r\n\r\n")
			response, err := http.ReadResponse(bufio.NewReader(connection), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if !strings.HasPrefix(response.Status, row.status) {
				t.Errorf("expected %s, got %s", row.status, response.Status)
			}
		})
	}
}

// serveOn serves until the test ends, and waits for the end.
func (b *bench) serveOn(h http.Handler) string {
	b.t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(b.t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, ServeOptions{Listener: listener, Handler: h}) }()
	b.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			b.t.Errorf("expected Serve to end without an error, got %v", err)
		}
	})
	return listener.Addr().String()
}

// TestServeTellsALostListener: only ctx ends it silently.
func TestServeTellsALostListener(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	if err := Serve(t.Context(), ServeOptions{Listener: listener, Handler: &Echo{}}); err == nil {
		t.Error("expected an error")
	}
}
