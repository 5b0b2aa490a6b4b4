package mockidp_test

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // x5t is a SHA-1 (RFC 7515 4.1.7)
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/entraproof/entraproof/mockidp"
)

// mark is one of the things that make a mock look fake, as entra-tokens 0 counts
// them, looked at from outside.
type mark struct {
	number int
	name   string
	show   func(*testing.T, *viewer)
}

// TestFidelity shows each of the twenty marks over TLS. docs/fidelity.md names
// the rows.
func TestFidelity(t *testing.T) {
	v := newViewer(t)
	for _, m := range marks() {
		t.Run(m.name, func(t *testing.T) { m.show(t, v) })
	}
}

func marks() []mark {
	return []mark{
		{1, "version of the resource", versionOfResource},
		{2, "x5t in v1 headers only", headerMembers},
		{3, "keys without alg", func(t *testing.T, v *viewer) { v.keyMember(t, "alg", false, false) }},
		{4, "issuer in v2 keys only", func(t *testing.T, v *viewer) { v.keyMember(t, "issuer", false, true) }},
		{5, "kid from the certificate", keyIDs},
		{6, "issued five minutes ago", issuedBefore},
		{7, "an hour and five minutes", lifetimes},
		{8, "claims of a v2 app", claimsV2},
		{9, "claims of a v1 app", claimsV1},
		{10, "uti is the request", requestInUTI},
		{11, "rh holds tenant and resource", referenceHint},
		{12, "four members", fourMembers},
		{13, "v1 numbers are texts", numbers},
		{14, "401 for invalid_client only", statuses},
		{15, "trace_id is the request", traceID},
		{16, "one blank in descriptions", description},
		{17, "error_uri not everywhere", errorURIs},
		{18, "a day of metadata", caching},
		{19, "discovery without PKCE and grants", unadvertised},
		{20, "literal tenantid", literalTenant},
	}
}

// fidelityTime is when everything here happens.
const fidelityTime = 1_795_428_000

// viewer looks at an issuer over TLS and knows nothing else of it.
type viewer struct {
	url  string
	http *http.Client
}

func newViewer(t *testing.T) *viewer {
	t.Helper()
	now := func() time.Time { return time.Unix(fidelityTime, 0) }
	i := mockidp.Start(t, mockidp.Config{Addr: mockidp.Off, Now: now, Directory: clientDirectory(t, newIdentity(t), newIdentity(t))})
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: i.RootCAs(), MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return &viewer{i.TLSURL(), &http.Client{Transport: transport}}
}

// seen is an answer that has been read.
type seen struct {
	status int
	header http.Header
	text   string
	object
}

// object is a JSON object with the order of its members.
type object struct {
	names   []string
	members map[string]any
}

func readObject(t *testing.T, text []byte) object {
	t.Helper()
	var o object
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&o.members); err != nil {
		t.Fatalf("expected a JSON object, got %s: %v", text, err)
	}
	d = json.NewDecoder(bytes.NewReader(text))
	_, _ = d.Token() // it is an object
	for d.More() {
		name, err := d.Token()
		var skipped json.RawMessage
		if err != nil || d.Decode(&skipped) != nil {
			t.Fatalf("cannot read %s", text)
		}
		o.names = append(o.names, name.(string))
	}
	return o
}

func (v *viewer) do(t *testing.T, r *http.Request, err error) seen {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	res, err := v.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return seen{res.StatusCode, res.Header, string(text), readObject(t, text)}
}

func (v *viewer) get(t *testing.T, path string) seen {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.url+path, nil)
	return v.do(t, r, err)
}

// ask posts to the token endpoint of a version, as the worker unless the pairs
// say otherwise.
func (v *viewer) ask(t *testing.T, version string, pairs ...string) seen {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {worker}, "client_secret": {secret}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	path := map[string]string{"v1": "/oauth2/token", "v2": "/oauth2/v2.0/token"}[version]
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, v.url+"/"+tenant+path, strings.NewReader(form.Encode()))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return v.do(t, r, err)
}

// parts are header and claims of the access token in an answer.
func (a seen) parts(t *testing.T) (header, claims object) {
	t.Helper()
	token, _ := a.members["access_token"].(string)
	segments := strings.Split(token, ".")
	if len(segments) != 3 {
		t.Fatalf("expected a token, got %d %s", a.status, a.text)
	}
	return readObject(t, decoded(t, segments[0])), readObject(t, decoded(t, segments[1]))
}

