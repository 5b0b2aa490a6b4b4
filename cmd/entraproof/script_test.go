package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// isJSON FILE holds that a file, or stdout, is one JSON value.
func isJSON(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	if text == "" || !json.Valid([]byte(text)) {
		ts.Fatalf("%s: expected JSON, got %q", args[0], text)
	}
}

// lacks TEXT FILE… holds that a text is in none of the files and folders.
func lacks(ts *testscript.TestScript, _ bool, args []string) {
	searched := 0
	for _, name := range args[1:] {
		ts.Check(filepath.WalkDir(ts.MkAbs(name), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			searched++
			text, err := os.ReadFile(path)
			if strings.Contains(string(text), args[0]) {
				ts.Fatalf("%s holds %q", path, args[0])
			}
			return err
		}))
	}
	if searched == 0 {
		ts.Fatalf("expected files to search, got none")
	}
}

// claims FILE decodes the token in a file, or on stdout, and leaves header and
// payload on stdout for the lines that follow.
func claims(ts *testscript.TestScript, _ bool, args []string) {
	parts := strings.Split(strings.TrimSpace(ts.ReadFile(args[0])), ".")
	if len(parts) != 3 {
		ts.Fatalf("expected a compact token, got %d parts", len(parts))
	}
	for _, part := range parts[:2] {
		text, err := base64.RawURLEncoding.DecodeString(part)
		ts.Check(err)
		fmt.Fprintf(ts.Stdout(), "%s\n", text)
	}
}

// replace SOURCE TARGET OLD NEW… copies a file with texts replaced, each of
// which must be in it.
func replace(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	for i := 2; i+1 < len(args); i += 2 {
		if !strings.Contains(text, args[i]) {
			ts.Fatalf("%s: expected %q in it", args[0], args[i])
		}
		text = strings.ReplaceAll(text, args[i], args[i+1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600))
}

// trouble VARIABLE KIND opens a gateway that is no use and sets its address:
// reset ends every connection, busy answers 429, hang never answers, closed
// refuses connections.
func trouble(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv(args[0], "http://"+l.Addr().String())
	server := &http.Server{ReadHeaderTimeout: time.Minute}
	switch args[1] {
	case "reset":
		server.ConnState = func(c net.Conn, s http.ConnState) {
			if tcp, ok := c.(*net.TCPConn); ok && s == http.StateNew {
				_ = tcp.SetLinger(0) // then closing is a reset
				_ = tcp.Close()
			}
		}
	case "busy":
		server.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(http.StatusTooManyRequests)
		})
	case "hang":
		server.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	case "closed":
		ts.Check(l.Close())
		return
	default:
		ts.Fatalf("trouble %s is not known", args[1])
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(l) }() // it is closed below
	ts.Defer(func() { _ = server.Close(); <-done })
}
