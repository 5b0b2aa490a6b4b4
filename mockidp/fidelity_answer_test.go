package mockidp_test

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

func fourMembers(t *testing.T, v *viewer) {
	t.Helper()
	a := v.ask(t, "v2", "scope", devScope+" openid profile offline_access", "client_info", "1")
	wantNames(t, "members", a.names, "token_type expires_in ext_expires_in access_token")
}

func numbers(t *testing.T, v *viewer) {
	t.Helper()
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
		{700016, "unauthorized_client", 400, true, []string{"client_id", ordersUAT}},
		{700038, "unauthorized_client", 400, false, []string{"client_id", "00000000-0000-0000-0000-000000000000"}},
		{70003, "unsupported_grant_type", 400, false, []string{"grant_type", "unheard-of"}},
		{900144, "invalid_request", 400, true, []string{"grant_type", ""}},
		{1002012, "invalid_scope", 400, true, []string{"scope", "api://orders.dev/DEV.Access"}},
		{500011, "invalid_resource", 400, true, []string{"scope", "api://nowhere/.default"}},
		{901002, "invalid_request", 400, true, []string{"resource", "api://orders.dev"}},
	}
}

func statuses(t *testing.T, v *viewer) {
	t.Helper()
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
	t.Helper()
	a := v.ask(t, "v2", "client_secret", "wrong", "scope", devScope)
	want(t, "trace_id", a.members["trace_id"], any(a.header.Get("x-ms-request-id")))
	want(t, "length of trace_id", len(a.header.Get("x-ms-request-id")), 36)
}

func description(t *testing.T, v *viewer) {
	t.Helper()
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
	t.Helper()
	for _, p := range provoked() {
		a := v.ask(t, "v2", append([]string{"scope", devScope}, p.pairs...)...)
		code := strconv.Itoa(p.code)
		if !p.lookup {
			want(t, "error_uri of "+code, slices.Contains(a.names, "error_uri"), false)
			continue
		}
		want(t, "error_uri of "+code, a.members["error_uri"], any("https://login.microsoftonline.com/error?code="+code))
	}
	v.redeemTwice(t)
}

// redeemTwice asks for tokens with one code again and again: without consent, and
// when it has been used.
func (v *viewer) redeemTwice(t *testing.T) {
	t.Helper()
	query := url.Values{"client_id": {worker}, "response_type": {"code"}, "redirect_uri": {signedIn}, "scope": {devUserScope}}
	back := newPerson(t, v.http.Transport, v.url).signIn(v.url + "/" + tenant + "/oauth2/v2.0/authorize?" + query.Encode())
	u, err := url.Parse(back)
	if err != nil || !u.Query().Has("code") {
		t.Fatalf("expected a code, got %s", back)
	}
	redeem := []string{"grant_type", "authorization_code", "redirect_uri", signedIn, "code", u.Query().Get("code")}
	first := v.ask(t, "v2", redeem...)
	want(t, "the first time", first.status, 200)
	for code, a := range map[string]seen{
		"54005": v.ask(t, "v2", redeem...),
		"65001": v.ask(t, "v2", "grant_type", "password", "username", aliceName, "password", alicePassword, "scope", uatUserScope),
	} {
		codes, _ := a.members["error_codes"].([]any)
		if len(codes) != 1 || codes[0] != any(json.Number(code)) {
			t.Errorf("expected %s, got %s", code, a.text)
		}
		want(t, "error_uri of "+code, slices.Contains(a.names, "error_uri"), false)
	}
}

func caching(t *testing.T, v *viewer) {
	t.Helper()
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
	t.Helper()
	for _, path := range []string{"/.well-known/openid-configuration", "/v2.0/.well-known/openid-configuration"} {
		document := v.get(t, "/"+tenant+path)
		want(t, "issuer of "+path, slices.Contains(document.names, "issuer"), true)
		for _, name := range []string{"code_challenge_methods_supported", "grant_types_supported", "introspection_endpoint", "revocation_endpoint"} {
			want(t, name, slices.Contains(document.names, name), false)
		}
	}
}

func literalTenant(t *testing.T, v *viewer) {
	t.Helper()
	for path, wanted := range map[string]string{
		"/common/v2.0":         "https://login.microsoftonline.com/{tenantid}/v2.0",
		"/organizations/v2.0":  "https://login.microsoftonline.com/{tenantid}/v2.0",
		"/common":              "https://sts.windows.net/{tenantid}/",
		"/" + tenant + "/v2.0": "https://login.microsoftonline.com/" + tenant + "/v2.0",
	} {
		want(t, path, v.get(t, path+"/.well-known/openid-configuration").members["issuer"], any(wanted))
	}
}
