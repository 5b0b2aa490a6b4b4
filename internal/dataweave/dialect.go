package dataweave

import "slices"

// Dialect is whose DataWeave an expression is evaluated as.
type Dialect uint8

// The dialects. The zero Dialect is the smallest.
const (
	// Flex is the subset of Flex Gateway up to 1.11.
	Flex Dialect = iota
	// Omni is the subset from 1.12 on: it has the literal null, and its evaluator
	// has < and > and !, though the page lists them nowhere.
	Omni
	// Mule4 is Mule's runtime, whose functions take null from DataWeave 2.4 on
	// (Mule 4.4).
	Mule4
)

// String is the name as documents call the product.
func (d Dialect) String() string {
	switch d {
	case Omni:
		return "Omni Gateway"
	case Mule4:
		return "Mule 4"
	default:
		return "Flex Gateway"
	}
}

// restriction is a construct that only some dialects have.
type restriction struct {
	place
	to  []Dialect
	why string
}

// Check reports what the expression holds that a dialect lacks, the first such
// thing as a *NotEvaluatedError.
func (e *Expression) Check(d Dialect) error {
	for _, r := range e.restricted {
		if !slices.Contains(r.to, d) {
			return r.unknown("%s", r.why)
		}
	}
	return nil
}
