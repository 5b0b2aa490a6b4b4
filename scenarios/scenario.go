package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// Scenario is one row of the catalogue.
type Scenario struct {
	// ID is the row's name, which never changes.
	ID string
	// Title is one line for reports; the id where the row has none.
	Title string
	// Group is the code of the chapter, such as AUD.
	Group string
	Kind  Kind
	// Guards is the one check that the row is about.
	Guards   string
	Source   Source
	Severity Severity
	Marks    []string
	// Profiles are the listed profiles that the row belongs to.
	Profiles []string
	// References say why the row exists: standards, advisories, controls.
	References []string
	// Mutation and Place say in words what differs from an accepted request
	// and where; Demands what a flow or an observer asks for.
	Mutation, Place, Demands string
	// Needs are what the target must have, Unless what it must not.
	Needs, Unless []Need
	// Serial: the row runs alone.
	Serial bool
	// Waits is how long the row may wait by the gateway's clock; 0: not worth
	// telling.
	Waits time.Duration
	// Base is the token to get, Token what is done to it, Request how it is
	// sent, Expect what must happen.
	Base    Base
	Token   mint.Steps
	Request Request
	Expect  Expectation
	// Issuer is the state of the issuer's key set that the row runs under.
	Issuer mint.KeySet
	// Variants are named forms of the row; each is fired and the worst counts.
	Variants []Variant
	// Pos is where the row stands.
	Pos Position

	// canonical is the text of the whole row and sends that of what it sends,
	// both without layout.
	canonical, sends string
	// uses are the words of the vocabulary that the row is written with.
	uses []Word
	// broken: the row's file has a problem, so that the row may say anything.
	broken bool
}

// Variant is one named form of a row.
type Variant struct {
	// Name is empty where the row has no variants.
	Name string
	// Scenario is the row with the variant's own members in place of its own,
	// and without variants.
	Scenario Scenario
}

// Effective are the forms of the row that are fired: its variants in the order
// of the file, or the row itself.
func (s Scenario) Effective() []Variant {
	if len(s.Variants) > 0 {
		return slices.Clone(s.Variants)
	}
	return []Variant{{Scenario: s}}
}

// Refs are the placeholders of all forms of the row, sorted, each once. A
// request that does not say otherwise carries ${token}.
func (s Scenario) Refs() []string {
	var refs []string
	for _, v := range s.Effective() {
		refs = slices.Concat(refs, v.Scenario.Base.refs(), v.Scenario.Token.Refs(), v.Scenario.Request.Refs(), v.Scenario.Expect.Refs(), v.Scenario.Issuer.Refs())
	}
	slices.Sort(refs)
	return slices.Compact(refs)
}

// UsesOther reports whether the row borrows from another environment: its
// token, its client, its gateway or one of its names.
func (s Scenario) UsesOther() bool {
	for _, v := range s.Effective() {
		b := v.Scenario.Base
		if b.API == APIOther || b.Client == targets.OtherOnly || v.Scenario.Request.To == "other" {
			return true
		}
	}
	return slices.ContainsFunc(s.Refs(), func(ref string) bool {
		return strings.HasPrefix(ref, "other.") || strings.HasSuffix(ref, ".shared-scope") || strings.HasPrefix(ref, "home.clients.other.")
	})
}

// AllNeeds are the row's needs and those that its base implies: a second API,
// another tenant, users, daemons. A row that runs only where nobody expects its
// sort of caller does not need that caller to be expected.
func (s Scenario) AllNeeds() []Need {
	all := slices.Clone(s.Needs)
	for _, n := range s.Base.needs() {
		if !slices.Contains(all, n) && !slices.Contains(s.Unless, n) {
			all = append(all, n)
		}
	}
	return all
}

// unexpectedCaller reports whether the row starts from a token of users, or of
// daemons, and runs only where nobody expects those.
func (s Scenario) unexpectedCaller() bool {
	return slices.ContainsFunc(s.Base.needs(), func(n Need) bool { return slices.Contains(s.Unless, n) })
}

// unexpectedVersion reports whether the row is bound to a version and runs only
// where another one is taken.
func (s Scenario) unexpectedVersion() bool {
	return s.Base.Exactly && slices.ContainsFunc(s.Needs, func(n Need) bool {
		return n.Key == "versions" && n.Value != "both" && n.Value != string(s.Base.Version) && s.Base.Version != ""
	})
}

// unexpected reports whether the row starts from a kind of token that its target
// declares away. Every other row takes another kind there.
func (s Scenario) unexpected() bool { return s.unexpectedCaller() || s.unexpectedVersion() }

// Marked reports whether the row has a mark.
func (s Scenario) Marked(mark string) bool { return slices.Contains(s.Marks, mark) }

// Slow reports whether the row takes minutes: it is marked so, or waits for one.
// A row that only waits for a token to age does not where tokens are made on
// demand.
func (s Scenario) Slow(canMint bool) bool {
	if s.Waits >= time.Minute {
		return true
	}
	aged := slices.ContainsFunc(s.Effective(), func(v Variant) bool { return v.Scenario.Base.Age != mint.Fresh })
	return s.Marked("slow") && (!canMint || !aged)
}
