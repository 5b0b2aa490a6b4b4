package lab

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"
)

// scripted is a recipe whose program is a shell script. It checks every
// configuration as good unless the script says otherwise.
func scripted(t *testing.T, script string) (Recipe, Finder) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gw")
	text := "#!/bin/sh\ncase $1 in version) echo 'gw 1.2.3'; exit;; check) " + "${CHECK:-true}" + "; exit;; esac\n" + script + "\n"
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return fake(), Finder{LookPath: func(string) (string, error) { return path, nil }}
}

func fake() Recipe {
	return Recipe{
		Name: "fake", Program: "gw", Version: "1.2", Install: "make gw", KeySet: FetchedKeys,
		version:   versionCommand{[]string{"version"}, regexp.MustCompile(`gw (\S+)`)},
		templates: fstest.MapFS{"gw.conf.tmpl": {Data: []byte("mode {{.Mode}}\n")}},
		config:    "gw.conf.tmpl", quote: quoteYAML,
		check: []string{"check"}, run: []string{"run"}, inherits: true,
	}
}

// acting is a recipe whose program is the test binary playing a part.
func acting(part string) Recipe {
	r := fake()
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	script := `case $0 in version) echo gw 1.2.3;; run) ` + actVariable + `=` + part + ` exec '` + self + `';; esac`
	r.Program, r.places = "sh", []string{"/bin"}
	r.version.args = []string{"-c", script, "version"}
	r.check, r.run = []string{"-c", script, "check"}, []string{"-c", script, "run"}
	return r
}

func begin(t *testing.T, o Options) (*Running, error) {
	t.Helper()
	o.Mode, o.Dir = Leaky, t.TempDir()
	if o.Site.Tenant == "" {
		o.Site = wide()
	}
	r, err := Start(t.Context(), o)
	if err != nil {
		if left, _ := os.ReadDir(o.Dir); len(left) != 0 {
			t.Errorf("a failed start left %s behind", left[0].Name())
		}
		return nil, err
	}
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
	})
	return r, nil
}

// wantGone checks that nothing of a gateway is left.
func wantGone(t *testing.T, r *Running) {
	t.Helper()
	if p, ok := r.program.(*process); ok {
		for _, pid := range group(t, p.cmd.Process.Pid) {
			t.Errorf("process %d of the gateway's group still runs", pid)
		}
	}
	if _, err := os.Stat(r.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("folder %s: expected none, got %v", r.dir, err)
	}
	if c, err := net.Dial("tcp", strings.TrimPrefix(r.URL, "http://")); err == nil {
		c.Close()
		t.Errorf("%s still answers", r.URL)
	}
}

