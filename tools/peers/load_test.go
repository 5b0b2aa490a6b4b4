package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// served is a process whose server is one of a test; its CPU time and memory
// are those of the test.
func served(t *testing.T, f http.HandlerFunc) *process {
	t.Helper()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	return &process{
		server: server{name: "test", token: "/token", keySet: "/keys"},
		addr:   strings.TrimPrefix(s.URL, "http://"), cmd: &exec.Cmd{Process: self},
	}
}

// TestLoad: what comes back is counted, and distinct tokens by themselves.
func TestLoad(t *testing.T) {
	var asked atomic.Int64
	p := served(t, func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("client_id") != client || r.FormValue("scope") != scope {
			t.Errorf("got the form %v", r.Form)
		}
		fmt.Fprintf(w, `{"access_token":"token %d"}`, asked.Add(1)%5)
	})
	h, err := load{process: p, tokens: 200}.run(t.Context())
	if err != nil || h.tokens != 200 || h.distinct != 5 || h.wall <= 0 {
		t.Errorf("expected 200 tokens, 5 of them distinct, got %+v and %v", h, err)
	}
	if kilobytes, err := p.anonymous(); err != nil || kilobytes < 500 {
		t.Errorf("expected the memory of a Go program, got %d kB and %v", kilobytes, err)
	}
}

// TestLoadRefuses: an answer that is no token ends a load.
func TestLoadRefuses(t *testing.T) {
	for name, f := range map[string]http.HandlerFunc{
		"status":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) },
		"no token": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"token_type":"Bearer"}`) },
		"no JSON":  func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `access_token`) },
	} {
		t.Run(name, func(t *testing.T) {
			if h, err := (load{process: served(t, f), tokens: 50}).run(t.Context()); err == nil || h.tokens != 0 {
				t.Errorf("expected an error, got %+v", h)
			}
		})
	}
}

// TestConnection: one connection serves all requests, unless the server closes
// it.
func TestConnection(t *testing.T) {
	for name, closes := range map[string]bool{"kept": false, "closed": true} {
		t.Run(name, func(t *testing.T) {
			var seen sync.Map
			var connections atomic.Int64
			p := served(t, func(w http.ResponseWriter, r *http.Request) {
				if _, known := seen.LoadOrStore(r.RemoteAddr, true); !known {
					connections.Add(1)
				}
				if closes {
					w.Header().Set("Connection", "close")
				}
			})
			c := connection{addr: p.addr, request: get("/keys")}
			defer c.close()
			for range 3 {
				if a, err := c.ask(t.Context()); err != nil || a.status != http.StatusOK {
					t.Fatalf("got %+v and %v", a, err)
				}
			}
			if want := map[bool]int64{false: 1, true: 3}[closes]; connections.Load() != want {
				t.Errorf("expected %d connections, got %d", want, connections.Load())
			}
		})
	}
}

// TestCrowd: every connection sends every request, and
// each answer that is missing counts.
func TestCrowd(t *testing.T) {
	var asked atomic.Int64
	p := served(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1)%100 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	if lost := crowd(t.Context(), p.addr, [][]byte{get("/a"), get("/b")}); lost != 2*crowdSize/100 || asked.Load() != 2*crowdSize {
		t.Errorf("expected %d answers missing, got %d of %d", 2*crowdSize/100, lost, asked.Load())
	}
}
