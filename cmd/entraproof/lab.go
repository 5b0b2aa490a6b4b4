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
			"  entraproof lab run all\n" +
			"  entraproof lab run all --container",
	}, p.labListVerb(), p.labUpVerb(), p.labRunVerb(), p.labImageVerb(), p.labConfigVerb())
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
	engine, err := lab.ConnectEngine(ctx, lab.EngineOptions{})
	var broken *lab.EngineError
	switch {
	case errors.As(err, &broken):
		engine = nil
		fmt.Fprintf(p.err, "hint: no containers: %s; %s; processes need none\n", broken.Problem, broken.Problem.Remedy())
	case err != nil:
		return err
	}
	entries, err := lab.List(ctx, p.finder(), engine)
	if err != nil {
		return err
	}
	if format == asJSON {
		return printJSON(p.out, entries)
	}
	table := [][]string{{"gateway", "modes", "process", "container"}}
	for _, e := range entries {
		table = append(table, []string{e.Name, joined(e.Modes), foundText(e), imageText(e)})
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

// imageText says whether a gateway can run in a container.
func imageText(e lab.Entry) string {
	switch {
	case e.Image == "":
		return "no engine"
	case e.Built:
		return e.Image
	case e.Path == "":
		return "needs the program, or --image"
	}
	return e.Image + ", built at its first start"
}

// finder looks for programs where the environment and the machine have them.
func (p *program) finder() lab.Finder { return lab.Finder{LookupEnv: p.lookup} }

// labOptions are what lab up and lab run share.
type labOptions struct {
	environments []string
	container    bool
	images       []string
}

func (o *labOptions) register(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&o.environments, "environment", []string{"dev", "uat"}, "the environments that get a gateway, of dev, test and uat")
	cmd.Flags().BoolVar(&o.container, "container", false, "run each gateway in a container, from an image of the program on this machine")
	imageFlag(cmd, &o.images)
}

func (o labOptions) validate() error {
	var problems []error
	if _, err := parseImages(o.images); err != nil {
		problems = append(problems, err)
	}
	if len(o.images) > 0 && !o.container {
		problems = append(problems, misused("add --container", "--image: expected --container with it"))
	}
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

// labFailed tells a missing program, with the command that adds it, and an
// engine that cannot be used from what broke.
func labFailed(err error) error {
	var broken *lab.EngineError
	var misnamed *lab.ImageError
	switch {
	case errors.As(err, &broken):
		remedy := broken.Problem.Remedy()
		if remedy != "" {
			remedy += "; "
		}
		return &failure{exitCouldNotRun, err, remedy + "without --container gateways run as processes"}
	case errors.As(err, &misnamed):
		return wrongUsage(fmt.Errorf("--image: %w", err), "docker images --digests lists those of this machine")
	}
	var missing *lab.MissingError
	if errors.As(err, &missing) {
		return &failure{exitCouldNotRun, fmt.Errorf("%s: program %s not found", missing.Gateway, missing.Program), "install it with: " + missing.Install}
	}
	return err
}
