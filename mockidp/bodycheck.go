package mockidp

import (
	"bytes"
	_ "embed" // the document
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

//go:embed openapi.json
var openAPI []byte

// OpenAPI is the OpenAPI 3.1 document of the management listener. It is made of
// the table of operations and the Go types, and every body is checked by it.
func OpenAPI() []byte { return bytes.Clone(openAPI) }

// openAPIFile is what the document is called while it is read.
const openAPIFile = "openapi.json"

// bodySchemas are the schemas of the bodies, read from the document when the
// first body comes.
type bodySchemas struct {
	mu       sync.Mutex // the compiler keeps what it has compiled
	compiler *jsonschema.Compiler
}

func (b *bodySchemas) of(op operation) (*jsonschema.Schema, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.compiler == nil {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(openAPI))
		if err != nil {
			return nil, fmt.Errorf("mockidp: %s: %w", openAPIFile, err)
		}
		c := jsonschema.NewCompiler()
		c.AssertFormat()
		if err := c.AddResource(openAPIFile, doc); err != nil {
			return nil, fmt.Errorf("mockidp: %s: %w", openAPIFile, err)
		}
		b.compiler = c
	}
	schema, err := b.compiler.Compile(openAPIFile + "#" + op.bodyPointer())
	if err != nil {
		return nil, fmt.Errorf("mockidp: %s: %w", openAPIFile, err)
	}
	return schema, nil
}

// bodyPointer leads to the schema of the body (RFC 6901 6).
func (op operation) bodyPointer() string {
	var b strings.Builder
	for _, word := range []string{"paths", op.path, strings.ToLower(op.method), "requestBody", "content", "application/json", "schema"} {
		b.WriteString("/" + url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(word)))
	}
	return b.String()
}

func readBody(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, wrongRequest("read the body: %w", err)
	}
	return text, nil
}

// check checks the body of an operation; prefix is put before the paths of what
// is wrong.
func (b *bodySchemas) check(op operation, text []byte, prefix string) error {
	body, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return wrongRequest("read the body: %w", err)
	}
	schema, err := b.of(op)
	if err != nil {
		return err
	}
	var invalid *jsonschema.ValidationError
	if err := schema.Validate(body); errors.As(err, &invalid) {
		return wrongFields(violations(invalid, prefix)...)
	}
	return nil
}

// violations are the ends of the tree of what is wrong.
func violations(e *jsonschema.ValidationError, prefix string) []error {
	var all []error
	for _, cause := range e.Causes {
		all = append(all, violations(cause, prefix)...)
	}
	if len(e.Causes) > 0 {
		return all
	}
	path := strings.Join(e.InstanceLocation, ".")
	if prefix != "" {
		path = strings.TrimSuffix(prefix+"."+path, ".")
	}
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			all = append(all, &FieldError{Path: path, Text: fmt.Sprintf("unknown key %q", name), Hint: didYouMean(name, propertiesAt(e.SchemaURL))})
		}
		return all
	case *kind.Required:
		for _, name := range k.Missing {
			all = append(all, &FieldError{Path: path, Text: fmt.Sprintf("%q is missing", name)})
		}
		return all
	case *kind.Type:
		return []error{&FieldError{Path: path, Text: fmt.Sprintf("expected %s, got %s", strings.Join(k.Want, " or "), k.Got)}}
	}
	return []error{&FieldError{Path: path, Text: e.ErrorKind.LocalizedString(message.NewPrinter(language.English))}}
}

// propertiesAt are the members that an object of the document may have.
func propertiesAt(schemaURL string) []string {
	_, pointer, _ := strings.Cut(schemaURL, "#/")
	at := json.RawMessage(openAPI)
	for word := range strings.SplitSeq(pointer, "/") {
		var members map[string]json.RawMessage
		plain, err := url.PathUnescape(word)
		if err != nil || json.Unmarshal(at, &members) != nil {
			return nil
		}
		at = members[strings.NewReplacer("~1", "/", "~0", "~").Replace(plain)]
	}
	var object struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	_ = json.Unmarshal(at, &object) // no object: no names
	var names []string
	for name := range sorted(object.Properties) {
		names = append(names, name)
	}
	return names
}

// wrongFields is an ErrRequest with what is wrong where.
func wrongFields(problems ...error) error { return wrongRequest("%w", errors.Join(problems...)) }

// fieldErrors are the places that an error names.
func fieldErrors(err error) []FieldError {
	var all []FieldError
	switch e := err.(type) { //nolint:errorlint // it goes through the tree of errors itself
	case *FieldError:
		return []FieldError{*e}
	case *DirectoryError:
		return []FieldError{FieldError(*e)}
	case interface{ Unwrap() []error }:
		for _, part := range e.Unwrap() {
			all = append(all, fieldErrors(part)...)
		}
	case interface{ Unwrap() error }:
		return fieldErrors(e.Unwrap())
	}
	return slices.Clip(all)
}
