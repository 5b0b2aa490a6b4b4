package mockidp

import (
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

var (
	tokenOnPage   = regexp.MustCompile(`<textarea class="jwt"[^>]*>\n([^<]*)</textarea>`)
	commandOnPage = regexp.MustCompile(`<textarea id="(?:call|again)"[^>]*>\n([^<]*)</textarea>`)
	wrongOnPage   = regexp.MustCompile(`id="wrong-([a-z-]+)">✗ ([^<]*)<`)
)

// mintedToken is the token that a page shows.
func mintedToken(t *testing.T, a answer) string {
	t.Helper()
	m := tokenOnPage.FindStringSubmatch(a.text)
	if a.status != http.StatusOK || m == nil {
		t.Fatalf("expected a token, got %d and %q", a.status, wrongOnPage.FindAllStringSubmatch(a.text, -1))
	}
	return html.UnescapeString(m[1])
}

// formWith is the form as it opens with some fields changed.
func formWith(i *Issuer, pairs ...string) url.Values {
	form := firstForm(i)
	form.Set("client", "worker-dev")
	for n := 0; n < len(pairs); n += 2 {
		if form.Del(pairs[n]); pairs[n] == "common" {
			form["common"] = strings.Fields(pairs[n+1])
			continue
		}
		form.Set(pairs[n], pairs[n+1])
	}
	return form
}

// TestConsoleMints is one row a choice: the token is what the form asked for.
func TestConsoleMints(t *testing.T) {
	i := defaultIssuer(t, func(c *Config) {
		c.Directory.APIs["roles"] = API{AppID: "77000000-0000-4000-8000-0000000000e1", GroupMembershipClaims: groupsRoles}
		c.Directory.APIs["guid"] = API{AppID: "77000000-0000-4000-8000-0000000000e2", OptionalClaims: []string{"use_guid"}}
	})
	v := signedIn(t, i)
	const v2, v1 = "6e740000-0d0e-4a10-8001-0123456789d2", "6e740000-0d0e-4a10-8001-0123456789d1"
	for _, row := range []struct {
		reason string
		choice []string
		// header and payload are members as JSON; - is none.
		header, payload map[string]string
	}{
		{"as-it-opens", nil, nil, map[string]string{"ver": `"2.0"`, "aud": `"` + v2 + `"`, "roles": `["DEV.Access"]`, "azp": `"0d2c0000-0001-4c11-8000-00000000d001"`, "azpacr": `"1"`, "scp": "-"}},
		{"registration-decides-version", []string{"api", "orders-dev-v1"}, map[string]string{"x5t": `"`}, map[string]string{"ver": `"1.0"`, "aud": `"api://orders-v1.dev"`, "appidacr": `"1"`}},
		{"v1-asked-for-by-id", []string{"api", "orders-dev-v1", "asked", "app-id"}, nil, map[string]string{"aud": `"` + v1 + `"`}},
		{"v2-however-asked-for", []string{"asked", "app-id"}, nil, map[string]string{"aud": `"` + v2 + `"`}},
		{"client-without-grant", []string{"client", "ungranted"}, nil, map[string]string{"roles": "-"}},
		{"other-roles", []string{"roles", "A B"}, nil, map[string]string{"roles": `["A","B"]`}},
		{"application-has-no-scopes", []string{"scopes", "DEV.Access"}, nil, map[string]string{"scp": "-"}},
		{"user-by-permission", []string{"subject", "user", "client", "web"}, nil, map[string]string{"scp": `"DEV.Access"`, "roles": "-", "name": `"Robin Mock"`, "azpacr": `"1"`}},
		{"user-of-a-public-client", []string{"subject", "user", "client", "desktop"}, nil, map[string]string{"azpacr": `"0"`}},
		{"user-by-all-scopes", []string{"subject", "user"}, nil, map[string]string{"scp": `"DEV.Access DEV.Admin Shared.Access"`}},
		{"user-by-other-scopes", []string{"subject", "user", "scopes", "X Y"}, nil, map[string]string{"scp": `"X Y"`}},
		{"registered-user", []string{"subject", "user", "user", "alice"}, nil, map[string]string{"preferred_username": `"alice@contoso.example"`, "roles": `["DEV.Access"]`, "groups": "-"}},
		{"groups-where-asked-for", []string{"subject", "user", "user", "alice", "api", "billing"}, nil, map[string]string{"groups": `["06e60000-0009-4c11-8000-00000000a009"]`}},
		{"directory-roles-where-asked-for", []string{"subject", "user", "user", "alice", "api", "roles"}, nil, map[string]string{"wids": `["`}},
		{"guid-where-asked-for", []string{"api", "guid"}, nil, map[string]string{"aud": `"77000000-0000-4000-8000-0000000000e2"`}},
		{"other-tenant", []string{"tenant", "8c2e6a17-4b0f-4d92-9c33-5d1b7e604f88"}, nil, map[string]string{"tid": `"8c2e6a17-4b0f-4d92-9c33-5d1b7e604f88"`}},
		{"expired", []string{"age", "expired"}, nil, map[string]string{"exp": "1795424400"}},
		{"other-audience", []string{"other-audience", "api://orders.uat"}, nil, map[string]string{"aud": `"api://orders.uat"`}},
		{"audience-list", []string{"other-audience", `["a","b"]`}, nil, map[string]string{"aud": `["a","b"]`}},
		{"claim-set-to-text", []string{"set-name", "x", "set-value", "a b"}, nil, map[string]string{"x": `"a b"`}},
		{"claim-set-to-json", []string{"set-name", "x", "set-value", "1"}, nil, map[string]string{"x": "1"}},
		{"claim-set-to-placeholder", []string{"set-name", "exp", "set-value", "${now + 2h}"}, nil, map[string]string{"exp": "1795435200"}},
		{"claims-removed", []string{"remove", "oid  rh"}, nil, map[string]string{"oid": "-", "rh": "-"}},
		{"client-id-of-v2", []string{"common", "client-id"}, nil, map[string]string{"client_id": `"0d2c0000-0001-4c11-8000-00000000d001"`}},
		{"client-id-of-v1", []string{"common", "client-id", "api", "orders-dev-v1"}, nil, map[string]string{"client_id": `"0d2c0000-0001-4c11-8000-00000000d001"`}},
		{"several", []string{"common", "no-exp no-kid client-id", "remove", "oid"}, map[string]string{"kid": "-"}, map[string]string{"exp": "-", "oid": "-"}},
		{"unknown-kid", []string{"common", "unknown-kid"}, map[string]string{"kid": `"nobody-published-this"`}, nil},
		{"alg-none", []string{"common", "alg-none"}, map[string]string{"alg": `"none"`}, nil},
		{"steps-as-json", []string{"steps", `[{"set":{"aud":"x"}}]`}, nil, map[string]string{"aud": `"x"`}},
		{"steps-as-yaml", []string{"steps", "- set: {aud: x}\r\n- remove: [exp]\r\n"}, nil, map[string]string{"aud": `"x"`, "exp": "-"}},
		{"steps-with-raw", []string{"steps", `[{set: {exp: !raw "9223372036854775808"}}]`}, nil, map[string]string{"exp": "9223372036854775808"}},
	} {
		t.Run(row.reason, func(t *testing.T) {
			header, payload, err := mint.Decode(mintedToken(t, v.post("mint", formWith(i, row.choice...), nil)))
			if err != nil {
				t.Fatal(err)
			}
			for part, want := range map[*value.Value]map[string]string{&header: row.header, &payload: row.payload} {
				for name, text := range want {
					got, has := part.Get(name)
					if has == (text == "-") || has && !strings.HasPrefix(string(got.JSON()), text) {
						t.Errorf("%s: expected %s, got %t %s", name, text, has, got.JSON())
					}
				}
			}
		})
	}
}

// TestConsoleSignatures: genuine tokens verify, and those that are wrong on
// purpose in their signature do not.
func TestConsoleSignatures(t *testing.T) {
	i := defaultIssuer(t, nil)
	v := signedIn(t, i)
	for _, row := range []struct {
		reason, choice, text string
		genuine              bool
	}{
		{"genuine", "", "✓ genuine", true},
		{"resigned", "client-id", "✗ wrong on purpose", true},
		{"flipped", "flipped", "✗ wrong on purpose", false},
		{"forged", "forged", "signed with a key that nobody published", false},
	} {
		t.Run(row.reason, func(t *testing.T) {
			form := formWith(i, "common", row.choice)
			if row.choice == "forged" {
				form = formWith(i, "forged", "on")
			}
			a := v.post("mint", form, nil)
			token := mintedToken(t, a)
			if !strings.Contains(a.text, row.text) {
				t.Errorf("the page lacks %q", row.text)
			}
			if verified := verifies(t, i, token); verified != row.genuine {
				t.Errorf("expected to verify %t, got %t", row.genuine, verified)
			}
		})
	}
}

// verifies reports whether the published keys verify a token.
func verifies(t *testing.T, i *Issuer, token string) bool {
	t.Helper()
	cut := strings.LastIndexByte(token, '.')
	sig, err := i.Sign(t.Context(), mint.SignRequest{Input: []byte(token[:cut])})
	if err != nil {
		t.Fatal(err)
	}
	return value.Base64URL(string(sig)) == token[cut+1:] // RS256 has one signature for an input
}

// TestConsoleFormProblems: a form with a mistake makes no token and comes back
// as it was, with the mistake beside its field.
func TestConsoleFormProblems(t *testing.T) {
	i := defaultIssuer(t, nil)
	v := signedIn(t, i)
	for _, row := range []struct {
		reason string
		choice []string
		field  string
		want   string
	}{
		{"unknown-registration", []string{"api", "nowhere"}, "api", "one of the registrations"},
		{"unknown-client", []string{"client", "nobody"}, "client", "one of the clients"},
		{"unknown-tenant", []string{"tenant", tenantB}, "tenant", "one of the tenants"},
		{"unknown-user", []string{"subject", "user", "user", "nobody"}, "user", "one of the users"},
		{"user-of-another-tenant", []string{"subject", "user", "tenant", fabrikam, "user", "alice"}, "user", "one of the users of the tenant"},
		{"value-without-name", []string{"set-value", "x"}, "set-name", "the name of the claim"},
		{"steps-and-changes", []string{"steps", "[]", "common", "no-exp"}, "steps", "got both"},
		{"steps-unknown", []string{"steps", "[{sett: {aud: x}}]"}, "steps", "did you mean &#34;set&#34;"},
		{"steps-with-position", []string{"steps", "- set: {aud: x}\n- sett: {}"}, "steps", "steps:2:3"},
		{"steps-out-of-order", []string{"steps", "[{sign: {alg: RS256}}, {set: {aud: x}}]"}, "steps", "stands after one"},
		{"steps-with-two-mistakes", []string{"steps", "[{sett: {}}, {removed: []}]"}, "steps", "); steps:1:15: unknown"},
		{"steps-no-yaml", []string{"steps", "[{"}, "steps", "steps:1:"},
		{"steps-unknown-placeholder", []string{"steps", `[{set: {aud: "${home.audience}"}}]`}, "steps", "nothing is known of ${home.audience}"},
		{"steps-unknown-key", []string{"steps", "[{sign: {key: nobodys}}]"}, "steps", "nobodys"},
		{"claim-with-unknown-placeholder", []string{"set-name", "aud", "set-value", "${nothing}"}, "steps", "nothing"},
		{"url-without-scheme", []string{"url", "gateway.example"}, "url", "http:// or https://"},
		{"url-of-another-scheme", []string{"url", "javascript:alert(1)"}, "url", "http:// or https://"},
		{"url-that-turns-around", []string{"url", "http://gateway.example/\u202e"}, "url", "http:// or https://"},
		{"url-that-is-an-option", []string{"url", "-o/etc/passwd"}, "url", "http:// or https://"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			a := v.post("mint", formWith(i, row.choice...), nil)
			if a.status != http.StatusUnprocessableEntity || tokenOnPage.MatchString(a.text) {
				t.Errorf("expected 422 and no token, got %d", a.status)
			}
			found := wrongOnPage.FindAllStringSubmatch(a.text, -1)
			if len(found) != 1 || found[0][1] != row.field || !strings.Contains(found[0][2], row.want) {
				t.Errorf("expected %s: %q, got %q", row.field, row.want, found)
			}
			if !strings.Contains(a.text, `href="#`+row.field+`"`) || !strings.Contains(a.text, `id="`+row.field+`"`) {
				t.Errorf("expected a link to the field %s", row.field)
			}
			last := html.EscapeString(row.choice[len(row.choice)-1])
			if kept := strings.Contains(a.text, last); !kept && !strings.Contains(row.reason, "unknown-") && row.field != "steps" {
				t.Errorf("the form lost %q", last)
			}
		})
	}
	a := v.post("mint", formWith(i, "subject", "daemon"), nil)
	if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text, "expected v1 or v2 and user or app") {
		t.Errorf("unknown subject: got %d", a.status)
	}
}

