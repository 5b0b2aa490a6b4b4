package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/internal/targets"
)

// upOptions are what the verb lab up is given.
type upOptions struct {
	labOptions
	gateway, mode   string
	managementToken string
	tokenFile       string
	writeTarget     string
}

const labUpLong = `up starts one gateway in one mode, with an issuer and an echo, for each environment
that --environment names, and keeps them until it is stopped. The addresses go to
standard error. The target file to use with run goes to standard output, or to
--write-target.

Modes: broken, leaky, fixed-audience, fixed-scope.`

func (p *program) labUpVerb() *cobra.Command {
	var o upOptions
	cmd := &cobra.Command{
		Use: "up GATEWAY MODE", Short: "start one gateway in one mode, with issuer and echo", Long: labUpLong,
		Example: "  entraproof lab up haproxy broken --write-target local.yaml\n" +
			"  entraproof lab up envoy fixed-audience --environment dev > local.yaml\n" +
			"  entraproof lab up nginx leaky --container > local.yaml",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.gateway, o.mode = args[0], args[1]
			o.managementToken, _ = p.lookup(managementVariable)
			if err := o.validate(); err != nil {
				return err
			}
			return p.labUp(cmd.Context(), o)
		},
	}
	o.register(cmd)
	cmd.Flags().StringVar(&o.tokenFile, "token-file", "", "write a management token that was made here to this file, readable by you alone")
	cmd.Flags().StringVar(&o.writeTarget, "write-target", "", "write the target file here; without: standard output")
	return cmd
}

func (o upOptions) validate() error {
	_, err := recipeNamed(o.gateway)
	return errors.Join(err, checkWord("mode", o.mode, modeNames()), o.labOptions.validate())
}

func modeNames() []string {
	var names []string
	for _, m := range lab.Modes() {
		names = append(names, string(m))
	}
	return names
}

func (p *program) labUp(ctx context.Context, o upOptions) (err error) {
	engine, closeEngine, err := p.openEngine(ctx, o.labOptions)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeEngine()) }()
	stand, err := p.openStand(ctx, o.managementToken, engine)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stand.Close()) }()
	recipe, err := recipeNamed(o.gateway)
	if err != nil {
		return err
	}
	up, err := stand.Start(ctx, lab.Order{Recipe: recipe, Mode: lab.Mode(o.mode), Environments: o.environments})
	if err != nil {
		return labFailed(err)
	}
	defer func() { err = errors.Join(err, up.Stop()) }()
	if err := p.tellUp(stand, up, o); err != nil {
		return err
	}
	return waitFor(ctx, up.Running)
}

// labTarget is the target that the lab's gateways are configured for.
func labTarget() *targets.File { return targets.Default() }

// labEnvironments get a gateway unless others are named; the matrices are made
// with them.
func labEnvironments() []string { return []string{"dev", "uat"} }

// openStand starts issuer and echo. token is the management token; empty makes
// one. With an engine the gateways are containers.
func (p *program) openStand(ctx context.Context, token string, engine *lab.Engine) (*lab.Stand, error) {
	return lab.NewStand(ctx, lab.StandOptions{Target: labTarget(), ManagementToken: token, Finder: p.finder(), Engine: engine})
}

// tellUp says where everything is.
func (p *program) tellUp(stand *lab.Stand, up *lab.Gateways, o upOptions) error {
	fmt.Fprintf(p.err, "issuer %s\nmanagement %s\necho %s\n", stand.Issuer.URL(), stand.Issuer.ManagementURL(), stand.EchoURL())
	for _, e := range up.Target.Environments {
		for _, g := range e.Gateways {
			fmt.Fprintf(p.err, "%s %s %s %s\n", o.gateway, o.mode, e.Name, g.URL)
		}
	}
	for _, r := range up.Running {
		for _, warning := range r.Warnings {
			fmt.Fprintf(p.err, "hint: %s\n", warning)
		}
	}
	if o.managementToken == "" {
		s := stage{p: p, plan: servePlan{serveOptions: serveOptions{tokenFile: o.tokenFile}}}
		if err := s.handOver(stand.Issuer.ManagementToken()); err != nil {
			return err
		}
	}
	write := func(w io.Writer) error { return writeTargetFile(w, up.Target) }
	if o.writeTarget == "" {
		if err := write(p.out); err != nil {
			return err
		}
	} else if err := writeWhole(o.writeTarget, write); err != nil {
		return err
	}
	fmt.Fprintln(p.err, "ready")
	return nil
}

// waitFor returns when ctx is done, or with an error when a gateway ends by
// itself.
func waitFor(ctx context.Context, running []*lab.Running) error {
	ended := make(chan *lab.Running, len(running))
	for _, r := range running {
		go func() {
			<-r.Done()
			ended <- r
		}()
	}
	select {
	case <-ctx.Done():
		return nil
	case r := <-ended:
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("%s has ended by itself: %s", r.Recipe.Name, oneLine(r.Log()))
	}
}
