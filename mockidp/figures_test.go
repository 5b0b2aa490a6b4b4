package mockidp

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// childVariable makes the test binary a process that mints and measures
// itself.
const childVariable = "ENTRAPROOF_MOCKIDP_CHILD"

// BenchmarkStart prints how long it takes from nothing to the first key set:
// medians, which are read by people and judged by nobody, because wall time is
// the machine's.
func BenchmarkStart(b *testing.B) {
	kept := b.TempDir() + "/keys"
	if _, err := New(Config{KeyDir: kept}); err != nil {
		b.Fatal(err)
	}
	for _, row := range []struct{ name, dir string }{{"kept keys", kept}, {"fresh keys", ""}} {
		b.Run(row.name, func(b *testing.B) {
			var times []time.Duration
			for b.Loop() {
				begin := time.Now()
				i, err := New(Config{KeyDir: row.dir})
				if err != nil {
					b.Fatal(err)
				}
				if err := i.Start(context.Background()); err != nil {
					b.Fatal(err)
				}
				if a := fetch(b, i.JWKSURL(tenantA, mint.V2)); a.status != http.StatusOK {
					b.Fatal(a.status)
				}
				times = append(times, time.Since(begin))
				i.Close()
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "ms-median")
		})
	}
}

var memoryTokens = flag.Int("memory-tokens", 2000, "how many tokens TestMemory mints; the figure is stated for 20000")

// TestMemory mints tokens for ever new tenants over HTTP, in a process of its
// own, and looks at its anonymous memory.
func TestMemory(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("thousands of signatures: not with -short, and the race detector's memory is not the issuer's")
	}
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childVariable+"="+strconv.Itoa(*memoryTokens))
	out, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	kilobytes, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatalf("expected a number, got %s", out)
	}
	t.Logf("RssAnon after %d tokens: %.1f MB", *memoryTokens, float64(kilobytes)/1024)
	if kilobytes > 20<<10 {
		t.Errorf("RssAnon %d kB, want at most 20 MB", kilobytes)
	}
}

// mintManyAndMeasure is the child: it mints in batches over the management
// listener and prints the kilobytes that it holds then.
func mintManyAndMeasure() {
	tokens, err := strconv.Atoi(os.Getenv(childVariable))
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	i, err := New(Config{})
	if err != nil {
		panic(err)
	}
	if err := i.Start(ctx); err != nil {
		panic(err)
	}
	c := NewClient(i.ManagementURL(), i.ManagementToken(), nil)
	grants := make([]mint.Grant, 100)
	for n := range grants {
		grants[n] = testGrant()
	}
	for batch := range tokens / len(grants) {
		for n := range grants {
			grants[n].Tenant = mint.DerivedGUID("tenant", fmt.Sprint(batch, n))
		}
		if _, err := c.Genuine(ctx, grants); err != nil {
			panic(err)
		}
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		panic(err)
	}
	_, rest, _ := strings.Cut(string(status), "RssAnon:")
	fmt.Println(strings.Fields(rest)[0])
}
