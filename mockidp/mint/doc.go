// Package mint makes the tokens of an Entra-shaped issuer, right or wrong on
// purpose: a Grant becomes a Draft with Entra's own claims in Entra's own
// order, a Key signs it, and Steps turn a genuine token into what a scenario
// row asks for.
//
// It is pure: no listener, no clock and no state of its own. It signs with a
// few lines over crypto/* instead of a JOSE library, because it must be able
// to sign wrongly and because the gateway emulator verifies with one; only the
// step encrypt uses go-jose, to make real JWEs.
//
// The package may import internal/document and internal/value only.
package mint
