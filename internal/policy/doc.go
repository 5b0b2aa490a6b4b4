// Package policy holds the parameters of MuleSoft's gateway policies as they
// stand in a policy document: one struct a policy, keys and defaults as the
// vendor documents them.
//
// It may import internal/document and internal/value, and nothing above them.
package policy
