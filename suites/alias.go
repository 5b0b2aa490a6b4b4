package suites

import (
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// The types of other packages that stand in this package's signatures.
type (
	// Target is a gateway under test, as its target file describes it.
	Target = targets.File
	// Selection chooses rows of the catalogue.
	Selection = scenarios.Selection
	// NothingSelectedError is a filter that matches no row.
	NothingSelectedError = scenarios.NothingSelectedError
	// Problem is one thing wrong with a file, with its position and a hint.
	Problem = scenarios.Problem
	// PlannedCase is one case before it is fired.
	PlannedCase = scenarios.Case
	// Results is all that is known of a run.
	Results = reports.Results
	// Header is what is known of a run before its first case.
	Header = reports.Header
	// Case is one judged case.
	Case = reports.Case
	// Tool is the program that judges.
	Tool = reports.Tool
	// InUseError is a folder that another run is writing to.
	InUseError = reports.InUseError
)
