//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package reports

import (
	"errors"
	"os"
	"syscall"
)

// lock takes file for this process alone and reports whether it got it. The
// lock goes with the open file, hence with the process.
func lock(file *os.File) (bool, error) {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}
