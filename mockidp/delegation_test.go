package mockidp

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

const (
	web      = "eb000000-0000-4000-8000-0000000000c5"
	spa      = "5b000000-0000-4000-8000-0000000000c6"
	native   = "de500000-0000-4000-8000-0000000000c7"
	listing  = "11570000-0000-4000-8000-0000000000c8"
	apiGrid  = "9d1d0000-0000-4000-8000-0000000000d4"
	apiAway  = "a3a90000-0000-4000-8000-0000000000d5"
	readers  = "96000000-0000-4000-8000-000000000001"
	webURI   = "https://app.example/signed-in"
	spaURI   = "https://spa.example/"
	password = "pass+word of alice"
)

// delegatedConfig is testConfig with people, and what they sign in to. The DEV
// API is a client as well: it calls others on behalf of its users.
func delegatedConfig(t testing.TB) Config {
	t.Helper()
	cfg := testConfig(t)
	d := &cfg.Directory
	d.Tenants = map[string]Tenant{tenantA: {Domains: []string{"contoso.example"}}, tenantB: {Domains: []string{"fabrikam.example"}}, mint.ConsumerTenant: {}}
	dev, uat := d.APIs["orders-dev"], d.APIs["orders-uat"]
	dev.Scopes, dev.GroupMembershipClaims = map[string]ConsentNeed{"DEV.Access": UserConsent, "DEV.Admin": AdminConsent, "Shared.Access": NoConsent}, groupsSecurity
	uat.Scopes = map[string]ConsentNeed{"UAT.Access": NoConsent}
	d.APIs["orders-dev"], d.APIs["orders-uat"] = dev, uat
	d.APIs["grid"] = API{AppID: apiGrid, Version: mint.V2, Scopes: map[string]ConsentNeed{"Grid.Read": NoConsent}, Roles: []string{"Grid.Reader"}, AssignmentRequired: true, OptionalClaims: []string{"xms_cc"}}
	d.APIs["away"] = API{AppID: apiAway, Version: mint.V2, Scopes: map[string]ConsentNeed{"Away.Read": NoConsent}, Tenants: []string{tenantB}}
	d.Clients["web"] = ClientRegistration{
		ID: web, Secrets: []Secret{{Value: secret}}, RedirectURIs: RedirectURIs{Web: []string{webURI}, SPA: []string{"https://web.example/script"}},
		Implicit: []ImplicitToken{ImplicitID, ImplicitAccess},
	}
	d.Clients["spa"] = ClientRegistration{ID: spa, RedirectURIs: RedirectURIs{SPA: []string{spaURI}}}
	d.Clients["native"] = ClientRegistration{ID: native, RedirectURIs: RedirectURIs{Public: []string{"http://localhost/in", "msal0d2c://auth"}}, Permissions: map[string][]string{"orders-dev": {"DEV.Access"}}}
	d.Clients["listing"] = ClientRegistration{ID: listing, Permissions: map[string][]string{"orders-uat": {"UAT.Access"}}}
	d.Clients["middle"] = ClientRegistration{ID: apiV2, Secrets: []Secret{{Value: secret}}}
	d.Groups = map[string]string{"readers": readers}
	user := func(name string, change func(*User)) {
		u := User{Username: name + "@contoso.example", Password: password, Tenants: []string{tenantA}}
		if change != nil {
			change(&u)
		}
		d.Users[name] = u
	}
	d.Users = map[string]User{}
	user("alice", func(u *User) {
		u.Name, u.Groups, u.Roles = "Alice Andersson", []string{"readers"}, map[string][]string{"orders-dev": {"DEV.Access"}, "grid": {"Grid.Reader"}}
	})
	user("bob", func(u *User) { u.Password = "" })
	user("dan", func(u *User) { u.Disabled = true })
	user("grace", func(u *User) {
		u.Username, u.HomeTenant, u.Tenants = "grace@fabrikam.example", tenantB, []string{tenantA, tenantB}
	})
	for _, obstacle := range []string{"locked", "password-expired", "mfa", "mfa-enrolment", "device", "conditional-access"} {
		user(obstacle, func(u *User) { u.Obstacle = obstacle })
	}
	d.Consents = []Consent{
		{Client: "native", API: "orders-dev", Scopes: []string{"DEV.Access"}, User: "alice"},
		{Client: "web", API: "orders-dev", Scopes: []string{"DEV.Access", "DEV.Admin"}},
	}
	return cfg
}

