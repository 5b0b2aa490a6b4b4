package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	startPatience = 30 * time.Second
	stopPatience  = 5 * time.Second
	// pollEvery is how finely the start of a server is timed.
	pollEvery = time.Millisecond
	// tick is the unit of the times in /proc/PID/stat: 1/sysconf(_SC_CLK_TCK),
	// which is 100 on every Linux that Go runs on.
	tick = 10 * time.Millisecond
)

// process is a server that runs.
type process struct {
	server server
	cmd    *exec.Cmd
	addr   string
	// ready is the time from the start to the first key set.
	ready time.Duration
	said  *tail
}

// start runs a server on a free port of loopback until ctx is done and waits
// for its first key set.
func start(ctx context.Context, s server) (*process, error) {
	addr, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	p := &process{server: s, addr: addr, said: &tail{}}
	p.cmd = s.command(ctx, addr)
	p.cmd.Stdout, p.cmd.Stderr = p.said, p.said
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = stopPatience
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("peers: start %s: %w", s.name, err)
	}
	if err := p.awaitKeySet(ctx, began); err != nil {
		return nil, errors.Join(fmt.Errorf("%w; it said: %s", err, p.said), p.stop())
	}
	p.ready = time.Since(began)
	return p, nil
}

func freeAddress(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("peers: find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// awaitKeySet asks until the key set comes. The server is not there at first,
// so that a refused connection is no error yet.
func (p *process) awaitKeySet(ctx context.Context, began time.Time) error {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	var last error
	for time.Since(began) < startPatience {
		c := connection{addr: p.addr, request: get(p.server.keySet)}
		a, err := c.ask(ctx)
		c.close()
		if err == nil && a.status == 200 {
			return nil
		}
		last = err
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return fmt.Errorf("peers: %s: expected a key set within %s, got %w", p.server.name, startPatience, last)
}

// stop ends the process and waits for its end. How it ends is its own affair.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("peers: stop %s: %w", p.server.name, err)
	}
	kill := time.AfterFunc(stopPatience, func() { _ = p.cmd.Process.Kill() }) // it may have ended by now
	defer kill.Stop()
	_ = p.cmd.Wait() // a server that is stopped ends with an error
	return nil
}

// cpu is the user and system time of the process and its descendants so far.
func (p *process) cpu() (time.Duration, error) { return cpuOf("/proc", p.cmd.Process.Pid) }

// anonymous is RssAnon of the process, in kilobytes.
func (p *process) anonymous() (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("peers: read the memory of %s: %w", p.server.name, err)
	}
	_, rest, _ := strings.Cut(string(status), "RssAnon:")
	kilobytes, err := strconv.Atoi(strings.Fields(rest + " ?")[0])
	if err != nil {
		return 0, fmt.Errorf("peers: read the memory of %s: %w", p.server.name, err)
	}
	return kilobytes, nil
}

// cpuOf adds up the times of a process and of all below it; proc is /proc.
func cpuOf(proc string, pid int) (time.Duration, error) {
	files, err := filepath.Glob(filepath.Join(proc, "[0-9]*", "stat"))
	if err != nil {
		return 0, fmt.Errorf("peers: list processes: %w", err)
	}
	var all []processTimes
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended; its parent has its time
		}
		times, err := parseStat(string(text))
		if err != nil {
			return 0, fmt.Errorf("peers: %s: %w", file, err)
		}
		all = append(all, times)
	}
	at := slices.IndexFunc(all, func(t processTimes) bool { return t.pid == pid })
	if at < 0 {
		return 0, fmt.Errorf("peers: process %d has ended", pid)
	}
	return all[at].ticks*tick + below(all, pid), nil
}

func below(all []processTimes, parent int) (sum time.Duration) {
	for _, t := range all {
		if t.parent == parent {
			sum += t.ticks*tick + below(all, t.pid)
		}
	}
	return sum
}

// processTimes are the fields of /proc/PID/stat that count (proc(5)): utime and
// stime, and those of children that have ended, cutime and cstime.
type processTimes struct {
	pid, parent int
	ticks       time.Duration
}

// parseStat reads /proc/PID/stat, whose second field is a name in brackets that
// may hold anything.
func parseStat(text string) (processTimes, error) {
	head, rest, found := cutLast(text, ") ")
	fields := strings.Fields(rest)
	if !found || len(fields) < 15 {
		return processTimes{}, fmt.Errorf("expected the fields of proc(5), got %q", text)
	}
	var numbers []int
	first, _, _ := strings.Cut(head, " ")
	for _, field := range append([]string{first, fields[1]}, fields[11:15]...) {
		n, err := strconv.Atoi(field)
		if err != nil {
			return processTimes{}, fmt.Errorf("expected a number, got %q in %q", field, text)
		}
		numbers = append(numbers, n)
	}
	return processTimes{numbers[0], numbers[1], time.Duration(numbers[2] + numbers[3] + numbers[4] + numbers[5])}, nil
}

func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}

// tail keeps the end of what a server says, for the case that it does not start.
type tail struct{ text []byte }

const tailLength = 2 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.text = append(t.text, b...)
	t.text = t.text[max(0, len(t.text)-tailLength):]
	return len(b), nil
}

func (t *tail) String() string { return string(t.text) }
