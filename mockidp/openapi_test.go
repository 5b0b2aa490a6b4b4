package mockidp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"

	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// TestOpenAPIIsOfTheTable: the document is what the operations and the types
// say. With -update it is written.
func TestOpenAPIIsOfTheTable(t *testing.T) {
	got := generateOpenAPI(t)
	if *update {
		if err := os.WriteFile(openAPIFile, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(OpenAPI()), string(got)); diff != "" {
		t.Errorf("%s is not what the operations and the types say; go test ./mockidp -update (-file +types):\n%s", openAPIFile, diff)
	}
}

type object = map[string]any

// generateOpenAPI makes the document from the table of operations, the Go types
// and their doc comments.
func generateOpenAPI(t *testing.T) []byte {
	t.Helper()
	t.Chdir("..") // comments are looked up by the path from the module
	d := openAPIDocument{schemas: object{}, reflector: jsonschema.Reflector{Mapper: strictTypes, Namer: schemaName}}
	for _, folder := range []string{"./mockidp", "./mockidp/mint"} {
		if err := d.reflector.AddGoComments("github.com/entraproof/entraproof", folder); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir("mockidp")
	paths := object{}
	for _, op := range operations() {
		at, ok := paths[op.path].(object)
		if !ok {
			at = object{}
			paths[op.path] = at
		}
		at[strings.ToLower(op.method)] = d.operation(t, op)
	}
	text, err := json.MarshalIndent(object{
		"openapi": "3.1.0",
		"info": object{
			"title": "management of entraproof's mock issuer", "version": "1", "license": object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
			"description": "Whoever has the management token can have any token made. Serve this on loopback, or behind TLS and a token of your own.",
		},
		"servers":  []any{object{"url": "/"}},
		"security": []any{object{"token": []any{}}},
		"paths":    paths,
		"components": object{
			"securitySchemes": object{"token": object{"type": "http", "scheme": "bearer", "description": "The management token."}},
			"schemas":         d.schemas,
		},
	}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append([]byte(strings.ReplaceAll(string(text), `"#/$defs/`, `"#/components/schemas/`)), '\n')
}

// openAPIDocument collects the schemas that the operations use.
type openAPIDocument struct {
	reflector jsonschema.Reflector
	schemas   object
}

func (d openAPIDocument) operation(t *testing.T, op operation) object {
	t.Helper()
	described := object{"operationId": op.id, "summary": op.summary, "responses": d.responses(t, op)}
	if op.collection != "" { // PutEntry and DeleteEntry are calls of several
		described["operationId"] = op.id + collection{name: op.collection}.suffix()
	}
	var parameters []any
	for _, p := range op.parameters {
		parameter := object{"name": p.name, "in": p.in, "description": p.means, "schema": object{"type": "string"}}
		if p.in == inPath {
			parameter["required"], parameter["schema"] = true, object{"type": "string", "minLength": 1}
		}
		if p.example != "" {
			parameter["example"] = p.example
		}
		parameters = append(parameters, parameter)
	}
	if parameters != nil {
		described["parameters"] = parameters
	}
	if op.body != nil {
		content := d.content(t, op.body)
		if op.example != nil {
			content["application/json"].(object)["example"] = op.example
		}
		described["requestBody"] = object{"required": true, "content": content}
	}
	return described
}

// responses are the answer and the errors, those of one status together.
func (d openAPIDocument) responses(t *testing.T, op operation) object {
	t.Helper()
	failed := func(means string) object {
		return object{"description": means, "content": d.content(t, reflect.TypeFor[errorBody]())}
	}
	unauthorized := failed("The management token is missing, or another one.")
	unauthorized["headers"] = object{"WWW-Authenticate": object{"schema": object{"type": "string"}}}
	done := object{"description": "Done.", "content": d.content(t, op.answer)}
	if len(op.links) > 0 {
		done["links"] = linksOf(op)
	}
	all := object{"200": done, "401": unauthorized}
	for _, f := range failures() {
		for _, err := range op.errors {
			if !errors.Is(err, f.err) {
				continue
			}
			status, means := strconv.Itoa(f.status), fmt.Sprintf("Code %s. %s", f.code, f.means)
			if before, ok := all[status].(object); ok {
				means = fmt.Sprint(before["description"], " ", means)
			}
			all[status] = failed(means)
		}
	}
	return all
}

func linksOf(op operation) object {
	all := object{}
	for _, l := range op.links {
		link := object{"operationId": l.to}
		if l.parameters != nil {
			link["parameters"] = l.parameters
		}
		if l.body != nil {
			link["requestBody"] = l.body
		}
		all[l.to] = link
	}
	return all
}

// content is a body of a type, whose schemas are collected.
func (d openAPIDocument) content(t *testing.T, of reflect.Type) object {
	t.Helper()
	text, err := json.Marshal(d.reflector.ReflectFromType(of))
	if err != nil {
		t.Fatal(err)
	}
	var schema any
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	if members, ok := schema.(object); ok {
		defs, _ := members["$defs"].(object)
		for name, one := range defs {
			if before, ok := d.schemas[name]; ok && !cmp.Equal(before, one) {
				t.Fatalf("two schemas are called %s", name)
			}
			d.schemas[name] = one
		}
		for _, name := range []string{"$defs", "$schema", "$id"} {
			delete(members, name)
		}
	}
	return object{"application/json": object{"schema": schema}}
}

// schemaName tells types of one name apart, and begins like an exported one.
func schemaName(t reflect.Type) string {
	name := t.Name()
	if name == "" {
		return "" // of no name
	}
	name = strings.ToUpper(name[:1]) + name[1:]
	if strings.HasSuffix(t.PkgPath(), "/mint") {
		return "Mint" + name
	}
	return name
}

// strictTypes describes the types that are written as words or in more than one
// form: here in the one form that answers have as well.
func strictTypes(t reflect.Type) *jsonschema.Schema {
	words := func(all ...any) *jsonschema.Schema { return &jsonschema.Schema{Type: "string", Enum: all} }
	switch t {
	case reflect.TypeFor[mint.Version]():
		return words(mint.V1, mint.V2, "")
	case reflect.TypeFor[mint.Subject]():
		return words(mint.SubjectUser, mint.SubjectApp, "")
	case reflect.TypeFor[mint.TokenType]():
		return words(mint.Access, mint.ID, mint.IDV1, mint.Refresh, mint.Assertion, "")
	case reflect.TypeFor[mint.Age]():
		return words(mint.Fresh, mint.AlmostExpired, mint.Expired, "")
	case reflect.TypeFor[mint.WellKnown]():
		return words(mint.ARM, mint.Graph, "")
	case reflect.TypeFor[ConsentNeed]():
		return words(NoConsent, UserConsent, AdminConsent, "")
	case reflect.TypeFor[time.Duration]():
		return &jsonschema.Schema{Type: "integer"}
	case reflect.TypeFor[json.RawMessage](), reflect.TypeFor[value.Value]():
		return jsonschema.TrueSchema
	}
	return nil
}

// TestOpenAPIExamples: each body that the document shows is taken, and each call
// that has a body shows one, but for those that need what another has answered.
func TestOpenAPIExamples(t *testing.T) {
	i := Start(t, testConfig(t))
	examples := 0
	for _, op := range operations() {
		if op.example == nil {
			if op.body != nil && op.id != "KeySet" && op.id != "Misbehave" && op.id != "SetDirectory" {
				t.Errorf("%s has no example", op.id)
			}
			continue
		}
		examples++
		text, err := json.Marshal(op.example)
		if err != nil {
			t.Fatal(err)
		}
		r, _ := http.NewRequestWithContext(t.Context(), op.method, i.ManagementURL()+strings.Replace(op.path, "{name}", tenantB, 1), bytes.NewReader(text))
		r.Header.Set("Authorization", "Bearer "+manager)
		if a := do(t, client(t), r); a.status != http.StatusOK {
			t.Errorf("%s %s: %d %s", op.method, op.path, a.status, a.text)
		}
	}
	if examples != 9 {
		t.Errorf("expected 9 examples, got %d", examples)
	}
}