func TestStartAndStop(t *testing.T) {
	r, err := begin(t, Options{Recipe: acting("gateway")})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get(r.URL)
	if err != nil || resp.StatusCode != http.StatusNotFound {
		t.Fatalf("answer: expected 404, got %v, %v", resp, err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if r.Program.Version != "1.2.3" || len(r.Warnings) != 0 {
		t.Errorf("version: expected 1.2.3 without a warning, got %s, %v", r.Program.Version, r.Warnings)
	}
	for range 2 {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
	}
	wantGone(t, r)
}

func TestStopKillsWhatDoesNotEnd(t *testing.T) {
	r, err := begin(t, Options{Recipe: acting("stubborn")})
	if err != nil {
		t.Fatal(err)
	}
	r.program.(*process).grace = 50 * time.Millisecond
	if err := r.Stop(); err != nil {
		t.Error(err)
	}
	wantGone(t, r)
}

func TestStopEndsTheWholeGroup(t *testing.T) {
	recipe := acting("gateway")
	recipe.run[1] = "sleep 1000 & " + recipe.run[1]
	r, err := begin(t, Options{Recipe: recipe})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Stop(); err != nil {
		t.Error(err)
	}
	wantGone(t, r)
}

func TestContextEndsTheGateway(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, err := Start(ctx, Options{Recipe: acting("gateway"), Mode: Leaky, Site: wide(), Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	<-r.Done()
	if err := r.Stop(); err != nil {
		t.Error(err)
	}
	wantGone(t, r)
}

func TestKilledHarnessTakesTheGatewayAlong(t *testing.T) {
	harness, line := startHarness(t, actVariable+"=harness")
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	_ = harness.Process.Kill()
	_ = harness.Wait()
	waitFor(t, "the gateway to end with its harness", func() bool { return ended(pid) })
}

// startHarness starts this program in a part, and returns the first line that
// it prints.
func startHarness(t *testing.T, env ...string) (*exec.Cmd, string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	harness := exec.CommandContext(t.Context(), self)
	harness.Env = append(append(os.Environ(), "LAB_TEST_DIR="+t.TempDir()), env...)
	harness.Stderr = os.Stderr
	out, err := harness.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := harness.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return harness, strings.TrimSpace(line)
}

// group returns the living processes of a process group.
func group(t *testing.T, leader int) []int {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	var living []int
	for _, e := range entries {
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		pid, notNumber := strconv.Atoi(e.Name())
		if err != nil || notNumber != nil {
			continue
		}
		// pid (name) state parent group …
		_, rest, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(rest)
		if fields[0] != "Z" && fields[2] == itoa(leader) {
			living = append(living, pid)
		}
	}
	return living
}

// ended reports whether a process is gone, or dead and not yet collected.
func ended(pid int) bool {
	stat, err := os.ReadFile("/proc/" + itoa(pid) + "/stat")
	return err != nil || strings.Contains(string(stat), ") Z ")
}

// waitFor polls until ok, for at most ten seconds.
func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline, tick := time.After(10*time.Second), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestStartShowsWhyItFailed(t *testing.T) {
	for _, tc := range []struct {
		reason, script, check string
		want                  []string
	}{
		{"dies-at-start", "echo one; echo 'cannot find my shoes' >&2; exit 3", "", []string{"one", "cannot find my shoes", "exit status 3"}},
		{"dies-silently", "exit 0", "", []string{"printed nothing", "program has ended"}},
		{"configuration-refused", "", "eval cat gw.conf; echo line 7 is bad; false", []string{"mode leaky", "line 7 is bad", "check the configuration"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if tc.check != "" {
				t.Setenv("CHECK", "eval "+strings.TrimPrefix(tc.check, "eval "))
			}
			recipe, finder := scripted(t, tc.script)
			if tc.check != "" {
				recipe.check = []string{"check"}
			}
			_, err := begin(t, Options{Recipe: recipe, Finder: finder})
			var failed *ProgramError
			if !errors.As(err, &failed) {
				t.Fatalf("error: expected a *ProgramError, got %v", err)
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error: expected %q in it, got %v", want, err)
				}
			}
		})
	}
}

func TestStartGivesUpWithTheContext(t *testing.T) {
	recipe, finder := scripted(t, "exec sleep 1000")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := Start(ctx, Options{Recipe: recipe, Mode: Leaky, Site: wide(), Dir: t.TempDir(), Finder: finder})
	if err == nil {
		t.Fatal("expected an error")
	}
}

func TestStartRefusesTheAddress(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, err = begin(t, Options{Recipe: acting("gateway"), Listen: taken.Addr().String()})
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("taken port: expected %v, got %v", syscall.EADDRINUSE, err)
	}
	for _, listen := range []string{"0.0.0.0:0", "192.0.2.1:80", "localhost:80", "127.0.0.1", "[::]:0"} {
		_, err := begin(t, Options{Recipe: acting("gateway"), Listen: listen})
		var bad *SiteError
		if !errors.As(err, &bad) || bad.Field != "listen" {
			t.Errorf("listen %s: expected a *SiteError, got %v", listen, err)
		}
	}
}

func TestTwoGatewaysDoNotClash(t *testing.T) {
	a, err := begin(t, Options{Recipe: acting("gateway")})
	if err != nil {
		t.Fatal(err)
	}
	b, err := begin(t, Options{Recipe: acting("gateway")})
	if err != nil {
		t.Fatal(err)
	}
	if a.URL == b.URL || a.dir == b.dir {
		t.Errorf("expected two addresses and folders, got %s %s and %s %s", a.URL, a.dir, b.URL, b.dir)
	}
}

func TestAwaitWantsEqualAnswersInARow(t *testing.T) {
	r, err := begin(t, Options{Recipe: acting("gateway")})
	if err != nil {
		t.Fatal(err)
	}
	script := []string{"503", "200", "error", "200", "200", "503", "200", "200", "200"}
	var calls int
	err = r.Await(t.Context(), 3, func(context.Context) (string, error) {
		answer := script[calls]
		calls++
		if answer == "error" {
			return "", errors.New("refused")
		}
		return answer, nil
	})
	if err != nil || calls != len(script) {
		t.Errorf("expected %d calls, got %d, %v", len(script), calls, err)
	}
}

func TestAwaitEndsWithTheProgram(t *testing.T) {
	r, err := begin(t, Options{Recipe: acting("gateway")})
	if err != nil {
		t.Fatal(err)
	}
	refused := errors.New("not yet")
	err = r.Await(t.Context(), 1, func(context.Context) (string, error) {
		_ = r.program.(*process).cmd.Process.Kill()
		return "", refused
	})
	if !errors.Is(err, ErrEnded) || !errors.Is(err, refused) {
		t.Errorf("expected %v and %v, got %v", ErrEnded, refused, err)
	}
}

func TestLogKeepsItsEnd(t *testing.T) {
	var log tail
	for range 100 {
		_, _ = log.Write([]byte(strings.Repeat("x", 1000) + "\n"))
	}
	_, _ = log.Write([]byte("the end\n"))
	if got := log.String(); len(got) != logSize || !strings.HasSuffix(got, "x\nthe end\n") {
		t.Errorf("expected %d bytes with the end, got %d", logSize, len(got))
	}
	if got := lastLines(strings.Repeat("a\n\n", 50)); len(got) != shownLines {
		t.Errorf("expected %d lines, got %d", shownLines, len(got))
	}
}