func decoded(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// dev and uat ask for a token of the v2 and of the v1 API.
func (v *viewer) dev(t *testing.T) seen { t.Helper(); return v.ask(t, "v2", "scope", devScope) }
func (v *viewer) uat(t *testing.T) seen { t.Helper(); return v.ask(t, "v2", "scope", uatScope) }

func (o object) integer(t *testing.T, name string) int64 {
	t.Helper()
	number, _ := o.members[name].(json.Number)
	n, err := number.Int64()
	if err != nil {
		t.Fatalf("%s: expected an integer, got %v", name, o.members[name])
	}
	return n
}

func want(t *testing.T, what string, got, wanted any) {
	t.Helper()
	if got != wanted {
		t.Errorf("%s: expected %v, got %v", what, wanted, got)
	}
}

func wantNames(t *testing.T, what string, got []string, wanted string) {
	t.Helper()
	want(t, what, strings.Join(got, " "), wanted)
}

func versionOfResource(t *testing.T, v *viewer) {
	for _, row := range []struct{ endpoint, parameter, text, ver string }{
		{"v2", "scope", "api://orders.dev/.default", "2.0"},
		{"v1", "resource", "api://orders.dev", "2.0"},
		{"v2", "scope", "api://orders-uat/.default", "1.0"},
		{"v1", "resource", "api://orders-uat", "1.0"},
	} {
		_, claims := v.ask(t, row.endpoint, row.parameter, row.text).parts(t)
		want(t, row.text+" at "+row.endpoint, claims.members["ver"], row.ver)
	}
}

func headerMembers(t *testing.T, v *viewer) {
	header, _ := v.dev(t).parts(t)
	wantNames(t, "v2 header", header.names, "typ alg kid")
	header, _ = v.uat(t).parts(t)
	wantNames(t, "v1 header", header.names, "typ alg x5t kid")
	want(t, "x5t", header.members["x5t"], header.members["kid"])
}

// keys are the published keys of a version.
func (v *viewer) keys(t *testing.T, version string) []map[string]any {
	t.Helper()
	path := map[string]string{"v1": "/discovery/keys", "v2": "/discovery/v2.0/keys"}[version]
	list, _ := v.get(t, "/"+tenant+path).members["keys"].([]any)
	if len(list) < 2 {
		t.Fatalf("%s: expected two keys or more, got %d", version, len(list))
	}
	var all []map[string]any
	for _, k := range list {
		all = append(all, k.(map[string]any))
	}
	return all
}

func (v *viewer) keyMember(t *testing.T, name string, inV1, inV2 bool) {
	t.Helper()
	for version, wanted := range map[string]bool{"v1": inV1, "v2": inV2} {
		for _, k := range v.keys(t, version) {
			_, has := k[name]
			want(t, name+" in a key of "+version, has, wanted)
		}
	}
}

func keyIDs(t *testing.T, v *viewer) {
	for _, version := range []string{"v1", "v2"} {
		for _, k := range v.keys(t, version) {
			chain, _ := k["x5c"].([]any)
			if len(chain) != 1 {
				t.Fatalf("expected one certificate, got %v", k)
			}
			der, err := base64.StdEncoding.DecodeString(chain[0].(string))
			if err != nil {
				t.Fatal(err)
			}
			sum := sha1.Sum(der) //nolint:gosec // see the import
			want(t, "kid", k["kid"], base64.RawURLEncoding.EncodeToString(sum[:]))
			want(t, "x5t", k["x5t"], k["kid"])
			want(t, "length of the kid", len(k["kid"].(string)), 27)
		}
	}
}

func issuedBefore(t *testing.T, v *viewer) {
	for _, a := range []seen{v.dev(t), v.uat(t)} {
		_, claims := a.parts(t)
		want(t, "iat", claims.integer(t, "iat"), int64(fidelityTime-300))
		want(t, "nbf", claims.integer(t, "nbf"), int64(fidelityTime-300))
	}
}

func lifetimes(t *testing.T, v *viewer) {
	for _, a := range []seen{v.dev(t), v.uat(t)} {
		_, claims := a.parts(t)
		want(t, "exp - iat", claims.integer(t, "exp")-claims.integer(t, "iat"), int64(3900))
		want(t, "expires_in", a.integer(t, "expires_in"), int64(3599))
	}
}

func claimsV2(t *testing.T, v *viewer) {
	_, claims := v.dev(t).parts(t)
	wantNames(t, "claims", claims.names, "aud iss iat nbf exp aio azp azpacr oid rh roles sub tid uti ver xms_ftd")
	want(t, "sub", claims.members["sub"], claims.members["oid"])
}

func claimsV1(t *testing.T, v *viewer) {
	_, claims := v.uat(t).parts(t)
	wantNames(t, "claims", claims.names, "aud iss iat nbf exp aio appid appidacr idp oid rh sub tid uti ver")
	want(t, "idp", claims.members["idp"], claims.members["iss"])
}

// dotNET are the bytes of a GUID in the order of .NET: the first three groups
// are little-endian.
func dotNET(t *testing.T, guid string) string {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(guid, "-", ""))
	if err != nil || len(b) != 16 {
		t.Fatalf("expected a GUID, got %q", guid)
	}
	binary.LittleEndian.PutUint32(b, binary.BigEndian.Uint32(b))
	binary.LittleEndian.PutUint16(b[4:], binary.BigEndian.Uint16(b[4:]))
	binary.LittleEndian.PutUint16(b[6:], binary.BigEndian.Uint16(b[6:]))
	return string(b)
}

