package mockidp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
)

// operation is one call of the management listener, all of it: the handler, and
// its description in openapi.json.
type operation struct {
	method, path string
	// id is the name of the Client's method that makes the call.
	id      string
	summary string
	// parameters are the members of the path and of the query.
	parameters []operationParameter
	// body and answer are what JSON is read and written; nil: none.
	body, answer reflect.Type
	// example is a body; nil: none.
	example any
	// links are the calls that may follow with what this one answered.
	links []operationLink
	// collection is the one that the body is an entry of.
	collection Collection
	errors     []error
	call       func(i *Issuer, ctx context.Context, q operationRequest) (any, error)
}

// operationParameter is one member of the path or of the query; example may be
// empty.
type operationParameter struct{ name, in, means, example string }

// operationLink says that an operation, by its id in the document, can be called
// with what another one was asked or answered: parameters and body hold runtime
// expressions (OpenAPI 3.1, 4.8.20.4).
type operationLink struct {
	to         string
	parameters map[string]string
	body       any
}

// operationRequest is a request with its parameters and its body read. The body
// is a value of the operation's type.
type operationRequest struct {
	parameters map[string]string
	body       any
}

// Where a parameter stands.
const (
	inPath  = "path"
	inQuery = "query"
)

// nothing is the body of a call that takes or answers nothing: {}.
type nothing struct{}

// about is what is said of an operation.
type about struct {
	id, summary string
	parameters  []operationParameter
	errors      []error
	example     any
	links       []operationLink
}

// command is an operation with a body.
func command[Q, A any](pattern string, say about, f func(*Issuer, context.Context, Q) (A, error)) operation {
	op := question(pattern, say, func(i *Issuer, ctx context.Context, q operationRequest) (A, error) { return f(i, ctx, q.body.(Q)) })
	op.body = reflect.TypeFor[Q]()
	return op
}

// question is an operation without a body.
func question[A any](pattern string, say about, f func(*Issuer, context.Context, operationRequest) (A, error)) operation {
	method, path, _ := strings.Cut(pattern, " ")
	return operation{
		method: method, path: path, id: say.id, summary: say.summary, parameters: say.parameters, example: say.example, links: say.links,
		answer: reflect.TypeFor[A](), errors: append(slices.Clone(say.errors), ErrRequest),
		call: func(i *Issuer, ctx context.Context, q operationRequest) (any, error) { return f(i, ctx, q) },
	}
}

// read takes a request apart. A parameter that the operation does not know is
// refused, as is a body that is not what openapi.json says.
func (op operation) read(i *Issuer, r *http.Request) (operationRequest, error) {
	q := operationRequest{parameters: map[string]string{}}
	var known []string
	for _, p := range op.parameters {
		q.parameters[p.name] = r.PathValue(p.name)
		if p.in == inQuery {
			known = append(known, p.name)
			q.parameters[p.name] = r.URL.Query().Get(p.name)
		}
	}
	for name := range sorted(r.URL.Query()) {
		if !slices.Contains(known, name) {
			return q, wrongFields(&FieldError{Path: "query." + name, Text: fmt.Sprintf("unknown parameter %q", name), Hint: didYouMean(name, known)})
		}
	}
	if op.body == nil {
		return q, nil
	}
	text, err := readBody(r.Body)
	if err != nil {
		return q, err
	}
	if err := i.bodies.check(op, text, op.prefix(q)); err != nil {
		return q, err
	}
	into := reflect.New(op.body)
	if err := json.Unmarshal(text, into.Interface()); err != nil {
		return q, wrongRequest("read the body: %w", err)
	}
	q.body = into.Elem().Interface()
	return q, nil
}

// prefix is where in a directory the body stands, as its errors name it.
func (op operation) prefix(q operationRequest) string {
	if op.collection == "" {
		return ""
	}
	return string(op.collection) + "." + q.parameters["name"]
}

// serve answers one call for an issuer.
func (op operation) serve(i *Issuer, w http.ResponseWriter, r *http.Request) {
	q, err := op.read(i, r)
	var answer any
	if err == nil {
		answer, err = op.call(i, r.Context(), q)
	}
	if err != nil {
		i.managementError(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

// errorBody is the answer of a call that failed.
type errorBody struct {
	// Code names the error: it does not change with the text.
	Code string `json:"code"`
	Text string `json:"text"`
	// Problems are the places in the request where something is wrong.
	Problems []FieldError `json:"problems,omitempty"`
}

// managementError answers with the code, the status and the text of an error.
func (i *Issuer) managementError(w http.ResponseWriter, r *http.Request, err error) {
	for _, f := range failures() {
		if errors.Is(err, f.err) {
			i.cfg.Log.Info("management refused", "path", r.URL.Path, "code", f.code)
			writeJSON(w, f.status, errorBody{f.code, err.Error(), fieldErrors(err)})
			return
		}
	}
	i.cfg.Log.Error("management failed", "path", r.URL.Path, "error", err)
	writeJSON(w, http.StatusInternalServerError, errorBody{Code: "failed", Text: err.Error()})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone away is nobody's error
}
