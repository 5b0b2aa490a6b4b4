package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// row is one row of the catalogue as strict must judge it: by one request. What
// follows a slash in the id is a variant.
type row struct {
	id     string
	guards string
	// status is what a refusal answers; 0 is an acceptance.
	status int
	ask    *http.Request
}

func bearerOf(compact string) *http.Request { return ask("Bearer " + compact) }

// tokens are what the rows send in Authorization, without the scheme Bearer.
func (b *bench) tokens() []string {
	var all []string
	for _, r := range b.rows() {
		for _, line := range r.ask.Header.Values("Authorization") {
			all = append(all, strings.TrimPrefix(line, "Bearer "))
		}
	}
	return all
}

// rows are those of the profiles witness, smoke and splitters and of the
// oracle, made by hand, and those that the mutants name beside them.
func (b *bench) rows() []row {
	b.once.Do(func() {
		for _, some := range [][]row{
			b.acceptedRows(), b.placementRows(), b.signatureRows(), b.algorithmRows(), b.keyRows(), b.formatRows(),
			b.timeRows(), b.audienceRows(), b.clientRows(), b.scopeRows(), b.kindRows(), b.routeRows(),
			b.lineRows(), b.placeRows(), b.messageRows(), detourRows(),
			b.blockRows(), b.confusedRows(), b.secretRows(),
			b.permissionRows(), b.issuerRows(),
			b.repackedRows(), b.jsonRows(), b.duplicateRows(), b.costRows(),
			b.lawfulRows(), b.audienceShapes(), b.clientClaims(), b.clientPlaces(), b.kindShapes(),
		} {
			b.made = append(b.made, some...)
		}
	})
	return b.made
}

func (b *bench) acceptedRows() []row {
	accept := func(id, guards string, r *http.Request) row { return row{id, guards, 0, r} }
	many := strings.Fields(strings.Repeat("11110000-0000-4000-8000-00000000abcd ", 200))
	return []row{
		accept("ctl-v2-delegated", "audience", bearerOf(b.genuine(v2User))),
		accept("ctl-v2-app-only", "audience", bearerOf(b.genuine(v2App))),
		accept("ctl-v1-delegated", "audience", bearerOf(b.genuine(v1User))),
		accept("ctl-v1-app-only", "audience", bearerOf(b.genuine(v1App))),
		accept("ctl-second-registered-client", "client", bearerOf(b.sign(b.claims(v2App, grant{client: second})))),
		accept("ctl-v1-aud-as-guid", "audience", bearerOf(b.with(v1User, map[string]any{"aud": home.appV1}))),
		accept("ctl-scope-last-of-many", "scope", bearerOf(b.with(v2User, map[string]any{"scp": "User.Read " + home.access}))),
		accept("ctl-scope-first-of-many", "scope", bearerOf(b.with(v2User, map[string]any{"scp": home.access + " User.Read"}))),
		accept("ctl-token-size-ladder", "cost", bearerOf(b.with(v2User, map[string]any{"groups": many}))),
		accept("ctl-almost-expired", "time", bearerOf(b.with(v2App, map[string]any{"exp": b.now.Add(90 * time.Second).Unix()}))),
		accept("exp-just-inside-skew", "time", bearerOf(b.with(v2App, map[string]any{"exp": b.now.Unix() + 2}))),
		accept("nbf-inside-skew", "time", bearerOf(b.with(v2App, map[string]any{"nbf": b.now.Unix() - 2}))),
		accept("exp-fraction", "time", bearerOf(b.with(v2App, map[string]any{"exp": float64(b.now.Unix()) + 0.5}))),
		accept("auth-lower-case-scheme", "placement", ask("bearer "+b.genuine(v2App))),
		accept("aud-array-with-ours", "audience", bearerOf(b.with(v2App, map[string]any{"aud": []string{home.appV2, "api://elsewhere"}}))),
		accept("aud-array-other-first", "audience", bearerOf(b.with(v2App, map[string]any{"aud": []string{"api://elsewhere", home.appV2}}))),
		accept("fmt-typ-at-jwt", "token-kind", bearerOf(b.headed(header(map[string]any{"typ": "at+jwt"})))),
		accept("x5t-agrees", "key", bearerOf(b.headed(header(map[string]any{"x5t": kidOf(signing)})))),
		accept("other-route-own-scope", "route", askFor("GET", adminPath, "Bearer "+b.with(v2User, map[string]any{"scp": "DEV.Admin"}))),
		accept("query-of-its-own", "route", askFor("GET", homePath+"?x=/public", "Bearer "+b.genuine(v2App))),
	}
}

