//go:build unix

package probe

import (
	"errors"
	"net"
	"syscall"
)

// look reports the state of an idle connection, without waiting and without
// taking anything away.
func look(conn net.Conn) linkState {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return unknown
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return ended
	}
	state := ended
	err = raw.Read(func(fd uintptr) bool {
		var one [1]byte
		n, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK)
		switch {
		case errors.Is(err, syscall.EAGAIN):
			state = quiet
		case err == nil && n > 0:
			state = talking
		}
		return true
	})
	if err != nil {
		return ended
	}
	return state
}
