//go:build figures && linux

package engine_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/reports/format"
	"github.com/entraproof/entraproof/scenarios"
)

// The stated figures of a large run (issue 6).
const (
	scaleStated  = 1.15 // CPU time of a case in a large run ÷ in a small one
	memoryStated = 300  // MB of RssAnon, at any time of the run
	reportStated = 5    // s of CPU time ÷ cores
	streamStated = 0.9  // of half the journal, when half of the cases are judged
	scaleRounds  = 2    // a run of the largest takes half a minute
	scaleSmall   = 1000
	scaleLarge   = 100_000
	memoryEvery  = 20 * time.Millisecond
	scaleCases   = "ENTRAPROOF_FIGURE_CASES" // tells the child how many
)

// scaled is what a run of many cases cost, measured in a process of its own.
type scaled struct {
	Cases int
	// CPU is that of the run, until its results are written.
	CPU time.Duration
	// Peak is the most RssAnon meanwhile, in bytes, gateways, issuer and echo
	// included.
	Peak int64
	// Journal is its size in bytes, Half when half of the cases were judged.
	Journal, Half int64
	// Reports are the CPU time of each format, divided by the cores: the page is
	// made on all of them.
	Reports map[string]time.Duration
}

func (s scaled) perCase() float64 { return s.CPU.Seconds() * 1e6 / float64(s.Cases) }

// TestFigureScale holds the CPU time of a case in a run of 100,000 cases against
// that in runs of 1,000 and 10,000, without Ginkgo, and what such a run keeps in
// memory. Its cases are those of the catalogue that may be fired side by side,
// again and again, and observers, but for those about time, whose tokens age
// meanwhile. Signatures are made once: they would cost ten times the rest.
func TestFigureScale(t *testing.T) {
	costs := map[int][]float64{}
	var large scaled
	for round := range scaleRounds {
		for n := scaleSmall; n <= scaleLarge; n *= 10 {
			s := inChild(t, n)
			costs[n], large = append(costs[n], s.perCase()), s
			t.Logf("round %d: %d cases, %.0f µs each, RssAnon %d MB, journal %d MB, reports %v", round+1, n, s.perCase(), s.Peak>>20, s.Journal>>20, s.Reports)
		}
	}
	for n := scaleSmall; n < scaleLarge; n *= 10 {
		ratio := median(costs[scaleLarge]) / median(costs[n])
		judge(t, fmt.Sprintf("CPU per case of %d cases ÷ of %d", scaleLarge, n), ratio, scaleStated, "")
		judge(t, fmt.Sprintf("CPU per case of %d cases ÷ of %d", n, scaleLarge), 1/ratio, scaleStated, "")
	}
	judge(t, "RssAnon of a run of 100,000 cases", float64(large.Peak)/1e6, memoryStated, " MB")
	for name, took := range large.Reports {
		judge(t, "report "+name+" of 100,000 cases, CPU time ÷ cores", took.Seconds(), reportStated, " s")
	}
	if half := float64(large.Half) / (float64(large.Journal) / 2); half < streamStated {
		t.Errorf("expected a journal that is written as a stream, got %.2f of its half when half of the cases were judged", half)
	}
}

// inChild runs n cases in a process of its own.
func inChild(t *testing.T, n int) scaled {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestScaleChild$", "-test.v")
	cmd.Env = append(os.Environ(), scaleCases+"="+strconv.Itoa(n))
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("child of %d cases: %v: %s", n, err, out)
	}
	_, text, _ := bytes.Cut(out, []byte("SCALED "))
	text, _, _ = bytes.Cut(text, []byte("\n"))
	var s scaled
	must(t, json.Unmarshal(text, &s))
	return s
}

// TestScaleChild is the child.
func TestScaleChild(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv(scaleCases))
	if err != nil {
		t.Skip("a part of TestFigureScale")
	}
	b := newBench(t)
	b.memo = map[string][]byte{}
	rows := slices.DeleteFunc(slices.Clone(b.rows), func(s scenarios.Scenario) bool {
		return s.Kind == scenarios.Flow || s.Serial || !s.Issuer.Empty() || s.Guards == "time"
	})
	plan := engine.Plan{Expansion: b.x, Cases: b.many(rows, 0), Unwaited: true} // without Ginkgo nobody waits
	b.large(t, plan, t.TempDir())                                               // what is made once
	plan.Cases = b.many(rows, n)
	text, err := json.Marshal(b.large(t, plan, t.TempDir()))
	must(t, err)
	fmt.Printf("SCALED %s\n", text)
}

