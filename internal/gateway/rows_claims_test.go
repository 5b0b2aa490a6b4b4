package gateway

import (
	"maps"
	"net/http"
	"strings"
	"time"
)

// lawfulRows are unusual and must be accepted.
func (b *bench) lawfulRows() []row {
	accept := func(id, guards, kind string, changes map[string]any) row {
		return row{id, guards, 0, bearerOf(b.with(kind, changes))}
	}
	guest := map[string]any{"idp": issuersOf(tenantB).V1, "oid": "22220000-0000-4000-8000-000000000002"}
	overage := map[string]any{
		"_claim_names":   map[string]any{"groups": "src1"},
		"_claim_sources": map[string]any{"src1": map[string]any{"endpoint": "https://graph.windows.net/x/users/y/getMemberObjects"}},
	}
	return []row{
		accept("ctl-v1-aud-as-app-id-uri", "audience", v1User, nil),
		accept("ctl-fresh-token", "time", v2App, nil),
		accept("ctl-jwks-without-alg", "key", v2App, nil),
		accept("ctl-typ-jwt", "token-kind", v1App, nil),
		accept("ctl-no-client-id-no-scope-claims", "client", v1User, nil),
		accept("ctl-role-among-many", "role", v2App, map[string]any{"roles": []string{"Audit.Read", home.access, "Reports.Read"}}),
		accept("ctl-guest-user", "tenant", v2User, guest),
		accept("ctl-groups-overage", "format", v2User, overage),
		accept("ctl-unknown-claims-ignored", "format", v2App, map[string]any{"x-probe-object": map[string]any{"a": nil}}),
		accept("ctl-large-legal-token", "cost", v2App, map[string]any{"padding": strings.Repeat("A", 4900)}),
		accept("ctl-long-lived-cae-token", "time", v2User, map[string]any{"exp": b.now.Add(28 * time.Hour).Unix()}),
		accept("client-secret-where-cert-required", "client", v2App, map[string]any{"azpacr": "1"}),
		accept("client-certificate", "client", v1App, map[string]any{"appidacr": "2"}),
	}
}

func (b *bench) audienceShapes() []row {
	audience := func(id, kind string, aud any) row {
		return row{id, "audience", 401, bearerOf(b.with(kind, map[string]any{"aud": aud}))}
	}
	self := b.claims(v2App, grant{roles: []string{}})
	self["aud"] = worker
	return []row{
		audience("aud-empty-string", v2App, ""),
		audience("aud-number", v2App, 42),
		audience("aud-array-without-ours", v2App, []string{"api://elsewhere", "api://nowhere"}),
		audience("aud-wildcard", v2App, "*"),
		audience("aud-whitespace-padded", v2App, " "+home.appV2+" "),
		audience("aud-regex-dot", v1App, strings.ReplaceAll(home.uriV1, ".", "x")),
		audience("aud-percent-encoded", v1App, "api%3A%2F%2Forders-v1.dev"),
		audience("aud-trailing-slash-unlisted", v1App, home.uriV1+"/"),
		{"aud-self-issued-to-client", "audience", 401, bearerOf(b.sign(self))},
	}
}

