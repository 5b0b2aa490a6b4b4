package dataweave_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/dataweave"
)

var update = flag.Bool("update", false, "write the golden file anew")

// broken are texts that Parse or, as Flex, Check refuses, one for each message.
func broken() []string {
	return []string{
		"", "vars.claimSet.azp", "#[", "#[]", "#[ ]", "#[vars.claimSet.azp", "#[(true]", "#[true)]", "#['open]", `#["open]`,
		"#[vars.claimSet.]", "#[vars.claimSet[]]", "#[vars.claimSet.default]", "#[vars.claimSet.a-b]", "#[vars.claimSet . azp]", "#[vars.claimSet. azp]",
		"#[if (true) 1]", "#[if true 1 else 2]", "#[true and]", "#[and true]", "#[true true]", "#[1 2]", "#[a = 'b']",
		"#[true\n  and\n  {a: 1}]", "#[do { true }]", "#[%dw 2.0\n---\ntrue]", "#[vars.claimSet.n + 1]", "#[vars.claimSet.n -1]", "#[1 <= 2 <= 3]",
		"#[vars.claimSet.a ~= 1]", "#[vars.claimSet.a as String]", "#[vars.claimSet.a is String]", "#[vars.claimSet..a]", "#[vars.claimSet.*a]",
		"#[vars.claimSet.a?]", "#[vars.claimSet.a!]", "#[vars.claimSet.roles[0 to 1]]", "#[vars.claimSet.roles[?($ == 'a')]]",
		"#[vars.claimSet.roles map $]", "#[vars.claimSet.roles filter ((r) -> r == 'a')]", "#[vars.claimSet.a matches /x/]", "#[|2026-01-01|]", "#[`a`]",
		"#[unless (true) 1 otherwise 2]", "#['hi $(vars.claimSet.a)']", `#['a\qb']`, `#['\uD800']`, "#[isEmpty('')]", "#[now()]", "#[substringAfter('a', 'b')]",
		"#[lower('a', 'b')]", "#[uuid]", "#[payload.a]", "#[vars]", "#[vars.other]", "#[vars[attributes.method].azp]", "#[attributes.headers]", "#[attributes.uriParams.id]",
		"#[attributes.statusCode]", "#[authentication.properties2]", "#[claimSet.azp]", "#[not not true]", "#[[1, 2][0]]", "#[§]",
		"#[vars.claimSet.a == null]", "#[1 < 2]", "#[!true]",
		"#[" + strings.Repeat("(", 65) + "1" + strings.Repeat(")", 65) + "]", "#[" + strings.Repeat("! ", 65) + "true]",
		"#['" + strings.Repeat("x", 8<<10) + "']", "#['\xff']",
	}
}

// TestErrors keeps every message of Parse and Check with its place.
func TestErrors(t *testing.T) {
	t.Parallel()
	got := strings.Builder{}
	for _, text := range broken() {
		err := refusal(text)
		if err == nil {
			t.Errorf("%q: expected an error", text)
			continue
		}
		fmt.Fprintf(&got, "%.60q\n\t%T %v\n", text, err, err)
	}
	const golden = "testdata/errors.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("(-expected +got; -update writes it anew)\n%s", diff)
	}
}

func refusal(text string) error {
	e, err := dataweave.Parse(text)
	if err != nil {
		return err
	}
	return e.Check(dataweave.Flex)
}

// TestPlaces counts lines and columns in the text as it was given, in
// characters.
func TestPlaces(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		text string
		want dataweave.Position
	}{
		"behind #[":                {"#[+]", dataweave.Position{Line: 1, Column: 3}},
		"blanks before #[":         {"  #[+]", dataweave.Position{Line: 1, Column: 5}},
		"third line":               {"#[true\nand\n  +]", dataweave.Position{Line: 3, Column: 3}},
		"behind letters beyond 7F": {"#['äöü' +]", dataweave.Position{Line: 1, Column: 9}},
		"inside a block of YAML":   {"#[true and\n  +]\n", dataweave.Position{Line: 2, Column: 3}},
	} {
		_, err := dataweave.Parse(row.text)
		var unknown *dataweave.NotEvaluatedError
		if !errors.As(err, &unknown) || unknown.At != row.want {
			t.Errorf("%s: expected an error at %s, got %v", name, row.want, err)
		}
	}
}

// TestWrapped tells expressions from literals.
func TestWrapped(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"#[true]": true, " #[true]\n": true, "true": false, "#true": false, "#[true": false, "": false} {
		if got := dataweave.Wrapped(text); got != want {
			t.Errorf("%q: expected %t, got %t", text, want, got)
		}
	}
}

// FuzzParse: whatever the text, neither parsing nor evaluation panics, and every
// error is one of the package's own.
func FuzzParse(f *testing.F) {
	for _, text := range broken() {
		f.Add(text)
	}
	claims, rows := observed(f)
	for _, row := range rows {
		f.Add("#[" + row[0] + "]")
	}
	if len(rows) < 200 {
		f.Fatalf("expected seeds, got %d", len(rows))
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := dataweave.Parse(text)
		if err != nil {
			known(t, err)
			return
		}
		e.Claims()
		for _, d := range []dataweave.Dialect{dataweave.Flex, dataweave.Omni, dataweave.Mule4} {
			if _, err := e.Eval(dataweave.Scope{Dialect: d, ClaimSet: claims}); err != nil {
				known(t, err)
			}
		}
	})
}

func known(t *testing.T, err error) {
	t.Helper()
	var syntax *dataweave.SyntaxError
	var unknown *dataweave.NotEvaluatedError
	var fails *dataweave.EvalError
	if !errors.As(err, &syntax) && !errors.As(err, &unknown) && !errors.As(err, &fails) {
		t.Errorf("expected an error of this package, got %T %v", err, err)
	}
}
