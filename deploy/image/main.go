// Command entraproof-image packs the static program into a container image that
// holds nothing else: one archive that `docker load` takes, written without an
// engine and without a registry. The same program gives the same bytes.
//
// It imports nothing of this module.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "entraproof-image: error:", err)
		os.Exit(2)
	}
}

// run reads the flags and writes the archive.
func run(args []string, told io.Writer) error {
	var i image
	var program, out string
	f := flag.NewFlagSet("entraproof-image", flag.ContinueOnError)
	f.SetOutput(told)
	f.StringVar(&program, "program", "", "the static program")
	f.StringVar(&i.arch, "arch", "", "its architecture, as Go names it")
	f.StringVar(&i.tag, "tag", "entraproof:local", "the name and tag of the image")
	f.StringVar(&out, "out", "", "the archive to write")
	if err := f.Parse(args); err != nil {
		return err
	}
	if program == "" || i.arch == "" || out == "" || f.NArg() > 0 {
		return fmt.Errorf("expected -program, -arch and -out, got %q", args)
	}
	var err error
	if i.program, err = os.ReadFile(program); err != nil {
		return fmt.Errorf("read the program: %w", err)
	}
	if err := checkProgram(i.program, i.arch); err != nil {
		return fmt.Errorf("%s: %w", program, err)
	}
	return writeWhole(out, i.write)
}

// writeWhole writes a file that is there whole or not at all.
func writeWhole(name string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	err = errors.Join(write(f), f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the archive: %w", err), os.Remove(f.Name()))
	}
	return nil
}
