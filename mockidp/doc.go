// Package mockidp is an issuer shaped like Microsoft Entra ID, for tests: two
// signing keys shared by all tenants, v1 and v2 discovery and key sets, token
// endpoints for client credentials, and a management listener that mints any
// token, right or wrong on purpose, to programs and, in its console, to people.
//
// It is no identity provider: it holds test keys, asks nobody for a password
// and tells whoever holds the management token what they like to hear. It
// listens on loopback unless told otherwise.
//
// Where its Config says so it also introspects tokens, as gateways of MuleSoft
// want it, and gives managed identities theirs. A few resources of Microsoft Graph
// try a token out. What is not known of Entra is a switch: see Variations.
//
// Under a lease it misbehaves as it is told, see Misbehaviours, and is as before
// when the lease ends. What exists in it can change at any time.
//
// Start runs one for a test. An Issuer in the process and a Client of its
// management listener have the same methods: those of Management.
//
// The package may import mockidp/mint, internal/document and internal/value.
package mockidp
