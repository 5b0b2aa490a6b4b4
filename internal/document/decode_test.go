package document_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/document"
)

type garden struct {
	Name    string           `json:"name"`
	Beds    map[string]bed   `json:"beds,omitempty"`
	Tags    []string         `json:"tags,omitempty"`
	Planted time.Time        `json:"planted,omitzero"`
	Size    int              `json:"size,omitempty"`
	Open    bool             `json:"open,omitempty"`
	Season  string           `json:"season,omitempty" jsonschema:"enum=spring,enum=autumn"`
	Version string           `json:"version,omitempty" jsonschema:"enum=1,enum=2"`
	Gate    *bed             `json:"gate,omitempty"`
	Hidden  func()           `json:"-"`
	Pairs   []bed            `json:"pairs,omitempty"`
	Numbers map[string][]int `json:"numbers,omitempty"`
}

type bed struct {
	Plant string `json:"plant"`
	Rows  int    `json:"rows,omitempty"`
}

func env(name string) (string, bool) {
	v, ok := map[string]string{"PLANT": "beans"}[name]
	return v, ok
}

func TestDecode(t *testing.T) {
	n, err := document.Parse("g.yaml", []byte(`
name: mine
beds: {north: {plant: "${PLANT}", rows: 3}}
tags: one
planted: "2026-11-23T10:00:00Z"
size: 4
open: true
season: autumn
version: 2
gate: {plant: ivy}
pairs: [{plant: a}, {plant: b}]
numbers: {a: [1, 2]}
`))
	if err != nil {
		t.Fatal(err)
	}
	var got garden
	document.Decode(n, &got, env)
	want := garden{
		Name: "mine", Beds: map[string]bed{"north": {"beans", 3}}, Tags: []string{"one"}, Size: 4, Open: true, Season: "autumn", Version: "2",
		Planted: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC), Gate: &bed{Plant: "ivy"}, Pairs: []bed{{Plant: "a"}, {Plant: "b"}},
		Numbers: map[string][]int{"a": {1, 2}},
	}
	if diff := cmp.Diff(want, got); diff != "" || n.Err() != nil {
		t.Errorf("%v\n%s", n.Err(), diff)
	}
}

func TestDecodeProblems(t *testing.T) {
	for _, row := range []struct{ name, src, want string }{
		{"missing", "size: 1", `f:1:1: "name" is missing`},
		{"unknown", "{name: a, siez: 1}", `f:1:11: unknown key "siez" (did you mean "size"?)`},
		{"unknown within", "{name: a, beds: {n: {plant: a, row: 1}}}", `f:1:32: unknown key "row" (did you mean "rows"?)`},
		{"not in the list", "{name: a, season: autum}", `f:1:19: unknown value "autum" (did you mean "autumn"?)`},
		{"number not in the list", "{name: a, version: 3}", `f:1:20: unknown value "3" (did you mean "1"?)`},
		{"wrong type", "{name: [a]}", `f:1:8: expected a string, got a list`},
		{"a text for a mapping", "{name: a, gate: ivy}", `f:1:17: expected a mapping, got "ivy"`},
		{"a text for a list of mappings", "{name: a, pairs: ivy}", `f:1:18: expected a list, got "ivy"`},
		{"no time", "{name: a, planted: yesterday}", `f:1:20: parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"`},
		{"no value in the environment", `name: "${NOBODY}"`, `f:1:7: placeholder ${NOBODY} has no value (set it in the environment)`},
	} {
		t.Run(row.name, func(t *testing.T) {
			n, err := document.Parse("f", []byte(row.src))
			if err != nil {
				t.Fatal(err)
			}
			document.Decode(n, &garden{}, env)
			if err := n.Err(); err == nil || err.Error() != row.want {
				t.Errorf("expected %s, got %v", row.want, err)
			}
		})
	}
}

// TestAt: the place of a problem that is found after decoding.
func TestAt(t *testing.T) {
	n, err := document.Parse("f", []byte("beds:\n  north:\n    plant: a\n  a.b:\n    plant: b\npairs:\n  - plant: x\n  - plant: y\n"))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"": "f:1:1", "beds.north.plant": "f:3:12", "beds.a.b.plant": "f:5:12", "pairs.1.plant": "f:8:12",
		"beds.south": "f:2:3", "pairs.7.plant": "f:7:3", "nothing": "f:1:1",
	} {
		if got := n.At(path).Pos().String(); got != want {
			t.Errorf("%q: expected %s, got %s", path, want, got)
		}
	}
}
