package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/entraproof/entraproof/internal/targets"
)

//go:embed target.yaml
var firstTarget []byte

// targetName is the usual name of a target file.
const targetName = "entraproof.yaml"

const initLong = `init writes a first target file, commented, to start from. It describes a tenant
with two environments. An existing file is never overwritten.

--schema prints the JSON Schema of a target file instead, for editors. Save it,
and begin the file with

  # yaml-language-server: $schema=entraproof-target.json`

func (p *program) initVerb() *cobra.Command {
	var schema bool
	cmd := &cobra.Command{
		Use: "init [FILE]", Short: "write a first target file", Long: initLong,
		Example: "  entraproof init\n  entraproof init staging.yaml\n  entraproof init --schema > entraproof-target.json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if schema {
				_, err := p.out.Write(targets.Schema())
				return err
			}
			name := targetName
			if len(args) > 0 {
				name = args[0]
			}
			return p.writeFirstTarget(name)
		},
	}
	cmd.Flags().BoolVar(&schema, "schema", false, "print the JSON Schema of a target file and write nothing")
	return cmd
}

func (p *program) writeFirstTarget(name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // it holds no secret and is meant to be committed
	if errors.Is(err, fs.ErrExist) {
		return misused("name another file: entraproof init FILE", "%s exists already and is left as it is", name)
	}
	if err != nil {
		return wrongUsage(fmt.Errorf("write the target file: %w", err), "")
	}
	_, err = f.Write(firstTarget)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write the target file: %w", err)
	}
	fmt.Fprintf(p.err, "wrote %s\nfill in tenant, registrations and gateways; then: entraproof run --target %s --dry-run\n", name, name)
	return nil
}
