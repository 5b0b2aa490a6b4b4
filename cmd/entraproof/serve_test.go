package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// served runs the issuer, and what else is to be listened on, until stop, and
// gives what the run came to.
func served(t *testing.T, others ...listening) (s *stage, stop context.CancelFunc, ended <-chan error) {
	t.Helper()
	printed, out := io.Pipe()
	p := &program{out: out, err: io.Discard}
	s, err := p.planServe(serveOptions{parts: []string{"issuer"}, managementToken: "chosen by the test", issuerNames: namesOfEntra, format: asText})
	if err != nil {
		t.Fatal(err)
	}
	s.listeners = others
	ctx, stop := context.WithCancel(t.Context())
	came := make(chan error, 1)
	go func() { came <- s.run(ctx) }()
	for lines := bufio.NewScanner(printed); lines.Scan() && lines.Text() != "ready"; {
		continue
	}
	return s, stop, came
}

// awaitRefused returns once nobody listens at a URL.
func awaitRefused(t *testing.T, url string) {
	t.Helper()
	for {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			return
		}
		c.Close()
	}
}

// TestServeStopsInOrder: when serve is told to stop, a request to the issuer
// that is under way gets its answer, and nobody new is let in.
func TestServeStopsInOrder(t *testing.T) {
	s, stop, ended := served(t)
	defer stop()
	half := sendHalf(t, s.issuer.URL(), "/common/oauth2/v2.0/token")
	stop()
	awaitRefused(t, s.issuer.URL())
	if status, text := half.finish(t); status != http.StatusBadRequest || !strings.Contains(text, "AADSTS900144") {
		t.Errorf("%d %s", status, text)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestServeStopsTheIssuerLast: what the other parts have under way may still ask
// it for keys.
func TestServeStopsTheIssuerLast(t *testing.T) {
	other, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	arrived, done := make(chan bool), make(chan bool)
	s, stop, ended := served(t, listening{"a part of the test", other, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- true
		<-done
	})})
	defer stop()
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answered := make(chan int)
	go func() { answered <- statusOf(t, c, "http://"+other.Addr().String()) }()
	<-arrived
	stop()
	awaitRefused(t, "http://"+other.Addr().String())
	if got := statusOf(t, c, s.issuer.URL()+"/entraproof/health"); got != http.StatusOK {
		t.Errorf("the issuer: %d", got)
	}
	close(done)
	if got := <-answered; got != http.StatusOK {
		t.Errorf("the other part: %d", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// statusOf is the status of an answer; 0: there was none.
func statusOf(t *testing.T, c *http.Client, url string) int {
	t.Helper()
	res, err := c.Get(url)
	if err != nil {
		t.Log(err)
		return 0
	}
	res.Body.Close()
	return res.StatusCode
}

// halfSent is a request of which somebody waits for the end.
type halfSent struct {
	net.Conn
	in *bufio.Reader
}

// sendHalf sends a request without its body, and returns once it is wanted: the
// interim answer is sent when the handler begins to read (RFC 9110 10.1.1).
func sendHalf(t *testing.T, url, path string) halfSent {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	h := halfSent{c, bufio.NewReader(c)}
	header := "POST " + path + " HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\n"
	if _, err := io.WriteString(c, header); err != nil {
		t.Fatal(err)
	}
	if line, err := h.in.ReadString('\n'); err != nil || !strings.Contains(line, " 100 ") {
		t.Fatalf("%q %v", line, err)
	}
	if _, err := h.in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return h
}

// finish sends the body and reads the answer.
func (h halfSent) finish(t *testing.T) (status int, text string) {
	t.Helper()
	if _, err := io.WriteString(h, "a=b"); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(h.in, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}
