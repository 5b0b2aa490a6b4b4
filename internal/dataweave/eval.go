package dataweave

import (
	"errors"
	"slices"
)

// Eval gives the value of the expression in a scope. Errors are an *EvalError
// where a gateway fails as well, and a *NotEvaluatedError.
func (e *Expression) Eval(s Scope) (Value, error) {
	if err := e.Check(s.Dialect); err != nil {
		return nil, err
	}
	return e.root.eval(&s)
}

// Holds is Eval of a condition: a rule holds only where its expression gives
// the boolean true (mulesoft-policies.md 2.2). An EvalError is such a rule
// that does not hold; a *NotEvaluatedError is returned.
func (e *Expression) Holds(s Scope) (bool, error) {
	v, err := e.Eval(s)
	var fails *EvalError
	if errors.As(err, &fails) {
		return false, nil
	}
	return v == true, err
}

// node is a part of an expression.
type node interface {
	eval(s *Scope) (Value, error)
}

type literal struct{ value Value }

func (n literal) eval(*Scope) (Value, error) { return n.value, nil }

type array struct{ items []node }

func (n array) eval(s *Scope) (Value, error) {
	values, err := evalAll(n.items, s)
	return values, err
}

func evalAll(nodes []node, s *Scope) ([]any, error) {
	values := make([]any, len(nodes))
	for i, n := range nodes {
		v, err := n.eval(s)
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	return values, nil
}

type claimSet struct{}

func (claimSet) eval(s *Scope) (Value, error) { return object(s.ClaimSet), nil }

type attribute struct{ name string }

func (n attribute) eval(s *Scope) (Value, error) { return s.Attributes.textual()[n.name], nil }

type authenticated struct{ name string }

func (n authenticated) eval(s *Scope) (Value, error) { return s.Authentication.member(n.name), nil }

// repeatable is a header or a query parameter by its name.
type repeatable struct {
	at          place
	queryParams bool
	name        node
}

func (n repeatable) eval(s *Scope) (Value, error) {
	k, err := n.name.eval(s)
	if err != nil {
		return nil, err
	}
	name, ok := k.(string)
	if !ok {
		return nil, n.at.unknown("selected by %s", typeOf(k))
	}
	values := header(s.Attributes.Headers, name)
	if n.queryParams {
		values = s.Attributes.QueryParams[name]
	}
	switch {
	case len(values) == 0:
		return nil, nil
	case len(values) > 1 && s.Dialect != Mule4:
		return nil, n.at.unknown("it came %d times, and Flex Gateway has no repeated keys", len(values))
	}
	return values[0], nil // the first that matches, as selectors do in DataWeave
}

// fallback is default: null alone gives way.
type fallback struct{ left, right node }

func (n fallback) eval(s *Scope) (Value, error) {
	v, err := n.left.eval(s)
	if err != nil || v != nil {
		return v, err
	}
	return n.right.eval(s)
}

type choose struct {
	at                         place
	condition, then, otherwise node
}

func (n choose) eval(s *Scope) (Value, error) {
	holds, err := truth(n.at, n.condition, s)
	switch {
	case err != nil:
		return nil, err
	case holds:
		return n.then.eval(s)
	}
	return n.otherwise.eval(s)
}

type negate struct {
	at      place
	operand node
}

func (n negate) eval(s *Scope) (Value, error) {
	holds, err := truth(n.at, n.operand, s)
	if err != nil {
		return nil, err
	}
	return !holds, nil
}

// logical is "and" or "or": the left side decides alone if it is what settles.
type logical struct {
	at          place
	settles     bool
	left, right node
}

func (n logical) eval(s *Scope) (Value, error) {
	left, err := truth(n.at, n.left, s)
	if err != nil {
		return nil, err
	}
	if left == n.settles {
		return left, nil
	}
	right, err := truth(n.at, n.right, s)
	if err != nil {
		return nil, err
	}
	return right, nil
}

// truth is a condition: a boolean, or the text of one, which is coerced. Null
// is never a condition.
func truth(at place, n node, s *Scope) (bool, error) {
	v, err := n.eval(s)
	if err != nil {
		return false, err
	}
	switch v := v.(type) {
	case bool:
		return v, nil
	case string:
		if v == "true" || v == "false" {
			return v == "true", nil
		}
	case float64:
		if s.Dialect == Mule4 {
			return false, at.unknown("what a number is as a condition is not known")
		}
	}
	return false, at.fails("expected Boolean, got %s", typeOf(v))
}

type call struct {
	at       place
	function function
	args     []node
}

func (n call) eval(s *Scope) (Value, error) {
	args, err := evalAll(n.args, s)
	if err != nil {
		return nil, err
	}
	return n.function.do(use{n.at, s}, args)
}

type same struct {
	at          place
	left, right node
}

func (n same) eval(s *Scope) (Value, error) {
	sides, err := evalAll([]node{n.left, n.right}, s)
	if err != nil {
		return nil, err
	}
	return equal(sides[0], sides[1]) == (n.at.word == "=="), nil
}

// equal compares without coercion: values of two types differ, and null is
// null.
func equal(a, b Value) bool {
	a, b = plain(a), plain(b)
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equal)
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && equalObjects(a, b)
	}
	switch b.(type) {
	case []any, map[string]any:
		return false
	}
	return a == b
}

func equalObjects(a, b map[string]any) bool {
	if len(a) != len(b) {
		return false
	}
	for name, v := range a {
		if other, ok := b[name]; !ok || !equal(v, other) {
			return false
		}
	}
	return true
}
