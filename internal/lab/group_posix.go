//go:build unix && !linux

package lab

import "syscall"

// ownGroup has a program lead a group of its own.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
