package lab

import (
	"context"
	"io"
	"net"
	"sync"
)

// forwarder carries connections from one address to another, as they are.
type forwarder struct {
	listener net.Listener
	target   string
	stop     context.CancelFunc
	serving  sync.WaitGroup
}

// forward listens at an address until close and carries what comes to target.
// ctx bounds the listening call, not the forwarder.
func forward(ctx context.Context, listen, target string) (*forwarder, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return nil, err
	}
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	f := &forwarder{listener: l, target: target, stop: stop}
	f.serving.Go(func() { f.accept(life) })
	return f, nil
}

func (f *forwarder) address() string { return f.listener.Addr().String() }

// close ends the forwarder and all its connections.
func (f *forwarder) close() {
	f.stop()
	_ = f.listener.Close()
	f.serving.Wait()
}

func (f *forwarder) accept(ctx context.Context) {
	for {
		near, err := f.listener.Accept()
		if err != nil {
			return
		}
		f.serving.Go(func() { f.carry(ctx, near) })
	}
}

// carry joins one connection with one to the target. Who cannot be reached is
// shown by a closed connection.
func (f *forwarder) carry(ctx context.Context, near net.Conn) {
	defer near.Close()
	far, err := new(net.Dialer).DialContext(ctx, "tcp", f.target)
	if err != nil {
		return
	}
	defer far.Close()
	release := context.AfterFunc(ctx, func() {
		_ = near.Close()
		_ = far.Close()
	})
	defer release()
	var both sync.WaitGroup
	both.Go(func() { pour(far, near) })
	both.Go(func() { pour(near, far) })
	both.Wait()
}

// pour copies until the end of one side and passes that end on. An error ends
// the other direction as well.
func pour(to, from net.Conn) {
	if _, err := io.Copy(to, from); err != nil {
		_ = to.Close()
		_ = from.Close()
		return
	}
	if half, ok := to.(*net.TCPConn); ok {
		_ = half.CloseWrite() // the other side may be gone already
	}
}