func requestInUTI(t *testing.T, v *viewer) {
	a := v.dev(t)
	_, claims := a.parts(t)
	uti, _ := claims.members["uti"].(string)
	want(t, "length of uti", len(uti), 22)
	want(t, "uti", string(decoded(t, uti)), dotNET(t, a.header.Get("x-ms-request-id")))
}

func referenceHint(t *testing.T, v *viewer) {
	_, claims := v.dev(t).parts(t)
	version, rest, _ := strings.Cut(strings.TrimSuffix(claims.members["rh"].(string), "."), ".")
	body := decoded(t, rest)
	if version != "1" || len(body) < 35 {
		t.Fatalf("rh: got %v", claims.members["rh"])
	}
	want(t, "tenant in rh", string(body[3:19]), dotNET(t, tenant))
	want(t, "resource in rh", string(body[19:35]), dotNET(t, ordersDev))
}

func fourMembers(t *testing.T, v *viewer) {
	a := v.ask(t, "v2", "scope", devScope+" openid profile offline_access", "client_info", "1")
	wantNames(t, "members", a.names, "token_type expires_in ext_expires_in access_token")
}

func numbers(t *testing.T, v *viewer) {
	a := v.ask(t, "v1", "resource", "api://orders-uat")
	wantNames(t, "members of v1", a.names, "token_type expires_in ext_expires_in expires_on not_before resource access_token")
	for name, wanted := range map[string]string{
		"expires_in": "3599", "ext_expires_in": "3599", "expires_on": strconv.Itoa(fidelityTime + 3600), "not_before": strconv.Itoa(fidelityTime - 300),
	} {
		want(t, name+" of v1", a.members[name], any(wanted))
	}
	for _, name := range []string{"expires_in", "ext_expires_in"} {
		want(t, name+" of v2", v.dev(t).members[name], any(json.Number("3599")))
	}
}

// provoked are errors that a client can provoke, with what Entra answers.
func provoked() []struct {
	code   int
	oauth  string
	status int
	lookup bool
	pairs  []string
} {
	return []struct {
		code   int
		oauth  string
		status int
		lookup bool
		pairs  []string
	}{
		{7000215, "invalid_client", 401, true, []string{"client_secret", "wrong"}},
		{700016, "unauthorized_client", 400, true, []string{"client_id", ordersDev}},
		{700038, "unauthorized_client", 400, false, []string{"client_id", "00000000-0000-0000-0000-000000000000"}},
		{70003, "unsupported_grant_type", 400, false, []string{"grant_type", "unheard-of"}},
		{900144, "invalid_request", 400, true, []string{"grant_type", ""}},
		{1002012, "invalid_scope", 400, true, []string{"scope", "api://orders.dev/DEV.Access"}},
		{500011, "invalid_resource", 400, true, []string{"scope", "api://nowhere/.default"}},
		{901002, "invalid_request", 400, true, []string{"resource", "api://orders.dev"}},
	}
}