// token posts to the token endpoint of a version and tenant.
func (c *conversation) token(v mint.Version, tenant string, f url.Values, change func(*http.Request)) answer {
	path := "/oauth2/v2.0/token"
	if v == mint.V1 {
		path = "/oauth2/token"
	}
	return post(c.t, c.i.URL()+"/"+tenant+path, f, change)
}

// conversation is a client's talk with an issuer whose clock the test moves.
type conversation struct {
	t     testing.TB
	i     *Issuer
	clock *clock
}

func converse(t testing.TB, change func(*Config)) *conversation {
	t.Helper()
	clock := newClock()
	cfg := delegatedConfig(t)
	cfg.Now = clock.Now
	if change != nil {
		change(&cfg)
	}
	return &conversation{t, Start(t, cfg), clock}
}

// on is the same conversation for a part of the test.
func (c *conversation) on(t testing.TB) *conversation {
	t.Helper()
	part := *c
	part.t = t
	return &part
}

// signIn gets tokens by name and password.
func (c *conversation) signIn(v mint.Version, pairs ...string) answer {
	f := form("grant_type", "password", "client_id", native, "username", "alice@contoso.example", "password", password)
	for name, values := range form(pairs...) {
		f[name] = values
	}
	return c.token(v, tenantA, f, nil)
}

// payload is the payload of a token in an answer.
func payload(t testing.TB, a answer, member string) value.Value {
	t.Helper()
	token, _ := a.json[member].(string)
	_, p, err := mint.Decode(token)
	if err != nil {
		t.Fatalf("%s of %d %s: %v", member, a.status, a.text, err)
	}
	return p
}

// codeOf is the number of an error, 0 for none.
func codeOf(a answer) int {
	codes, _ := a.json["error_codes"].([]any)
	if len(codes) == 0 {
		return 0
	}
	n, _ := codes[0].(float64)
	return int(n)
}

