package probe_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/value"
)

// start is what stands before a row's own lines.
const start = "GET /orders/v1/ping HTTP/1.1\r\nHost: gw.example\r\nUser-Agent: entraproof\r\nAccept: */*\r\nX-Entraproof-Run: r1\r\nX-Entraproof-Case: c1\r\n"

func TestBuildWritesExactBytes(t *testing.T) {
	bearer := "Authorization: Bearer T.O.K\r\n"
	post := strings.Replace(start, "GET", "POST", 1)
	tests := []struct {
		name, request, want string
		shared              bool
	}{
		{name: "default", request: "{}", want: start + bearer + "\r\n", shared: true},
		{name: "to changes nothing on the wire", request: "{to: other}", want: start + bearer + "\r\n", shared: true},
		{name: "no authorization", request: "{authorization: []}", want: start + "\r\n", shared: true},
		{
			name: "two authorization lines in order", request: `{authorization: ["Bearer ${bad}", "Bearer ${token}"]}`,
			want: start + "Authorization: Bearer B.A.D\r\n" + bearer + "\r\n", shared: true,
		},
		{name: "odd scheme", request: `{authorization: ["bEARER   ${token}"]}`, want: start + "Authorization: bEARER   T.O.K\r\n\r\n", shared: true},
		{name: "empty value", request: `{authorization: [""]}`, want: start + "Authorization: \r\n\r\n", shared: true},
		{name: "a NUL in the value", request: `{authorization: ["Bearer a\0b"]}`, want: start + "Authorization: Bearer a\x00b\r\n\r\n"},
		{name: "a no-break space", request: `{headers: [[X, "\xa0"]]}`, want: start + bearer + "X: \u00a0\r\n\r\n"},
		{
			name: "headers in order, repeated, case kept", request: `{headers: [[client_id, "${home.clients.two.id}"], [X-a, 1], [X-A, true]]}`,
			want: start + bearer + "client_id: client-2\r\nX-a: 1\r\nX-A: true\r\n\r\n", shared: true,
		},
		{
			name: "a header of ours replaced", request: `{headers: [[user-agent, kube-probe]]}`,
			want: strings.Replace(start, "User-Agent: entraproof\r\n", "", 1) + bearer + "user-agent: kube-probe\r\n\r\n", shared: true,
		},
		{name: "connection options", request: `{headers: [[Connection, "close, Authorization"]]}`, want: start + bearer + "Connection: close, Authorization\r\n\r\n"},
		{
			name: "space before colon", request: `{authorization: [], lines: ["Authorization : Bearer ${token}"]}`,
			want: start + "Authorization : Bearer T.O.K\r\n\r\n",
		},
		{name: "folded line", request: `{authorization: [], lines: ["Authorization: Bearer\r\n ${token}"]}`, want: start + "Authorization: Bearer\r\n T.O.K\r\n\r\n"},
		{
			name: "two Host lines", request: `{lines: ["Host: a", "Host: b"]}`,
			want: strings.Replace(start, "Host: gw.example\r\n", "", 1) + bearer + "Host: a\r\nHost: b\r\n\r\n",
		},
		{name: "method", request: "{method: FOO}", want: strings.Replace(start, "GET", "FOO", 1) + bearer + "\r\n", shared: true},
		{name: "post without content", request: "{method: POST}", want: post + bearer + "Content-Length: 0\r\n\r\n", shared: true},
		{name: "target as written", request: `{target: "//a/../b%2F#x"}`, want: strings.Replace(start, "/orders/v1/ping", "//a/../b%2F#x", 1) + bearer + "\r\n", shared: true},
		{
			name: "absolute form", request: `{target: "http://other.example${home.route.path}"}`,
			want: strings.Replace(start, "/orders/v1/ping", "http://other.example/orders/v1/ping", 1) + bearer + "\r\n",
		},
		{name: "target with a blank", request: `{target: "/a b"}`, want: strings.Replace(start, "/orders/v1/ping", "/a b", 1) + bearer + "\r\n"},
		{name: "host", request: `{host: "${home.host | upper}"}`, want: strings.Replace(start, "gw.example", "GW.EXAMPLE", 1) + bearer + "\r\n"},
		{
			name: "trailer", request: `{authorization: [], trailers: [[Authorization, "Bearer ${token}"]]}`,
			want: start + "Transfer-Encoding: chunked\r\nTrailer: Authorization\r\n\r\n0\r\n" + bearer + "\r\n",
		},
		{
			name: "trailer after content", request: `{authorization: [], body: {text: hello}, trailers: [[A, b], [C, d]]}`,
			want: start + "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\nTrailer: A, C\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\nC: d\r\n\r\n",
		},
		{
			name: "form in order", request: `{authorization: [], method: POST, body: {form: {z: "a b&c", access_token: "${token}"}}}`,
			want: post + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 28\r\n\r\nz=a+b%26c&access_token=T.O.K", shared: true,
		},
		{
			name: "json", request: `{authorization: [], method: POST, body: {json: {b: [1, null], a: "${token}"}}}`,
			want: post + "Content-Type: application/json\r\nContent-Length: 26\r\n\r\n{\"b\":[1,null],\"a\":\"T.O.K\"}", shared: true,
		},
		{
			name: "content type and length of the row's own", request: `{headers: [[content-type, x/y], [Content-Length, "99"]], body: {text: hi}}`,
			want: start + bearer + "content-type: x/y\r\nContent-Length: 99\r\n\r\nhi",
		},
		{
			name: "all bytes", request: `{bytes: "POST ${home.route.path} HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"}`,
			want: "POST /orders/v1/ping HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := decode(t, tt.request)
			w, err := r.Build(testScope(), testEndpoint(), probe.Tags{Run: "r1", Case: "c1"})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(w.Bytes)); diff != "" {
				t.Errorf("bytes (-want +got):\n%s", diff)
			}
			if w.Fresh == tt.shared {
				t.Errorf("Fresh: expected %t, got %t", !tt.shared, w.Fresh)
			}
		})
	}
}

