package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/entraproof/entraproof/internal/lab"
)

func imageFlag(cmd *cobra.Command, images *[]string) {
	cmd.Flags().StringSliceVar(images, "image", nil, "GATEWAY=REPOSITORY@sha256:DIGEST, an image that is pulled instead of one built here; may be given again")
}

// parseImages reads --image.
func parseImages(flags []string) (map[string]string, error) {
	images := map[string]string{}
	var problems []error
	for _, text := range flags {
		name, reference, found := strings.Cut(text, "=")
		if !found {
			problems = append(problems, misused("", "--image %q: expected GATEWAY=REPOSITORY@sha256:DIGEST", text))
			continue
		}
		if _, err := recipeNamed(name); err != nil {
			problems = append(problems, fmt.Errorf("--image: %w", err))
		} else if err := lab.CheckImage(name, reference); err != nil {
			problems = append(problems, labFailed(err))
		}
		images[name] = reference
	}
	return images, errors.Join(problems...)
}

// openEngine is the engine that gateways are to run in, if any, and what ends
// the run there.
func (p *program) openEngine(ctx context.Context, o labOptions) (*lab.Engine, func() error, error) {
	none := func() error { return nil }
	if !o.container {
		return nil, none, nil
	}
	images, err := parseImages(o.images)
	if err != nil {
		return nil, none, err
	}
	engine, err := lab.OpenEngine(ctx, lab.EngineOptions{Images: images})
	if err != nil {
		return nil, none, labFailed(err)
	}
	for _, warning := range engine.Warnings {
		fmt.Fprintf(p.err, "hint: %s\n", warning)
	}
	return engine, engine.Close, nil
}

// findProgram complains about a program that is needed and not here.
func (p *program) findProgram(ctx context.Context, o labOptions, r lab.Recipe) error {
	images, err := parseImages(o.images)
	if err != nil || images[r.Name] != "" {
		return err
	}
	_, err = p.finder().Find(ctx, r)
	return err
}

// containerFlags repeats what was said about containers, for the command that
// repeats a run.
func (o labOptions) containerFlags() string {
	if !o.container {
		return ""
	}
	text := " --container"
	for _, image := range o.images {
		text += " --image " + image
	}
	return text
}
