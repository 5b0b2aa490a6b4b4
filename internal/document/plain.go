package document

import "encoding/json"

// Plain is the node as validators of JSON Schema take it: maps, lists, text,
// booleans, json.Number and nil.
func (n *Node) Plain() any {
	switch n.Kind() {
	case Mapping:
		all := map[string]any{}
		for _, m := range n.Members() {
			all[m.Key] = m.Value.Plain()
		}
		return all
	case Sequence:
		all := []any{}
		for _, item := range n.Items() {
			all = append(all, item.Plain())
		}
		return all
	case Bool:
		return n.Bool()
	case Number:
		return json.Number(n.Text())
	case Null:
		return nil
	}
	return n.Text()
}
