package mint

import (
	"fmt"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
)

// assignment is one member with the value that it gets.
type assignment struct {
	name         string // as written
	named, value value.Expr
}

// renaming is one member with its new name.
type renaming struct{ from, to string }

// decodePart reads the reserved member in, which may only name one of known.
func decodePart(n *document.Node, known ...part) part {
	if n == nil {
		return inPayload
	}
	var words []string
	for _, k := range known {
		words = append(words, string(k))
	}
	return part(n.OneOf("part", words))
}

// decodeIn reads in of a step that works before the signature.
func decodeIn(n *document.Node) part {
	for _, m := range n.Members() {
		if m.Key == "in" {
			return decodePart(m.Value, inHeader, inPayload)
		}
	}
	return inPayload
}

// decodeAssignments reads name: value pairs; reserved is skipped.
func decodeAssignments(n *document.Node, reserved string) []assignment {
	var all []assignment
	for _, m := range n.Members() {
		if m.Key != reserved {
			all = append(all, assignment{m.Key, value.DecodeName(m), value.Decode(m.Value)})
		}
	}
	if len(all) == 0 && n.Kind() == document.Mapping {
		n.Problemf("", "expected at least one member")
	}
	return all
}

func decodeRenamings(n *document.Node, reserved string) []renaming {
	var all []renaming
	for _, m := range n.Members() {
		if m.Key != reserved {
			all = append(all, renaming{m.Key, m.Value.Str()})
		}
	}
	if len(all) == 0 && n.Kind() == document.Mapping {
		n.Problemf("", "expected at least one member")
	}
	return all
}

// decodeNames reads a list of names that may not be empty.
func decodeNames(n *document.Node) []string {
	names := n.Strings()
	if n != nil && len(names) == 0 {
		n.Problemf("", "expected at least one name")
	}
	return names
}

func setMembers(v value.Value, all []assignment, s value.Scope) (value.Value, error) {
	for _, a := range all {
		name, to, err := a.eval(s)
		if err != nil {
			return v, err
		}
		v = v.Set(name, to)
	}
	return v, nil
}

func addMembers(v value.Value, all []assignment, s value.Scope) (value.Value, error) {
	for _, a := range all {
		name, to, err := a.eval(s)
		if err != nil {
			return v, err
		}
		v = v.Append(name, to)
	}
	return v, nil
}

// eval is the member's name and value with their placeholders filled in.
func (a assignment) eval(s value.Scope) (string, value.Value, error) {
	name, err := a.named.Text(s)
	if err != nil {
		return "", value.Value{}, fmt.Errorf("the name %s: %w", a.name, err)
	}
	to, err := a.value.Eval(s)
	if err != nil {
		return "", value.Value{}, fmt.Errorf("%s: %w", a.name, err)
	}
	return name, to, nil
}

func removeMembers(v value.Value, names []string) value.Value {
	for _, name := range names {
		v = v.Remove(name)
	}
	return v
}

// renameMembers gives members new names in their places.
func renameMembers(v value.Value, all []renaming) value.Value {
	members := make([]value.Member, len(v.Members))
	copy(members, v.Members)
	for i, m := range members {
		for _, r := range all {
			if m.Name == r.from {
				members[i].Name = r.to
			}
		}
	}
	return value.Dict(members...)
}

func exprsOf(lists ...[]assignment) []value.Expr {
	var all []value.Expr
	for _, list := range lists {
		for _, a := range list {
			all = append(all, a.named, a.value)
		}
	}
	return all
}

func namesOf(all []assignment) []string {
	names := make([]string, len(all))
	for i, a := range all {
		names[i] = a.name
	}
	return names
}

// memberStep is what the four steps on members share.
type memberStep struct{ in part }

func (memberStep) stage() stage { return onMembers }

func failed(step string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("mint: %s: %w", step, err)
}
