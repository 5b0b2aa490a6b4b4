// Package dataweave evaluates the DataWeave expressions of MuleSoft's gateway
// policies, #[vars.claimSet.azp default vars.claimSet.appid] for one, as far as
// it is known what a gateway makes of them (mulesoft-policies.md 2.4).
//
// Mule 4 has the whole language, Flex and Omni Gateway have a subset; here is
// that subset, and of Mule's language what policies write besides: a Dialect
// says which of them an expression is for. Everything else is a
// NotEvaluatedError with the place and the word. It is never guessed at: a rule
// whose outcome is not known has to be told as such.
//
// What is known has three sources, in this order: the vendor's pages about
// DataWeave in policies and about the language; where they are silent, what the
// vendor's own compiler and evaluator for policies do (crates dw-parser and
// pdk-script 1.10.0, asked through their public functions); where the two
// disagree, nothing is known. So it is with sizeOf of a text beyond ASCII
// (characters or bytes), ++ of arrays and trim of null on Flex, comparisons
// between number and text on Flex, an empty separator, an index before the
// beginning.
//
// Precedence, from the tightest: selectors, "!", comparison, equality, "and",
// "or", then default and every function between its arguments, "++" among them,
// from left to right, then if. So
//
//	vars.claimSet.roles contains 'a' or vars.claimSet.roles contains 'b'
//
// is (roles contains ('a' or roles)) contains 'b', which fails, and
// "not" takes in everything up to the next default or function. Both are the
// vendor's table, and both are how expressions go wrong.
//
// Decisions where nothing else decides: "and" and "or" do not look at their
// right side if the left one settles it; splitBy keeps empty pieces; objects are
// equal whatever the order of their members.
//
// Everything here is pure but uuid(). The package imports nothing of this
// module; it may import what stands below layer 1.
package dataweave