func (b *bench) placementRows() []row {
	good := b.genuine(v2App)
	bad := good[:len(good)-4] + "AAAA"
	refuse := func(id string, status int, r *http.Request) row { return row{id, "placement", status, r} }
	form := askFor("POST", homePath)
	form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	form.Body = formBody("access_token=" + good)
	formToo := askFor("GET", homePath, "Bearer "+good)
	formToo.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	formToo.Body = formBody("access_token=" + good)
	return []row{
		refuse("auth-missing", 401, ask()),
		refuse("auth-empty", 401, ask("")),
		refuse("auth-scheme-only", 401, ask("Bearer")),
		refuse("auth-query-only", 401, askFor("GET", homePath+"?access_token="+good)),
		refuse("auth-header-and-query", 400, askFor("GET", homePath+"?access_token="+good, "Bearer "+good)),
		refuse("auth-form-body", 401, form),
		refuse("auth-header-and-form", 400, formToo),
		refuse("auth-no-scheme", 401, ask(good)),
		refuse("auth-glued-scheme", 401, ask("Bearer"+good)),
		refuse("auth-double-scheme", 401, ask("Bearer Bearer "+good)),
		refuse("auth-basic-scheme", 401, ask("Basic "+good)),
		refuse("auth-several-spaces", 401, ask("Bearer  "+good)),
		refuse("auth-tab-after-scheme", 401, ask("Bearer\t"+good)),
		refuse("auth-params-appended", 401, ask("Bearer "+good+", realm=x")),
		refuse("auth-quoted", 401, ask(`Bearer "`+good+`"`)),
		refuse("auth-trailing-junk", 401, ask("Bearer "+good+" junk")),
		refuse("auth-two-in-one-line", 401, ask("Bearer "+good+", Bearer "+bad)),
		refuse("auth-two-headers-bad-good", 400, ask("Bearer "+bad, "Bearer "+good)),
		refuse("auth-two-headers-identical", 400, ask("Bearer "+good, "Bearer "+good)),
		refuse("auth-two-headers-upstream-view", 400, ask("Bearer "+good, "Bearer "+bad)),
	}
}

func (b *bench) signatureRows() []row {
	good := strings.Split(b.genuine(v2App), ".")
	refuse := func(id, compact string) row { return row{id, "signature", 401, bearerOf(compact)} }
	head, payload := good[0], good[1]
	edited := b.claims(v2App, grant{api: other, client: both})
	edited["aud"] = home.appV2
	sibling := strings.Split(b.with(v2App, map[string]any{"uti": "another"}), ".")[2]
	flipped := mustDecode(good[2])
	flipped[0] ^= 0x80
	return []row{
		refuse("sig-bit-flipped", head+"."+payload+"."+b64(flipped)),
		refuse("sig-empty", head+"."+payload+"."),
		refuse("sig-segment-removed", head+"."+payload),
		refuse("sig-all-zero", head+"."+payload+"."+b64(make([]byte, 256))),
		refuse("sig-truncated", head+"."+payload+"."+b64(flipped[:255])),
		refuse("sig-extended", head+"."+payload+"."+b64(append(mustDecode(good[2]), 0))),
		refuse("sig-from-sibling-token", head+"."+payload+"."+sibling),
		refuse("sig-payload-aud-edited", head+"."+b64(mustJSON(b.t, edited))+"."+good[2]),
		refuse("kid-known-own-key", sealed(b.t, mustJSON(b.t, header(nil)), mustDecode(payload), "RS256", keysOfTest()[own])),
		refuse("kid-swapped-to-sibling", b.headed(header(map[string]any{"kid": kidOf(1)}))),
	}
}