// TestDelegatedAnswers is one row a request of a user's client: which members
// the answer has, how it writes the scopes, and whose the token is.
func TestDelegatedAnswers(t *testing.T) {
	c := converse(t, nil)
	const usual = "token_type scope expires_in ext_expires_in access_token"
	for _, row := range []struct {
		name               string
		version            mint.Version
		ask                []string
		members, scope     string
		ver, aud, scp      string
		graph, itself, cae bool
	}{
		{name: "one scope", ask: []string{"scope", "api://orders.dev/DEV.Access"}, members: usual, scope: "api://orders.dev/DEV.Access", ver: "2.0", aud: apiV2, scp: "DEV.Access"},
		{name: "in another case", ask: []string{"scope", "api://orders.dev/dev.access"}, members: usual, scope: "api://orders.dev/DEV.Access", ver: "2.0", aud: apiV2, scp: "DEV.Access"},
		{name: "by GUID", ask: []string{"scope", apiV2 + "/DEV.Access"}, members: usual, scope: apiV2 + "/DEV.Access", ver: "2.0", aud: apiV2, scp: "DEV.Access"},
		{name: "two names of one API", ask: []string{"scope", apiV2 + "/DEV.Access api://orders.dev/Shared.Access"}, members: usual, scope: apiV2 + "/DEV.Access " + apiV2 + "/Shared.Access", ver: "2.0", aud: apiV2, scp: "DEV.Access Shared.Access"},
		{name: "default", ask: []string{"scope", "api://orders.dev/.default"}, members: usual, scope: "api://orders.dev/DEV.Access api://orders.dev/Shared.Access api://orders.dev/.default", ver: "2.0", aud: apiV2, scp: "DEV.Access Shared.Access"},
		{name: "all that MSAL asks for", ask: []string{"scope", "api://orders.dev/DEV.Access openid profile offline_access", "client_info", "1"}, members: usual + " refresh_token id_token client_info", scope: "api://orders.dev/DEV.Access", ver: "2.0", aud: apiV2, scp: "DEV.Access"},
		{name: "v1 API", ask: []string{"scope", "api://orders-uat/UAT.Access"}, members: usual, scope: "api://orders-uat/UAT.Access", ver: "1.0", aud: "api://orders-uat", scp: "UAT.Access"},
		{name: "v1 API, slash kept", ask: []string{"scope", "api://orders-uat//.default"}, members: usual, scope: "api://orders-uat//UAT.Access api://orders-uat//.default", ver: "1.0", aud: "api://orders-uat/", scp: "UAT.Access"},
		{name: "v1 endpoint", version: mint.V1, ask: []string{"resource", "api://orders-uat"}, members: "token_type scope expires_in ext_expires_in expires_on not_before resource access_token refresh_token id_token", scope: "UAT.Access", ver: "1.0", aud: "api://orders-uat", scp: "UAT.Access"},
		{name: "v1 endpoint, v2 API", version: mint.V1, ask: []string{"resource", "api://orders.dev", "client_info", "1"}, members: "token_type scope expires_in ext_expires_in expires_on not_before resource access_token refresh_token id_token", scope: "DEV.Access Shared.Access", ver: "2.0", aud: apiV2, scp: "DEV.Access Shared.Access"},
		{name: "Graph by short name", ask: []string{"scope", "User.Read"}, members: usual, scope: "User.Read", ver: "1.0", aud: "https://graph.microsoft.com", scp: "User.Read", graph: true},
		{name: "Graph with its own", ask: []string{"scope", "https://graph.microsoft.com/User.Read profile openid email"}, members: usual + " id_token", scope: "email openid profile https://graph.microsoft.com/User.Read", ver: "1.0", aud: "https://graph.microsoft.com", scp: "User.Read email openid profile", graph: true},
		{name: "nothing but OpenID Connect", ask: []string{"scope", "openid"}, members: usual + " id_token", scope: "openid", ver: "1.0", aud: "https://graph.microsoft.com", scp: "openid", graph: true},
		{name: "Resource Manager", ask: []string{"scope", "https://management.azure.com//.default"}, members: usual, scope: "https://management.azure.com//user_impersonation https://management.azure.com//.default", ver: "1.0", aud: "https://management.azure.com/", scp: "user_impersonation"},
		{name: "itself", ask: []string{"scope", native + "/.default"}, members: usual + " id_token", scope: native + "/.default", ver: "2.0", aud: native, itself: true},
		{name: "continuous access evaluation", ask: []string{"scope", "User.Read", "claims", `{"access_token":{"xms_cc":{"values":["CP1"]}}}`}, members: usual, scope: "User.Read", ver: "1.0", aud: "https://graph.microsoft.com", scp: "User.Read", graph: true, cae: true},
		{name: "capabilities that the API asks for", ask: []string{"scope", apiGrid + "/Grid.Read", "claims", `{"access_token":{"xms_cc":{"values":["CP1"]}}}`}, members: usual, scope: apiGrid + "/Grid.Read", ver: "2.0", aud: apiGrid, scp: "Grid.Read", cae: true},
		{name: "in any order, and twice", ask: []string{"scope", apiV2 + "/Shared.Access " + apiV2 + "/DEV.Access " + apiV2 + "/Shared.Access"}, members: usual, scope: apiV2 + "/DEV.Access " + apiV2 + "/Shared.Access", ver: "2.0", aud: apiV2, scp: "DEV.Access Shared.Access"},
		{name: "capabilities that nobody asks for", ask: []string{"scope", "api://orders.dev/DEV.Access", "claims", `{"access_token":{"xms_cc":{"values":["cp1"]}}}`}, members: usual, scope: "api://orders.dev/DEV.Access", ver: "2.0", aud: apiV2, scp: "DEV.Access"},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := mint.V2
			if row.version != "" {
				v = row.version
			}
			a := c.signIn(v, row.ask...)
			if a.status != http.StatusOK || strings.Join(a.names, " ") != row.members || a.json["scope"] != row.scope {
				t.Fatalf("%d %s\nwant %s\nand scope %s", a.status, a.text, row.members, row.scope)
			}
			p := payload(t, a, "access_token")
			if p.GetText("ver") != row.ver || p.GetText("aud") != row.aud || p.GetText("scp") != row.scp || p.GetText("tid") != tenantA || p.GetText("name") != "" && p.GetText("name") != "Alice Andersson" {
				t.Errorf("payload %s", p.JSON())
			}
			if p.GetText("uti") != utiOf(t, a.header.Get("x-ms-request-id")) {
				t.Errorf("uti %s of %s", p.GetText("uti"), a.header.Get("x-ms-request-id"))
			}
			if cc, has := p.Get("xms_cc"); has != row.cae || row.cae && string(cc.JSON()) != `["CP1"]` {
				t.Errorf("xms_cc: %t %s", has, cc.JSON())
			}
			client, proof := p.GetText("azp")+p.GetText("appid"), p.GetText("azpacr")+p.GetText("appidacr")
			if !row.itself && (client != native || proof != "0") {
				t.Errorf("client %q, proven by %q", client, proof)
			}
			if row.itself && a.json["access_token"] != a.json["id_token"] {
				t.Error("the client's own token is not its id token")
			}
			if err := verify(t, c.i, a.json["access_token"].(string)); (err != nil) != row.graph {
				t.Errorf("verified by the key set: %v", err)
			}
			if a.json["client_info"] != nil {
				info, err := base64.RawURLEncoding.DecodeString(a.json["client_info"].(string))
				if want := fmt.Sprintf(`{"uid":%q,"utid":%q}`, p.GetText("oid"), tenantA); err != nil || string(info) != want {
					t.Errorf("client_info %s, want %s: %v", info, want, err)
				}
			}
		})
	}
}

