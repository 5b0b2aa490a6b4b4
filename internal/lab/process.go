package lab

import (
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
)

// grace is how long a program may take to end when it is asked to.
const grace = 5 * time.Second

// ProgramError is a gateway's program that failed, with the last lines of what
// it said.
type ProgramError struct {
	Gateway string   // the recipe's name
	Doing   string   // what was asked of the program
	Log     []string // its last lines, oldest first
	Err     error
}

// Error shows the program's own words below what was asked of it.
func (e *ProgramError) Error() string {
	head := fmt.Sprintf("lab: %s: %s: %v", e.Gateway, e.Doing, e.Err)
	if len(e.Log) == 0 {
		return head + " (it printed nothing)"
	}
	return head + "; it said:\n\t" + strings.Join(e.Log, "\n\t")
}

// Unwrap returns what went wrong.
func (e *ProgramError) Unwrap() error { return e.Err }

// process is a running program in a process group of its own. It does not
// outlive this process, even if this one is killed (on Linux).
type process struct {
	cmd   *exec.Cmd
	log   *tail
	grace time.Duration // between asking it to end and killing it
	done  chan struct{} // closed when the program has ended
	err   error         // how it ended; valid once done is closed
}

// launch starts a program.
func launch(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, log: &tail{}, grace: grace, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.log, p.log
	cmd.SysProcAttr = ownGroup()
	cmd.WaitDelay = time.Second
	started := make(chan error)
	go p.supervise(started)
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// supervise starts the program and waits for its end on one locked thread: the
// kernel sends the death signal when that thread ends, not the process.
func (p *process) supervise(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	p.err = p.cmd.Wait()
	close(p.done)
}

func (p *process) output() string            { return p.log.String() }
func (p *process) finished() <-chan struct{} { return p.done }
func (p *process) outcome() error            { return p.err }

// stop asks the whole group to end and kills what does not.
func (p *process) stop() error {
	p.signal(terminate)
	late := time.NewTimer(p.grace)
	defer late.Stop()
	select {
	case <-p.done:
	case <-late.C:
	}
	p.signal(kill)
	<-p.done
	return nil
}

// logSize bounds what is kept of a program's output.
const logSize = 64 << 10

// tail keeps the end of what is written to it.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

// Write appends and forgets the oldest bytes.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b...)
	if extra := len(t.buf) - logSize; extra > 0 {
		t.buf = append(t.buf[:0], t.buf[extra:]...)
	}
	return len(b), nil
}

// String returns what is kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}

// shownLines is how much of a log goes into an error.
const shownLines = 12

// lastLines returns the last lines that are not empty.
func lastLines(log string) []string {
	lines := strings.FieldsFunc(log, func(c rune) bool { return c == '\n' || c == '\r' })
	return lines[max(0, len(lines)-shownLines):]
}
