package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// mintOptions are what the verb mint is given.
type mintOptions struct {
	target, management, keys string
	managementToken          string
	environment              string

	version, kind, api, audience, client, tenant string
	scopes, roles                                []string
	age, token                                   string

	set, remove []string
	steps       string
	forged      bool

	scenario, from, variant string
	folders                 selectionFlags
}

const mintLong = `mint prints one token, right or wrong on purpose, on standard output.

Tokens come from a running issuer (--management URL, its token in
ENTRAPROOF_MANAGEMENT_TOKEN), from the one that a target file names (--target), or
are made here with the keys of a folder (--keys, the folder of serve issuer
--keys). Names are those of the target file, or of the embedded target: the
environments dev, test and uat.

Without further flags it is a genuine v2 token of the environment's own client as
a daemon. --set and --remove change claims, --steps takes any list of steps of the
catalogue; the token is then signed again. --scenario makes the token of a row.`

func (p *program) mintVerb() *cobra.Command {
	var o mintOptions
	cmd := &cobra.Command{
		Use: "mint", Short: "print one token, right or wrong on purpose", Long: mintLong, Args: cobra.NoArgs,
		Example: "  entraproof mint --keys keys --environment dev\n" +
			"  entraproof mint --management http://127.0.0.1:8090 --environment uat --version v1 --kind user\n" +
			"  entraproof mint --keys keys --environment dev --set aud=api://evil --set 'exp=1'\n" +
			"  entraproof mint --target staging.yaml --scenario aud-other-env-genuine --environment dev",
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.managementToken, _ = p.lookup(managementVariable)
			return p.mint(cmd.Context(), o)
		},
	}
	o.register(cmd)
	return cmd
}

func (o *mintOptions) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.target, "target", "", "the target file")
	f.StringVar(&o.management, "management", "", "the management listener of a running issuer")
	f.StringVar(&o.keys, "keys", "", "the folder of an issuer's keys, made if needed")
	f.StringVar(&o.environment, "environment", "", "the environment that the token is for, or that --scenario presents it to; left out: the first")
	f.StringVar(&o.version, "version", "", "v1 or v2")
	f.StringVar(&o.kind, "kind", "", "app or user")
	f.StringVar(&o.api, "api", "", "another registration of the target file, or arm, or graph")
	f.StringVar(&o.audience, "audience", "", "another aud than the registration's")
	f.StringVar(&o.client, "client", "", "a client of the target file, or its GUID")
	f.StringVar(&o.tenant, "tenant", "", "the GUID of another tenant")
	f.StringSliceVar(&o.scopes, "scopes", nil, "other scopes; '' for none")
	f.StringSliceVar(&o.roles, "roles", nil, "other roles; '' for none")
	f.StringVar(&o.age, "age", "", "fresh, almost-expired or expired")
	f.StringVar(&o.token, "token-type", "", "access, id, refresh or assertion")
	f.StringArrayVar(&o.set, "set", nil, "a claim, as name=value; the value is JSON, or else text")
	f.StringArrayVar(&o.remove, "remove", nil, "a claim to take out")
	f.StringVar(&o.steps, "steps", "", "a list of token steps as JSON or YAML, such as '[{edit: {in: signature, flip: 1}}]'")
	f.BoolVar(&o.forged, "forged", false, "sign with a key that the issuer does not publish")
	f.StringVar(&o.scenario, "scenario", "", "the row whose token to make")
	f.StringVar(&o.from, "from", "", "with --scenario: the other environment that the row borrows from; left out: the first")
	f.StringVar(&o.variant, "variant", "", "with --scenario: the row's variant; left out: the first")
	o.folders.registerFolders(cmd)
}

