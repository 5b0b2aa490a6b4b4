package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/entraproof/entraproof/internal/reproduce"
	"github.com/entraproof/entraproof/internal/selftest"
	"github.com/entraproof/entraproof/scenarios"
)

const selftestLong = `selftest proves the harness itself, on this machine and without a target:

  every judged row passes at strict, the reference gateway
  each refusal row fails when the check that it guards is taken out
  the set-ups give the outcomes of an oracle that no program wrote

With a selection, or with rows of your own, it proves those rows: that strict
refuses each for the check that it guards, and lets it through without.`

func (p *program) selftestVerb() *cobra.Command {
	var format string
	var chosen selectionFlags
	cmd := &cobra.Command{
		Use: "selftest", Short: "prove that the harness can tell right from wrong", Long: selftestLong,
		Example: "  entraproof selftest\n  entraproof selftest --group KID --group SIG\n  entraproof selftest --scenarios my-rows --id 'my-*'", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			return p.selftest(cmd.Context(), &chosen, format)
		},
	}
	chosen.register(cmd, "full")
	formatFlag(cmd, &format)
	return cmd
}

func (p *program) selftest(ctx context.Context, chosen *selectionFlags, format string) error {
	all, err := chosen.catalogue()
	if err != nil {
		return err
	}
	steps := steps{p: p, plain: true}
	proof, err := selftest.Run(ctx, selftest.Options{Catalogue: all, Selection: chosen.Selection, Progress: steps.say, Differing: reproduce.Differing})
	steps.end()
	if nothing := (*scenarios.NothingSelectedError)(nil); errors.As(err, &nothing) {
		return wrongUsage(nothing, "entraproof scenarios list shows what there is")
	}
	if err != nil {
		return err
	}
	write := proof.Write
	if format == asJSON {
		write = proof.JSON
	}
	if err := write(p.out); err != nil {
		return fmt.Errorf("write the proof: %w", err)
	}
	return came(proof.ExitCode())
}