func statuses(t *testing.T, v *viewer) {
	for _, p := range provoked() {
		a := v.ask(t, "v2", append([]string{"scope", devScope}, p.pairs...)...)
		codes, _ := a.members["error_codes"].([]any)
		if len(codes) != 1 || codes[0] != any(json.Number(strconv.Itoa(p.code))) {
			t.Errorf("expected %d, got %s", p.code, a.text)
		}
		want(t, "error of "+strconv.Itoa(p.code), a.members["error"], any(p.oauth))
		want(t, "status of "+strconv.Itoa(p.code), a.status, p.status)
	}
}

func traceID(t *testing.T, v *viewer) {
	a := v.ask(t, "v2", "client_secret", "wrong", "scope", devScope)
	want(t, "trace_id", a.members["trace_id"], any(a.header.Get("x-ms-request-id")))
	want(t, "length of trace_id", len(a.header.Get("x-ms-request-id")), 36)
}

func description(t *testing.T, v *viewer) {
	a := v.ask(t, "v2", "client_secret", "wrong", "scope", devScope)
	wantNames(t, "members", a.names, "error error_description error_codes timestamp trace_id correlation_id error_uri")
	text, _ := a.members["error_description"].(string)
	form := regexp.MustCompile(`^AADSTS7000215: \S+( \S+)+ Trace ID: (\S{36}) Correlation ID: (\S{36}) Timestamp: (\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ)$`)
	m := form.FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("got %q", text)
	}
	for i, name := range []string{"trace_id", "correlation_id", "timestamp"} {
		want(t, name, a.members[name], any(m[i+2]))
	}
}

func errorURIs(t *testing.T, v *viewer) {
	for _, p := range provoked() {
		a := v.ask(t, "v2", append([]string{"scope", devScope}, p.pairs...)...)
		code := strconv.Itoa(p.code)
		if !p.lookup {
			want(t, "error_uri of "+code, slices.Contains(a.names, "error_uri"), false)
			continue
		}
		want(t, "error_uri of "+code, a.members["error_uri"], any("https://login.microsoftonline.com/error?code="+code))
	}
}

func caching(t *testing.T, v *viewer) {
	for _, path := range []string{"/.well-known/openid-configuration", "/v2.0/.well-known/openid-configuration", "/discovery/keys", "/discovery/v2.0/keys"} {
		want(t, path, v.get(t, "/"+tenant+path).header.Get("Cache-Control"), "max-age=86400, private")
	}
	for what, a := range map[string]seen{"a token": v.dev(t), "a refusal": v.ask(t, "v2", "client_secret", "wrong", "scope", devScope)} {
		want(t, what, a.header.Get("Cache-Control"), "no-store, no-cache")
		want(t, what, a.header.Get("Pragma"), "no-cache")
		want(t, what, a.header.Get("Expires"), "-1")
	}
}

func unadvertised(t *testing.T, v *viewer) {
	for _, path := range []string{"/.well-known/openid-configuration", "/v2.0/.well-known/openid-configuration"} {
		document := v.get(t, "/"+tenant+path)
		want(t, "issuer of "+path, slices.Contains(document.names, "issuer"), true)
		for _, name := range []string{"code_challenge_methods_supported", "grant_types_supported", "introspection_endpoint", "revocation_endpoint"} {
			want(t, name, slices.Contains(document.names, name), false)
		}
	}
}

func literalTenant(t *testing.T, v *viewer) {
	for path, wanted := range map[string]string{
		"/common/v2.0":         "https://login.microsoftonline.com/{tenantid}/v2.0",
		"/organizations/v2.0":  "https://login.microsoftonline.com/{tenantid}/v2.0",
		"/common":              "https://sts.windows.net/{tenantid}/",
		"/" + tenant + "/v2.0": "https://login.microsoftonline.com/" + tenant + "/v2.0",
	} {
		want(t, path, v.get(t, path+"/.well-known/openid-configuration").members["issuer"], any(wanted))
	}
}

var _ = os.ReadFile
