// Package policy holds MuleSoft's gateway policies as they stand in a policy
// document: one struct a policy, keys and defaults as the vendor documents them
// (Instance, Applied); the readers of such documents (Read); and what can be wrong
// with them (Lint, one LintRule each), with the patches that mend it (Mend).
//
// It may import internal/document, internal/value and internal/dataweave, and
// nothing above them.
package policy
