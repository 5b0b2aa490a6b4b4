// Package suites is the Ginkgo face of entraproof: one spec for each scenario
// of the catalogue and each environment that it is presented to, of each
// target. Variants, pairs of environments, versions and repeats are
// sub-results of that spec.
//
// It is used in three ways. Run is for a plain program. The package's own test
// is for the command line: go test ./suites -args -target FILE. Declare adds
// the specs to a Ginkgo suite of one's own. All three need a Config; the zero
// Config judges the reference gateway inside, with an issuer and an echo in
// this process.
//
// A spec fires nothing: it waits for its cases, which a Session runs ahead of
// it with the target's own concurrency. A Session can be run without Ginkgo,
// too, and any number of times in one process.
//
// The package may import everything up to internal/flows, Ginkgo, and no other
// package of its layer. The types of other layers that stand in its signatures
// are re-exported, so that a program outside this module can name them.
package suites
