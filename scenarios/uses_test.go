package scenarios

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestUses holds which words a row is written with: steps and their keys, keys
// of the request, filters wherever a value stands, the keys of expect; those of
// every variant, each once.
func TestUses(t *testing.T) {
	t.Parallel()
	c, err := Parse("r.yaml", []byte(`
- {id: a, guards: key, source: mock, expect: refuse 401, request: {method: PUT, headers: [[X, "${home.host | upper}"]]}}
- id: b
  guards: key
  source: mock
  token: [{set: {aud: "${home.audience | cut 1}"}}, {edit: {in: signature, flip: 0}}]
  expect: {refuse: 401, no-5xx: true}
  variants: {x: {request: {method: POST}}, y: {request: {host: "${home.host | upper | cut 1}"}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, u := range Uses(c.All()) {
		if len(u.Rows) > 0 {
			got[u.List+" "+u.Word] = u.Rows
		}
	}
	want := map[string][]string{
		"step set": {"b"}, "step edit": {"b"}, "step edit in": {"b"}, "step edit flip": {"b"},
		"request method": {"a", "b"}, "request headers": {"a"}, "request host": {"b"},
		"filter upper": {"a", "b"}, "filter cut": {"b"},
		"expect refuse": {"a", "b"}, "expect no-5xx": {"b"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestVocabularyIsGeneral holds that every word carries several rows, or says
// why it is there for one or none: a word made for a single row is a special
// case in disguise (design 12).
func TestVocabularyIsGeneral(t *testing.T) {
	t.Parallel()
	for _, u := range Uses(builtinRows(t).All()) {
		if len(u.Rows) < 2 && u.Reason == "" {
			t.Errorf("%s %s: used by %v alone, and soleReasons does not say why it is there", u.List, u.Word, u.Rows)
		}
	}
	known := map[string]bool{}
	for _, u := range Uses(builtinRows(t).All()) {
		known[u.List+" "+u.Word] = true
	}
	for name := range soleReasons() {
		if !known[name] {
			t.Errorf("soleReasons gives a reason for %q, which is no word of the vocabulary", name)
		}
	}
}
