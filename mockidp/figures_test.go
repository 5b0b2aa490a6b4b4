//go:build figures

package mockidp

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// TestFigureStart prints the medians of 20 starts, to be held against 50 ms
// with kept keys and 250 ms with fresh ones. They are the machine's wall time
// and so not judged.
func TestFigureStart(t *testing.T) {
	for _, row := range startRows(t) {
		var times []float64
		for range 20 {
			times = append(times, startOnce(t, row.dir).Seconds()*1000)
		}
		t.Logf("start to first key set with %s keys: %.1f ms (median of 20)", row.name, median(times))
	}
}

// memoryLimit is the most anonymous memory after 20,000 tokens, in kilobytes.
const memoryLimit = 20 << 10

const childVariable = "ENTRAPROOF_MOCKIDP_CHILD"

// TestFigureMemory mints 20,000 tokens for ever new tenants over HTTP, in a
// process of its own, and judges the memory that is held then.
func TestFigureMemory(t *testing.T) {
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMintManyAndMeasure$", "-test.v")
	child.Env = append(os.Environ(), childVariable+"=1")
	out, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	_, rest, _ := strings.Cut(string(out), "RssAnon:")
	kilobytes, err := strconv.Atoi(strings.Fields(rest + " ?")[0])
	if err != nil {
		t.Fatalf("expected RssAnon, got %s", out)
	}
	t.Logf("RssAnon after 20,000 tokens: %.1f MB", float64(kilobytes)/1024)
	if kilobytes > memoryLimit {
		t.Errorf("RssAnon %d kB, want at most %d", kilobytes, memoryLimit)
	}
}

// TestMintManyAndMeasure is the process of TestFigureMemory; without it, it has
// nothing to do.
func TestMintManyAndMeasure(t *testing.T) {
	if os.Getenv(childVariable) == "" {
		return
	}
	i := Start(t, Config{})
	c := NewClient(i.ManagementURL(), i.ManagementToken(), client(t))
	grants := make([]mint.Grant, 100)
	for batch := range 200 {
		for n := range grants {
			grants[n] = testGrant()
			grants[n].Tenant = mint.DerivedGUID("tenant", fmt.Sprint(batch, n))
		}
		if _, err := c.Genuine(context.Background(), grants); err != nil {
			t.Fatal(err)
		}
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(string(status))
}
