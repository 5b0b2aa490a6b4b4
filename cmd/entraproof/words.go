package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
)

func contains(all []string, word string) bool { return slices.Contains(all, word) }

// checkWord refuses a word that is not in a closed list, and names the nearest
// that is.
func checkWord(what, word string, known []string) error {
	if contains(known, word) {
		return nil
	}
	hint := "known: " + strings.Join(known, ", ")
	if near := document.Nearest(word, known); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return misused(hint, "%s: unknown name %q", what, word)
}

func joined[T ~string](words []T) string {
	var all []string
	for _, w := range words {
		all = append(all, string(w))
	}
	return strings.Join(all, ", ")
}
