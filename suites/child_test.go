package suites_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/suites"
)

// childVariable names the program that a test process is to be; outVariable is
// the folder of its results.
const (
	childVariable = "ENTRAPROOF_TEST_CHILD"
	outVariable   = "ENTRAPROOF_TEST_OUT"
)

// children are programs that need a process of their own.
func children() map[string]func() int {
	return map[string]func() int{
		"told":      childTold,
		"twice":     childTwice,
		"cancelled": childCancelled,
		"aftercare": childAftercare,
	}
}

// childTold says on standard output what is judged, case by case.
func childTold() int {
	target := os.Getenv("ENTRAPROOF_TEST_TARGET")
	f, err := suites.LoadTarget(target, secrets)
	if err != nil {
		panic(err)
	}
	_, err = suites.Run(context.Background(), suites.Config{
		Targets: []*suites.Target{f}, Out: os.Getenv(outVariable), Progress: func(c suites.Case) { fmt.Println(c.ID) },
	})
	return exitOf(nil, err)
}

// childTwice calls Run twice: once green, once not.
func childTwice() int {
	selection := suites.Selection{IDs: []string{"ctl-v2-app-only", "alg-none"}}
	green, err := suites.Run(context.Background(), suites.Config{Selection: selection})
	red, err2 := suites.Run(context.Background(), suites.Config{Selection: selection, Setup: "accept-all"})
	if err := errors.Join(err, err2); err != nil {
		return exitOf(nil, err)
	}
	return 10*green.ExitCode + red.ExitCode
}

func childCancelled() int {
	ctx, cancel := context.WithCancel(context.Background())
	r, err := suites.Run(ctx, suites.Config{Selection: suites.Selection{Profile: "smoke"}, Progress: func(suites.Case) { cancel() }})
	return exitOf(r, err)
}

// childAftercare runs with a former mock in this process.
func childAftercare() int {
	target := targets.Default()
	target.Tokens.Former = &targets.Mock{}
	r, err := suites.Run(context.Background(), suites.Config{Targets: []*suites.Target{target}, Selection: suites.Selection{Profile: "aftercare"}})
	return exitOf(r, err)
}

// exitOf is the results' exit code, or 90 for an error.
func exitOf(r *suites.Results, err error) int {
	if err != nil || r == nil {
		fmt.Fprintln(os.Stderr, err)
		return 90
	}
	return r.ExitCode
}

func child(t *testing.T, name string, environment ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), append(environment, childVariable+"="+name)...)
	return cmd
}

// TestRun wants exit codes through Ginkgo, and silence.
func TestRun(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, child string
		want        int
	}{
		{"twice in a process, 0 then 1", "twice", 1},
		{"cancelled", "cancelled", reports.ExitCouldNotRun},
		{"a former mock in this process", "aftercare", reports.ExitConforms},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			said, err := child(t, row.child).CombinedOutput()
			code := 0
			if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
				code = exit.ExitCode()
			} else if err != nil {
				t.Fatal(err)
			}
			if code != row.want || len(said) > 0 {
				t.Errorf("expected exit %d in silence, got %d: %s", row.want, code, said)
			}
		})
	}
}

