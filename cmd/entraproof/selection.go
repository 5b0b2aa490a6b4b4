package main

import (
	"github.com/spf13/cobra"

	"github.com/entraproof/entraproof/scenarios"
)

// selectionFlags choose rows of the catalogue; the same in every verb.
type selectionFlags struct {
	scenarios.Selection
	folders []string
}

func (s *selectionFlags) register(cmd *cobra.Command, profile string) {
	f := cmd.Flags()
	f.StringVar(&s.Profile, "profile", profile, "the named selection to start from: "+joined(scenarios.ProfileNames()))
	f.StringSliceVar(&s.IDs, "id", nil, "only rows whose id matches, such as 'aud-*'; may be given again")
	f.StringSliceVar(&s.Groups, "group", nil, "only this chapter, such as AUD")
	f.StringSliceVar(&s.Severities, "severity", nil, "only this severity: critical, high, medium, low, info")
	f.StringSliceVar(&s.Marks, "mark", nil, "only rows with this mark")
	f.StringSliceVar(&s.Guards, "guards", nil, "only rows about this check, such as audience")
	f.StringSliceVar(&s.Sources, "source", nil, "only rows whose token needs this: real, real+, forged, mock")
	f.StringSliceVar(&s.References, "reference", nil, "only rows that stand for this, such as 'RFC 8725 3.9', 'ASVS 9.2' or CWE-697; docs/coverage.md lists them")
	s.registerFolders(cmd)
}

func (s *selectionFlags) registerFolders(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&s.folders, "scenarios", nil, "a folder with rows of your own; may be given again")
}

// catalogue is the built-in rows and those of the folders, all of whose
// problems are told at once.
func (s *selectionFlags) catalogue() (scenarios.Catalogue, error) {
	all, err := scenarios.Builtin()
	if err != nil {
		return scenarios.Catalogue{}, err
	}
	all, err = all.Extend(s.folders...)
	return all, wrongUsage(err, "")
}

// rows are what the flags choose.
func (s *selectionFlags) rows() ([]scenarios.Scenario, error) {
	catalogue, err := s.catalogue()
	if err != nil {
		return nil, err
	}
	rows, err := catalogue.Select(s.Selection)
	return rows, wrongUsage(err, "entraproof scenarios list shows what there is")
}

// row is the one row of an id.
func (s *selectionFlags) row(id string) (scenarios.Scenario, error) {
	catalogue, err := s.catalogue()
	if err != nil {
		return scenarios.Scenario{}, err
	}
	row, ok := catalogue.ByID(id)
	if !ok {
		return row, checkWord("row", id, catalogue.IDs())
	}
	return row, nil
}
