// Command entraproof-peers measures the issuer of the built program beside
// other mock issuers, all driven by one and the same generator of load, and
// holds what it finds against the stated figures. make bench-peers runs it.
//
// Each server runs in a process of its own, whose CPU time and memory are read
// from /proc, so that neither the generator nor this program counts. It imports
// nothing but the standard library: it is no part of the product.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	program, directory, npm, jars, page string
	rounds, tokens                      int
	each                                time.Duration
}

func parseOptions(args []string) (o options, err error) {
	f := flag.NewFlagSet("entraproof-peers", flag.ContinueOnError)
	f.StringVar(&o.program, "program", "dist/entraproof", "the built program")
	f.StringVar(&o.directory, "directory", "tools/peers/directory.yaml", "what its issuer knows")
	f.StringVar(&o.npm, "npm", "", "the folder with node_modules/oauth2-mock-server; empty: measured without it")
	f.StringVar(&o.jars, "jars", "", "the folder with the jars of navikt's mock-oauth2-server; empty: measured without it")
	f.StringVar(&o.page, "page", "", "the page of Markdown whose tables are written anew; empty: none")
	f.IntVar(&o.rounds, "rounds", 9, "how often everything is measured, in turn")
	f.DurationVar(&o.each, "each", 1500*time.Millisecond, "how long one load lasts")
	f.IntVar(&o.tokens, "tokens", 100_000, "after how many tokens the issuer's memory is read")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.rounds < 1 || o.tokens <= early || o.each <= 0 || f.NArg() > 0 {
		return o, fmt.Errorf("peers: expected rounds and a time, more than %d tokens and nothing else, got %q", early, args)
	}
	return o, nil
}

// errFigures is the end of a run in which a figure fails.
var errFigures = errors.New("peers: a figure is beyond what is tolerated")

// run measures and tells.
func run(ctx context.Context, args []string, out io.Writer) (err error) {
	o, err := parseOptions(args)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "entraproof-peers-")
	if err != nil {
		return fmt.Errorf("peers: make a folder for keys: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	r, err := measure(ctx, o, folder)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, r.text())
	if o.page != "" {
		if err := r.writeTo(o.page); err != nil {
			return err
		}
	}
	if r.fails() {
		return errFigures
	}
	return nil
}
