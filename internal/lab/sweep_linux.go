package lab

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// self is this process; the zero owner if the system does not say.
func self() owner {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return owner{}
	}
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return owner{}
	}
	start, err := startOf(os.Getpid())
	if err != nil {
		return owner{}
	}
	number := strings.Trim(space, "pid:[]")
	return owner{strings.TrimSpace(string(boot)), number, os.Getpid(), start}
}

// startOf is when a process started, in ticks since the system did.
func startOf(pid int) (string, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", err
	}
	// pid (name) state parent …: the start is the 22nd word, and a name may hold blanks.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	const start = 22 - 3
	if len(fields) <= start {
		return "", os.ErrNotExist
	}
	return fields[start], nil
}

// dead reports whether a process of this system's numbering is no more. One
// that cannot be seen, but is there, lives.
func dead(o owner) bool {
	if o.pid <= 0 {
		return false
	}
	start, err := startOf(o.pid)
	if err != nil {
		return errors.Is(syscall.Kill(o.pid, 0), syscall.ESRCH)
	}
	return start != o.start
}

// endWorkers ends the processes that work in a folder: what a killed gateway
// has left of itself.
func endWorkers(dir string) {
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		return // the pattern is well formed
	}
	for _, link := range links {
		cwd, err := os.Readlink(link)
		pid, notNumber := strconv.Atoi(filepath.Base(filepath.Dir(link)))
		if err == nil && notNumber == nil && (cwd == dir || strings.HasPrefix(cwd, dir+"/")) {
			_ = syscall.Kill(pid, syscall.SIGKILL) // of another user, or gone by now
		}
	}
}
