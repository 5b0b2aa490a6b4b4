// Package verdict turns what was seen into what it means: the outcome ladder,
// the closed set of reasons, the expectations of catalogue rows, the judge, and
// the observers over a finished run.
//
// It is pure: no clock, no network, no state. It may import internal/document,
// internal/value and internal/probe.
package verdict
