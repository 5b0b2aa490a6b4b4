package mockidp

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

type startRow struct{ name, dir string }

// startRows are the two ways to start: with keys from a folder and without.
func startRows(t testing.TB) []startRow {
	t.Helper()
	kept := t.TempDir() + "/keys"
	if _, err := New(Config{KeyDir: kept}); err != nil {
		t.Fatal(err)
	}
	return []startRow{{"kept", kept}, {"fresh", ""}}
}

// startOnce is the time from nothing to the first key set.
func startOnce(t testing.TB, dir string) time.Duration {
	t.Helper()
	begin := time.Now()
	i, err := New(Config{KeyDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	if err := i.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	if a := fetch(t, i.JWKSURL(tenantA, mint.V2)); a.status != http.StatusOK {
		t.Fatal(a.status)
	}
	return time.Since(begin)
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

// BenchmarkStart reports the median, because the time to find a prime has a
// long tail.
func BenchmarkStart(b *testing.B) {
	for _, row := range startRows(b) {
		b.Run(row.name, func(b *testing.B) {
			var times []float64
			for b.Loop() {
				times = append(times, startOnce(b, row.dir).Seconds()*1000)
			}
			b.ReportMetric(median(times), "ms-median")
		})
	}
}

// BenchmarkGenuine is what a batch costs beyond its signatures.
func BenchmarkGenuine(b *testing.B) {
	i := Start(b, testConfig(b))
	grants := slices.Repeat([]mint.Grant{testGrant()}, 100)
	for b.Loop() {
		if _, err := i.Genuine(context.Background(), grants); err != nil {
			b.Fatal(err)
		}
	}
}
