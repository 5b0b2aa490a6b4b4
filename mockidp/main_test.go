package mockidp

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/entraproof/entraproof/mockidp/mint"
)

const (
	tenantA  = "11111111-2222-4333-8444-555555555555"
	tenantB  = "8c2e0000-0000-4000-8000-000000000002"
	apiV1    = "91d00000-0000-4000-8000-0000000000d2"
	apiV2    = "6e74172b-0000-4000-8000-0000000000d1"
	apiOwn   = "77000000-0000-4000-8000-0000000000d3"
	worker   = "0d2c1111-0000-4000-8000-0000000000c1"
	public   = "0d2c1111-0000-4000-8000-0000000000c2"
	secret   = "s3cret+/=of the worker"
	manager  = "management-token-of-the-test"
	testTime = "2026-11-23T10:00:00Z"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(keyDir())
		os.Exit(code)
	}))
}

// clock is a clock that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock {
	at, err := time.Parse(time.RFC3339, testTime)
	if err != nil {
		panic(err)
	}
	return &clock{now: at}
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// keyDir is a folder with keys that all tests share, because making them is
// the most expensive thing here.
var keyDir = sync.OnceValue(func() string {
	dir, err := os.MkdirTemp("", "mockidp-test-keys-")
	if err != nil {
		panic(err)
	}
	if _, err := New(Config{KeyDir: dir}); err != nil {
		panic(err)
	}
	return dir
})

// testConfig has registrations, a fixed clock, shared keys and fixed chance.
func testConfig(t testing.TB) Config {
	t.Helper()
	dir := t.TempDir()
	for _, file := range []string{signingFile, publishedFile, authorityFile} {
		text, err := os.ReadFile(keyDir() + "/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir+"/"+file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Config{
		KeyDir: dir, Now: newClock().Now, Rand: rand.NewChaCha8([32]byte{1}), ManagementToken: manager,
		Directory: Directory{
			APIs: map[string]API{
				"orders-uat": {AppID: apiV1, URIs: []string{"api://orders-uat"}},
				"orders-dev": {AppID: apiV2, URIs: []string{"api://orders.dev"}, Version: mint.V2, Roles: []string{"DEV.Access"}},
				"own-key":    {AppID: apiOwn, Version: mint.V2, Keys: keysApp},
			},
			Clients: map[string]ClientRegistration{
				"worker": {ID: worker, Secrets: []Secret{{Value: secret}}, Roles: map[string][]string{"orders-dev": {"DEV.Access"}}},
				"public": {ID: public},
			},
		},
	}
}

// answer is a response that has been read.
type answer struct {
	status int
	header http.Header
	text   string
	json   map[string]any
	// names are the members of the JSON object, in order.
	names []string
}

func do(t testing.TB, client *http.Client, r *http.Request) answer {
	t.Helper()
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := readAnswer(text)
	a.status, a.header = res.StatusCode, res.Header
	return a
}

// readAnswer reads a body.
func readAnswer(text []byte) answer {
	a := answer{text: string(text)}
	if json.Unmarshal(text, &a.json) == nil {
		d := json.NewDecoder(bytes.NewReader(text))
		_, _ = d.Token()
		for d.More() {
			name, _ := d.Token()
			a.names = append(a.names, name.(string))
			var skip json.RawMessage
			_ = d.Decode(&skip)
		}
	}
	return a
}

// client is an HTTP client that leaves nothing behind.
func client(t testing.TB) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// trust has a client take the issuer's certificate for genuine.
func trust(c *http.Client, i *Issuer) {
	c.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: i.RootCAs(), MinVersion: tls.VersionTLS12}
}

func fetch(t testing.TB, url string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return do(t, client(t), r)
}

func post(t testing.TB, url string, form url.Values, change func(*http.Request)) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if change != nil {
		change(r)
	}
	return do(t, client(t), r)
}

// logTo is a log that a test can read.
type logTo struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logTo) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logTo) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logTo) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func testGrant() mint.Grant {
	return mint.Grant{
		Tenant: tenantA, Kind: mint.Kind{Version: mint.V2, Subject: mint.SubjectApp}, Audience: apiV2,
		Client: mint.Client{ID: worker}, Roles: []string{"DEV.Access"},
	}
}

// never is a context that is over.
func never() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func newRequest(t testing.TB, path string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// discard is a ResponseWriter that nobody reads.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}
