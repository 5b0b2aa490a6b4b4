// Package predict says what a gateway with a user's own policies would let in,
// before anybody deploys them: it emulates the policies of an export, fires the
// catalogue at them in this process, and tries which change of the export closes
// what is open.
//
// The target is the user's, or one that is made of what the export says; what had
// to be assumed for that is part of the answer. Nothing leaves this process: the
// addresses in an export are answered by the issuer of the embedded lab.
//
// The package may import everything up to internal/flows.
package predict
