package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// docTimeout is the longest that one command of a page may take.
const docTimeout = 5 * time.Minute

// docRun is a page being followed: one working directory, one environment, one
// list of jobs, as in a reader's shell.
type docRun struct {
	page docPage
	dir  string
	env  []string
	// ports are the free ports that stand in for the page's.
	ports map[string]string
	jobs  map[int]*docJob
	// news are the outputs that are not the shown ones, for -update.
	news map[int]string
}

// followed is the key of a script's docRun.
type followed struct{}

// docJob is a command that runs in the background.
type docJob struct {
	cmd *exec.Cmd
	// done is closed when the command has ended, with err.
	done chan struct{}
	err  error
	mu   sync.Mutex
	text bytes.Buffer
	// more tells that something was printed.
	more chan struct{}
}

// Write keeps what the command prints.
func (j *docJob) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	select {
	case j.more <- struct{}{}:
	default: // somebody has been told already
	}
	return j.text.Write(b)
}

func (j *docJob) output() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

var port = regexp.MustCompile(`(127\.0\.0\.1|localhost):(\d{4,5})\b`)

// freePorts finds a free port for each that the page names, of as many digits:
// columns stay where they are.
func (p docPage) freePorts() (map[string]string, error) {
	ports := map[string]string{}
	for _, s := range p.steps {
		for _, m := range port.FindAllStringSubmatch(s.text, -1) {
			if ports[m[2]] != "" {
				continue
			}
			l, err := listenAnywhere(len(m[2]))
			if err != nil {
				return nil, err
			}
			defer l.Close() // all are open until the last is found, so that none is found twice
			_, ports[m[2]], _ = net.SplitHostPort(l.Addr().String())
		}
	}
	return ports, nil
}

// listenAnywhere listens on a free port of 4 or 5 digits.
func listenAnywhere(digits int) (net.Listener, error) {
	listen := func(n int) (net.Listener, error) {
		return (&net.ListenConfig{}).Listen(context.Background(), "tcp", fmt.Sprintf("127.0.0.1:%d", n))
	}
	if digits == 5 {
		return listen(0)
	}
	var l net.Listener
	err := errors.New("no attempt")
	for attempt := 0; err != nil && attempt < 100; attempt++ {
		l, err = listen(1024 + rand.IntN(10000-1024))
	}
	return l, err
}

// real puts free ports in the places of the page's.
func (r *docRun) real(text string) string {
	return port.ReplaceAllStringFunc(text, func(address string) string {
		m := port.FindStringSubmatch(address)
		return m[1] + ":" + r.ports[m[2]]
	})
}

// told is an output with the page's own ports.
func (r *docRun) told(output string) string {
	for name, free := range r.ports {
		output = regexp.MustCompile(`\b`+free+`\b`).ReplaceAllString(output, name)
	}
	return output
}

// follow N does what step N of the page says.
func follow(ts *testscript.TestScript, _ bool, args []string) {
	r := ts.Value(followed{}).(*docRun)
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	if err := r.step(r.page.steps[n]); err != nil {
		ts.Fatalf("%s:%d: %v", r.page.name, r.page.steps[n].at, err)
	}
}

// finish ends the jobs that the page leaves running, the last first.
func finish(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(ts.Value(followed{}).(*docRun).killAll())
}

func (r *docRun) step(s docStep) error {
	words := strings.Fields(s.text)
	switch {
	case s.file != "":
		return r.write(s)
	case words[0] == "cd" && len(words) == 2:
		r.dir = filepath.Join(r.dir, words[1])
		_, err := os.Stat(r.dir)
		return err
	case words[0] == "export":
		return r.export(strings.TrimSpace(strings.TrimPrefix(s.text, "export")))
	case s.text == "kill $(jobs -p)":
		return r.killAll()
	case words[0] == "kill":
		n, err := strconv.Atoi(strings.TrimPrefix(words[len(words)-1], "%"))
		if err != nil || r.jobs[n] == nil {
			return fmt.Errorf("%s: expected the number of a job", s.text)
		}
		return r.kill(n)
	case s.background:
		return r.start(s)
	}
	return r.run(s)
}

func (r *docRun) write(s docStep) error {
	name := filepath.Join(r.dir, filepath.FromSlash(s.file))
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	return os.WriteFile(name, []byte(r.real(s.text)), 0o600)
}

