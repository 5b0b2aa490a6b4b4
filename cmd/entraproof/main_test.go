package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "write golden files and the README's output anew")

func TestMain(m *testing.M) {
	testscript.Main(leakChecked{m}, map[string]func(){"entraproof": func() { os.Exit(Main()) }})
}

// leakChecked looks for goroutines that the tests have left.
type leakChecked struct{ *testing.M }

// Run runs the tests, then looks.
func (m leakChecked) Run() int {
	code := m.M.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// TestScripts runs the command as people do: one script a topic.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", UpdateScripts: *update, RequireUniqueNames: true, RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("ENTRAPROOF_MANAGEMENT_TOKEN", scriptToken)
			env.Setenv("CI", "true")
			env.Values[background{}] = map[string]*process{}
			return nil
		},
		Condition: available,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": code, "start": start, "end": end, "json": isJSON, "lacks": lacks, "claims": claims, "replace": replace, "trouble": trouble,
		},
	})
}

// available answers the condition [docker]: a container engine that can be
// used. It fails where ENTRAPROOF_REQUIRE names one that is missing.
func available(condition string) (bool, error) {
	if condition != "docker" {
		return false, fmt.Errorf("unknown condition %q", condition)
	}
	why := missing(condition)
	if why != "" && slices.Contains(strings.Split(os.Getenv("ENTRAPROOF_REQUIRE"), ","), condition) {
		return false, fmt.Errorf("%s is required: %s", condition, why)
	}
	return why == "", nil
}

// scriptToken is a management token that must be in no output.
const scriptToken = "a-management-token-for-scripts"

// code N COMMAND… runs a command that must exit with N.
func code(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("expected exit code %d, got %d", want, got)
	}
}

// background is the key of a script's processes by name.
type background struct{}

// process is a command that runs while the script goes on.
type process struct {
	cmd  *exec.Cmd
	wait sync.WaitGroup
	mu   sync.Mutex
	text bytes.Buffer
}

// start NAME REGEXP COMMAND… starts a command and returns when a line that it
// prints matches. Lines that end in an address set $PART, or $ENVIRONMENT for a
// gateway.
func start(ts *testscript.TestScript, _ bool, args []string) {
	ready, err := regexp.Compile(args[1])
	ts.Check(err)
	p := &process{cmd: exec.Command(args[2], args[3:]...)}
	p.cmd.Path, p.cmd.Dir, p.cmd.Err = lookPath(ts, args[2]), ts.MkAbs("."), nil
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "CI", managementVariable, introspectionSecretVariable, "WORKER_SECRET"} {
		p.cmd.Env = append(p.cmd.Env, name+"="+ts.Getenv(name))
	}
	lines := make(chan string)
	for _, pipe := range []func() (io.ReadCloser, error){p.cmd.StdoutPipe, p.cmd.StderrPipe} {
		r, err := pipe()
		ts.Check(err)
		p.wait.Go(func() { p.read(r, lines) })
	}
	ts.Check(p.cmd.Start())
	ts.Value(background{}).(map[string]*process)[args[0]] = p
	ts.Defer(func() { _ = p.cmd.Process.Kill(); p.wait.Wait() }) // it has ended already unless the script failed
	go func() { p.wait.Wait(); close(lines) }()
	for line := range lines {
		remember(ts, line)
		if ready.MatchString(line) {
			go func() {
				for range lines { // what comes later stands in the text
				}
			}()
			return
		}
	}
	ts.Fatalf("%s ended before it was ready:\n%s", args[0], p.output())
}

// lookPath finds a program on the script's PATH.
func lookPath(ts *testscript.TestScript, name string) string {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path
		}
	}
	ts.Fatalf("%s is not on the path", name)
	return ""
}

// read keeps what the process prints and hands each line on.
func (p *process) read(r io.Reader, lines chan<- string) {
	s := bufio.NewScanner(r)
	for s.Scan() {
		p.mu.Lock()
		p.text.WriteString(s.Text() + "\n")
		p.mu.Unlock()
		lines <- s.Text()
	}
}

func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// remember keeps an address that serve or lab printed.
func remember(ts *testscript.TestScript, line string) {
	words := strings.Fields(line)
	if n := len(words); n > 1 && strings.HasPrefix(words[n-1], "http") {
		ts.Setenv(strings.ToUpper(strings.ReplaceAll(words[n-2], "-", "_")), words[n-1])
	}
}

// end NAME SIGNAL CODE signals a process, waits for it, and leaves what it
// printed in NAME.out.
func end(ts *testscript.TestScript, _ bool, args []string) {
	p := ts.Value(background{}).(map[string]*process)[args[0]]
	signals := map[string]os.Signal{"TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "KILL": syscall.SIGKILL}
	ts.Check(p.cmd.Process.Signal(signals[args[1]]))
	p.wait.Wait()
	_ = p.cmd.Wait() // its code is what counts
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".out"), []byte(p.output()), 0o600))
	if got := strconv.Itoa(p.cmd.ProcessState.ExitCode()); got != args[2] {
		ts.Fatalf("%s: expected exit code %s, got %s:\n%s", args[0], args[2], got, p.output())
	}
}
