package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/entraproof/entraproof/internal/lab"
)

func (p *program) labVerb() *cobra.Command {
	return family(&cobra.Command{
		Use: "lab", Short: "real gateways on this machine",
		Example: "  entraproof lab list\n" +
			"  entraproof lab up haproxy leaky --write-target local.yaml\n" +
			"  entraproof lab run all",
	}, p.labListVerb(), p.labUpVerb(), p.labRunVerb())
}

func (p *program) labListVerb() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "list", Short: "name the gateways, and the command that adds those which are missing", Args: cobra.NoArgs,
		Example: "  entraproof lab list --format json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			return p.labList(cmd.Context(), format)
		},
	}
	formatFlag(cmd, &format)
	return cmd
}

func (p *program) labList(ctx context.Context, format string) error {
	entries, err := lab.List(ctx, p.finder())
	if err != nil {
		return err
	}
	if format == asJSON {
		return printJSON(p.out, entries)
	}
	table := [][]string{{"gateway", "modes", "program"}}
	for _, e := range entries {
		table = append(table, []string{e.Name, joined(e.Modes), foundText(e)})
	}
	return printTable(p.out, table)
}

// foundText says where a gateway's program is, or how to add it.
func foundText(e lab.Entry) string {
	var parts []string
	if e.Path != "" {
		parts = append(parts, e.Version+" at "+e.Path)
	}
	if e.Install != "" {
		parts = append(parts, "missing; add it with: "+e.Install)
	}
	if e.Warning != "" {
		parts = append(parts, e.Warning)
	}
	return strings.Join(parts, "; ")
}

// finder looks for programs where the environment and the machine have them.
func (p *program) finder() lab.Finder { return lab.Finder{LookupEnv: p.lookup} }

// labOptions are what lab up and lab run share.
type labOptions struct {
	environments []string
}

func (o *labOptions) register(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&o.environments, "environment", []string{"dev", "uat"}, "the environments that get a gateway, of dev, test and uat")
}

func (o labOptions) validate() error {
	var problems []error
	if len(o.environments) == 0 {
		problems = append(problems, misused("", "--environment: expected at least one"))
	}
	for i, name := range o.environments {
		problems = append(problems, checkWord("--environment", name, environmentNames(labTarget())))
		if contains(o.environments[:i], name) {
			problems = append(problems, misused("", "--environment: %q is given twice", name))
		}
	}
	return errors.Join(problems...)
}

// recipeNamed is the gateway of a name.
func recipeNamed(name string) (lab.Recipe, error) {
	var known []string
	for _, r := range lab.Recipes() {
		if r.Name == name {
			return r, nil
		}
		known = append(known, r.Name)
	}
	return lab.Recipe{}, checkWord("gateway", name, known)
}

// labFailed tells a missing program, with the command that adds it, and a name
// that there is not from what broke.
func labFailed(err error) error {
	var missing *lab.MissingError
	if errors.As(err, &missing) {
		return &failure{exitCouldNotRun, fmt.Errorf("%s: program %s not found", missing.Gateway, missing.Program), "install it with: " + missing.Install}
	}
	return err
}
