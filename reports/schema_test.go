package reports_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
)

var update = flag.Bool("update", false, "write the schema anew")

const schemaFile = "results.schema.json"

func TestSchemaIsOfTheTypes(t *testing.T) {
	got := generate(t)
	if *update {
		if err := os.WriteFile(schemaFile, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(reports.Schema()), string(got)); diff != "" {
		t.Errorf("%s is not what the types say; go test ./reports -update (-file +types):\n%s", schemaFile, diff)
	}
}

// generate makes the schema from the types and their doc comments.
func generate(t *testing.T) []byte {
	t.Helper()
	t.Chdir("..") // comments are looked up by the path from the module
	r := jsonschema.Reflector{Mapper: wordsOf, AllowAdditionalProperties: true}
	for _, folder := range []string{"./reports", "./internal/probe"} {
		if err := r.AddGoComments("github.com/entraproof/entraproof", folder); err != nil {
			t.Fatal(err)
		}
	}
	s := r.Reflect(&reports.Results{})
	s.ID = "https://github.com/entraproof/entraproof/reports/results.schema.json"
	s.Title = "entraproof results, " + reports.SchemaVersion
	t.Chdir("reports")
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

// wordsOf describes the types that are written as words or raw JSON.
func wordsOf(t reflect.Type) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string"}
	switch t {
	case reflect.TypeFor[reports.Outcome]():
		for _, o := range verdict.Outcomes() {
			s.Enum = append(s.Enum, o.String())
		}
	case reflect.TypeFor[reports.Reach]():
		s.Enum = []any{reports.ReachUnknown, reports.NotReached, reports.Forwarded, reports.Reached, ""}
	case reflect.TypeFor[reports.ControlState]():
		s.Enum = []any{reports.ControlNone, reports.ControlAccepted, reports.ControlRefused, reports.ControlUnproven, ""}
	case reflect.TypeFor[reports.Fault]():
		s.Enum = []any{""}
		for _, f := range probe.Faults() {
			s.Enum = append(s.Enum, f)
		}
	case reflect.TypeFor[time.Duration]():
		s.Type = "integer"
	case reflect.TypeFor[json.RawMessage]():
		return jsonschema.TrueSchema
	default:
		return nil
	}
	return s
}

func TestSchemaTakesResultsAndRefusesOthers(t *testing.T) {
	good := sample()
	good.Cases[0].Exchange = recorded(t)
	for _, row := range []struct {
		name  string
		spoil func(map[string]any)
		wrong string // where the schema must object; "" takes it
	}{
		{name: "a run", spoil: func(map[string]any) {}},
		{name: "nothing run", spoil: func(m map[string]any) { m["cases"] = []any{} }},
		{name: "unknown outcome", spoil: func(m map[string]any) { first(m)["outcome"] = "perhaps" }, wrong: "/cases/0/outcome"},
		{name: "no id", spoil: func(m map[string]any) { delete(first(m), "id") }, wrong: "/cases/0"},
		{name: "status as text", spoil: func(m map[string]any) { first(m)["status"] = "401" }, wrong: "/cases/0/status"},
		{name: "no answers", spoil: func(m map[string]any) { delete(m, "answers") }, wrong: "''"},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := validate(t, good, row.spoil)
			switch {
			case row.wrong == "" && err != nil:
				t.Error(err)
			case row.wrong != "" && (err == nil || !strings.Contains(err.Error(), row.wrong)):
				t.Errorf("expected an objection at %s, got %v", row.wrong, err)
			}
		})
	}
}

func first(m map[string]any) map[string]any { return m["cases"].([]any)[0].(map[string]any) }

func validate(t *testing.T, r *reports.Results, spoil func(map[string]any)) error {
	t.Helper()
	doc, err := validator.UnmarshalJSON(bytes.NewReader(reports.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := validator.NewCompiler()
	if err := c.AddResource(schemaFile, doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := r.Encode(&text); err != nil {
		t.Fatal(err)
	}
	instance, err := validator.UnmarshalJSON(&text)
	if err != nil {
		t.Fatal(err)
	}
	spoil(instance.(map[string]any))
	return schema.Validate(instance)
}

func TestWordsAreTheVerdictsOwn(t *testing.T) {
	for r := verdict.ReachUnknown; r <= verdict.Reached; r++ {
		want := []reports.Reach{reports.ReachUnknown, reports.NotReached, reports.Forwarded, reports.Reached}[r]
		if got := reports.ReachOf(r); got != want {
			t.Errorf("reach %d: expected %q, got %q", r, want, got)
		}
	}
	for s := verdict.None; s <= verdict.Unproven; s++ {
		want := []reports.ControlState{reports.ControlNone, reports.ControlAccepted, reports.ControlRefused, reports.ControlUnproven}[s]
		if got := reports.ControlStateOf(s); got != want {
			t.Errorf("control state %d: expected %q, got %q", s, want, got)
		}
	}
}