func TestBuildWithoutToken(t *testing.T) {
	tests := []struct{ name, request, want string }{
		{"default left out", "{}", start + "\r\n"},
		{"the row's own kept", `{authorization: ["Bearer x"]}`, start + "Authorization: Bearer x\r\n\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, err := decode(t, tt.request).Build(value.Map{}, testEndpoint(), probe.Tags{Run: "r1", Case: "c1", Anonymous: true})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(w.Bytes)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBuildEndpoint(t *testing.T) {
	tests := []struct {
		name                      string
		e                         probe.Endpoint
		address, server, lineHost string
		tls                       bool
	}{
		{"https", probe.Endpoint{URL: "https://gw.example/x"}, "gw.example:443", "gw.example", "GET /x HTTP/1.1\r\nHost: gw.example\r\n", true},
		{"http with port", probe.Endpoint{URL: "http://gw.example:8080"}, "gw.example:8080", "gw.example", "GET / HTTP/1.1\r\nHost: gw.example:8080\r\n", false},
		{"replica", probe.Endpoint{URL: "https://gw.example", Dial: "10.0.0.2:444", RoutePath: "/r"}, "10.0.0.2:444", "gw.example", "GET /r HTTP/1.1\r\nHost: gw.example\r\n", true},
		{"host and method", probe.Endpoint{URL: "https://10.0.0.1", Host: "gw", Method: "HEAD"}, "10.0.0.1:443", "10.0.0.1", "HEAD / HTTP/1.1\r\nHost: gw\r\n", true},
		{"IPv6", probe.Endpoint{URL: "http://[::1]:81/"}, "[::1]:81", "::1", "GET / HTTP/1.1\r\nHost: [::1]:81\r\n", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, err := probe.Request{}.Build(testScope(), tt.e, probe.Tags{})
			if err != nil {
				t.Fatal(err)
			}
			if w.Address != tt.address || w.ServerName != tt.server || w.TLS != tt.tls || !strings.HasPrefix(string(w.Bytes), tt.lineHost) {
				t.Errorf("got %s %s %t %q", w.Address, w.ServerName, w.TLS, w.Bytes)
			}
			if w.NoBody != (tt.e.Method == "HEAD") {
				t.Errorf("NoBody: got %t", w.NoBody)
			}
		})
	}
}

func TestBuildRefusesEndpoints(t *testing.T) {
	for _, url := range []string{"", "gw.example", "ftp://gw.example", "https://", "http://a b/"} {
		if _, err := (probe.Request{}).Build(testScope(), probe.Endpoint{URL: url}, probe.Tags{}); err == nil {
			t.Errorf("%q: expected an error", url)
		}
	}
}

func TestBuildNamesUnknownPlaceholders(t *testing.T) {
	requests := []string{
		`{headers: [["${home.uri}", x]]}`, `{headers: [[x, "${home.uri}"]]}`, `{lines: ["${home.uri}"]}`, `{authorization: ["${home.uri}"]}`,
		`{trailers: [[x, "${home.uri}"]]}`, `{body: {form: {x: "${home.uri}"}}}`, `{body: {json: ["${home.uri}"]}}`, `{body: {text: "${home.uri}"}}`,
		`{bytes: "${home.uri}"}`, `{method: "${home.uri}"}`, `{target: "${home.uri}"}`, `{host: "${home.uri}"}`,
	}
	for _, request := range requests {
		_, err := decode(t, request).Build(testScope(), testEndpoint(), probe.Tags{})
		if err == nil || !strings.Contains(err.Error(), "home.uri") {
			t.Errorf("%s: expected an error about home.uri, got %v", request, err)
		}
	}
	if _, err := (probe.Request{}).Build(value.Map{}, testEndpoint(), probe.Tags{}); err == nil {
		t.Error("no token, not anonymous: expected an error")
	}
}

func TestRequestRefs(t *testing.T) {
	tests := []struct {
		name, request string
		want          []string
	}{
		{"default", "{}", []string{"token"}},
		{"none", "{authorization: []}", nil},
		{"bytes", `{bytes: "GET ${home.route.path}"}`, []string{"home.route.path"}},
		{"all", `{authorization: ["${bad}"], headers: [["${home.uri}", "${own.kid}"]], body: {form: {a: "${token}"}}, trailers: [[a, "${bad}"]]}`, []string{"bad", "home.uri", "own.kid", "token"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, decode(t, tt.request).Refs()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAuthorizedReplaces(t *testing.T) {
	r := decode(t, `{method: PUT, authorization: [a, b]}`).Authorized(value.Literal(value.String("Basic x")))
	w, err := r.Build(testScope(), testEndpoint(), probe.Tags{})
	if err != nil {
		t.Fatal(err)
	}
	if text := string(w.Bytes); strings.Count(text, "Authorization") != 1 || !strings.Contains(text, "Authorization: Basic x\r\n") || !strings.HasPrefix(text, "PUT ") {
		t.Errorf("got %q", text)
	}
}

func TestDecodeRequestProblems(t *testing.T) {
	tests := []struct{ name, request, want string }{
		{"unknown key", "{headres: []}", `row.yaml:1:2: unknown key "headres" (did you mean "headers"?)`},
		{"unknown destination", "{to: orign}", `unknown destination "orign" (did you mean "origin"?)`},
		{"not a mapping", "accept", "expected a mapping"},
		{"no pair", "{headers: [[a]]}", "expected a pair of name and value"},
		{"three in a pair", "{trailers: [[a, b, c]]}", "expected a pair of name and value"},
		{"text for a pair", "{headers: [a]}", "expected a pair of name and value"},
		{"null value", "{headers: [[a, null]]}", "expected a text, got null"},
		{"mapping for a text", "{target: {a: b}}", "expected a text, got a mapping"},
		{"authorization not a list", "{authorization: x}", `expected a list, got "x"`},
		{"bytes and others", `{bytes: x, method: GET}`, `"bytes" beside other keys`},
		{"two bodies", "{body: {form: {}, text: x}}", "expected one of form, json and text, got 2"},
		{"no body", "{body: {}}", "expected one of form, json and text, got 0"},
		{"unknown body", "{body: {xml: x}}", `unknown key "xml"`},
		{"bad placeholder", `{target: "${hme.uri}"}`, "hme.uri"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, err := document.Parse("row.yaml", []byte(tt.request))
			if err != nil {
				t.Fatal(err)
			}
			probe.DecodeRequest(n)
			if err := n.Err(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("expected %q, got %v", tt.want, err)
			}
		})
	}
}

func TestDecodeRequestNil(t *testing.T) {
	if r := probe.DecodeRequest(nil); !r.IsZero() {
		t.Errorf("got %+v", r)
	}
}

func TestJoinPath(t *testing.T) {
	tests := []struct{ gateway, route, want string }{
		{"https://gw.example/orders", "/v1/ping", "/orders/v1/ping"},
		{"https://gw.example/orders/", "v1/ping?x=1", "/orders/v1/ping?x=1"},
		{"https://gw.example", "/", "/"},
	}
	for _, tt := range tests {
		if got, err := probe.JoinPath(tt.gateway, tt.route); err != nil || got != tt.want {
			t.Errorf("%s %s: expected %s, got %s, %v", tt.gateway, tt.route, tt.want, got, err)
		}
	}
}