// export sets a variable for the commands that follow.
func (r *docRun) export(text string) error {
	name, value, found := strings.Cut(text, "=")
	if !found {
		return fmt.Errorf("expected NAME=VALUE, got %q", text)
	}
	out, err := r.command(context.Background(), "printf %s "+r.real(value)).Output()
	if err == nil && len(out) == 0 {
		err = errors.New("the value is empty")
	}
	r.env = append(r.env, name+"="+string(out))
	return err
}

// command is a command of the page for a shell.
func (r *docRun) command(ctx context.Context, text string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "sh", "-c", strings.ReplaceAll(text, thisProgram, "entraproof"))
	cmd.Dir, cmd.Env = r.dir, r.env
	cmd.WaitDelay = time.Second
	return cmd
}

// run runs a command to its end and compares exit code and output.
func (r *docRun) run(s docStep) error {
	ctx, cancel := context.WithTimeout(context.Background(), docTimeout)
	defer cancel()
	cmd := r.command(ctx, r.real(s.text))
	if s.ofTheCheckout() {
		cmd.Args[2], cmd.Dir = r.absolute(cmd.Args[2]), root
	}
	out, err := cmd.CombinedOutput()
	output := r.told(string(out))
	code := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		return err
	}
	if code != s.exit {
		return fmt.Errorf("$ %s\nexpected exit code %d, got %d:\n%s", s.text, s.exit, code, output)
	}
	return r.compare(s, output)
}

// absolute writes names of files in the reader's directory in full, for a
// command that is run elsewhere.
func (r *docRun) absolute(text string) string {
	words := strings.Fields(text)
	for i, word := range words {
		name := filepath.Join(r.dir, word)
		if _, err := os.Stat(name); err == nil && !strings.HasPrefix(word, "./") {
			words[i] = name
		}
	}
	return strings.Join(words, " ")
}

// compare holds the output against the shown one, or notes it for -update.
func (r *docRun) compare(s docStep, output string) error {
	if s.shown == nil {
		return nil
	}
	wrong := s.differs(output)
	if wrong != "" && *update && !s.elides() {
		r.news[s.shownAt], wrong = output, ""
	}
	if wrong != "" {
		return fmt.Errorf("$ %s\n%s", s.text, wrong)
	}
	return nil
}

// start starts a command and waits until it has printed what is shown.
func (r *docRun) start(s docStep) error {
	if s.shown == nil {
		return errors.New("a command in the background must show what it prints once it is ready")
	}
	j := &docJob{cmd: r.command(context.Background(), "exec "+r.real(s.text)), done: make(chan struct{}), more: make(chan struct{}, 1)}
	j.cmd.Stdout, j.cmd.Stderr = j, j
	if err := j.cmd.Start(); err != nil {
		return err
	}
	r.jobs[r.nextJob()] = j
	go func() { defer close(j.done); j.err = j.cmd.Wait() }()
	wait := time.NewTimer(time.Minute)
	defer wait.Stop()
	for s.differs(r.told(j.output())) != "" {
		select {
		case <-j.more:
		case <-j.done:
			if wrong := s.differs(r.told(j.output())); wrong != "" {
				return fmt.Errorf("$ %s &\nended (%w)\n%s", s.text, j.err, wrong)
			}
		case <-wait.C:
			return fmt.Errorf("$ %s &\n%s", s.text, s.differs(r.told(j.output())))
		}
	}
	return nil
}

// numbers are those of the jobs, sorted.
func (r *docRun) numbers() []int { return slices.Sorted(maps.Keys(r.jobs)) }

// nextJob is the number that a shell gives the next job.
func (r *docRun) nextJob() int {
	all := r.numbers()
	if len(all) == 0 {
		return 1
	}
	return all[len(all)-1] + 1
}

// kill ends a job as a shell's kill does. A program of ours ends with 0.
func (r *docRun) kill(n int) error {
	j := r.jobs[n]
	if j == nil {
		return nil
	}
	delete(r.jobs, n)
	if err := j.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	if <-j.done; j.err != nil {
		return fmt.Errorf("job %d did not end as it should: %w\n%s", n, j.err, j.output())
	}
	return nil
}

// killAll ends all jobs, the last first.
func (r *docRun) killAll() error {
	for _, n := range slices.Backward(r.numbers()) {
		if err := r.kill(n); err != nil {
			return err
		}
	}
	return nil
}

// abandon kills what a failed page has left.
func (r *docRun) abandon() {
	for n, j := range r.jobs {
		_ = j.cmd.Process.Kill() // it may have ended
		<-j.done
		delete(r.jobs, n)
	}
}
