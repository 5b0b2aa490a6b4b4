// Package reports is what a run leaves behind: the versioned results model, the
// journal that is written case by case, and what follows from the cases alone:
// rows, counts, obligations, the answers to the two questions, the exit code.
//
// Everything but the journal is a pure function of a Results value. The package
// may import internal/verdict and internal/probe, whose types in its signatures
// it re-exports by alias.
package reports