func (b *bench) algorithmRows() []row {
	payload := mustJSON(b.t, b.claims(v2App, grant{}))
	refuse := func(id, algorithm string, secret any) row {
		head := mustJSON(b.t, header(map[string]any{"alg": algorithm}))
		return row{id, "algorithm", 401, bearerOf(sealed(b.t, head, payload, algorithm, secret))}
	}
	key := publishedKey{public: &keysOfTest()[signing].PublicKey, id: kidOf(signing)}
	return []row{
		refuse("alg-none", "none", nil), refuse("alg-none-mixed-case", "nOnE", nil), refuse("alg-none-title-case", "None", nil),
		refuse("alg-none-upper-case", "NONE", nil), refuse("alg-none-padded", "none ", nil),
		refuse("alg-hs256-pubkey-pem", "HS256", []byte(publicPEM(key))),
		refuse("alg-hs256-key-path-string", "HS256", []byte(kidOf(signing)+".pem")),
		refuse("alg-hs256-empty-secret", "HS256", []byte{}),
		refuse("alg-ps256-same-key", "PS256", keysOfTest()[signing]),
		refuse("alg-rs512-same-key", "RS512", keysOfTest()[signing]),
		{"alg-missing", "algorithm", 401, bearerOf(b.headed(header(nil, "alg")))},
		{"alg-empty-or-null", "algorithm", 401, bearerOf(b.headed(header(map[string]any{"alg": nil})))},
	}
}

func (b *bench) keyRows() []row {
	payload := mustJSON(b.t, b.claims(v2App, grant{}))
	refuse := func(id string, changes map[string]any, key int, without ...string) row {
		head := mustJSON(b.t, header(changes, without...))
		return row{id, "key", 401, bearerOf(sealed(b.t, head, payload, "RS256", keysOfTest()[key]))}
	}
	return []row{
		refuse("kid-unknown-genuine-signature", map[string]any{"kid": "nobody"}, signing),
		refuse("mock-no-longer-trusted", map[string]any{"kid": kidOf(later)}, later),
		refuse("kid-unknown-own-key", map[string]any{"kid": kidOf(own)}, own),
		refuse("kid-missing-many-keys", nil, signing, "kid"),
		refuse("kid-wrong-type", map[string]any{"kid": []string{kidOf(signing)}}, signing),
		refuse("kid-oversized", map[string]any{"kid": strings.Repeat("A", 8<<10)}, own),
		refuse("jwk-embedded", map[string]any{"jwk": jwkOf(b.t, own, nil)}, own),
		refuse("jku-attacker", map[string]any{"jku": "https://evil.example/keys"}, own),
		refuse("x5c-self-signed", map[string]any{"x5c": x5cOf(own)}, own),
		refuse("jwk-embedded-known-kid", map[string]any{"jwk": jwkOf(b.t, own, nil), "kid": kidOf(signing)}, own),
		refuse("x5t-contradicts-kid", map[string]any{"x5t": kidOf(1)}, signing),
	}
}

