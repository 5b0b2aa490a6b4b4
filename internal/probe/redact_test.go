package probe_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/value"
)

func TestRedactToken(t *testing.T) {
	const kept = testHeader + "." + testClaims
	tests := []struct{ name, token, want string }{
		{"JWS", testToken, kept + ".<signature redacted>"},
		{"no signature", kept + ".", kept + "."},
		{"two parts", kept, kept},
		{"header and signature", testHeader + "." + testSignature, testHeader + ".<signature redacted>"},
		{"four parts", testToken + ".abc", kept + ".<signature redacted>.<signature redacted>"},
		{"JWE", testHeader + ".a.b.c.d", testHeader + strings.Repeat(".<secret redacted>", 4)},
		{"opaque", "1.AXkAopaque", "<secret redacted>"},
		{"empty", "", "<secret redacted>"},
		{"empty header object", "e30." + testClaims + "." + testSignature, "e30." + testClaims + ".<signature redacted>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := probe.RedactToken(tt.token); got != tt.want {
				t.Errorf("expected %s, got %s", tt.want, got)
			}
		})
	}
}

func TestRedactText(t *testing.T) {
	const kept = testHeader + "." + testClaims + ".<signature redacted>"
	tests := []struct{ name, text, want string }{
		{"nothing", "GET /v1.2/ping HTTP/1.1 at gw.orders.example", "GET /v1.2/ping HTTP/1.1 at gw.orders.example"},
		{"bearer", "Bearer " + testToken, "Bearer " + kept},
		{"quoted", `{"token":"` + testToken + `"}`, `{"token":"` + kept + `"}`},
		{"query", "/r?access_token=" + testToken + "&x=1", "/r?access_token=" + kept + "&x=1"},
		{"path", "/r/" + testToken + "/x", "/r/" + kept},
		{"two in a line", "Bearer " + testToken + ", Bearer " + testToken, "Bearer " + kept + ", Bearer " + kept},
		{"percent-encoded dots", strings.ReplaceAll(testToken, ".", "%2E"), kept},
		{"glued to its scheme", "Bearer" + testToken, "Bearer" + kept},
		{"opaque", "bearer  0.AXkA0123456", "bearer  <secret redacted>"},
		{"opaque DPoP", `DPoP "abc123456"`, `DPoP "<secret redacted>"`},
		{"a short word", "Bearer abc", "Bearer abc"},
		{"a challenge", `Bearer error="invalid_token", authorization_uri="x"`, `Bearer error="invalid_token", authorization_uri="x"`},
		{"dots", "Bearer " + strings.Repeat(".", 50), "Bearer " + strings.Repeat(".", 50)},
		{"form", "client_id=a&client_secret=b&x=y", "client_id=a&client_secret=<secret redacted>&x=y"},
		{"json", `{"client_secret": "s p", "x": 1}`, `{"client_secret": "<secret redacted>", "x": 1}`},
		{"json within json", `{\"client_secret\": \"sp\", \"x\": 1}`, `{\"client_secret\": \"<secret redacted>\", \"x\": 1}`},
		{"header line", "Client-Secret: abc", "Client-Secret: <secret redacted>"},
		{"flattened JWS", `{"protected":"` + testHeader + `","signature":"` + testSignature + `"}`, `{"protected":"` + testHeader + `","signature":"<secret redacted>"}`},
		{"the word signature", `{"error":"signature: bad"}`, `{"error":"signature: bad"}`},
		{"the name at the end", "client_secret", "client_secret"},
		{"an issuer", "https://login.microsoftonline.com/7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40/v2.0", "https://login.microsoftonline.com/7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40/v2.0"},
		{"a signature behind dots that are no token", "a.b." + testSignature, "a.b.<signature redacted>"},
		{"a signature in a path behind dots", "a.b.x-y/" + testSignature + "/z", "a.b.<signature redacted>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, probe.RedactText(tt.text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSecretsOf(t *testing.T) {
	jwe := []string{"encrypted-key", "initvector", "ciphertext-x", "tag-tag-tag"}
	tests := []struct {
		name, token string
		want        []string
	}{
		{"JWS", testToken, []string{testSignature}},
		{"JWE", testHeader + "." + strings.Join(jwe, "."), jwe},
		{"unsigned", testHeader + "." + testClaims + ".", nil},
		{"eight bytes", testHeader + "." + testClaims + ".12345678", []string{"12345678"}},
		{"seven bytes", testHeader + "." + testClaims + ".1234567", nil},
		{"two letters in turn", testHeader + "." + testClaims + ".abababab", []string{"abababab"}},
		{"header and the shortest signature", testHeader + "." + testSignature[:32], []string{testSignature[:32]}},
		{"header and something shorter", testHeader + "." + testSignature[:31], nil},
		{"opaque", "1.AXkA-opaque", []string{"1.AXkA-opaque"}},
		{"short", "abc", nil},
		{"dots", strings.Repeat(".", 1000), nil},
		{"JSON", `{"signatures":[{"signature":"` + testSignature + `"}],"payload":"x"}`, []string{testSignature}},
		{"broken JSON", `{"signature":"` + testSignature, []string{`{"signature":"` + testSignature}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, probe.SecretsOf(tt.token)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSeeTellsNoSecret(t *testing.T) {
	tests := []struct{ name, value, scheme string }{
		{"bearer", "Bearer " + testToken, "Bearer"},
		{"tab", "bearer\t" + testToken, "bearer"},
		{"no scheme", testToken, ""},
		{"no scheme, junk after", testToken + " junk", ""},
		{"empty", "", ""},
		{"blank first", " Bearer x", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := probe.See(tt.value)
			if got.Scheme != tt.scheme || got.Length != len(tt.value) || len(got.SHA256) != 64 {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// sent is an observation of a request with the token.
func sent(t testing.TB, token, request string) probe.Observation {
	t.Helper()
	scope := testScope()
	scope["token"], scope["bad"] = value.String(token), value.String(token+"x")
	w, err := decode(t, request).Build(scope, testEndpoint(), probe.Tags{Run: "r", Case: "c"})
	if err != nil {
		t.Fatal(err)
	}
	return probe.ObservationOf(w)
}

func TestRecordShowsWhatWasSent(t *testing.T) {
	o := sent(t, testToken, `{headers: [[X, "a\0b"]], body: {text: "body text"}}`)
	o.Status, o.Proto, o.Body = 401, "HTTP/1.1", []byte("who?")
	o.Header = []probe.Pair{{Name: "WWW-Authenticate", Value: "Bearer"}, {Name: "Set-Cookie", Value: "session=1234567890"}}
	x := o.Record(probe.Redaction{})
	want := []string{
		"GET /orders/v1/ping HTTP/1.1", "Host: gw.example", "User-Agent: entraproof", "Accept: */*", "X-Entraproof-Run: r", "X-Entraproof-Case: c",
		"Authorization: Bearer " + testHeader + "." + testClaims + ".<signature redacted>", `X: a\x00b`, "Content-Type: text/plain", "Content-Length: 9",
	}
	if diff := cmp.Diff(want, x.Request); diff != "" {
		t.Error(diff)
	}
	if x.RequestBody != "body text" || x.Status != 401 || x.Body != "who?" || x.RequestSize != len(o.Sent) || x.TokenEchoed {
		t.Errorf("got %+v", x)
	}
	if diff := cmp.Diff([]probe.Pair{{Name: "WWW-Authenticate", Value: "Bearer"}, {Name: "Set-Cookie", Value: "<secret redacted>"}}, x.Header); diff != "" {
		t.Error(diff)
	}
	token := probe.Token{
		Header: json.RawMessage(`{"typ":"JWT","alg":"RS256","kid":"k1"}`),
		Claims: json.RawMessage(`{"aud":"api://orders.dev","oid":"11e4d7","name":"Ada Lovelace","uti":"u-1"}`), Segments: 3, Signature: len(testSignature),
	}
	if diff := cmp.Diff([]probe.Token{token}, x.Tokens); diff != "" {
		t.Error(diff)
	}
}

func TestRecordDecodesOddTokens(t *testing.T) {
	b64 := func(s string) string { return value.Base64URL(s) }
	tests := []struct {
		name, token string
		want        probe.Token
	}{
		{"duplicate member", testHeader + "." + b64(`{"aud":1,"aud":2}`) + ".", probe.Token{Claims: json.RawMessage(`{"aud":1,"aud":2}`), Segments: 3}},
		{"large number", testHeader + "." + b64(`{"exp":9223372036854775808}`) + ".", probe.Token{Claims: json.RawMessage(`{"exp":9223372036854775808}`), Segments: 3}},
		{"trailing JSON", testHeader + "." + b64(`{"a":1}{"a":2}`) + ".", probe.Token{ClaimsText: `{"a":1}{"a":2}`, Segments: 3}},
		{"not base64", testHeader + ".a=b.", probe.Token{ClaimsText: "a=b", Segments: 3}},
		{"UTF-16", testHeader + "." + b64("{\x00\"\x00") + ".", probe.Token{ClaimsText: `{\x00"\x00`, Segments: 3}},
		{"not UTF-8", testHeader + "." + b64("{\"a\":\"\xff\"}") + ".", probe.Token{ClaimsText: `{"a":"\xff"}`, Segments: 3}},
		{"JWE", testHeader + "." + testClaims + ".b.c.d", probe.Token{Segments: 5, Signature: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x := sent(t, tt.token, "{}").Record(probe.Redaction{})
			tt.want.Header = json.RawMessage(`{"typ":"JWT","alg":"RS256","kid":"k1"}`)
			if diff := cmp.Diff([]probe.Token{tt.want}, x.Tokens); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRecordIsBounded(t *testing.T) {
	o := sent(t, testHeader+"."+strings.Repeat("A", 100000)+"."+testSignature, `{body: {text: "${token}"}, headers: [`+strings.Repeat("[a, b],", 100)+`[a, b]]}`)
	o.Status, o.Body = 400, []byte(strings.Repeat("x", 50000))
	b, err := json.Marshal(o.Record(probe.Redaction{}))
	if err != nil || len(b) > 32<<10 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if !strings.Contains(string(b), "(50000 bytes)") || !strings.Contains(string(b), "more lines") {
		t.Error("what was cut is not told")
	}
}

func TestTokenEchoed(t *testing.T) {
	header := func(v string) []probe.Pair { return []probe.Pair{{Name: "WWW-Authenticate", Value: v}} }
	tests := []struct {
		name   string
		body   string
		header []probe.Pair
		want   bool
	}{
		{"no", "invalid token", nil, false},
		{"whole", "invalid token " + testToken, nil, true},
		{"its end", "…" + testSignature[len(testSignature)-24:], nil, true},
		{"in a header", "", header(`Bearer error="` + testToken + `"`), true},
		{"header and claims only", testHeader + "." + testClaims, nil, false},
		{"a piece too short", testSignature[3:15], nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := sent(t, testToken, "{}")
			o.Status, o.Body, o.Header = 401, []byte(tt.body), tt.header
			if got := o.TokenEchoed(); got != tt.want || o.Record(probe.Redaction{}).TokenEchoed != tt.want {
				t.Errorf("expected %t, got %t", tt.want, got)
			}
		})
	}
}

func TestTokenEchoedOfShortSecrets(t *testing.T) {
	tests := []struct {
		name, signature, body string
		want                  bool
	}{
		{"sixteen bytes", "0123456789abcdef", "x0123456789abcdefx", true},
		{"eight bytes", "01234567", "x01234567x", true},
		{"seven bytes", "0123456", "x0123456x", false},
		{"half of fifteen", "0123456789abcde", "01234567", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := probe.Observation{Status: 401, Body: []byte(tt.body)}
			if got := o.TokenEchoed(tt.signature); got != tt.want {
				t.Errorf("expected %t, got %t", tt.want, got)
			}
		})
	}
}

func TestRecordReducesPeopleLongestFirst(t *testing.T) {
	claims := value.Base64URL(`{"name":"Adam","upn":"adam@x.example","groups":["g-12"],"n":1234,"nick":"Ada","address":{"city":"Ulm1"}}`)
	o := sent(t, testHeader+"."+claims+"."+testSignature, "{}")
	o.Status, o.Body = 200, []byte("Adam@X.example is Adam of g-12 in ulm1, 1234, Ada")
	x := o.Record(probe.Redaction{RealTenant: true})
	want := "<upn redacted> is <name redacted> of <groups redacted> in <address redacted>, <n redacted>, Ada"
	if x.Body != want || string(x.Tokens[0].Claims) != "{}" {
		t.Errorf("got %q, %s", x.Body, x.Tokens[0].Claims)
	}
}

func TestRecordReducesPeople(t *testing.T) {
	o := sent(t, testToken, `{headers: [[X-User, "ADA LOVELACE"], [X-Oid, 11e4d7]]}`)
	o.Status, o.Body = 200, []byte("hello Ada Lovelace, "+testClaims)
	o.Echo = &probe.Echo{Header: []probe.Pair{{Name: "X-Oid", Value: "11e4d7"}}}
	x := o.Record(probe.Redaction{RealTenant: true})
	b, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	for _, told := range []string{"Lovelace", "LOVELACE", "11e4d7", testClaims, testClaims[10:30]} {
		if strings.Contains(string(b), told) {
			t.Errorf("tells %q: %s", told, b)
		}
	}
	if diff := cmp.Diff([]string{"name"}, x.Tokens[0].Personal); diff != "" {
		t.Error(diff)
	}
	if got := string(x.Tokens[0].Claims); got != `{"aud":"api://orders.dev","oid":"012c000c","uti":"u-1"}` {
		t.Errorf("claims: got %s", got)
	}
	if x.Body != "hello <name redacted>, <claims redacted>" || x.Request[7] != "X-User: <name redacted>" {
		t.Errorf("got %q, %q", x.Body, x.Request[7])
	}
}

func TestRecordKeepsNothingOfClaimsItCannotRead(t *testing.T) {
	claims := value.Base64URL(`{"name":"Ada Lovelace"}{}`)
	x := sent(t, testHeader+"."+claims+"."+testSignature, "{}").Record(probe.Redaction{RealTenant: true})
	if x.Tokens[0].Claims != nil || x.Tokens[0].ClaimsText != "<claims redacted>" {
		t.Errorf("got %+v", x.Tokens[0])
	}
}

// randomSignature has the length of RS256's.
func randomSignature(r *rand.Rand) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	b := make([]byte, 342)
	for i := range b {
		b[i] = alphabet[r.IntN(64)]
	}
	return string(b)
}

// told returns a piece of the signature that stands in x, whatever alphabet it
// is written in.
func told(t testing.TB, x probe.Exchange, signature string) string {
	t.Helper()
	b, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("+", "-", "/", "_").Replace(string(b))
	signature = strings.NewReplacer("+", "-", "/", "_").Replace(signature)
	for i := 0; i+8 <= len(signature); i++ {
		if strings.Contains(text, signature[i:i+8]) {
			return signature[i : i+8]
		}
	}
	return ""
}

// placements is every way in which the catalogue sends a token.
var placements = []string{
	`{}`,
	`{authorization: ["${token}"]}`,
	`{authorization: ["Bearer${token}"]}`,
	`{authorization: ["Bearer ${token}, Bearer ${bad}"]}`,
	`{authorization: ["Bearer ${bad}", "Bearer ${token}"]}`,
	`{authorization: ["Bearer \"${token}\""]}`,
	`{authorization: ["Bearer ${token | percent}"]}`,
	`{authorization: ["Bearer ${token | replace . %2E}"]}`,
	`{authorization: ["Bearer ${token | replace . ,}"]}`,
	`{authorization: ["Bearer a.b.${token}"]}`,
	`{authorization: ["Basic ${token} junk"]}`,
	`{authorization: ["Bearer \ufeff${token}"]}`,
	`{authorization: ["Bearer ${token | cut 20}"]}`,
	`{headers: [[X-Access-Token, "${token}"], [Cookie, "a=${token}; b=c"], [Sec-WebSocket-Protocol, "x, ${token}"]]}`,
	`{lines: ["Authorization : Bearer ${token}", "A: b\r\n ${token}"]}`,
	`{trailers: [[Authorization, "Bearer ${token}"]]}`,
	`{target: "/r/${token};t=${token}?access_token=${token}#${token}"}`,
	`{body: {form: {access_token: "${token}"}}}`,
	`{body: {json: {a: ["${token}"]}}}`,
	`{body: {text: "x${token}x"}}`,
	`{bytes: "GET /${token} HTTP/1.1\r\nA: ${token}\r\n\r\n${token}"}`,
	`{method: "${token}"}`,
	`{host: "${token}"}`,
}

// shapes is every way in which the catalogue writes a token.
func shapes(signature string) []string {
	jws := testHeader + "." + testClaims + "." + signature
	return []string{
		jws,
		jws + "." + signature,
		testHeader + "." + signature,
		signature,
		signature + "." + testClaims + "." + testHeader,
		testHeader + ". " + testClaims + ". " + signature,
		strings.ReplaceAll(jws, "-", "+"),
		jws + "==",
		testHeader + "." + value.Base64URL(`{"act":"`+jws+`"}`) + "." + signature,
		testHeader + "." + value.Base64URL("not json "+signature) + "." + signature,
		`{"protected":"` + testHeader + `","payload":"` + testClaims + `","signature":"` + signature + `"}`,
		testHeader + "." + signature + "." + signature + "." + signature + "." + signature,
		"e30." + testClaims + "." + signature,
		"\n" + jws,
	}
}

// The property of the whole package: no piece of 8 bytes of a signature is in
// any recorded exchange, wherever the row put the token and wherever the
// gateway repeats it.
func TestRecordTellsNoSignature(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	checked := 0
	for _, request := range placements {
		for i := range len(shapes("")) {
			signature := randomSignature(r)
			token := shapes(signature)[i]
			o := sent(t, token, request)
			answer(r, &o, token, signature)
			for _, real := range []bool{false, true} {
				// The engine knows the genuine token and names its secrets.
				x := o.Record(probe.Redaction{RealTenant: real, Secrets: []string{signature}})
				if piece := told(t, x, signature); piece != "" {
					b, _ := json.MarshalIndent(x, "", " ")
					t.Fatalf("%s, shape %d: tells %q\n%s", request, i, piece, b)
				}
				checked++
			}
		}
	}
	if want := len(placements) * 14 * 2; checked != want {
		t.Errorf("expected %d exchanges, checked %d", want, checked)
	}
}

// answer makes a gateway that repeats whatever it can.
func answer(r *rand.Rand, o *probe.Observation, token, signature string) {
	at := r.IntN(len(signature) - 30)
	piece := signature[at : at+8+r.IntN(20)]
	o.Status = 401
	o.Header = []probe.Pair{{Name: "WWW-Authenticate", Value: fmt.Sprintf("Bearer error=%q", token)}, {Name: "X-" + piece, Value: piece}}
	o.Body = []byte("<p>" + token + "</p> near " + piece + ", " + strings.ReplaceAll(strings.ReplaceAll(token, "-", "+"), "_", "/"))
	o.FaultText = "bad " + token
	o.Echo = &probe.Echo{Target: "/" + token, Header: []probe.Pair{{Name: "X-Forwarded-Access-Token", Value: token}}}
}

func TestRecordKnowsTheTokensOfItsRequest(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, request := range placements {
		signature := randomSignature(r)
		o := sent(t, testHeader+"."+testClaims+"."+signature, request)
		answer(r, &o, string(o.Sent), signature)
		if piece := told(t, o.Record(probe.Redaction{}), signature); piece != "" {
			t.Errorf("%s: tells %q", request, piece)
		}
	}
}

func TestRecordDropsFurtherSecrets(t *testing.T) {
	o := sent(t, testToken, `{headers: [[A, "x s3cr3t-of-worker y"], [B, pin1]]}`)
	x := o.Record(probe.Redaction{Secrets: []string{"s3cr3t-of-worker", "pin1", "x"}})
	b, _ := json.Marshal(x)
	for _, piece := range []string{"s3cr3t-o", "f-worker", "pin1"} {
		if strings.Contains(string(b), piece) {
			t.Errorf("tells %q: %s", piece, b)
		}
	}
}

func FuzzRecord(f *testing.F) {
	seeds := 0
	for _, row := range readRows(f, "testdata/requests.yaml") {
		f.Add(row.text, uint64(seeds), "HTTP says TOKEN")
		seeds++
	}
	for _, request := range placements {
		f.Add(request, uint64(seeds), "")
		seeds++
	}
	if want := sampleRequests + len(placements); seeds != want {
		f.Fatalf("expected %d seeds, got %d", want, seeds)
	}
	f.Fuzz(func(t *testing.T, request string, seed uint64, body string) {
		signature := randomSignature(rand.New(rand.NewPCG(seed, 0)))
		token := testHeader + "." + testClaims + "." + signature
		r, ok := tryDecode(request)
		if !ok {
			return
		}
		scope := testScope()
		scope["token"], scope["bad"] = value.String(token), value.String(token+"x")
		scope["home.clients.second.id"] = value.String("client-2")
		w, err := r.Build(scope, testEndpoint(), probe.Tags{Run: "r", Case: "c"})
		if err != nil {
			return
		}
		o := probe.ObservationOf(w)
		o.Status, o.Body = 400, []byte(strings.ReplaceAll(body, "TOKEN", token))
		if piece := told(t, o.Record(probe.Redaction{Secrets: probe.SecretsOf(token)}), signature); piece != "" {
			t.Errorf("tells %q", piece)
		}
	})
}

func FuzzRedactText(f *testing.F) {
	f.Add("Bearer ", "", uint64(1))
	f.Add("a.b", ".c", uint64(2))
	f.Add("%2E", "%2e", uint64(3))
	f.Add("{\"signature\":\"", "\"}", uint64(4))
	f.Fuzz(func(t *testing.T, before, after string, seed uint64) {
		signature := randomSignature(rand.New(rand.NewPCG(seed, 1)))
		got := probe.RedactText(before + testHeader + "." + testClaims + "." + signature + after)
		for i := 0; i+8 <= len(signature); i++ {
			if strings.Contains(got, signature[i:i+8]) {
				t.Fatalf("tells %q of %q", signature[i:i+8], got)
			}
		}
	})
}

func FuzzDecodeRequest(f *testing.F) {
	rows := readRows(f, "testdata/requests.yaml")
	if len(rows) != sampleRequests {
		f.Fatalf("expected %d seeds, got %d", sampleRequests, len(rows))
	}
	for _, row := range rows {
		f.Add(row.text)
	}
	f.Fuzz(func(t *testing.T, request string) {
		r, ok := tryDecode(request)
		if !ok {
			return
		}
		scope := value.Map{}
		for _, ref := range r.Refs() {
			scope[ref] = value.String("x")
		}
		if _, err := r.Build(scope, testEndpoint(), probe.Tags{}); err != nil {
			t.Logf("%q: %v", request, err)
		}
	})
}
