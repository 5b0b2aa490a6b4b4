package verdict

import (
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/document"
)

// decodeAccept reads `accept: true` and `accept: warn`.
func decodeAccept(n *document.Node) Acceptance {
	switch {
	case n == nil:
		return AcceptanceFree
	case n.Kind() == document.Bool && n.Bool():
		return AcceptanceRequired
	case n.Kind() == document.String && n.Text() == "warn":
		return AcceptanceWarned
	}
	n.Problemf("", "expected true or warn, got %q", n.Text())
	return AcceptanceFree
}

// decodeRefuse reads `refuse: [401, 403]` and `refuse: 401`.
func decodeRefuse(n *document.Node) []int {
	if n == nil {
		return nil
	}
	if n.Kind() == document.Number {
		return decodeStatuses(n, []string{n.Text()})
	}
	var words []string
	for _, item := range n.Items() {
		words = append(words, item.Text())
	}
	if n.Kind() != document.Sequence {
		return nil
	}
	return decodeStatuses(n, words)
}

// decodeName reads a name, which must not be empty.
func decodeName(n *document.Node) string {
	name := n.Str()
	if n != nil && n.Kind() == document.String && strings.TrimSpace(name) == "" {
		n.Problemf("", "expected a name, got nothing")
	}
	return name
}

// decodeFixed reads a condition that takes one boolean only.
func decodeFixed(n *document.Node, only bool) bool {
	if n == nil {
		return false
	}
	if n.Kind() == document.Bool && n.Bool() == only {
		return true
	}
	n.Problemf("leave the key out to say nothing", "expected %t, got %q", only, n.Text())
	return false
}

// decodeWithin reads a bound of time.
func decodeWithin(n *document.Node) time.Duration {
	d := n.Duration()
	if n != nil && n.Kind() == document.String && d <= 0 {
		n.Problemf("", "expected more than no time, got %q", n.Text())
		return 0
	}
	return d
}

// decodeOr reads `or: closed` and `or: refuse 400`.
func decodeOr(n *document.Node) (refuse []int, closed bool) {
	words := strings.Fields(n.Str())
	switch {
	case n == nil:
		return nil, false
	case len(words) == 1 && words[0] == "closed":
		return nil, true
	case len(words) > 0 && words[0] == "refuse":
		return decodeStatuses(n, words[1:]), false
	}
	n.Problemf("write closed, or refuse 400", "unknown alternative %q", n.Text())
	return nil, false
}
