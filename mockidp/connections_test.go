//go:build unix

package mockidp

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// manyConnections is how many the issuer must bear, both ends of which are in
// this process.
const manyConnections = 1000

// TestManyConnections: a thousand connections at once ask for discovery and keys:
// no error, nothing but 200, the same bytes for all, and when they
// are gone the goroutines are as before.
func TestManyConnections(t *testing.T) {
	requireFiles(t, 2*manyConnections+100)
	i := Start(t, testConfig(t))
	pages := map[string]string{}
	for _, url := range []string{
		i.JWKSURL(tenantA, mint.V1), i.JWKSURL(tenantA, mint.V2),
		i.URL() + "/" + tenantA + "/.well-known/openid-configuration", i.URL() + "/" + tenantA + "/v2.0/.well-known/openid-configuration",
	} {
		pages[strings.TrimPrefix(url, i.URL())] = fetch(t, url).text
	}
	before := runtime.NumGoroutine()
	connections := make([]net.Conn, manyConnections)
	for n := range connections {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(i.URL(), "http://"))
		if err != nil {
			t.Fatalf("connection %d: %v", n, err)
		}
		connections[n] = c
	}
	var asking sync.WaitGroup
	problems := make(chan error, manyConnections)
	for _, c := range connections {
		asking.Go(func() {
			if err := askFor(c, pages); err != nil {
				problems <- err
			}
		})
	}
	asking.Wait()
	close(problems)
	for err := range problems {
		t.Error(err)
	}
	for _, c := range connections {
		c.Close()
	}
	awaitGoroutines(t, before)
}

// askFor asks for each page over one connection, and compares it.
func askFor(c net.Conn, pages map[string]string) error {
	in := bufio.NewReader(c)
	for path, want := range pages {
		if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, c.RemoteAddr()); err != nil {
			return err
		}
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			return err
		}
		text, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK || string(text) != want {
			return fmt.Errorf("%s: %d, %d bytes, expected 200 and %d: %w", path, res.StatusCode, len(text), len(want), err)
		}
	}
	return nil
}

// awaitGoroutines waits until there are no more goroutines than that: those of a
// connection end a moment after it.
func awaitGoroutines(t *testing.T, most int) {
	t.Helper()
	for limit := time.Now().Add(30 * time.Second); runtime.NumGoroutine() > most; runtime.Gosched() {
		if time.Now().After(limit) {
			t.Fatalf("expected %d goroutines at most, got %d", most, runtime.NumGoroutine())
		}
	}
}

// requireFiles skips where this process may not open that many files.
func requireFiles(t *testing.T, n uint64) {
	t.Helper()
	var limit syscall.Rlimit // Go has raised the soft limit to the hard one
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if limit.Cur < n {
		t.Skipf("this machine lets a process open %d files; %d are needed (ulimit -n)", limit.Cur, n)
	}
}
