package scenarios

import (
	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/internal/verdict"
)

// The types of other layers that stand in this package's signatures.
type (
	// Position is a place in a file.
	Position = document.Position
	// Problem is one thing wrong with a document, with its position and a hint.
	Problem = document.Problem
	// Request is how a token is sent.
	Request = probe.Request
	// Expectation is what must happen.
	Expectation = verdict.Expectation
	// Outcome is the grade of a case.
	Outcome = verdict.Outcome
	// Need is something that a target must have, or must not.
	Need = targets.Need
	// Role is what a row wants of the client that asks for its token.
	Role = targets.Role
	// Expr is a value that may hold placeholders.
	Expr = value.Expr
)