// TestConsoleSpellsOut: the form's changes written as steps make the same token.
func TestConsoleSpellsOut(t *testing.T) {
	i := defaultIssuer(t, nil)
	v := signedIn(t, i)
	form := formWith(i, "common", "client-id no-kid flipped", "other-audience", "api://orders.uat", "remove", "oid", "set-name", "x", "set-value", `{"a":[1]}`)
	form.Set("do", "steps")
	a := v.post("mint", form, nil)
	area := regexp.MustCompile(`(?s)<textarea id="steps"[^>]*>\n(.*?)</textarea>`).FindStringSubmatch(a.text)
	if a.status != http.StatusOK || area == nil || tokenOnPage.MatchString(a.text) || strings.Contains(a.text, `value="flipped" checked`) {
		t.Fatalf("expected the form with steps, got %d", a.status)
	}
	want := `[{"set":{"aud":"api://orders.uat","x":{"a":[1]},"client_id":"${token.payload.azp}"}},
 {"remove":["oid"]},
 {"remove":{"in":"header","names":["kid"]}},
 {"edit":{"in":"signature","flip":0}}]`
	steps := html.UnescapeString(area[1])
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	form.Set("do", "mint")
	shape := func(token string) string {
		e := mint.Explain(token)
		text := ""
		for _, c := range slices.Concat(e.Header, e.Payload) {
			if !slices.Contains([]string{"aio", "rh", "uti", "xms_ftd"}, c.Name) {
				text += c.Name + " " + string(c.Value.JSON()) + "\n"
			}
		}
		return text
	}
	if diff := cmp.Diff(shape(mintedToken(t, v.post("mint", form, nil))), shape(mintedToken(t, v.post("mint", formWith(i, "steps", steps), nil)))); diff != "" {
		t.Errorf("form and steps differ (-form +steps):\n%s", diff)
	}
}

