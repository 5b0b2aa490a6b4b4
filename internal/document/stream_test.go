package document_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/document"
)

// TestParseAll: each document of a stream, where it stands in the file.
func TestParseAll(t *testing.T) {
	for _, row := range []struct {
		name, src string
		want      []string
	}{
		{"one", "a: 1\n", []string{"f:1:1 a"}},
		{"several", "a: 1\n---\nb: 2\n---\n\n  c: 3\n", []string{"f:1:1 a", "f:3:1 b", "f:6:3 c"}},
		{"a first mark", "---\na: 1\n", []string{"f:2:1 a"}},
		{"empty ones", "---\n---\n# nothing\n---\na: 1\n---\n", []string{"f:5:1 a"}},
		{"an end mark", "a: 1\n...\n---\nb: 2\n", []string{"f:1:1 a", "f:4:1 b"}},
		{"on the line of the mark", "--- {a: 1}\n--- # words\nb: 2\n", []string{"f:1:5 a", "f:3:1 b"}},
		{"a directive", "%YAML 1.2\n---\na: 1\n", []string{"f:3:1 a"}},
		{"ends of lines as Windows has them", "a: 1\r\n---\r\nb: 2\r\n", []string{"f:1:1 a", "f:3:1 b"}},
		{"a byte order mark", "\ufeffa: 1\n", []string{"f:1:1 a"}},
		{"no mark inside a text", "a: |\n  ---\n  x\nb: '---'\n", []string{"f:1:1 a"}},
		{"JSON", "{\n\t\"a\": 1\n}\n", []string{"f:1:1 a"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			all, err := document.ParseAll("f", []byte(row.src), document.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, n := range all {
				got = append(got, fmt.Sprintf("%s %s", n.Pos(), n.Members()[0].Key))
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestParseAllRefuses: every problem of every document, and the limits.
func TestParseAllRefuses(t *testing.T) {
	const deep = "f:1:1: lists and mappings lie too deep in one another"
	for _, row := range []struct{ name, src, want string }{
		{"empty", "---\n---\n", "f:1:1: the file is empty"},
		{
			"one broken hides no other", "a: [1\n---\nb: 1\nb: 2\n---\nc: &x 1\nd: *x\n",
			"f:1:4: sequence end token ']' not found\n" +
				"f:4:1: mapping key \"b\" already defined at [3:1]\n" +
				"f:6:4: anchors, aliases and merge keys are not used here (write the value out)\n" +
				"f:7:4: anchors, aliases and merge keys are not used here (write the value out)",
		},
		{"a tab", "a:\n\tb: 1\n", "f:2:1: found character '\t' that cannot start any token (a tab does not indent YAML: use blanks)"},
		{"too large", "a: " + strings.Repeat("x", 100), "f:1:1: the file has 103 bytes, at most 100 are read"},
		{"as deep as may be", "[[[[]]]]", ""},
		{"brackets", "a: [[[[[]]]]]", "f:1:8: lists and mappings lie too deep in one another"},
		{"brackets of one line each", "[\n[\n[\n[\n[\n", "f:5:1: lists and mappings lie too deep in one another"},
		{"dashes", "- - - - - a", deep},
		{"question marks", "? ? ? ? ? a", deep},
		{"indentation", "a:\n b:\n  c:\n   d: 1\n", ""},
		{"indentation too deep", "a:\n b:\n  c:\n   d:\n    e: 1\n", "f:5:5: lists and mappings lie too deep in one another"},
		{"as many keys as may be", "a: 1\nb: 2\nc:\n  d: 3\n  e: 4\n  f: 5\n", ""},
		{"too many keys", "a: 1\nb: 2\nc:\n  d: 3\n\n# words\ne: 4\n", "f:7:1: a mapping of more than 3 keys"},
		{"too many keys within", "a:\n  b: 1\n  c: 2\n  d: 3\n  e: 4\n", "f:5:1: a mapping of more than 3 keys"},
		{"too many keys of an entry", "- a: 1\n  b: 2\n  c: 3\n  d: 4\n", "f:4:1: a mapping of more than 3 keys"},
		{"many entries", "- a: 1\n  b: 2\n- a: 3\n  b: 4\n- a: 5\n- b: 6\n", ""},
		{"many short entries", "a:\n- b\n- c\n- d\n- e\n", ""},
		{"a ruler of dashes", "# - - - - - -\na: '- - - - - -'\n", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := document.ParseAll("f", []byte(row.src), document.Limits{Bytes: 100, Depth: 4, Keys: 3})
			if got := text(err); got != row.want {
				t.Errorf("expected %s, got %s", row.want, got)
			}
		})
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestParseAllBombs: what would need more stack than there is returns at once.
func TestParseAllBombs(t *testing.T) {
	for _, bomb := range []string{"[", "{", "- ", "? ", "{a: "} {
		if _, err := document.ParseAll("f", []byte(strings.Repeat(bomb, 1<<20)), document.Limits{}); err == nil {
			t.Errorf("%q: expected an error, got none", bomb)
		}
	}
}
