// Package probe sends one request and says what came back: request steps turn
// a catalogue row's `request` member into the exact bytes on the wire, Prober
// writes them once and reads one answer, and Record keeps the exchange without
// its secrets.
//
// Nothing is normalised on the way out and nothing is retried. The package may
// import internal/document and internal/value.
package probe
