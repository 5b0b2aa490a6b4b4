package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

func (p *program) scenariosVerb() *cobra.Command {
	return family(&cobra.Command{
		Use: "scenarios", Short: "look at the catalogue, check rows of your own",
		Example: "  entraproof scenarios list --profile witness\n" +
			"  entraproof scenarios show aud-other-env-genuine\n" +
			"  entraproof scenarios check my-rows",
	}, p.listRowsVerb(), p.showRowVerb(), p.checkRowsVerb(), p.schemaVerb())
}

func (p *program) listRowsVerb() *cobra.Command {
	var selection selectionFlags
	var format string
	var words bool
	cmd := &cobra.Command{
		Use: "list", Short: "list the rows that a selection holds", Args: cobra.NoArgs,
		Example: "  entraproof scenarios list --guards audience --severity critical\n" +
			"  entraproof scenarios list --scenarios my-rows --format json\n" +
			"  entraproof scenarios list --steps",
		RunE: func(*cobra.Command, []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			rows, err := selection.rows()
			if err != nil {
				return err
			}
			if words {
				return p.listWords(scenarios.Uses(rows), format)
			}
			return p.listRows(rows, format)
		},
	}
	selection.register(cmd, "")
	cmd.Flags().BoolVar(&words, "steps", false, "list the words of the vocabulary instead, steps first, each with the rows of the selection that use it")
	formatFlag(cmd, &format)
	return cmd
}

func (p *program) listRows(rows []scenarios.Scenario, format string) error {
	if format == asJSON {
		all := []rowView{}
		for _, s := range rows {
			all = append(all, viewOf(s))
		}
		return printJSON(p.out, all)
	}
	table := [][]string{{"id", "group", "severity", "guards", "source", "profiles", "title"}}
	for _, s := range rows {
		table = append(table, []string{s.ID, s.Group, string(s.Severity), s.Guards, string(s.Source), joined(s.Profiles), s.Title})
	}
	if err := printTable(p.out, table); err != nil {
		return err
	}
	fmt.Fprintln(p.err, reports.Plural(len(rows), "row"))
	return nil
}

func (p *program) showRowVerb() *cobra.Command {
	var selection selectionFlags
	var format string
	cmd := &cobra.Command{
		Use: "show ID", Short: "show one row and what it asks of a gateway", Args: cobra.ExactArgs(1),
		Example: "  entraproof scenarios show client-multi-tenant-twin",
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			row, err := selection.row(args[0])
			if err != nil {
				return err
			}
			if format == asJSON {
				return printJSON(p.out, viewOf(row))
			}
			return viewOf(row).print(p.out)
		},
	}
	selection.registerFolders(cmd)
	formatFlag(cmd, &format)
	return cmd
}

const checkRowsLong = `check reads folders of rows as run would and tells everything that is wrong with
them at once, each with file, line and column: unknown keys, steps, placeholders,
filters and references, wrong types, double ids, a redefined built-in row, steps
that contradict each other, an expectation that nothing can fail, a refusal
without a control, rows that contradict another. It needs no gateway.`

func (p *program) checkRowsVerb() *cobra.Command {
	return &cobra.Command{
		Use: "check DIR...", Short: "check rows of your own", Long: checkRowsLong, Args: cobra.MinimumNArgs(1),
		Example: "  entraproof scenarios check my-rows",
		RunE: func(_ *cobra.Command, args []string) error {
			return p.checkRows(args)
		},
	}
}

func (p *program) checkRows(folders []string) error {
	selection := selectionFlags{folders: folders}
	if _, err := selection.catalogue(); err != nil {
		return err
	}
	for _, folder := range folders {
		own, err := scenarios.LoadDir(folder)
		if err != nil {
			return wrongUsage(err, "")
		}
		fmt.Fprintf(p.out, "%s: %s, all sound\n", folder, reports.Plural(own.Len(), "row"))
	}
	return nil
}

const schemaLong = `schema prints the JSON Schema of a file of rows, for editors. Save it, and begin a
file of rows with

  # yaml-language-server: $schema=entraproof-rows.json`

func (p *program) schemaVerb() *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "print the JSON Schema of a file of rows", Long: schemaLong, Args: cobra.NoArgs,
		Example: "  entraproof scenarios schema > entraproof-rows.json",
		RunE: func(*cobra.Command, []string) error {
			_, err := p.out.Write(scenarios.Schema())
			return err
		},
	}
}
