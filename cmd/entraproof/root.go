package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/engine"
)

// The groups of verbs, as the help shows them.
const (
	groupJudge = "judge"
	groupStage = "stage"
	groupLook  = "look"
)

const rootLong = `entraproof proves that an API gateway lets in the Entra ID tokens that it should,
and no others.

Each flag can be set in the environment as well: --issuer-addr is
ENTRAPROOF_ISSUER_ADDR. What is for people goes to standard error, data to
standard output.

Exit codes: 0 it conforms, 1 it does not conform, 2 wrong usage or
configuration, 3 could not be run, 4 could not tell.`

const rootExample = `  entraproof reproduce                      the 403 and the false positive, on this machine
  entraproof init                           write a first target file
  entraproof run --target entraproof.yaml   judge your gateways`

// usageTemplate is the help after a verb's own words; with verbs below, the
// groups first.
const usageTemplate = `Usage:
  {{.UseLine}}{{if .HasExample}}

Examples:
{{.Example}}{{end}}{{if .HasAvailableSubCommands}}{{$cmd := .}}{{range $group := .Groups}}

{{.Title}}{{range $cmd.Commands}}{{if and (eq .GroupID $group.ID) .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if not .AllChildCommandsHaveGroup}}

Verbs:{{range $cmd.Commands}}{{if and (eq .GroupID "") .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}
`

// root is the command with all its verbs.
func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use: "entraproof VERB", DisableFlagsInUseLine: true, Long: rootLong, Example: rootExample,
		SilenceErrors: true, SilenceUsage: true, Args: cobra.ArbitraryArgs,
		RunE: p.noVerb,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			switch cmd.Name() {
			case "reproduce", "run", "selftest", "lint", "predict":
				engine.CollectRarely()
			}
			return p.flagsFromEnvironment(cmd)
		},
	}
	root.SetIn(p.in)
	root.SetOut(p.out)
	root.SetErr(p.err)
	root.AddGroup(
		&cobra.Group{ID: groupJudge, Title: "Judge gateways:"},
		&cobra.Group{ID: groupStage, Title: "Set the stage:"},
		&cobra.Group{ID: groupLook, Title: "Look and check:"},
	)
	for group, verbs := range map[string][]*cobra.Command{
		groupJudge: {p.reproduceVerb(), p.runVerb(), p.policyVerb(), p.reportVerb()},
		groupStage: {p.initVerb(), p.serveVerb(), p.mintVerb(), p.labVerb()},
		groupLook:  {p.scenariosVerb(), p.selftestVerb(), p.healthVerb(), p.versionVerb()},
	} {
		for _, verb := range verbs {
			verb.GroupID = group
			root.AddCommand(verb)
		}
	}
	root.SetHelpCommandGroupID(groupLook)
	root.SetCompletionCommandGroupID(groupLook)
	root.InitDefaultCompletionCmd()
	root.SetUsageTemplate(usageTemplate)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return wrongUsage(err, fmt.Sprintf("%s --help lists the flags", cmd.CommandPath()))
	})
	checkArguments(root)
	return root
}

// checkArguments makes wrong usage of every verb's complaint about its
// arguments.
func checkArguments(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			return wrongUsage(check(cmd, args), "usage: "+cmd.UseLine())
		}
	}
	for _, verb := range cmd.Commands() {
		checkArguments(verb)
	}
}

// noVerb is the command without a verb, or with one that there is not.
func (p *program) noVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		cmd.SetOut(p.err)
		return errors.Join(cmd.Help(), misused("entraproof --help lists the verbs", "expected a verb, got none"))
	}
	return noSuchVerb(cmd, args[0])
}

// noSuchVerb is the error for a word that is no verb of cmd.
func noSuchVerb(cmd *cobra.Command, word string) error {
	hint := cmd.CommandPath() + " --help lists the verbs"
	var known []string
	for _, verb := range cmd.Commands() {
		known = append(known, verb.Name())
	}
	if near := document.Nearest(word, known); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return misused(hint, "unknown verb %q", strings.TrimSpace(cmd.CommandPath()+" "+word))
}

// family is a verb that only has verbs of its own.
func family(verb *cobra.Command, members ...*cobra.Command) *cobra.Command {
	verb.Use += " VERB"
	verb.DisableFlagsInUseLine = true
	verb.Args = cobra.ArbitraryArgs
	verb.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return noSuchVerb(cmd, args[0])
		}
		return misused(cmd.CommandPath()+" --help lists the verbs", "expected a verb after %q, got none", cmd.CommandPath())
	}
	verb.AddCommand(members...)
	return verb
}

// variable is the name of a flag in the environment.
func variable(flag string) string {
	return "ENTRAPROOF_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// flagsFromEnvironment sets the flags that were not given from the environment.
func (p *program) flagsFromEnvironment(cmd *cobra.Command) error {
	var problems []error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		name := variable(f.Name)
		text, ok := p.lookup(name)
		if f.Changed || !ok || text == "" || f.Name == "help" {
			return
		}
		if err := cmd.Flags().Set(f.Name, text); err != nil {
			problems = append(problems, misused("", "%s: %w", name, err))
		}
	})
	return errors.Join(problems...)
}
