package lab

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"
)

// reserve chooses the port of a program that neither inherits its socket nor
// says which port it got. Between the choice and the program's own bind the
// port is free for anybody, so on Linux, where all of 127.0.0.0/8 is loopback,
// the address is one that belongs to this process. A port that is given must be
// free: whoever has it would answer in the program's place.
func (r *Running) reserve(ctx context.Context, listen *endpoint) error {
	if r.Recipe.inherits || r.Recipe.address != nil {
		return nil
	}
	if listen.Port == 0 {
		listen.Host = loopbackOf(runtime.GOOS, os.Getpid())
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", listen.String())
	if err != nil {
		return fmt.Errorf("lab: %s: choose a port: %w", r.Recipe.Name, err)
	}
	listen.Port = uint16(l.Addr().(*net.TCPAddr).Port)
	r.URL = "http://" + listen.String()
	if err := l.Close(); err != nil {
		return fmt.Errorf("lab: %s: choose a port: %w", r.Recipe.Name, err)
	}
	return nil
}

// loopbackOf is a loopback address that no other process chooses.
func loopbackOf(system string, pid int) string {
	if system != "linux" {
		return "127.0.0.1"
	}
	return fmt.Sprintf("127.%d.%d.%d", 64+pid>>16&63, pid>>8&255, pid&255)
}