// TestKilled wants a readable journal of a run that was killed.
func TestKilled(t *testing.T) {
	t.Parallel()
	s := newSite(t, &watch{})
	out := t.TempDir()
	cmd := child(t, "told", outVariable+"="+out, "ENTRAPROOF_TEST_TARGET="+s.path)
	told, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	judged := 0
	for lines := bufio.NewScanner(told); judged < 10 && lines.Scan(); judged++ {
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	results, err := reports.Read(out)
	if err != nil {
		t.Fatal(err)
	}
	if n := results.Counts.Total(); judged < 10 || n < judged || n >= results.Selection.Selected {
		t.Errorf("expected at least %d of %d cases, got %d", judged, results.Selection.Selected, n)
	}
	if !results.Run.Interrupted || results.ExitCode == reports.ExitConforms {
		t.Errorf("expected an interrupted run, got exit %d", results.ExitCode)
	}
}

// TestFilters runs this very package's specs with Ginkgo's filters and wants
// only what they leave to be fired.
func TestFilters(t *testing.T) {
	t.Parallel()
	only := func(id string) func(suites.Case) bool {
		return func(c suites.Case) bool { return c.Scenario == id }
	}
	for _, row := range []struct {
		name string
		args []string
		keep func(suites.Case) bool
		all  bool // every case of the rows
	}{
		{"focus", []string{"-ginkgo.focus=alg-none at dev"}, func(c suites.Case) bool { return c.Scenario == "alg-none" && c.Environment == "dev" }, true},
		{"skip", []string{"-ginkgo.skip=alg-none"}, only("aud-other-env-genuine"), true},
		{"label", []string{"-ginkgo.label-filter=group:AUD && environment:uat"}, func(c suites.Case) bool { return c.Environment == "uat" && c.Group == "AUD" }, true},
		{"the file that declares", []string{"-ginkgo.focus-file=declare.go"}, func(suites.Case) bool { return true }, false},
		{"the suite's own name", []string{"-ginkgo.focus=^conformance"}, func(suites.Case) bool { return true }, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			out := t.TempDir()
			args := append([]string{"-test.run=^TestConformance$", "-out=" + out, "-id=alg-none,aud-other-env-genuine"}, row.args...)
			said, err := exec.CommandContext(t.Context(), os.Args[0], args...).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, said)
			}
			results, err := reports.Read(out)
			if err != nil {
				t.Fatal(err)
			}
			if n := results.Counts.Pass; n == 0 || n != results.Counts.Total() {
				t.Errorf("expected passes, got %d of %d", n, results.Counts.Total())
			}
			if row.all && results.Counts.Total() != results.Selection.Selected {
				t.Errorf("expected all %d selected cases at once, got %d", results.Selection.Selected, results.Counts.Total())
			}
			for i := range results.Cases {
				if c := results.Cases[i]; !row.keep(c) {
					t.Errorf("%s was fired", c.ID)
				}
			}
		})
	}
}

// TestConformanceFails wants go test to be red where the results are.
func TestConformanceFails(t *testing.T) {
	t.Parallel()
	waivers := writeFile(t, "waivers.yaml", "- {id: alg-none, reason: none, by: Ada, expires: 2999-01-01}\n")
	denies := newSite(t, &watch{denyFrom: 1}).path
	again := "again: go test ./suites -args -target " + denies + " --id "
	for _, row := range []struct {
		name string
		args []string
		want []string
	}{
		{"a genuine token refused", []string{"-target=" + denies, "-id=ctl-v2-app-only"}, []string{
			"fail ctl-v2-app-only/dev: refused-genuine", "A genuine token that must be accepted was refused.", "expected accept", "answered 401", again + "ctl-v2-app-only",
		}},
		{"a refusal that proves nothing", []string{"-target=" + denies, "-id=alg-none"}, []string{"inconclusive alg-none/uat", "control-refused", again + "alg-none"}},
		{"a filter that matches nothing", []string{"-ginkgo.focus=no such spec"}, []string{"Detected no specs ran"}},
		{"an id that matches nothing", []string{"-id=no-such-row"}, []string{"no-such-row"}},
		{"a waiver that covers nothing", []string{"-id=alg-none", "-waivers=" + waivers}, []string{"the waiver of alg-none covers nothing"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"-test.run=^TestConformance$"}, row.args...)
			cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
			cmd.Env = append(os.Environ(), "MANAGEMENT="+managementToken, "WORKER="+workerSecret, "BOTH="+bothSecret)
			said, err := cmd.CombinedOutput()
			if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 1 {
				t.Errorf("expected the test to fail, got %v", err)
			}
			for _, want := range row.want {
				if !strings.Contains(string(said), want) {
					t.Errorf("expected %q, got %s", want, said)
				}
			}
		})
	}
}

// TestConformanceSkips wants what the target declares away skipped, with the
// reason, and the test green.
func TestConformanceSkips(t *testing.T) {
	t.Parallel()
	s := newSite(t, &watch{})
	src, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	declared := writeFile(t, "site.yaml", strings.ReplaceAll(string(src), "api: ", "enforces: [audience], api: "))
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestConformance$", "-target="+declared, "-id=ctl-v?-app-only,scope-missing-genuine", "-ginkgo.v", "-ginkgo.no-color")
	cmd.Env = append(os.Environ(), "MANAGEMENT="+managementToken, "WORKER="+workerSecret, "BOTH="+bothSecret)
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	for _, want := range []string{"[SKIPPED] unsupported scope-missing-genuine/uat: left-open-by-declaration", "scenarios/catalog/scope.yaml:"} {
		if !strings.Contains(string(said), want) {
			t.Errorf("expected %q, got %s", want, said)
		}
	}
}
