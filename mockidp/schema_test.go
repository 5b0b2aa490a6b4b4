package mockidp

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/mockidp/mint"
)

var update = flag.Bool("update", false, "write the schema and the golden files anew")

const schemaFile = "mockidp.schema.json"

func TestSchemaIsOfTheTypes(t *testing.T) {
	got := generateSchema(t)
	if *update {
		if err := os.WriteFile(schemaFile, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(DirectorySchema()), string(got)); diff != "" {
		t.Errorf("%s is not what the types say; go test ./mockidp -update (-file +types):\n%s", schemaFile, diff)
	}
}

// generateSchema makes the schema from the types and their doc comments.
func generateSchema(t *testing.T) []byte {
	t.Helper()
	t.Chdir("..") // comments are looked up by the path from the module
	r := jsonschema.Reflector{Mapper: looseTypes}
	if err := r.AddGoComments("github.com/entraproof/entraproof", "./mockidp"); err != nil {
		t.Fatal(err)
	}
	s := r.Reflect(&directoryFile{})
	t.Chdir("mockidp")
	s.ID = "https://github.com/entraproof/entraproof/mockidp/mockidp.schema.json"
	s.Title = "the directory of entraproof's mock issuer"
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

// looseTypes describes what document.Decode reads in more than one form.
func looseTypes(t reflect.Type) *jsonschema.Schema {
	oneOrMore := func(item *jsonschema.Schema) *jsonschema.Schema {
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{item, {Type: "array", Items: item}}}
	}
	switch t {
	case reflect.TypeFor[mint.Version]():
		return &jsonschema.Schema{Enum: []any{1, 2, "1", "2", "v1", "v2"}}
	case reflect.TypeFor[formVersion]():
		return &jsonschema.Schema{Enum: []any{1, "1"}}
	case reflect.TypeFor[ConsentNeed]():
		return &jsonschema.Schema{Enum: []any{NoConsent, UserConsent, AdminConsent}}
	case reflect.TypeFor[[]ImplicitToken]():
		return oneOrMore(&jsonschema.Schema{Enum: []any{ImplicitID, ImplicitAccess}})
	case reflect.TypeFor[[]string]():
		return oneOrMore(&jsonschema.Schema{Type: "string"})
	}
	return nil
}

func compiledSchema(t testing.TB) *validator.Schema {
	t.Helper()
	doc, err := validator.UnmarshalJSON(bytes.NewReader(DirectorySchema()))
	if err != nil {
		t.Fatal(err)
	}
	c := validator.NewCompiler()
	if err := c.AddResource(schemaFile, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func parsedDirectory(t testing.TB, text []byte) any {
	t.Helper()
	n, err := document.Parse("mockidp.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	return n.Plain()
}

// TestSchemaAccepts holds what the reader takes against the schema.
func TestSchemaAccepts(t *testing.T) {
	s := compiledSchema(t)
	for name, text := range map[string][]byte{"default": defaultFile, "story": []byte(story), "people": []byte(people)} {
		if err := s.Validate(parsedDirectory(t, text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSchemaAgreesWithReader puts an unknown key into every mapping of a
// document, one after the other, takes every key out and writes every list as
// its first entry: what the reader refuses the schema refuses too, but for what
// only the whole shows.
func TestSchemaAgreesWithReader(t *testing.T) {
	s := compiledSchema(t)
	refused := map[string]int{}
	check := func(what, at string, doc any) {
		text, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		_, read := ParseDirectory("mockidp.yaml", text, lookup)
		wrong := s.Validate(parsedDirectory(t, text)) != nil
		if structural := read != nil && !onlyTheWhole(read); structural != wrong {
			t.Errorf("%s %s: the schema refuses it: %t; the reader: %v", what, at, wrong, read)
		}
		if wrong {
			refused[what]++
		}
	}
	for _, text := range [][]byte{defaultFile, []byte(story), []byte(people)} {
		doc := parsedDirectory(t, text)
		var walk func(at string, v any)
		walk = func(at string, v any) {
			switch v := v.(type) {
			case map[string]any:
				v["unknown-key"] = nil
				check("unknown key in", at, doc)
				delete(v, "unknown-key")
				for _, key := range slices.Sorted(maps.Keys(v)) {
					kept := v[key]
					delete(v, key)
					check("missing key", at+"."+key, doc)
					if list, ok := kept.([]any); ok {
						v[key] = list[0]
						check("one for a list", at+"."+key, doc)
					}
					v[key] = kept
					walk(at+"."+key, kept)
				}
			case []any:
				for _, item := range v {
					walk(at, item)
				}
			}
		}
		walk("", doc)
	}
	if refused["unknown key in"] < 40 || refused["missing key"] < 30 || refused["one for a list"] < 5 {
		t.Errorf("refused %v, expected more", refused)
	}
}

// onlyTheWhole reports whether an error is about things that refer to each
// other: a schema cannot see those.
func onlyTheWhole(err error) bool {
	for line := range strings.Lines(err.Error()) {
		if !strings.Contains(line, "expected the name of") && !strings.Contains(line, "expected one of the tenants") && !strings.Contains(line, "has no \"") {
			return false
		}
	}
	return true
}
