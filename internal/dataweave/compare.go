package dataweave

import (
	"cmp"
	"strconv"
)

// compare is >=, <=, > or <.
type compare struct {
	at          place
	left, right node
}

func (n compare) eval(s *Scope) (Value, error) {
	sides, err := evalAll([]node{n.left, n.right}, s)
	if err != nil {
		return nil, err
	}
	order, err := n.order(s, plain(sides[0]), plain(sides[1]))
	if err != nil {
		return nil, err
	}
	switch n.at.word {
	case ">=":
		return order >= 0, nil
	case "<=":
		return order <= 0, nil
	case ">":
		return order > 0, nil
	}
	return order < 0, nil
}

// order compares numbers, and texts by their characters. Mule coerces the right
// side to the type of the left one; Flex's page links to that rule, and its
// evaluator coerces the left side instead.
func (n compare) order(s *Scope, left, right Value) (int, error) {
	a, leftText := left.(string)
	b, rightText := right.(string)
	x, leftNumber := left.(float64)
	y, rightNumber := right.(float64)
	switch {
	case leftText && rightText:
		return cmp.Compare(a, b), nil
	case leftNumber && rightNumber:
		return cmp.Compare(x, y), nil
	case left == nil || right == nil:
		return 0, n.null(s)
	case s.Dialect != Mule4:
	case leftText && rightNumber:
		return cmp.Compare(a, strconv.FormatFloat(y, 'f', -1, 64)), nil
	case leftNumber && rightText:
		number, err := strconv.ParseFloat(b, 64)
		if err != nil {
			return 0, n.at.fails("expected Number, got a String that is none")
		}
		return cmp.Compare(x, number), nil
	}
	return 0, n.at.unknown("%s compared with %s", typeOf(left), typeOf(right))
}

// null fails on Flex, whose evaluator was asked; of Mule nothing is known.
func (n compare) null(s *Scope) error {
	if s.Dialect == Mule4 {
		return n.at.unknown("a comparison with null; guard it with default")
	}
	return n.at.fails("null cannot be compared")
}
