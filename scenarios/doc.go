// Package scenarios is the catalogue: rows of YAML that say which token to get,
// what to do to it, how to send it and what a gateway must do about it; their
// strict loader; and their expansion into cases with a target.
//
// # Writing a row
//
// A file is a list of rows. One of them, whole:
//
//	# orders.yaml
//	- id: orders-aud-of-billing              # kebab-case, never reused
//	  title: A token for billing opens orders
//	  guards: audience                       # the one check that it is about
//	  source: real+                          # real, real+, forged or mock
//	  base: {version: v2, kind: app, api: second}
//	  expect: refuse 401 403                 # the best status first
//	  severity: critical                     # left out: high
//	  marks: [F1-aud]
//	  refs: [ASVS 9.2.3]
//
// The base is the token to start from, in short [exactly] [v1|v2|any]
// [user|app] [home|other|second], or forged, or none. Version and kind are a
// preference unless exactly binds them; a row that touches azp or appid must
// bind the version, one that touches scp or roles must bind user or app, since
// those claims differ between kinds of token. Left out, it is any home: a
// genuine token of each version at hand.
//
// token is a list of steps (see mockidp/mint), request how it is sent (see
// Request), expect what must happen (see Expectation). Values may hold
// placeholders such as ${home.audience | cut 1}. Steps that change what is
// signed need source: mock, or base: forged.
//
// variants are named forms of a row that put base, token, request, expect or
// issuer in the place of the row's own; each is fired and the worst counts.
// needs and unless name what the target must have and must not
// (entraproof scenarios schema lists them). A row of kind flow or observe says
// nothing of this: a Go value of the same id does.
//
// Rows of your own stand in a folder of .yaml files, read by LoadDir and added
// with Catalogue.Merge; they may not redefine a built-in id. Everything that is
// wrong with them is reported at once, each with file, line and column.
//
// The package may import internal/document, internal/value, mockidp/mint,
// internal/probe, internal/verdict and internal/targets.
package scenarios
