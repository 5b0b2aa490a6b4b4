// Command entraproof proves that an API gateway lets in the Entra ID tokens
// that it should, and no others.
//
// Each verb has a file of its own. Flags, environment and files are read here
// and nowhere else: a verb fills one struct, checks it whole, and passes it
// down. The command may import every package of the module.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/entraproof/entraproof/internal/targets"
)

func main() { os.Exit(Main()) }

// Main is the whole command; it returns the exit code. The first Ctrl-C, or
// SIGTERM, ends a verb in order; the second ends the process.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	p := program{in: os.Stdin, out: os.Stdout, err: os.Stderr, lookup: os.LookupEnv, terminal: isTerminal(os.Stderr)}
	return p.run(ctx, os.Args[1:])
}

// program is one invocation: its streams, and what it knows of where it runs.
type program struct {
	in io.Reader
	// out takes data, err takes what is for people.
	out, err io.Writer
	lookup   targets.Lookup
	// terminal says that err is one.
	terminal bool
}

// run routes to the verb and turns what it came to into an exit code.
func (p *program) run(ctx context.Context, args []string) int {
	root := p.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	p.tell(err)
	return exitCode(err)
}

// isTerminal reports whether somebody watches the file, so that lines can be
// drawn anew. CI systems that fake a terminal say so.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	return os.Getenv("CI") == "" && os.Getenv("TERM") != "dumb"
}
