// Package gateway is the emulator of API gateways: chains of policies in front
// of an upstream, as a document describes them or as named set-ups, the reference
// gateway strict with its checks and mutants, and the echo upstream.
//
// It meets the issuer over HTTP like a real gateway, reads keys with go-jose and
// verifies as go-jose does. It imports internal/policy, internal/dataweave and
// internal/probe, and nothing of mockidp, scenarios or internal/verdict: one bug
// must not agree with itself.
//
// What is not known about MuleSoft's policies is a switch with a default
// (SwitchTable), and what becomes of a request names those that it hangs on. A
// configuration of which it is not known what it does is an error of New.
package gateway
