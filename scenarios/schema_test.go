package scenarios

import (
	"bytes"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/entraproof/entraproof/internal/document"
)

func compiled(t testing.TB) *jsonschema.Schema {
	t.Helper()
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("rows.json", schema); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("rows.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t testing.TB, s *jsonschema.Schema, src []byte) error {
	t.Helper()
	root, err := document.Parse("r.yaml", src)
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(root.Plain())
}

// TestSchemaAccepts holds every built-in file and the sample against the
// schema.
func TestSchemaAccepts(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	files, err := fs.Glob(catalogFiles, "catalog/*.yaml")
	if err != nil || len(files) < 10 {
		t.Fatalf("expected the built-in files, got %v, %v", files, err)
	}
	for _, name := range files {
		src, err := fs.ReadFile(catalogFiles, name)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, s, src); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	src, err := os.ReadFile("testdata/sample-rows.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := validate(t, s, src); err != nil {
		t.Errorf("the sample: %v", err)
	}
}

// TestSchemaRefuses holds that an editor marks what the loader refuses, as far
// as a schema can say it.
func TestSchemaRefuses(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	if err := validate(t, s, []byte(sound)); err != nil {
		t.Fatalf("expected the sound row to be valid, got %v", err)
	}
	for _, src := range []string{
		"[]", "id: mine", without("id"), without("guards"), without("source"),
		with("expct: accept"), with("severity: critcal"), with("marks: [F1]"), with("profiles: [core]"), with("kind: flo"), with("group: AUX"),
		with("needs: [other-rout]"), with("serial: 1"), with("token: [{sett: {aud: x}}]"), with("token: [{set: {a: b}, remove: [c]}]"),
		with("request: {metod: POST}"), with("request: {to: elsewhere}"), with("variants: {}"), with("variants: {A B: {}}"), with("variants: {a: {title: x}}"), with("variants: {a: {guards: x}}"),
		instead("id", "id: Mine"), instead("base", "base: v2 ap home"), instead("base", "base: {client: strangr}"), instead("base", "base: {tenat: other}"),
		instead("expect", "expect: acept"), instead("expect", "expect: refuse"), instead("expect", "expect: {either: kid-requird}"), instead("expect", "expect: {}"),
		instead("source", "source: real++"), instead("guards", "guards: aud"),
	} {
		if err := validate(t, s, []byte(src)); err == nil {
			t.Errorf("expected the schema to refuse\n%s", src)
		}
		if _, err := Parse("r.yaml", []byte(src)); err == nil {
			t.Errorf("expected the loader to refuse\n%s", src)
		}
	}
}

// TestSchemaText holds that the schema explains its words to an editor, and is
// the same each time.
func TestSchemaText(t *testing.T) {
	t.Parallel()
	text := string(Schema())
	if text != string(Schema()) {
		t.Error("expected the same text twice")
	}
	for _, w := range append(append(append(Guards(), Severities()...), Sources()...), Marks()...) {
		if !strings.Contains(text, w.Says) {
			t.Errorf("expected the schema to explain %s", w.Name)
		}
	}
}
