package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"time"
)

// startLimit is how long a gateway may take from its start to its first answer
// unless its recipe says otherwise.
// Envoy waits five seconds for the keys of a silent issuer.
const startLimit = 20 * time.Second

// Options says which gateway to start, and for whom.
type Options struct {
	Recipe Recipe
	Mode   Mode
	Site   Site
	Dir    string // parent of the gateway's own temporary folder; "": the system's
	Listen string // a loopback address; "": 127.0.0.1 and a free port
	Finder Finder // where the program is looked for
	// Engine runs the gateway in a container; nil: it is a process of this machine.
	Engine *Engine
}

// Start writes a configuration, has the program check it, runs the program and
// returns when it answers over HTTP. The gateway runs until Stop is called or
// ctx ends, whichever is first; with an error nothing is left running.
//
// An answer is all that is waited for: whether genuine tokens pass is for the
// caller to settle, with [Running.Await].
func Start(ctx context.Context, o Options) (*Running, error) {
	listen, err := o.listen()
	if err != nil {
		return nil, err
	}
	if o.Engine != nil {
		return o.Engine.start(ctx, o, listen)
	}
	p, err := newPage(o.Recipe, o.Mode, o.Site)
	if err != nil {
		return nil, err
	}
	p.Listen = listen
	program, err := o.Finder.Find(ctx, o.Recipe)
	if err != nil {
		return nil, err
	}
	p.Parts = program.Parts
	r, err := newRunning(o, program)
	if err != nil {
		return nil, err
	}
	if err := r.start(ctx, p); err != nil {
		return nil, errors.Join(err, r.Stop())
	}
	return r, nil
}

// newRunning makes the folder of a gateway.
func newRunning(o Options, p Program) (*Running, error) {
	dir, err := makeFolder(o.Dir)
	if err != nil {
		return nil, err
	}
	r := &Running{Recipe: o.Recipe, Mode: o.Mode, Program: p, dir: dir}
	if p.Warning != "" {
		r.Warnings = append(r.Warnings, p.Warning)
	}
	return r, nil
}

// listen reads the address to listen on. Only loopback ones are taken: the
// gateways of the lab are faulty on purpose.
func (o Options) listen() (endpoint, error) {
	if o.Listen == "" {
		return endpoint{Host: "127.0.0.1"}, nil
	}
	e, err := parseEndpoint("listen", o.Listen)
	if err != nil {
		return e, err
	}
	if a, err := netip.ParseAddr(e.Host); err != nil || !a.IsLoopback() {
		return e, &SiteError{"listen", o.Listen, "must be a loopback address"}
	}
	return e, nil
}

// start brings the program up. What it leaves behind on failure Stop removes.
func (r *Running) start(ctx context.Context, p page) error {
	limited, cancel := context.WithTimeout(ctx, cmp.Or(r.Recipe.startLimit, startLimit))
	defer cancel()
	if err := r.reserve(limited, &p.Listen); err != nil {
		return err
	}
	if err := r.Recipe.render(r.dir, p); err != nil {
		return err
	}
	socket, err := r.socket(limited, p.Listen)
	if err != nil {
		return err
	}
	if err := r.launch(limited, socket); err != nil {
		return err
	}
	if r.Recipe.address != nil {
		r.locate = func(ctx context.Context) (string, error) { return r.Recipe.address(ctx, r.dir) }
	}
	return r.watch(ctx, limited)
}

// launch has the program check its configuration and runs it. Afterwards the
// program alone holds the socket, so that its port is closed when it ends.
func (r *Running) launch(ctx context.Context, socket *os.File) error {
	if socket != nil {
		defer func() { _ = socket.Close() }()
	}
	if len(r.Recipe.check) > 0 {
		if err := r.check(ctx, socket); err != nil {
			return err
		}
	}
	p, err := launch(r.command(r.Recipe.run, socket))
	if err != nil {
		return r.failed("start", err)
	}
	r.program = p
	return nil
}

// socket opens the listening socket of a program that inherits it.
func (r *Running) socket(ctx context.Context, listen endpoint) (*os.File, error) {
	if !r.Recipe.inherits {
		return nil, nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", listen.String())
	if err != nil {
		return nil, fmt.Errorf("lab: %s: open a port: %w", r.Recipe.Name, err)
	}
	defer l.Close()
	r.URL = "http://" + l.Addr().String()
	return l.(*net.TCPListener).File()
}

// command runs the program in its own folder, so that its configuration may
// name files without a path. It does not take part in ctx: Stop ends it.
func (r *Running) command(args []string, socket *os.File) *exec.Cmd {
	cmd := exec.CommandContext(context.Background(), r.Program.Path, r.Program.filled(args)...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), r.Program.filled(r.Recipe.environment(socket != nil))...)
	if socket != nil {
		cmd.ExtraFiles = []*os.File{socket}
	}
	return cmd
}

// check has the program read its configuration.
func (r *Running) check(ctx context.Context, socket *os.File) error {
	p, err := launch(r.command(r.Recipe.check, socket))
	if err != nil {
		return r.failed("check the configuration", err)
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		_ = p.stop() // a process is always ended
		return r.failed("check the configuration", ctx.Err())
	}
	if p.err != nil {
		return &ProgramError{r.Recipe.Name, "check the configuration", lastLines(p.log.String()), p.err}
	}
	return nil
}

// failed is an error about the program, with its last words.
func (r *Running) failed(doing string, err error) error {
	return &ProgramError{r.Recipe.Name, doing, lastLines(r.Log()), err}
}

// watch ends the gateway with ctx, and waits within limited until it answers.
func (r *Running) watch(ctx, limited context.Context) error {
	r.unwatch = context.AfterFunc(ctx, func() { _ = r.end() })
	return r.answers(limited)
}
