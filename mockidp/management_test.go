package mockidp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// witness is a transport that notes which operation each request is, and holds
// each answer against the document.
type witness struct {
	t      *testing.T
	next   http.RoundTripper
	mux    *http.ServeMux
	schema *validator.Compiler
	hit    map[string]bool // by method and path pattern
	status map[int]bool
}

func newWitness(t *testing.T, next http.RoundTripper) *witness {
	t.Helper()
	doc, err := validator.UnmarshalJSON(bytes.NewReader(OpenAPI()))
	if err != nil {
		t.Fatal(err)
	}
	w := &witness{t: t, next: next, mux: http.NewServeMux(), schema: validator.NewCompiler(), hit: map[string]bool{}, status: map[int]bool{}}
	w.schema.AssertFormat()
	w.schema.AssertContent()
	if err := w.schema.AddResource(openAPIFile, doc); err != nil {
		t.Fatal(err)
	}
	for _, op := range operations() {
		w.mux.HandleFunc(op.method+" "+op.path, http.NotFound)
	}
	return w
}

func (w *witness) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := w.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(text))
	_, pattern := w.mux.Handler(r)
	w.hit[pattern], w.status[res.StatusCode] = true, true
	for _, op := range operations() {
		if op.method+" "+op.path == pattern {
			w.compare(op, res.StatusCode, text)
		}
	}
	return res, nil
}

// compare holds one answer against what the document says of its status.
func (w *witness) compare(op operation, status int, text []byte) {
	w.t.Helper()
	at := strings.Replace(op.bodyPointer(), "/requestBody/", fmt.Sprintf("/responses/%d/", status), 1)
	schema, err := w.schema.Compile(openAPIFile + "#" + at)
	if err != nil {
		w.t.Errorf("%s: the document says nothing of %d: %v", op.id, status, err)
		return
	}
	body, err := validator.UnmarshalJSON(bytes.NewReader(text))
	if err == nil {
		err = schema.Validate(body)
	}
	if err != nil {
		w.t.Errorf("%s: %d %.300s: %v", op.id, status, text, err)
	}
}

// TestClientCoversOperations: the Client makes every call that there is, and
// each answer, right or wrong, is as the document has it.
func TestClientCoversOperations(t *testing.T) {
	cfg := testConfig(t)
	cfg.Directory = DefaultDirectory()
	i := Start(t, cfg)
	h := client(t)
	w := newWitness(t, h.Transport)
	h.Transport = w
	c, ctx := NewClient(i.ManagementURL(), manager, h), t.Context()
	fetch(t, i.URL()+"/callout/x")
	var lease Lease
	for n, call := range []func() error{
		func() error { _, err := c.Genuine(ctx, []mint.Grant{testGrant()}); return err },
		func() error {
			_, err := c.Mint(ctx, []Recipe{{Grant: testGrant(), Values: nil, Steps: []byte(`[]`)}})
			return err
		},
		func() error { _, err := c.Sign(ctx, mint.SignRequest{}); return err },
		func() error { _, err := c.Keys(ctx, tenantA); return err },
		func() error { _, err := c.KeyID(ctx, tenantA, "next"); return err },
		func() (err error) { lease, err = c.Lease(ctx, time.Minute); return err },
		func() error {
			return c.KeySet(ctx, lease.ID, mint.KeySet{Keys: []mint.KeySpec{{Name: "o", Type: "oct"}, {Name: "e", Type: "EC"}}})
		},
		func() error { _, err := c.Keys(ctx, tenantA); return err },
		func() error { _, err := c.Rotate(ctx, RotateRequest{Lease: lease.ID}); return err },
		func() error { return c.Misbehave(ctx, lease.ID, []Misbehaviour{{Name: "clock-offset", Seconds: 5}}) },
		func() error { _, err := c.Misbehaving(ctx); return err },
		func() error { return c.Release(ctx, lease.ID) },
		func() error { _, err := c.MisbehaviourKinds(ctx); return err },
		func() error { _, err := c.Counters(ctx); return err },
		func() error { return c.ResetCounters(ctx) },
		func() error { _, err := c.Requests(ctx); return err },
		func() error { _, err := c.Callouts(ctx, ""); return err },
		func() error { _, err := c.Now(ctx); return err },
		func() error { return c.Health(ctx) },
		func() error { _, err := c.OpenAPI(ctx); return err },
		func() error { d, err := c.Directory(ctx); return errorsOf(err, c.SetDirectory(ctx, d)) },
		func() error { return c.PutEntry(ctx, Tenants, tenantB, Tenant{}) },
		func() error { return c.DeleteEntry(ctx, Tenants, tenantB) },
		func() error { return c.PutEntry(ctx, APIs, "a b/c", API{AppID: apiOwn}) },
		func() error { return c.DeleteEntry(ctx, APIs, "a b/c") },
		func() error { return c.PutEntry(ctx, Clients, "x", ClientRegistration{ID: apiOwn}) },
		func() error { return c.DeleteEntry(ctx, Clients, "x") },
		func() error { return c.PutEntry(ctx, Users, "x", User{Username: "x@orders.example"}) },
		func() error { return c.DeleteEntry(ctx, Users, "x") },
		func() error { return c.PutEntry(ctx, Groups, "x", apiOwn) },
		func() error { return c.DeleteEntry(ctx, Groups, "x") },
	} {
		if err := call(); err != nil {
			t.Errorf("call %d: %v", n, err)
		}
	}
	for n, call := range []func() error{
		func() error { _, err := c.Mint(ctx, nil); return err },
		func() error { _, err := c.Sign(ctx, mint.SignRequest{Key: "nobody"}); return err },
		func() error { _, err := c.KeyID(ctx, tenantA, "nobody"); return err },
		func() error { return c.Release(ctx, "none") },
		func() error { return c.KeySet(ctx, "none", mint.KeySet{}) },
		func() error { return c.Misbehave(ctx, "none", nil) },
		func() error { return c.DeleteEntry(ctx, Groups, "x") },
		func() error { return c.PutEntry(ctx, Groups, "x", "no GUID") },
		func() (err error) {
			_, err = c.Lease(ctx, time.Minute)
			return errorsOf(err, second(c.Lease(ctx, time.Minute)))
		},
		func() error { _, err := NewClient(i.ManagementURL(), "wrong", h).Keys(ctx, ""); return err },
	} {
		if err := call(); err == nil {
			t.Errorf("refusal %d: expected one, got none", n)
		}
	}
	for _, op := range operations() {
		if !w.hit[op.method+" "+op.path] {
			t.Errorf("the Client never calls %s %s", op.method, op.path)
		}
	}
	for _, status := range []int{200, 400, 401, 404, 409, 410} {
		if !w.status[status] {
			t.Errorf("no answer was a %d", status)
		}
	}
}

