package document

import (
	"fmt"
	"slices"
	"strings"
)

// Fields reads the members of a mapping by name and remembers which names it
// was asked for, so that the rest can be refused.
type Fields struct {
	node    *Node
	members []Member
	known   []string
	taken   map[string]bool
}

// Fields reads a mapping. Two calls on one mapping share what was taken.
func (n *Node) Fields() *Fields {
	if n == nil {
		return &Fields{taken: map[string]bool{}}
	}
	if f, ok := n.state.fields[n.node]; ok {
		return f
	}
	f := &Fields{node: n, members: n.Members(), taken: map[string]bool{}}
	n.state.fields[n.node] = f
	return f
}

// Take is the value of a key, or nil where it is absent.
func (f *Fields) Take(key string) *Node {
	if !f.taken[key] {
		f.taken[key] = true
		f.known = append(f.known, key)
	}
	for _, m := range f.members {
		if m.Key == key {
			return m.Value
		}
	}
	return nil
}

// Need is Take for a key that must be there.
func (f *Fields) Need(key string) *Node {
	n := f.Take(key)
	if n == nil {
		f.node.Problemf("", "%q is missing", key)
	}
	return n
}

// Rest records every member that was not taken as an unknown key, with the
// nearest known one.
func (f *Fields) Rest() {
	for _, m := range f.members {
		if f.taken[m.Key] {
			continue
		}
		at := *m.Value
		at.at = m.KeyPos
		at.Problemf(didYouMean(m.Key, f.known), "unknown key %q", m.Key)
	}
}

func didYouMean(word string, known []string) string {
	if near := Nearest(word, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "known: " + strings.Join(known, ", ")
}

// OneOf reads a string that must be one of a closed list; what names the list
// in the message, such as "severity".
func (n *Node) OneOf(what string, known []string) string {
	word := n.Str()
	if n == nil || n.Kind() != String {
		return ""
	}
	return n.among(what, known, word)
}

// among is the word if it is one of the known ones, and else a problem.
func (n *Node) among(what string, known []string, word string) string {
	if slices.Contains(known, word) {
		return word
	}
	n.Problemf(didYouMean(word, known), "unknown %s %q", what, word)
	return ""
}

// Nearest is the known word with the smallest edit distance, or empty where
// none is near enough to be a slip of the fingers.
func Nearest(word string, known []string) string {
	best, distance := "", len(word)/3+2
	for _, k := range known {
		if d := editDistance(strings.ToLower(word), strings.ToLower(k)); d < distance {
			best, distance = k, d
		}
	}
	return best
}

// editDistance is Levenshtein's, over bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// Env reads a string in which ${NAME} stands for a value that lookup knows,
// such as os.LookupEnv. A name without a value is a problem: an empty secret
// would fail later, and far from its cause.
func (n *Node) Env(lookup func(string) (string, bool)) string {
	text := n.Str()
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			n.Problemf("", "placeholder %q has no closing brace", "${"+rest)
			return ""
		}
		value, ok := lookup(name)
		if !ok || value == "" {
			n.Problemf("set it in the environment", "placeholder ${%s} has no value", name)
			value = ""
		}
		b.WriteString(value)
		text = after
	}
}