// TestConsoleTellsTheChange: what the steps did stands beside what was.
func TestConsoleTellsTheChange(t *testing.T) {
	t.Parallel()
	claims := func(text string) []mint.Claim {
		return mint.Explain(value.Base64URL("{}") + "." + value.Base64URL(text) + ".").Payload
	}
	for _, row := range []struct {
		reason, genuine, now string
		want                 []string
	}{
		{"nothing", `{"a":1}`, `{"a":1}`, []string{"a 1"}},
		{"changed", `{"a":1}`, `{"a":2}`, []string{"a 2 changed 1"}},
		{"added", `{}`, `{"a":1}`, []string{"a 1 added"}},
		{"missing", `{"a":1}`, `{}`, []string{"missing a 1"}},
		{"twice", `{"a":1}`, `{"a":1,"a":2}`, []string{"a 1", "a 2 added"}},
		{"twice-before", `{"a":1,"a":2}`, `{"a":1}`, []string{"a 1", "missing a 2"}},
		{"other-type", `{"a":1}`, `{"a":"1"}`, []string{`a "1" changed 1`}},
		{"moved", `{"a":1,"b":2}`, `{"b":2,"a":1}`, []string{"b 2", "a 1"}},
		{"renamed", `{"a":1}`, `{"b":1}`, []string{"b 1 added", "missing a 1"}},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()
			p := newPartView("payload", claims(row.now), claims(row.genuine))
			var got []string
			for _, c := range p.Claims {
				got = append(got, strings.TrimSpace(c.Name+" "+c.JSON+" "+c.Mark+" "+c.Was))
			}
			for _, c := range p.Missing {
				got = append(got, "missing "+c.Name+" "+c.JSON)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestConsoleShowsAnyToken: also one that is none any more.
func TestConsoleShowsAnyToken(t *testing.T) {
	i := defaultIssuer(t, nil)
	v := signedIn(t, i)
	for _, row := range []struct{ reason, steps, want string }{
		{"no-dots", "[{compose: abc}]", "1 segment"},
		{"line-break", `[{compose: "a\nb.c.d"}]`, "holds bytes that no command line carries"},
		{"encrypted", "[{encrypt: {alg: RSA-OAEP-256, enc: A256GCM, to: \"${tenant.key.pem}\"}}]", "5 segments"},
		{"two-segments", `[{compose: "${token.header.b64}.${token.payload.b64}"}]`, "2 segments"},
		{"raw", `[{set: {exp: !raw "9223372036854775808"}}]`, "have no form in JSON"},
		{"nothing-changed", `[{set: {aud: "${token.payload.aud}"}}]`, "which changed nothing"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			a := v.post("mint", formWith(i, "steps", row.steps), nil)
			if a.status != http.StatusOK || !strings.Contains(a.text, row.want) {
				t.Errorf("expected %q, got %d %q", row.want, a.status, wrongOnPage.FindAllStringSubmatch(a.text, -1))
			}
		})
	}
}

// TestConsoleCommands runs the commands that the page offers.
func TestConsoleCommands(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		if slices.Contains(strings.Split(os.Getenv("ENTRAPROOF_REQUIRE"), ","), "curl") {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	var presented string
	gateway := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		presented = r.RequestURI + " " + r.Header.Get("Authorization")
	}))
	defer gateway.Close()
	i := defaultIssuer(t, func(c *Config) {
		name := `o'rders "$HOME" ` + "`id` \u202e"
		c.Directory.APIs[name] = API{AppID: apiOwn, Version: mint.V2, Roles: []string{`it's "$HOME"`}}
	})
	v := signedIn(t, i)
	for _, api := range []string{"orders-dev", `o'rders "$HOME" ` + "`id` \u202e"} {
		form := formWith(i, "api", api, "url", gateway.URL+"/v1/ping?a='b'&c=$d", "roles", `it's "$HOME"`, "steps", "- set: {x: \"it's $HOME `id` \u202e é\"}")
		a := v.post("mint", form, nil)
		token := mintedToken(t, a)
		commands := commandOnPage.FindAllStringSubmatch(a.text, -1)
		if len(commands) != 2 {
			t.Fatalf("expected two commands, got %q", commands)
		}
		run(t, html.UnescapeString(commands[0][1]))
		if want := "/v1/ping?a='b'&c=$d Bearer " + token; presented != want {
			t.Errorf("expected %q, got %q", want, presented)
		}
		var answer tokenBody
		if err := json.Unmarshal(run(t, html.UnescapeString(commands[1][1])), &answer); err != nil || len(answer.Tokens) != 1 {
			t.Fatalf("expected a token, got %v %v", answer, err)
		}
		payload := claimsOf(mint.Explain(answer.Tokens[0]))
		genuine := claimsOf(mint.Explain(token))
		for _, claim := range []string{"aud", "azp", "x", "roles"} {
			got, _ := payload.Get(claim)
			want, has := genuine.Get(claim)
			if !has || !got.Equal(want) {
				t.Errorf("%s: expected %s, got %s", claim, want.JSON(), got.JSON())
			}
		}
	}
}

// run runs a command as somebody pastes it.
func run(t *testing.T, command string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", command)
	cmd.Env = append(os.Environ(), "ENTRAPROOF_MANAGEMENT_TOKEN="+manager)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return out
}

// TestConsoleFirstChoice: the form opens with what goes together.
func TestConsoleFirstChoice(t *testing.T) {
	t.Parallel()
	s := DefaultDirectory().snapshot()
	for _, row := range []struct{ reason, api, wantAPI, wantClient string }{
		{"asked-for", "orders-uat-v1", "orders-uat-v1", "everywhere"},
		{"unknown", "nowhere", "billing", "desktop"},
		{"none", "", "billing", "desktop"},
	} {
		c := s.firstChoice(row.api)
		if c.API != row.wantAPI || c.Client != row.wantClient || c.Tenant != "7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40" || c.Subject != "app" {
			t.Errorf("%s: got %+v", row.reason, c)
		}
	}
	only := Directory{Tenants: map[string]Tenant{tenantA: {}, tenantB: {}}, APIs: map[string]API{"a": {AppID: apiV2, Tenants: []string{tenantB}}}}
	if got := only.snapshot().firstChoice("a").Tenant; got != tenantB {
		t.Errorf("expected the tenant that has the API, got %s", got)
	}
}
