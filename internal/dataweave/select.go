package dataweave

import (
	"encoding/json"
	"fmt"
	"math"
)

// plain is a value as this package knows it: other numbers become doubles.
// What no JSON decoder makes stays what it is and equals nothing.
func plain(v Value) Value {
	switch n := v.(type) {
	case json.Number:
		number, _ := n.Float64() // out of range: infinity, as in a JSON parser
		return number
	case int:
		return float64(n)
	case int64:
		return float64(n)
	}
	return v
}

// typeOf is the name of a value's type in DataWeave.
func typeOf(v Value) string {
	switch plain(v).(type) {
	case nil:
		return "Null"
	case bool:
		return "Boolean"
	case float64:
		return "Number"
	case string:
		return "String"
	case []any:
		return "Array"
	case map[string]any:
		return "Object"
	}
	return fmt.Sprintf("a value of the Go type %T", v)
}

// choosePart is one selector: a key or an index.
type choosePart struct {
	at   place
	from node
	key  node
}

func (n choosePart) eval(s *Scope) (Value, error) {
	sides, err := evalAll([]node{n.from, n.key}, s)
	if err != nil {
		return nil, err
	}
	from := plain(sides[0])
	switch k := sides[1].(type) {
	case string:
		return byKey(n.at, from, k)
	case float64:
		return byIndex(n.at, from, k)
	}
	return nil, n.at.unknown("a key of type %s", typeOf(sides[1]))
}

// byKey selects from an object, or from every object of an array. What is not
// there is null, and so is all that is selected from null.
func byKey(at place, from Value, key string) (Value, error) {
	switch from := from.(type) {
	case nil:
		return nil, nil
	case map[string]any:
		return plain(from[key]), nil
	case []any:
		return fromEach(at, from, key)
	}
	return nil, at.unknown("a key of a %s", typeOf(from))
}

// fromEach gives one value for each object. What an array gives for an item
// without the key is told differently by Mule's page and by Flex's evaluator.
func fromEach(at place, items []any, key string) (Value, error) {
	values := make([]any, len(items))
	for i, item := range items {
		object, ok := item.(map[string]any)
		if !ok {
			return nil, at.unknown("a key of an array that holds a %s", typeOf(item))
		}
		v, ok := object[key]
		if !ok {
			return nil, at.unknown("a key that not every object of an array has")
		}
		values[i] = plain(v)
	}
	return values, nil
}

// byIndex selects from an array, or a character from a string; negative ones
// count from the end. Past the end is null.
func byIndex(at place, from Value, index float64) (Value, error) {
	if index != math.Trunc(index) || math.Abs(index) > math.MaxInt32 {
		return nil, at.unknown("an index that is no whole number")
	}
	switch from := from.(type) {
	case nil:
		return nil, nil
	case []any:
		i, err := inside(at, int(index), len(from))
		if err != nil || i < 0 {
			return nil, err
		}
		return plain(from[i]), nil
	case string:
		characters := []rune(from)
		i, err := inside(at, int(index), len(characters))
		if err != nil || i < 0 {
			return nil, err
		}
		return string(characters[i]), nil
	}
	return nil, at.unknown("an index of a %s", typeOf(from))
}

// inside counts negative indexes from the end; -1 is past it.
func inside(at place, index, length int) (int, error) {
	switch {
	case index < -length:
		return 0, at.unknown("an index before the beginning")
	case index < 0:
		return index + length, nil
	case index >= length:
		return -1, nil
	}
	return index, nil
}