func (b *bench) clientClaims() []row {
	refuse := func(id string, status int, kind string, g grant, changes map[string]any, without ...string) row {
		c := b.claims(kind, g)
		maps.Copy(c, changes)
		for _, name := range without {
			delete(c, name)
		}
		return row{id, "client", status, bearerOf(b.sign(c))}
	}
	x := grant{client: stranger}
	return []row{
		refuse("client-azure-cli-first-party", 403, v2User, grant{client: azureCLI}, map[string]any{"azpacr": "0"}),
		refuse("client-managed-identity", 403, v2App, x, map[string]any{"xms_mirid": "/subscriptions/x", "azpacr": "2"}),
		refuse("client-azp-absent-v2", 401, v2App, grant{}, nil, "azp"),
		refuse("client-appid-absent-v1", 401, v1App, grant{}, nil, "appid"),
		refuse("client-azp-null-or-empty", 403, v2App, grant{}, map[string]any{"azp": ""}),
		refuse("client-appid-only-in-v2", 403, v2App, grant{}, map[string]any{"appid": worker}, "azp"),
		refuse("client-azp-only-in-v1", 403, v1App, grant{}, map[string]any{"azp": worker}, "appid"),
		refuse("client-appid-azp-agree", 403, v2App, grant{}, map[string]any{"appid": worker}),
		refuse("client-cid-aliases-spoofed", 403, v2App, x, map[string]any{"cid": worker, "clientId": worker, "client-id": worker, "ClientID": worker}),
		refuse("client-guid-prefix", 403, v2App, grant{}, map[string]any{"azp": worker + "0"}),
		refuse("client-sp-object-id", 403, v2App, grant{}, map[string]any{"azp": "11110000-0000-4000-8000-000000000001"}),
		refuse("client-sub-equals-registered", 403, v2App, x, map[string]any{"sub": worker, "oid": worker}),
		refuse("client-public-on-confidential-api", 403, v2User, grant{}, map[string]any{"azpacr": "0"}),
		refuse("client-public-v1", 403, v1User, grant{}, map[string]any{"appidacr": "0"}),
	}
}

func (b *bench) clientPlaces() []row {
	spoofed := "Bearer " + b.sign(b.claims(v2App, grant{client: stranger}))
	header := ask(spoofed)
	header.Header.Set("X-Consumer-Id", worker)
	form := askFor(http.MethodPost, homePath, spoofed)
	form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	form.Body = formBody("client_id=" + worker + "&client_secret=x")
	return []row{
		{"client-x-header-spoofed", "client", 403, header},
		{"client-query-spoofed", "client", 403, askFor(http.MethodGet, homePath+"?client_id="+worker+"&client_secret=x", spoofed)},
		{"client-form-spoofed", "client", 403, form},
	}
}

func (b *bench) kindShapes() []row {
	refuse := func(id, compact string) row {
		return row{id, "token-kind", 401, bearerOf(compact)}
	}
	shaped := func(head map[string]any, changes map[string]any, key int) string {
		c := b.claims(v2App, grant{})
		maps.Copy(c, changes)
		return sealed(b.t, mustJSON(b.t, header(head)), mustJSON(b.t, c), "RS256", keysOfTest()[key])
	}
	assertion := map[string]any{"iss": worker, "sub": worker, "jti": "x", "aud": "https://login.microsoftonline.com/x/oauth2/v2.0/token", "exp": b.now.Add(time.Minute).Unix()}
	proof := map[string]any{"htm": "GET", "htu": "https://gw.example" + homePath, "jti": "x", "iat": b.now.Unix()}
	around := b.claims(v2App, grant{})
	around["actortoken"] = b.genuine(v2App)
	wrapper := sealed(b.t, []byte(`{"alg":"none","typ":"JWT"}`), mustJSON(b.t, around), "none", nil)
	elsewhere := ask()
	elsewhere.Header.Set("X-MS-TOKEN-AAD-ACCESS-TOKEN", b.genuine(v2App))
	return []row{
		refuse("kind-refresh-token", "1.AXQAfuture."+strings.Repeat("A", 600)),
		refuse("kind-code", "0.AXQAfuture."+strings.Repeat("A", 600)),
		refuse("kind-client-assertion", sealed(b.t, []byte(`{"alg":"RS256","typ":"JWT","x5t#S256":"x"}`), mustJSON(b.t, assertion), "RS256", keysOfTest()[own])),
		refuse("kind-dpop-proof", sealed(b.t, mustJSON(b.t, map[string]any{"alg": "RS256", "typ": "dpop+jwt", "jwk": jwkOf(b.t, own, nil)}), mustJSON(b.t, proof), "RS256", keysOfTest()[own])),
		refuse("kind-logout-token", shaped(map[string]any{"typ": "logout+jwt"}, map[string]any{"events": map[string]any{}}, signing)),
		refuse("kind-actor-token", wrapper),
		refuse("kind-pop-shr", shaped(map[string]any{"typ": "pop"}, map[string]any{"at": b.genuine(v2User)}, signing)),
		{"kind-easy-auth-header", "placement", 401, elsewhere},
	}
}
