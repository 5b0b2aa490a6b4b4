package reports

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// beyondEnd is where the locked byte lies: Windows refuses to let others read
// what is locked, and the journal must stay readable.
const beyondEnd = 1 << 30

// lock takes file for this process alone and reports whether it got it. The
// lock goes with the open file, hence with the process.
func lock(file *os.File) (bool, error) {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	at := windows.Overlapped{OffsetHigh: beyondEnd}
	err := windows.LockFileEx(windows.Handle(file.Fd()), flags, 0, 1, 0, &at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}