// TestUserClaims: groups, roles, guests and the shapes of the id token of both
// endpoints.
func TestUserClaims(t *testing.T) {
	c := converse(t, func(cfg *Config) {
		n := cfg.Directory.Clients["native"]
		n.OptionalClaims, n.GroupMembershipClaims = []string{"sid"}, groupsAll
		cfg.Directory.Clients["native"] = n
	})
	a := c.signIn(mint.V2, "scope", "api://orders.dev/DEV.Access openid profile email")
	p := string(payload(t, a, "access_token").JSON())
	for _, want := range []string{`"groups":["` + readers + `"]`, `"roles":["DEV.Access"]`, `"preferred_username":"alice@contoso.example"`} {
		if !strings.Contains(p, want) {
			t.Errorf("%s is not in %s", want, p)
		}
	}
	id := payload(t, a, "id_token")
	var names []string
	for _, m := range id.Members {
		names = append(names, m.Name)
	}
	if got := strings.Join(names, " "); got != "aud iss iat nbf exp aio email groups name oid preferred_username rh sid sub tid uti ver wids" {
		t.Errorf("id token of v2: %s", got)
	}
	if id.GetText("aud") != native || id.GetText("sub") == payload(t, a, "access_token").GetText("sub") || id.GetText("email") != "alice@contoso.example" {
		t.Errorf("id token: %s", id.JSON())
	}
	if id := payload(t, c.signIn(mint.V1, "resource", "api://orders-uat"), "id_token"); id.GetText("ver") != "1.0" || id.GetText("upn") != "alice@contoso.example" || id.GetText("iss") != "https://sts.windows.net/"+tenantA+"/" {
		t.Errorf("id token of v1: %s", id.JSON())
	}
	if id := payload(t, c.signIn(mint.V2, "scope", "openid"), "id_token"); id.GetText("name")+id.GetText("preferred_username")+id.GetText("email") != "" {
		t.Errorf("without profile: %s", id.JSON())
	}
	guest := payload(t, c.signIn(mint.V2, "username", "Grace@fabrikam.example", "scope", "api://orders-uat/.default"), "access_token")
	if guest.GetText("idp") != "https://sts.windows.net/"+tenantB+"/" || guest.GetText("tid") != tenantA || guest.GetText("upn") != "" || guest.GetText("email") != "grace@fabrikam.example" {
		t.Errorf("guest: %s", guest.JSON())
	}
	home := payload(t, c.token(mint.V2, "organizations", form("grant_type", "password", "client_id", native, "username", "grace@fabrikam.example", "password", password, "scope", "api://orders-uat/.default"), nil), "access_token")
	if home.GetText("tid") != tenantB || home.GetText("idp") != "" || home.GetText("upn") != "grace@fabrikam.example" {
		t.Errorf("at home, by way of organizations: %s", home.JSON())
	}
}

