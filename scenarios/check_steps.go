package scenarios

import (
	"slices"

	"github.com/entraproof/entraproof/internal/document"
)

// written is what the steps so far have done to one member of the header or
// the payload.
type written struct{ step, in, name string }

// checkSteps refuses steps of which a later one undoes an earlier one: a value
// that is set twice, a member that is removed after it was written, or worked
// on after it was removed.
func (p parts) checkSteps() {
	var done []written
	for _, item := range itemsOf(p.token) {
		if item.Kind() != document.Mapping || len(item.Members()) != 1 {
			continue
		}
		step, n := item.Members()[0].Key, item.Members()[0].Value
		for _, t := range stepNames(step, n) {
			now := written{step, where(n), t.claim}
			if i := slices.IndexFunc(done, func(w written) bool { return w.undoneBy(now) }); i >= 0 {
				t.node.Problemf("leave one of the two out", "%s %s contradicts the %s before it", step, t.claim, done[i].step)
			}
			done = append(done, now)
		}
	}
}

// stepNames are the members that one of the first four steps works on.
func stepNames(step string, n *document.Node) []touch {
	switch step {
	case "set", "add", "remove":
		return slices.DeleteFunc(namesIn(step, n), func(t touch) bool { return t.claim == "in" })
	case "rename":
		return membersOf(n, func(m document.Member) []touch {
			if m.Key == "in" {
				return nil
			}
			return []touch{{m.Key, m.Value}}
		})
	}
	return nil
}

// undoneBy reports whether the later step makes the earlier one useless, or
// finds nothing to work on.
func (w written) undoneBy(later written) bool {
	if w.in != later.in || w.name != later.name {
		return false
	}
	switch w.step {
	case "set", "add":
		return later.step == "set" && w.step == "set" || later.step == "remove"
	case "remove", "rename":
		return later.step == "remove" || later.step == "rename"
	}
	return false
}
