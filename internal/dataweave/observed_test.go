package dataweave_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/dataweave"
)

// observed reads testdata/observed.tsv: the claims, and what came of each
// expression.
func observed(t testing.TB) (claims map[string]any, rows [][2]string) {
	t.Helper()
	text, err := os.ReadFile("testdata/observed.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		expression, outcome, found := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		switch {
		case strings.HasPrefix(line, "#"):
		case !found:
			t.Fatalf("expected an expression and an outcome, got %q", line)
		case expression == "claims":
			if err := json.Unmarshal([]byte(outcome), &claims); err != nil {
				t.Fatal(err)
			}
		default:
			rows = append(rows, [2]string{expression, outcome})
		}
	}
	return claims, rows
}

// TestObserved holds this package against the vendor's own code: it may say
// that something is not evaluated, it must never say otherwise than they. Where
// they give no value, the ways of giving none are not told apart.
func TestObserved(t *testing.T) {
	t.Parallel()
	claims, rows := observed(t)
	same := 0
	for _, row := range rows {
		got := outcome(row[0], dataweave.Scope{Dialect: dataweave.Omni, ClaimSet: claims})
		switch {
		case got == "not evaluated":
		case got == row[1], sameJSON(got, row[1]), !json.Valid([]byte(got)) && !json.Valid([]byte(row[1])):
			same++
		default:
			t.Errorf("%s: the vendor's evaluator: %s, here: %s", row[0], row[1], got)
		}
	}
	const expected = 219
	if same != expected {
		t.Errorf("of %d expressions, expected the same outcome of %d, got %d", len(rows), expected, same)
	}
}

// outcome is the value of an expression, or what became of it, in the words of
// the file.
func outcome(expression string, s dataweave.Scope) string {
	v, err := eval("#["+expression+"]", s)
	var syntax *dataweave.SyntaxError
	var fails *dataweave.EvalError
	switch {
	case errors.As(err, &syntax):
		return "refused"
	case errors.As(err, &fails):
		return "fails"
	case err != nil:
		return "not evaluated"
	}
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func eval(text string, s dataweave.Scope) (any, error) {
	e, err := dataweave.Parse(text)
	if err != nil {
		return nil, err
	}
	return e.Eval(s)
}

func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && cmp.Equal(x, y)
}
