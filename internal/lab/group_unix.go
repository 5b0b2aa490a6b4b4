//go:build unix

package lab

import "syscall"

const (
	terminate = syscall.SIGTERM
	kill      = syscall.SIGKILL
)

// signal sends a signal to the program's whole group. A group that is gone
// needs none, so the error is of no use.
func (p *process) signal(s syscall.Signal) {
	_ = syscall.Kill(-p.cmd.Process.Pid, s)
}