func (o mintOptions) validate(f *targets.File) error {
	problems := []error{
		checkOptional("--version", o.version, []string{"v1", "v2"}),
		checkOptional("--kind", o.kind, []string{"app", "user"}),
		checkOptional("--age", o.age, []string{"fresh", "almost-expired", "expired"}),
		checkOptional("--token-type", o.token, []string{"access", "id", "refresh", "assertion"}),
		checkOptional("--environment", o.environment, environmentNames(f)),
		checkOptional("--from", o.from, environmentNames(f)),
	}
	if o.tenant != "" && !mint.IsGUID(o.tenant) {
		problems = append(problems, misused("", "--tenant: expected a GUID, got %q", o.tenant))
	}
	if o.target == "" && o.management == "" && o.keys == "" {
		problems = append(problems, misused("--management URL, --keys DIR or --target FILE", "expected somebody who signs, got none"))
	}
	if o.management != "" {
		problems = append(problems, checkURL("--management", o.management))
		if o.managementToken == "" {
			problems = append(problems, misused("it is what serve issuer was started with", "%s is not set, and the management listener asks for it", managementVariable))
		}
		if o.keys != "" {
			problems = append(problems, misused("leave one out", "--management and --keys: expected one issuer, got two"))
		}
	}
	_, err := o.readSteps()
	return errors.Join(append(problems, append(o.checkRow(), err)...)...)
}

// checkRow refuses flags that a row decides by itself.
func (o mintOptions) checkRow() []error {
	var problems []error
	alone := o.scenario == ""
	if alone && (o.from != "" || o.variant != "") {
		problems = append(problems, misused("", "--from and --variant belong to --scenario"))
	}
	for _, f := range []struct {
		name  string
		given bool
	}{
		{"--api", o.api != ""},
		{"--audience", o.audience != ""},
		{"--client", o.client != ""},
		{"--tenant", o.tenant != ""},
		{"--scopes", o.scopes != nil},
		{"--roles", o.roles != nil},
		{"--age", o.age != ""},
		{"--token-type", o.token != ""},
		{"--set", o.set != nil},
		{"--remove", o.remove != nil},
		{"--steps", o.steps != ""},
		{"--forged", o.forged},
	} {
		if f.given && !alone {
			problems = append(problems, misused("", "%s: the row of --scenario says that itself", f.name))
		}
	}
	if o.steps != "" && (o.set != nil || o.remove != nil) {
		problems = append(problems, misused("say it as steps: {set: {NAME: VALUE}}", "--steps: expected no --set and --remove beside it"))
	}
	return problems
}

func checkOptional(flag, word string, known []string) error {
	if word == "" {
		return nil
	}
	return checkWord(flag, word, known)
}

func environmentNames(f *targets.File) []string {
	var names []string
	for _, e := range f.Environments {
		names = append(names, e.Name)
	}
	return names
}

func (p *program) mint(ctx context.Context, o mintOptions) error {
	file := targets.Default()
	if o.target != "" {
		var err error
		if file, err = targets.Load(o.target, p.lookup); err != nil {
			return wrongUsage(err, "")
		}
	}
	if err := o.validate(file); err != nil {
		return err
	}
	order, err := o.order(file)
	if err != nil {
		return err
	}
	source, err := o.source(file, order.former)
	if err != nil {
		return err
	}
	token, err := order.make(ctx, source)
	if err != nil {
		return err
	}
	for _, note := range order.notes {
		fmt.Fprintln(p.err, note)
	}
	fmt.Fprintln(p.out, token)
	return nil
}

// order is what to make: a row's token, or one that the flags describe.
func (o mintOptions) order(file *targets.File) (*order, error) {
	if o.scenario != "" {
		return o.rowOrder(file)
	}
	return o.plainOrder(file)
}

// source is who signs: the issuer that the flags name, else the target's, or
// its former mock.
func (o mintOptions) source(file *targets.File, former bool) (engine.Source, error) {
	switch {
	case o.management != "":
		f := *file
		f.Tokens = targets.Tokens{Mock: &targets.Mock{Management: o.management, Token: o.managementToken}}
		return engine.SourceOf(&f)
	case o.keys != "":
		cfg := lab.IssuerConfig(file)
		cfg.Directory.Tenants, cfg.KeyDir = nil, o.keys
		issuer, err := mockidp.New(cfg)
		return issuer, wrongUsage(err, "")
	case former:
		return engine.FormerOf(file), nil
	}
	source, err := engine.SourceOf(file)
	return source, wrongUsage(err, "")
}

// readSteps reads the steps that the flags ask for.
func (o mintOptions) readSteps() (mint.Steps, error) {
	if o.steps != "" {
		return decodeSteps("--steps", []byte(o.steps))
	}
	text, err := claimSteps(o.set, o.remove)
	if err != nil || text == nil {
		return mint.Steps{}, err
	}
	return decodeSteps("--set", text)
}
