package value

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
)

// The grammar of placeholder names, design 12. "*" stands for one word of the
// writer's choice: a claim, a client, a number.
func names() []string {
	var all []string
	for _, env := range []string{"home", "other", "second"} {
		for _, member := range []string{
			"audience", "app-id", "uri", "scope", "scopes", "scopes.*", "other-scope", "shared-scope", "role",
			"client.id", "clients.*.id", "user.sub", "host", "hostname", "route.path", "other-route",
		} {
			all = append(all, env+"."+member)
		}
	}
	for _, owner := range []string{"tenant", "own"} {
		all = append(all, owner+".id", owner+".issuer")
	}
	for _, owner := range []string{"tenant", "next", "own"} {
		all = append(all, owner+".key")
		for _, member := range []string{"kid", "pem", "der", "cert", "jwk", "jwk.*", "file"} {
			all = append(all, owner+".key."+member, owner+"."+member)
		}
	}
	for _, token := range tokens() {
		all = append(all, token)
		for _, part := range []string{"header", "payload"} {
			all = append(all, token+"."+part, token+"."+part+".b64", token+"."+part+".*")
		}
		all = append(all, token+".signature", token+".signature.b64")
	}
	return append(all, "bad", "callout.host", "callout.url", "case", "run", "now", "skew", "guids", "zeros")
}

// tokens are the names that stand for whole tokens with their parts, suppliers
// those that have no end.
func tokens() []string    { return []string{"token", "sibling", "control"} }
func suppliers() []string { return []string{"guids", "zeros"} }

// canBeNumber reports whether a path may stand for a number: the time, or a
// member of a token.
func canBeNumber(path []string) bool {
	if len(path) == 1 {
		return path[0] == "now" || path[0] == "skew"
	}
	return slices.Contains(tokens(), path[0]) && len(path) > 2 && (path[1] == "header" || path[1] == "payload") && path[2] != "b64"
}

// PlaceholderNames are the names that a placeholder can have; "*" stands for
// one word of the writer's choice.
func PlaceholderNames() []string { return names() }

// parsePath reads a dotted name and refuses one that no scope can know.
func parsePath(s string) ([]string, error) {
	path := strings.Split(s, ".")
	all := names()
	for _, name := range all {
		if matches(strings.Split(name, "."), path) {
			return path, nil
		}
	}
	err := &SyntaxError{Text: fmt.Sprintf("unknown placeholder ${%s}", s)}
	if near := document.Nearest(s, all); near != "" {
		err.Hint = fmt.Sprintf("did you mean ${%s}?", strings.NewReplacer("scopes.*", "scopes.0", "*", "NAME").Replace(near))
	}
	return nil, err
}

func matches(name, path []string) bool {
	if len(name) != len(path) {
		// A claim's name may hold dots: the last star takes the rest.
		if len(path) < len(name) || name[len(name)-1] != "*" {
			return false
		}
		path = path[:len(name)]
	}
	for i, word := range name {
		if path[i] == "" || (word != "*" && word != path[i]) {
			return false
		}
		if word == "*" && i > 0 && name[i-1] == "scopes" && !isIndex(path[i]) {
			return false
		}
	}
	return true
}

// isIndex reports whether a word can be the place in a list.
func isIndex(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}