func (b *bench) formatRows() []row {
	good := strings.Split(b.genuine(v2App), ".")
	claims := string(mustJSON(b.t, b.claims(v2App, grant{})))
	refuse := func(id, compact string) row { return row{id, "format", 401, bearerOf(compact)} }
	doubled := sealed(b.t, []byte(`{"alg":"RS256","typ":"JWT","kid":"`+kidOf(signing)+`","alg":"none"}`), []byte(claims), "RS256", keysOfTest()[signing])
	return []row{
		refuse("fmt-one-segment", "abc"),
		refuse("fmt-only-dots", ".."),
		refuse("fmt-four-segments", strings.Join(good, ".")+".AAAA"),
		refuse("fmt-trailing-dot", strings.Join(good, ".")+"."),
		refuse("fmt-base64-padding", strings.Join(good, ".")+"=="),
		refuse("fmt-nonzero-tail-bits", good[0]+"."+good[1]+"."+tailBit(good[2])),
		refuse("fmt-duplicate-alg", doubled),
		refuse("fmt-duplicate-alg-unsigned", doubled[:strings.LastIndex(doubled, ".")+1]),
		refuse("fmt-deep-json", b.written(`{"a":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)+`}`)),
		refuse("crit-unknown-extension", b.headed(header(map[string]any{"crit": []string{"x-policy"}, "x-policy": 1}))),
		refuse("crit-lists-absent-member", b.headed(header(map[string]any{"crit": []string{"x-policy"}}))),
		refuse("crit-lists-registered-name", b.headed(header(map[string]any{"crit": []string{"alg"}}))),
		refuse("crit-empty-array", b.headed(header(map[string]any{"crit": []string{}}))),
		refuse("b64-false-without-crit", b.headed(header(map[string]any{"b64": false}))),
	}
}

func (b *bench) timeRows() []row {
	refuse := func(id string, claims map[string]any, without ...string) row {
		return row{id, "time", 401, bearerOf(b.with(v2App, claims, without...))}
	}
	at := func(d time.Duration) int64 { return b.now.Add(d).Unix() }
	past := b.claims(v1User, grant{})
	past["iat"], past["nbf"], past["exp"] = at(-3*time.Hour), at(-3*time.Hour), at(-time.Hour)
	return []row{
		{"exp-past-genuine", "time", 401, bearerOf(b.sign(past))},
		refuse("exp-equals-now", map[string]any{"exp": at(0)}),
		refuse("exp-missing", nil, "exp"),
		refuse("exp-null", map[string]any{"exp": nil}),
		refuse("exp-digit-string", map[string]any{"exp": strconv.FormatInt(at(time.Hour), 10)}),
		refuse("exp-string-past", map[string]any{"exp": strconv.FormatInt(at(-time.Hour), 10)}),
		refuse("exp-array", map[string]any{"exp": []int64{at(time.Hour)}}),
		refuse("exp-zero", map[string]any{"exp": 0}),
		refuse("exp-negative", map[string]any{"exp": -1}),
		refuse("exp-int64-overflow", map[string]any{"exp": json.Number("9223372036854775808")}),
		refuse("exp-ten-to-the-ten", map[string]any{"exp": json.Number("1e12")}),
		refuse("exp-milliseconds", map[string]any{"exp": at(time.Hour) * 1000}),
		refuse("nbf-future", map[string]any{"nbf": at(10 * time.Minute)}),
		refuse("nbf-string", map[string]any{"nbf": "1700000000"}),
		refuse("nbf-missing", nil, "nbf"),
		refuse("exp-past-one-hour", map[string]any{"exp": at(-time.Hour), "nbf": at(-2 * time.Hour), "iat": at(-2 * time.Hour)}),
		refuse("exp-just-outside-skew", map[string]any{"exp": at(-15 * time.Second), "nbf": at(-2 * time.Hour), "iat": at(-2 * time.Hour)}),
		refuse("exp-text", map[string]any{"exp": "never"}),
		refuse("exp-ten-years", map[string]any{"exp": at(87599 * time.Hour)}),
		refuse("exp-ten-to-the-ten", map[string]any{"exp": 10_000_000_000}),
		refuse("iat-missing", nil, "iat"),
		refuse("iat-string", map[string]any{"iat": "yesterday"}),
		refuse("iat-future", map[string]any{"iat": at(24 * time.Hour)}),
	}
}

func (b *bench) audienceRows() []row {
	audience := func(id string, aud any) row {
		return row{id, "audience", 401, bearerOf(b.with(v2App, map[string]any{"aud": aud}))}
	}
	issuer := func(id string, claims map[string]any, without ...string) row {
		return row{id, "issuer", 401, bearerOf(b.with(v2App, claims, without...))}
	}
	tenant := func(id string, tid any) row {
		return row{id, "tenant", 401, bearerOf(b.with(v2App, map[string]any{"tid": tid}))}
	}
	idToken := b.claims(v2User, grant{})
	delete(idToken, "azp")
	delete(idToken, "scp")
	idToken["aud"] = worker
	arm := b.claims(v1User, grant{scopes: "user_impersonation"})
	arm["aud"] = "https://management.azure.com/"
	foreign := string(mustJSON(b.t, b.claims(v2App, grant{api: other, client: both})))
	v2 := issuersOf(tenantA).V2
	return []row{
		{"aud-other-env-genuine", "audience", 401, bearerOf(b.sign(b.claims(v2App, grant{api: other, client: both})))},
		{"aud-other-env-genuine-delegated", "audience", 401, bearerOf(b.sign(b.claims(v2User, grant{api: other, client: both})))},
		{"aud-other-env-genuine-v1", "audience", 401, bearerOf(b.sign(b.claims(v1App, grant{api: other, client: both})))},
		{"scope-or-shared-across-envs", "audience", 401, bearerOf(b.sign(b.claims(v2User, grant{api: other, client: both, scopes: "OTHER.Access Shared.Access"})))},
		{"scope-same-name-other-audience", "audience", 401, bearerOf(b.sign(b.claims(v2User, grant{api: other, client: both, scopes: home.access})))},
		{"aud-arm-genuine", "audience", 401, bearerOf(b.sign(arm))},
		{"aud-id-token", "audience", 401, bearerOf(b.sign(idToken))},
		{"aud-missing", "audience", 401, bearerOf(b.with(v2App, nil, "aud"))},
		{"fmt-duplicate-aud", "audience", 401, bearerOf(b.written(foreign[:len(foreign)-1] + `,"aud":"` + home.appV2 + `"}`))},
		audience("aud-other-only", other.appV2),
		audience("aud-null", nil),
		audience("aud-empty-array", []string{}),
		audience("aud-array-nested", [][]string{{home.appV2}}),
		audience("aud-suffix-extended", home.appV2+"-evil"),
		audience("aud-prefix-truncated", home.appV2[:len(home.appV2)-1]),
		audience("aud-case-changed", strings.ToUpper(home.appV2)),
		issuer("iss-missing", nil, "iss"),
		issuer("iss-array", map[string]any{"iss": []string{v2, "https://evil.example/"}}),
		issuer("iss-trailing-slash-toggled", map[string]any{"iss": v2 + "/"}),
		issuer("iss-version-claim-mismatch", map[string]any{"ver": "1.0", "appid": worker}, "azp"),
		issuer("client-multi-tenant-twin", map[string]any{"iss": issuersOf(tenantB).V2, "tid": tenantB}),
		{"iss-unknown-issuer-self-signed", "issuer", 401, bearerOf(b.selfSigned())},
		tenant("tid-differs-from-iss", tenantB),
		tenant("tid-not-a-guid", "../x"),
		{"tid-missing", "tenant", 401, bearerOf(b.with(v2App, nil, "tid"))},
	}
}

// selfSigned has an issuer of its own and our own key, named as such.
func (b *bench) selfSigned() string {
	c := b.claims(v2App, grant{})
	c["iss"] = "https://issuer.evil.example/"
	head := mustJSON(b.t, header(map[string]any{"kid": kidOf(own)}))
	return sealed(b.t, head, mustJSON(b.t, c), "RS256", keysOfTest()[own])
}

func (b *bench) clientRows() []row {
	refuse := func(id string, claims map[string]any) row { return row{id, "client", 403, bearerOf(b.sign(claims))} }
	changed := func(kind string, g grant, changes map[string]any) map[string]any {
		c := b.claims(kind, g)
		for name, v := range changes {
			c[name] = v
		}
		return c
	}
	spoofed := bearerOf(b.sign(b.claims(v2App, grant{client: stranger})))
	spoofed.Header.Set("client_id", worker)
	return []row{
		refuse("client-unregistered-genuine", b.claims(v2App, grant{client: stranger})),
		refuse("client-unregistered-genuine-delegated", b.claims(v2User, grant{client: stranger})),
		refuse("client-contract-only-other-env", b.claims(v2App, grant{client: elsewhere})),
		refuse("aud-shared-registration", b.claims(v2App, grant{client: elsewhere, roles: []string{other.access}})),
		refuse("client-id-claim-spoofed", changed(v2App, grant{client: stranger}, map[string]any{"client_id": worker})),
		{"client-header-spoofed", "client", 403, spoofed},
		refuse("client-appid-azp-disagree-a", changed(v2App, grant{client: stranger}, map[string]any{"appid": worker})),
		refuse("client-appid-azp-disagree-b", changed(v1App, grant{client: stranger}, map[string]any{"azp": worker})),
		refuse("client-other-named-too", changed(v2App, grant{}, map[string]any{"appid": stranger})),
		refuse("client-azp-null", changed(v2App, grant{}, map[string]any{"azp": nil})),
		refuse("client-azp-empty", changed(v2App, grant{}, map[string]any{"azp": ""})),
		refuse("client-guid-upper-case", changed(v2App, grant{}, map[string]any{"azp": strings.ToUpper(worker)})),
	}
}

func (b *bench) scopeRows() []row {
	scope := func(id string, scp any) row {
		return row{id, "scope", 403, bearerOf(b.with(v2User, map[string]any{"scp": scp}))}
	}
	role := func(id string, changes map[string]any, without ...string) row {
		return row{id, "role", 403, bearerOf(b.with(v2App, changes, without...))}
	}
	return []row{
		scope("scope-missing-genuine", "DEV.Admin"),
		scope("scope-superstring", home.access+"X"),
		scope("scope-embedded", "X"+home.access),
		scope("scope-regex-dot", "DEVxAccess"),
		scope("scope-array-form", []string{home.access}),
		scope("scope-empty-string", ""),
		scope("scope-null", nil),
		scope("scope-case-changed", strings.ToLower(home.access)),
		scope("scope-tab-or-newline-separated", "User.Read\t"+home.access),
		{"scope-absent-delegated", "scope", 403, bearerOf(b.with(v2User, nil, "scp"))},
		{"scope-in-wrong-claim", "scope", 403, bearerOf(b.with(v2User, map[string]any{"scp": "x", "scope": home.access}))},
		{"role-user-role-instead-of-scope", "scope", 403, bearerOf(b.with(v2User, map[string]any{"scp": "x", "roles": []string{home.access}}))},
		role("role-app-only-no-roles", nil, "roles"),
		role("role-app-only-other-env-role", map[string]any{"roles": []string{other.access}}),
		role("role-string-instead-of-array", map[string]any{"roles": home.access}),
		role("role-app-only-with-scp-claim", map[string]any{"scp": home.access, "idtyp": "app"}),
		role("role-app-only-with-scp-claim-unmarked", map[string]any{"scp": home.access}),
	}
}

func (b *bench) kindRows() []row {
	refuse := func(id, compact string) row { return row{id, "token-kind", 401, bearerOf(compact)} }
	return []row{
		refuse("fmt-typ-of-other-kind", b.headed(header(map[string]any{"typ": "logout+jwt"}))),
		refuse("fmt-typ-absent", b.headed(header(nil, "typ"))),
		refuse("aud-graph-nonce", b.headed(header(map[string]any{"nonce": "x"}))),
		refuse("kind-cnf-x5t-as-bearer", b.with(v2App, map[string]any{"cnf": map[string]any{"x5t#S256": "x"}})),
		refuse("aud-id-token-same-registration", b.with(v2User, nil, "azp", "scp")),
	}
}

func (b *bench) routeRows() []row {
	good := "Bearer " + b.genuine(v2App)
	refuse := func(id string, status int, r *http.Request) row { return row{id, "route", status, r} }
	hosted := ask(good)
	hosted.Host = "GW.example"
	rewritten := ask(good)
	rewritten.Header.Set("X-Original-URL", "/public")
	all := []row{
		refuse("path-dot-segments", 401, askFor("GET", "/public/.."+homePath)),
		refuse("scope-other-route", 403, askFor("GET", adminPath, "Bearer "+b.genuine(v2User))),
		refuse("role-other-route", 403, askFor("GET", adminPath, good)),
		refuse("path-absolute-form", 400, askFor("GET", "http://other.example"+homePath, good)),
		refuse("method-other", 405, askFor("DELETE", homePath, good)),
		refuse("method-trace", 405, askFor("TRACE", homePath, good)),
		refuse("host-variants", 421, hosted),
		refuse("rewrite-headers", 400, rewritten),
	}
	for i, target := range []string{
		"//orders/v1/ping", "/orders/./v1/ping", "/orders/v1/ping;x=.css", "/orders/v1/ping/", "/ORDERS/v1/ping", "/elsewhere",
	} {
		all = append(all, refuse(fmt.Sprintf("path-odd-%d", i), 404, askFor("GET", target, good)))
	}
	for i, target := range []string{
		"/orders/%2e%2e/orders/v1/ping", "/orders%2Fv1/ping", "/orders%5Cv1/ping", "/orders/v1/ping#/public", "/orders/v1/ping%00", "/orders/v1/ping%3Fx",
	} {
		all = append(all, refuse(fmt.Sprintf("path-ambiguous-%d", i), 400, askFor("GET", target, good)))
	}
	return all
}
