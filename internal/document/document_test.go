package document_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/document"
)

// TestParseRefuses holds the refusals of the parser to their position.
func TestParseRefuses(t *testing.T) {
	for _, row := range []struct{ name, src, want string }{
		{"empty", "", "f:1:1: the file is empty"},
		{"only a comment", "# nothing\n", "f:1:1: the file is empty"},
		{"duplicate key", "a: 1\nb: 2\na: 3\n", `f:3:1`},
		{"duplicate key in JSON", `{"a": 1, "a": 2}`, `f:1:10`},
		{"anchor", "a: &x 1\nb: 2\n", "f:1:4: anchors, aliases and merge keys are not used here (write the value out)"},
		{"two documents", "a: 1\n---\nb: 2\n", "f:3:1: a second document, expected one"},
		{"broken syntax", "a: [1, 2\n", "f:1:4"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := document.Parse("f", []byte(row.src))
			if err == nil {
				t.Fatal("expected an error, got none")
			}
			if got := err.Error(); len(got) < len(row.want) || got[:len(row.want)] != row.want {
				t.Errorf("expected %q, got %q", row.want, got)
			}
		})
	}
}

// TestReadingWrongTypes shows that every problem of a document is reported, in
// the order of the file.
func TestReadingWrongTypes(t *testing.T) {
	root, err := document.Parse("f.yaml", []byte("name: [1]\nsize: many\nwait: 5 minutes\nflag: yes please\nnaem: x\n"))
	if err != nil {
		t.Fatal(err)
	}
	f := root.Fields()
	f.Take("flag").Bool()
	f.Take("wait").Duration()
	f.Take("size").Int()
	f.Take("name").Str()
	f.Need("missing")
	f.Rest()
	want := `f.yaml:1:1: "missing" is missing
f.yaml:1:7: expected a string, got a list
f.yaml:2:7: expected a number, got "many"
f.yaml:3:7: expected a length of time, got "5 minutes" (write 30s, 5m or 2h)
f.yaml:4:7: expected a boolean, got "yes please"
f.yaml:5:1: unknown key "naem" (did you mean "name"?)`
	if diff := cmp.Diff(want, root.Err().Error()); diff != "" {
		t.Error(diff)
	}
	var p *document.Problem
	if !errors.As(root.Err(), &p) {
		t.Error("expected a *document.Problem inside")
	}
}

// TestScalarsKeepTheirText guards what plain decoding folds away.
func TestScalarsKeepTheirText(t *testing.T) {
	root, err := document.Parse("f", []byte(`
big: 18446744073709551616
raw: !raw "9223372036854775808"
null: {token: x}
"null2": y
hex: "0x10"
none: null
multi: |
  two
  lines
list: [a, b]
single: a
`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range root.Members() {
		got = append(got, fmt.Sprintf("%s=%s %s%q", m.Key, m.Value.Kind(), m.Value.Tag(), m.Value.Text()))
	}
	want := []string{
		`big=a number "18446744073709551616"`, `raw=a string !raw"9223372036854775808"`, `null=a mapping ""`, `null2=a string "y"`,
		`hex=a string "0x10"`, `none=null ""`, `multi=a string "two\nlines\n"`, `list=a list ""`, `single=a string "a"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	f := root.Fields()
	if diff := cmp.Diff([][]string{{"a", "b"}, {"a"}}, [][]string{f.Take("list").Strings(), f.Take("single").Strings()}); diff != "" {
		t.Error(diff)
	}
}

// TestNilNode shows that an absent value reads as zero values.
func TestNilNode(t *testing.T) {
	var n *document.Node
	if n.Str() != "" || n.Int() != 0 || n.Bool() || n.Duration() != time.Duration(0) || n.Items() != nil || n.Err() != nil || n.Fields().Take("x") != nil {
		t.Error("expected zero values of an absent node")
	}
}

// TestNearest wants slips of the fingers found, and nothing else.
func TestNearest(t *testing.T) {
	known := []string{"audience", "client", "scope"}
	for word, want := range map[string]string{"audiance": "audience", "Client": "client", "scpoe": "scope", "elephants": "", "": ""} {
		if got := document.Nearest(word, known); got != want {
			t.Errorf("%q: expected %q, got %q", word, want, got)
		}
	}
}

// TestEnv wants a placeholder without value named.
func TestEnv(t *testing.T) {
	lookup := func(name string) (string, bool) { return "s3cret", name == "SET" }
	for _, row := range []struct{ name, src, want, problem string }{
		{"set", `"${SET}"`, "s3cret", ""},
		{"inside", `"a-${SET}-b"`, "a-s3cret-b", ""},
		{"unset", `"${UNSET}"`, "", "f:1:1: placeholder ${UNSET} has no value (set it in the environment)"},
		{"open", `"${SET"`, "", `f:1:1: placeholder "${SET" has no closing brace`},
	} {
		t.Run(row.name, func(t *testing.T) {
			n, err := document.Parse("f", []byte(row.src))
			if err != nil {
				t.Fatal(err)
			}
			if got := n.Env(lookup); got != row.want {
				t.Errorf("expected %q, got %q", row.want, got)
			}
			if got := fmt.Sprint(n.Err()); row.problem != "" && got != row.problem {
				t.Errorf("expected %q, got %q", row.problem, got)
			}
		})
	}
}

func ExampleNode_Fields() {
	root, _ := document.Parse("gateway.yaml", []byte("url: https://gw.example\ntimeot: 5s\n"))
	f := root.Fields()
	fmt.Println(f.Need("url").Str())
	f.Take("timeout").Duration()
	f.Rest()
	fmt.Println(root.Err())
	// Output:
	// https://gw.example
	// gateway.yaml:2:1: unknown key "timeot" (did you mean "timeout"?)
}

// FuzzParse wants no panic, whatever is read.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a: 1", "a: [1, {b: !raw \"2\"}]", "{\"a\": null}", "? x\n: y", "a: &b c", "- - -", "|", "a: |\n x"} {
		f.Add([]byte(seed))
	}
	f.Add([]byte("%YAML 1.2\n---\na: 1\n...\n--- {b: 2}\n"))
	f.Fuzz(func(_ *testing.T, src []byte) {
		stream, _ := document.ParseAll("f", src, document.Limits{})
		for _, root := range stream {
			walk(root)
		}
		root, err := document.Parse("f", src)
		if err != nil {
			return
		}
		walk(root)
		_ = root.Err()
	})
}

func walk(n *document.Node) {
	_ = n.Text() + n.Tag()
	switch n.Kind() {
	case document.Sequence:
		for _, item := range n.Items() {
			walk(item)
		}
	case document.Mapping:
		for _, m := range n.Members() {
			walk(m.Value)
		}
	}
}