// TestRefreshToken redeems a refresh token again and again, for the same API and
// another one, until it is too old.
func TestRefreshToken(t *testing.T) {
	c := converse(t, nil)
	a := c.signIn(mint.V2, "scope", "api://orders.dev/DEV.Access openid profile offline_access")
	first, _ := a.json["refresh_token"].(string)
	if !strings.HasPrefix(first, mint.RefreshPrefix(tenantA, native)) || len(first) < 300 {
		t.Fatalf("refresh token %q", first)
	}
	refresh := func(v mint.Version, tenant, token string, pairs ...string) answer {
		f := form("grant_type", "refresh_token", "client_id", native, "refresh_token", token)
		for name, values := range form(pairs...) {
			f[name] = values
		}
		return c.token(v, tenant, f, nil)
	}
	c.clock.advance(89 * 24 * time.Hour)
	for _, row := range []struct {
		name            string
		version         mint.Version
		tenant          string
		ask             []string
		aud, scp, scope string
	}{
		{"as before", mint.V2, tenantA, nil, apiV2, "DEV.Access", "api://orders.dev/DEV.Access"},
		{"at common", mint.V2, "common", nil, apiV2, "DEV.Access", "api://orders.dev/DEV.Access"},
		{"another API", mint.V2, tenantA, []string{"scope", "api://orders-uat/UAT.Access"}, "api://orders-uat", "UAT.Access", "api://orders-uat/UAT.Access"},
		{"another API of v1", mint.V1, tenantA, []string{"resource", "api://orders-uat"}, "api://orders-uat", "UAT.Access", "UAT.Access"},
		{"only OpenID Connect", mint.V2, tenantA, []string{"scope", "openid profile offline_access"}, apiV2, "DEV.Access", "api://orders.dev/DEV.Access"},
	} {
		a := refresh(row.version, row.tenant, first, row.ask...)
		if a.status != http.StatusOK || a.json["scope"] != row.scope || a.json["refresh_token"] == nil || a.json["refresh_token"] == first {
			t.Errorf("%s: %d %s", row.name, a.status, a.text)
			continue
		}
		if p := payload(t, a, "access_token"); p.GetText("aud") != row.aud || p.GetText("scp") != row.scp || p.GetText("name")+p.GetText("unique_name") == "" || p.GetText("tid") != tenantA {
			t.Errorf("%s: %s", row.name, p.JSON())
		}
	}
	second, _ := refresh(mint.V2, tenantA, first).json["refresh_token"].(string)
	c.clock.advance(24 * time.Hour)
	if got := codeOf(refresh(mint.V2, tenantA, first)); got != 700082 {
		t.Errorf("after 90 days: AADSTS%d", got)
	}
	if a := refresh(mint.V2, tenantA, second); a.status != http.StatusOK {
		t.Errorf("the newer one: %d %s", a.status, a.text)
	}
}

// TestPeopleAtOnce: many requests share what users agree to and the seals.
func TestPeopleAtOnce(t *testing.T) {
	c := converse(t, nil)
	done := make(chan answer)
	for range 8 {
		go func() {
			done <- c.signIn(mint.V2, "scope", "api://orders.dev/DEV.Access openid profile offline_access")
		}()
	}
	var tokens []string
	for range 8 {
		a := <-done
		token, _ := a.json["refresh_token"].(string)
		tokens = append(tokens, token)
	}
	slices.Sort(tokens)
	if len(slices.Compact(tokens)) != 8 || tokens[0] == "" {
		t.Errorf("refresh tokens that are not all different: %q", tokens)
	}
}