func second(_ Lease, err error) error { return err }

// errorsOf is the first error of several.
func errorsOf(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestManagementRefuses is one row a request that no operation takes, and how it
// is told.
func TestManagementRefuses(t *testing.T) {
	i := Start(t, testConfig(t))
	for _, row := range []struct {
		reason, method, path, body string
		status                     int
		code, problem, allow       string
	}{
		{"no such path", "GET", "/nowhere", "", 404, "unknown-path", "", ""},
		{"another method", "PATCH", "/leases", "{}", 405, "wrong-method", "", "POST"},
		{"another method of an entry", "GET", "/directory/apis/x", "", 405, "wrong-method", "", "PUT, DELETE"},
		{"unknown parameter", "GET", "/kid?kye=next", "", 400, "wrong-request", `query.kye: unknown parameter "kye" (did you mean "key"?)`, ""},
		{"null", "POST", "/leases", `{"seconds": null}`, 400, "wrong-request", "seconds: expected number, got null", ""},
		{"a text for a number", "POST", "/leases", `{"seconds": "1"}`, 400, "wrong-request", "seconds: expected number, got string", ""},
		{"in another case", "POST", "/leases", `{"Seconds": 1}`, 400, "wrong-request", `unknown key "Seconds" (did you mean "seconds"?)`, ""},
		{"missing", "POST", "/leases", `{}`, 400, "wrong-request", `"seconds" is missing`, ""},
		{"too much", "POST", "/leases", `{"seconds": 901}`, 400, "wrong-request", "seconds: maximum: got 901, want 900", ""},
		{"a list", "POST", "/rotate", `[]`, 400, "wrong-request", "expected object, got array", ""},
		{"no word of the list", "PUT", "/directory/apis/x", `{"app-id": "` + apiOwn + `", "keys": "own"}`, 400, "wrong-request", "apis.x.keys: value must be one of 'tenant', 'app'", ""},
		{"deep inside", "PUT", "/directory/clients/x", `{"id": "` + apiOwn + `", "secrets": [{"valeu": "s"}]}`, 400, "wrong-request", `clients.x.secrets.0: unknown key "valeu" (did you mean "value"?)`, ""},
		{"of the directory itself", "PUT", "/directory/clients/x", `{"id": "` + apiOwn + `", "roles": {"order-dev": []}}`, 400, "wrong-request", `clients.x.roles.order-dev: expected the name of an API, got "order-dev" (did you mean "orders-dev"?)`, ""},
		{"no JSON", "PUT", "/directory", "tenants: {}", 400, "wrong-request", "", ""},
	} {
		r, _ := http.NewRequestWithContext(t.Context(), row.method, i.ManagementURL()+row.path, strings.NewReader(row.body))
		r.Header.Set("Authorization", "Bearer "+manager)
		a := do(t, client(t), r)
		var body errorBody
		if err := json.Unmarshal([]byte(a.text), &body); err != nil || a.status != row.status || body.Code != row.code || a.header.Get("Allow") != row.allow {
			t.Errorf("%s: %d %v %s", row.reason, a.status, a.header["Allow"], a.text)
		}
		var problems []string
		for _, p := range body.Problems {
			problems = append(problems, p.Error())
		}
		if row.problem != "" && !strings.Contains(strings.Join(problems, "\n"), row.problem) {
			t.Errorf("%s: expected %s, got %q", row.reason, row.problem, problems)
		}
	}
}

// TestManagementHandler: nothing of the management answers without the token,
// whatever the path, the document included.
func TestManagementHandler(t *testing.T) {
	i, err := New(testConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	h := i.managementHandler()
	for _, path := range []string{"/openapi.json", "/directory", "/requests", "/nowhere"} {
		res := httptest.NewRecorder()
		h.ServeHTTP(res, httptest.NewRequest(http.MethodGet, path, nil))
		if res.Code != http.StatusUnauthorized {
			t.Errorf("%s: %d", path, res.Code)
		}
	}
}
