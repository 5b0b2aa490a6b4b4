// Package gateway is the emulator of API gateways: chains of policies in front
// of an upstream, named set-ups of them, the reference gateway strict with its
// checks and mutants, and the echo upstream.
//
// It meets the issuer over HTTP like a real gateway and verifies with go-jose.
// It imports internal/policy and internal/probe, and nothing of mockidp,
// scenarios or internal/verdict: one bug must not agree with itself.
package gateway
