package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/reproduce"
	"github.com/entraproof/entraproof/mockidp"
)

// reproduceOptions are what the verb reproduce is given.
type reproduceOptions struct {
	setups                []string
	oidcModel, introspect string
	format                string
}

const reproduceLong = `reproduce starts an Entra-shaped issuer, the emulated gateway and an echo in this
process, and fires the oracle's rows at each set-up of policies: the 403 Invalid
Client, the false positive, and what each fix closes.

Exit codes: 0 every cell is as the oracle says, 1 one differs, 3 one could not be
run. The outcomes as such do not count: most set-ups are meant to fail.

` + oidcModelLong + `
The oracle is about local-claims. What comes of documented is shown and not
compared: 0, or 3 where a cell could not be run.`

func (p *program) reproduceVerb() *cobra.Command {
	var o reproduceOptions
	cmd := &cobra.Command{
		Use: "reproduce", Short: "show the 403 and the false positive on this machine", Long: reproduceLong,
		Example: "  entraproof reproduce\n  entraproof reproduce --setup fix1 --setup both --format json\n" +
			"  entraproof reproduce --oidc-model documented --introspect graph-probe",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.validate(); err != nil {
				return err
			}
			return p.reproduce(cmd.Context(), o)
		},
	}
	cmd.Flags().StringSliceVar(&o.setups, "setup", nil, "only this set-up; may be given again")
	oidcModelFlag(cmd, &o.oidcModel)
	introspectFlag(cmd, &o.introspect, "the profile of what a documented OIDC policy asks; without: raw-claims")
	formatFlag(cmd, &o.format)
	return cmd
}

func (o reproduceOptions) validate() error {
	known, err := reproduce.SetupNames()
	if err != nil {
		return err
	}
	problems := []error{checkFormat(o.format)}
	for i, name := range o.setups {
		problems = append(problems, checkWord("--setup", name, known))
		if contains(o.setups[:i], name) {
			problems = append(problems, misused("", "--setup: %q is given twice", name))
		}
	}
	problems = append(problems, checkIntrospect(o.oidcModel, o.introspect)...)
	if o.introspect != "" && o.oidcModel == gateway.LocalClaims {
		problems = append(problems, misused("add --oidc-model documented", "--introspect: %s asks nobody", o.oidcModel))
	}
	return errors.Join(problems...)
}

func (p *program) reproduce(ctx context.Context, o reproduceOptions) error {
	steps := steps{p: p}
	table, err := reproduce.Run(ctx, reproduce.Options{
		Setups: o.setups, OIDCModel: o.oidcModel, Introspection: mockidp.Introspection(o.introspect), Progress: steps.say,
	})
	steps.end()
	if err != nil {
		return err
	}
	write := table.Write
	if o.format == asJSON {
		write = table.JSON
	}
	if err := write(p.out); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return came(table.ExitCode())
}
