package mockidp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// arrivals is a log that tells of each request whose handler is about to answer.
type arrivals chan string

func (a arrivals) Enabled(context.Context, slog.Level) bool { return true }
func (a arrivals) WithAttrs([]slog.Attr) slog.Handler       { return a }
func (a arrivals) WithGroup(string) slog.Handler            { return a }
func (a arrivals) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "request" {
		a <- r.Message
	}
	return nil
}

// halfSent is a token request of which the issuer waits for the end.
type halfSent struct {
	net.Conn
	rest string
}

// sendHalf sends the header and the first half of the body, and returns once the
// handler runs.
func sendHalf(t *testing.T, i *Issuer, arrived arrivals) halfSent {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(i.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	body := form("grant_type", "client_credentials", "client_id", worker, "client_secret", secret, "scope", apiV2+"/.default").Encode()
	half := len(body) / 2
	if _, err := fmt.Fprintf(c, "POST /%s/oauth2/v2.0/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", tenantA, len(body), body[:half]); err != nil {
		t.Fatal(err)
	}
	<-arrived
	return halfSent{c, body[half:]}
}

// finish sends the rest and reads the answer.
func (h halfSent) finish(t *testing.T) (status int, body string) {
	t.Helper()
	if _, err := io.WriteString(h, h.rest); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(h), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// TestGracefulStop: a request under way gets its answer, however the issuer is
// stopped, and nobody new is let in.
func TestGracefulStop(t *testing.T) {
	for _, row := range []struct {
		reason string
		stop   func(i *Issuer, cancel func()) error
	}{
		{"by Shutdown", func(i *Issuer, _ func()) error { return i.Shutdown(t.Context()) }},
		{"by the context", func(i *Issuer, cancel func()) error { cancel(); <-i.server.ended; return nil }},
	} {
		t.Run(row.reason, func(t *testing.T) {
			cfg, arrived := testConfig(t), make(arrivals, 8)
			cfg.Log = slog.New(arrived)
			i, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if err := i.Start(ctx); err != nil {
				t.Fatal(err)
			}
			defer i.Close()
			half := sendHalf(t, i, arrived)
			stopped := make(chan error)
			go func() { stopped <- row.stop(i, cancel) }()
			awaitRefused(t, i)
			if status, body := half.finish(t); status != http.StatusOK || !strings.Contains(body, "access_token") {
				t.Errorf("%d %s", status, body)
			}
			if err := <-stopped; err != nil {
				t.Error(err)
			}
		})
	}
}

// awaitRefused returns once the issuer listens no more.
func awaitRefused(t *testing.T, i *Issuer) {
	t.Helper()
	for {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(i.URL(), "http://"))
		if err != nil {
			return
		}
		c.Close()
	}
}

// TestGracefulStopIsBounded: who does not finish is cut off in the end, and by
// Close at once, also while Shutdown waits for them.
func TestGracefulStopIsBounded(t *testing.T) {
	for _, row := range []struct {
		reason string
		stop   func(i *Issuer) error
		want   error
	}{
		{"by Shutdown, for a moment", func(i *Issuer) error {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			return i.Shutdown(ctx)
		}, context.DeadlineExceeded},
		{"by Close", func(i *Issuer) error { i.Close(); return nil }, nil},
		{"by Close, while Shutdown waits", func(i *Issuer) error {
			ended := make(chan error)
			go func() { ended <- i.Shutdown(t.Context()) }()
			awaitRefused(t, i)
			i.Close()
			return <-ended
		}, nil},
	} {
		t.Run(row.reason, func(t *testing.T) {
			cfg, arrived := testConfig(t), make(arrivals, 8)
			cfg.Log = slog.New(arrived)
			i := Start(t, cfg)
			half := sendHalf(t, i, arrived)
			if err := row.stop(i); !errors.Is(err, row.want) {
				t.Errorf("expected %v, got %v", row.want, err)
			}
			if err := half.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if n, err := half.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("expected the connection to be cut, got %d bytes, %v", n, err)
			}
		})
	}
}

// TestGracefulStopEndsMisbehaviour: what is slow is not waited for, and what
// stalls is cut.
func TestGracefulStopEndsMisbehaviour(t *testing.T) {
	for _, row := range []struct{ name, want string }{{"slow", "200 json: tenant next"}, {"stalled", "200 json, cut after 0 bytes"}} {
		t.Run(row.name, func(t *testing.T) {
			cfg, arrived := testConfig(t), make(arrivals, 8)
			cfg.Log = slog.New(arrived)
			i := Start(t, cfg)
			lease, err := i.Lease(t.Context(), time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			if err := i.Misbehave(t.Context(), lease.ID, []Misbehaviour{{Name: row.name, Milliseconds: 300_000}}); err != nil {
				t.Fatal(err)
			}
			seen := make(chan string)
			go func() { seen <- keySetSeen(t, i) }()
			<-arrived
			bound, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if err := i.Shutdown(bound); err != nil {
				t.Error(err)
			}
			if got := <-seen; got != row.want {
				t.Errorf("expected %s, got %s", row.want, got)
			}
		})
	}
}

// TestShutdownTwice is harmless, in every order, before Start as well.
func TestShutdownTwice(t *testing.T) {
	i, err := New(testConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	stop := func() {
		t.Helper()
		if err := i.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		i.Close()
		i.Close()
		if err := i.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
	stop()
	if err := i.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := i.Token(t.Context(), testGrant()); err != nil {
		t.Error(err)
	}
	if a := fetch(t, i.JWKSURL(tenantA, mint.V1)); a.status != http.StatusOK {
		t.Error(a.text)
	}
	stop()
}
