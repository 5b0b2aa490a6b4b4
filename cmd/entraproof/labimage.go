package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/entraproof/entraproof/internal/lab"
)

const labImageLong = `image builds the image of each named gateway in the engine of this machine: the
program that is installed here, the libraries and modules that it needs, and
nothing else. No registry is asked. An image that is there is kept as long as
nothing in it has changed on this machine.

The name is entraproof-lab-GATEWAY:VERSION, the version being the one that the lab
was tried with, or --tag. Run as it is, an image reads its configuration from
/lab/config, where "entraproof lab config" may have written it, and works as the
user 10001.

With --image the engine pulls an image by digest, and gives it that name.`

// labImageOptions are what the verb lab image is given.
type labImageOptions struct {
	recipes      []lab.Recipe
	images       []string
	tag          string
	allowMissing bool
}

func (p *program) labImageVerb() *cobra.Command {
	var o labImageOptions
	cmd := &cobra.Command{
		Use: "image GATEWAY...|all", Short: "build images of the gateways that are installed here", Long: labImageLong,
		Example: "  entraproof lab image all\n" +
			"  entraproof lab image haproxy --tag mine",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if o.recipes, err = recipesNamed(args); err != nil {
				return err
			}
			return p.labImage(cmd.Context(), o)
		},
	}
	imageFlag(cmd, &o.images)
	cmd.Flags().StringVar(&o.tag, "tag", "", "name the images GATEWAY:TAG (default the version that the lab was tried with)")
	cmd.Flags().BoolVar(&o.allowMissing, "allow-missing", false, "leave out gateways whose program is not on this machine")
	return cmd
}

// labImage prints the name of each image that it has made sure of.
func (p *program) labImage(ctx context.Context, o labImageOptions) error {
	images, err := parseImages(o.images)
	if err != nil {
		return err
	}
	engine, err := lab.ConnectEngine(ctx, lab.EngineOptions{Images: images})
	if err != nil {
		return labFailed(err)
	}
	var problems []error
	for _, r := range o.recipes {
		made, err := engine.Build(ctx, r, p.finder(), o.tag)
		var missing *lab.MissingError
		switch {
		case errors.As(err, &missing) && o.allowMissing:
			p.tell(labFailed(err))
		case err != nil:
			problems = append(problems, labFailed(err))
		default:
			p.tellImage(made)
		}
	}
	return errors.Join(problems...)
}

func (p *program) tellImage(made lab.Image) {
	if made.Warning != "" {
		fmt.Fprintf(p.err, "hint: %s\n", made.Warning)
	}
	what := "is there"
	if made.Built {
		what = "built"
	}
	fmt.Fprintf(p.err, "%s: %s, %.1f MB\n", made.Name, what, float64(made.Size)/1e6)
	fmt.Fprintln(p.out, made.Name)
}

// recipesNamed are the gateways of the names, or all.
func recipesNamed(names []string) ([]lab.Recipe, error) {
	var recipes []lab.Recipe
	var problems []error
	for _, name := range names {
		if name == "all" {
			recipes = lab.Recipes()
			continue
		}
		r, err := recipeNamed(name)
		problems = append(problems, err)
		recipes = append(recipes, r)
	}
	if contains(names, "all") && len(names) > 1 {
		problems = append(problems, misused("", "all: expected no other gateway beside it"))
	}
	return recipes, errors.Join(problems...)
}