// many are n cases that may be fired side by side, again and again; once each
// where n is 0. An observer looks at all of an environment's, and a catalogue has
// it once, however long that is.
func (b *bench) many(rows []scenarios.Scenario, n int) []scenarios.Case {
	once := slices.DeleteFunc(b.x.Expand(rows), func(c scenarios.Case) bool {
		return c.Decided != nil || c.Expect.NoCallout || c.Expect.Next
	})
	n = cmp.Or(n, len(once))
	all := make([]scenarios.Case, 0, n)
	for i := 0; len(all) < n; i++ {
		c := once[i%len(once)]
		if round := i / len(once); round > 0 {
			if c.Scenario.Kind == scenarios.Observe {
				continue
			}
			c.ID += "/again-" + strconv.Itoa(round)
		}
		all = append(all, c)
	}
	return all
}

// large runs a plan and writes its results in every format.
func (b *bench) large(t *testing.T, plan engine.Plan, dir string) scaled {
	t.Helper()
	engine.CollectRarely() // as the verb run does
	b.round++
	plan.Run = "scale-" + strconv.Itoa(b.round)
	s := scaled{Cases: len(plan.Cases), Reports: map[string]time.Duration{}}
	journal, err := reports.Create(dir, reports.Header{
		Tool: reports.Tool{Name: "entraproof"}, Run: reports.Run{ID: plan.Run, Started: time.Now()}, Targets: []reports.Target{engine.Describe(b.x)},
		Selection: reports.Selection{Selected: len(plan.Cases)},
	})
	must(t, err)
	plan.Sink = journal
	var judged atomic.Int64
	plan.Progress = func(c reports.Case) {
		if c.Outcome >= verdict.Inconclusive {
			t.Errorf("expected a run that strict passes, got %s: %s, %s, %s", c.ID, c.Outcome, c.Reason, c.Detail)
		}
		if judged.Add(1) == int64(len(plan.Cases)/2) {
			s.Half = sizeOf(t, filepath.Join(dir, reports.JournalFile))
		}
	}
	eng := &engine.Engine{Tokens: &countingIssuer{Issuer: b.issuer, t: t, memo: b.memo, signed: map[string]bool{}}, Seen: b.seen, Own: b.own, Prober: &probe.Prober{}}
	ctx, stop := context.WithCancel(t.Context())
	peak := watchMemory(ctx, t)
	before := cpuTime(t)
	summary, err := eng.Start(t.Context(), plan).End()
	must(t, err)
	results, err := journal.Close(reports.Footer{Clocks: summary.Clocks, Causes: summary.Causes})
	must(t, err)
	s.CPU = cpuTime(t) - before
	stop()
	s.Peak = <-peak
	s.Journal = sizeOf(t, filepath.Join(dir, reports.JournalFile))
	engine.CollectUsually() // as the verb run does before it writes reports
	for _, f := range format.Formats() {
		before := cpuTime(t)
		must(t, f.Render(io.Discard, results))
		s.Reports[f.Name] = (cpuTime(t) - before) / time.Duration(runtime.GOMAXPROCS(0))
	}
	return s
}

func sizeOf(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Error(err)
		return 0
	}
	return info.Size()
}

// watchMemory gives the most RssAnon until ctx ends.
func watchMemory(ctx context.Context, t *testing.T) <-chan int64 {
	t.Helper()
	peak := make(chan int64, 1)
	go func() {
		var most int64
		for tick := time.NewTicker(memoryEvery); ; {
			most = max(most, rssAnon(t))
			select {
			case <-ctx.Done():
				peak <- most
				return
			case <-tick.C:
			}
		}
	}()
	return peak
}

// rssAnon is the memory of this process that no file stands behind, in bytes.
func rssAnon(t *testing.T) int64 {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Error(err)
		return 0
	}
	for line := range bytes.Lines(status) {
		if fields := bytes.Fields(line); len(fields) == 3 && string(fields[0]) == "RssAnon:" {
			kB, _ := strconv.ParseInt(string(fields[1]), 10, 64)
			return kB << 10
		}
	}
	t.Error("no RssAnon in /proc/self/status")
	return 0
}
