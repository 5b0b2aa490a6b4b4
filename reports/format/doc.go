// Package format renders results for people and for other programs: one file a
// format, each a pure function of a results value.
//
// A renderer concludes the results anew, so it never repeats an exit code that
// the cases do not bear, and changes nothing in what it is given. It reads no
// clock, folder or environment. The package may import reports.
package format
