package document_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/document"
)

// TestPlain: each kind of node as validators take it; a number keeps its digits.
func TestPlain(t *testing.T) {
	t.Parallel()
	n, err := document.Parse("t.yaml", []byte("text: a\nyes: true\nlong: 9007199254740993\nnone: null\nlist: [1, {deep: b}]\nempty: []\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"text": "a", "yes": true, "long": json.Number("9007199254740993"), "none": nil,
		"list": []any{json.Number("1"), map[string]any{"deep": "b"}}, "empty": []any{},
	}
	if diff := cmp.Diff(want, n.Plain()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
