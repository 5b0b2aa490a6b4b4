package mockidp

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
)

// directoryFile is the form of mockidp.yaml.
type directoryFile struct {
	// Version of the form: 1.
	Version formVersion `json:"version" jsonschema:"enum=1"`
	Directory
}

// formVersion is a version of the form, written as a number or a text.
type formVersion string

// ReadDirectory reads a mockidp.yaml. Errors name file, line and column. In a
// text ${NAME} stands for a value that lookup knows, such as os.LookupEnv.
func ReadDirectory(path string, lookup func(string) (string, bool)) (Directory, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Directory{}, fmt.Errorf("mockidp: read the directory: %w", err)
	}
	return ParseDirectory(path, text, lookup)
}

// ParseDirectory is ReadDirectory of a text; file is its name in errors.
func ParseDirectory(file string, text []byte, lookup func(string) (string, bool)) (Directory, error) {
	n, err := document.Parse(file, text)
	if err != nil {
		return Directory{}, err
	}
	var f directoryFile
	document.Decode(n, &f, lookup)
	if err := n.Err(); err != nil {
		return Directory{}, err
	}
	for _, problem := range parts(f.Validate()) {
		var wrong *DirectoryError
		if errors.As(problem, &wrong) {
			n.At(wrong.Path).Problemf(wrong.Hint, "%s", wrong.Text)
		}
	}
	return f.Directory, n.Err()
}

// parts are the errors that errors.Join has joined.
func parts(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return nil
}

// sorted goes through a map in the order of its keys.
func sorted[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}

func uniqueTexts(all []string) []string {
	var once []string
	for _, text := range all {
		if !slices.Contains(once, text) {
			once = append(once, text)
		}
	}
	return once
}

func didYouMean(word string, known []string) string {
	if near := document.Nearest(word, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "known: " + strings.Join(known, ", ")
}
