// Package chromium looks at pages in a real browser, for tests: it starts a
// Chromium that ends with the test, opens pages and holds them to a clean
// console and a quiet network, asks axe-core whether they are accessible, and
// writes the pictures of the documentation.
//
// What is missing on a machine skips the test with its reason, or fails it where
// ENTRAPROOF_REQUIRE lists it (chromium, axe). Only tests use the package; it
// imports nothing of the module.
package chromium
