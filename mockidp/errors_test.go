package mockidp

import (
	"errors"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// errorRow is one number of entra-tokens 4.5: how a client provokes it, and
// what comes with it; or why nobody can provoke it here.
type errorRow struct {
	code    int
	oauth   string
	status  int
	noURI   bool
	provoke func(*provocation) answer
	because string
}

// provocation is a conversation with what the rows need of it.
type provocation struct {
	*conversation
	own, other identity
	random     *well
}

// app posts a client_credentials request, changed by pairs.
func (p *provocation) app(pairs ...string) answer { return p.appAt(tenantA, pairs...) }

func (p *provocation) appAt(tenant string, pairs ...string) answer {
	return p.token(mint.V2, tenant, changed(form("grant_type", "client_credentials", "client_id", worker, "client_secret", secret, "scope", apiV2+"/.default"), pairs...), nil)
}

func changed(f url.Values, pairs ...string) url.Values {
	for n := 0; n < len(pairs); n += 2 {
		if f.Set(pairs[n], pairs[n+1]); pairs[n+1] == "-" {
			f.Del(pairs[n])
		}
	}
	return f
}

// certificate asks with an assertion by the client's own key.
func (p *provocation) certificate(by identity, change map[string]any) answer {
	claims := map[string]any{"aud": "https://login.microsoftonline.com/" + tenantA + "/oauth2/v2.0/token", "iss": certified, "sub": certified, "exp": p.clock.Now().Add(time.Minute).Unix()}
	return p.assert(certified, by.sign(p.t, jose.PS256, by.thumbprint(), merged(claims, change)))
}

// exchange asks with somebody else's token.
func (p *provocation) exchange(change map[string]any) answer {
	claims := map[string]any{"aud": exchangeAudience, "iss": outside, "sub": branch, "exp": p.clock.Now().Add(time.Minute).Unix()}
	return p.assert(federated, p.other.sign(p.t, jose.RS256, nil, merged(claims, change)))
}

func (p *provocation) assert(client, assertion string) answer {
	return p.app("client_id", client, "client_secret", "-", "client_assertion_type", assertionType, "client_assertion", assertion)
}

func merged(a, b map[string]any) map[string]any {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// redeem posts a code of alice's, changed by pairs.
func (p *provocation) redeem(ask []string, pairs ...string) answer {
	return p.token(mint.V2, tenantA, changed(form("grant_type", "authorization_code", "client_id", web, "client_secret", secret, "code", p.code(ask...), "redirect_uri", webURI), pairs...), nil)
}

// ropc signs somebody in by name and password.
func (p *provocation) ropc(name string, pairs ...string) answer {
	return p.signIn(mint.V2, append([]string{"username", name + "@contoso.example", "scope", "api://orders-uat/.default"}, pairs...)...)
}

// refresh redeems a refresh token of alice's after a while.
func (p *provocation) refresh(after time.Duration, pairs ...string) answer {
	token, _ := p.ropc("alice", "scope", "api://orders-uat/.default offline_access").json["refresh_token"].(string)
	p.clock.advance(after)
	return p.token(mint.V2, tenantA, changed(form("grant_type", "refresh_token", "client_id", native, "refresh_token", token), pairs...), nil)
}

// polled polls for a device code after a while.
func (p *provocation) polled(after time.Duration, pairs ...string) answer {
	code, _ := p.device(mint.V2, tenantA).json["device_code"].(string)
	p.clock.advance(after)
	return p.token(mint.V2, tenantA, changed(form("grant_type", grantDevice, "client_id", native, "device_code", code), pairs...), nil)
}

// silently is the error that a browser is sent away with when nobody may be
// asked.
func (p *provocation) silently(b *browser, ask ...string) answer {
	b.open(mint.V2, asking(append(ask, "prompt", "none")...))
	return p.sent(b)
}

// sent writes the error that the browser is sent away with as the token endpoint
// would.
func (p *provocation) sent(b *browser) answer {
	params, _, _ := b.arrived()
	a := b.page
	number, _, _ := strings.Cut(strings.TrimPrefix(params.Get("error_description"), "AADSTS"), ":")
	a.json = map[string]any{"error": params.Get("error"), "error_codes": []any{float(number)}, "error_description": params.Get("error_description")}
	if params.Has("error_uri") {
		a.json["error_uri"] = params.Get("error_uri")
	}
	return a
}

// shown is an error on a page, as if it were a body.
func (p *provocation) shown(b *browser) answer {
	a := b.page
	_, rest, _ := strings.Cut(a.text, "AADSTS")
	number, _, _ := strings.Cut(rest, ":")
	a.json = map[string]any{"error": "", "error_codes": []any{float(number)}, "error_description": "AADSTS" + number + ":", "error_uri": ""}
	return a
}

func float(digits string) float64 {
	n := 0.0
	for _, d := range digits {
		n = n*10 + float64(d-'0')
	}
	return n
}

func (p *provocation) get(path string) answer { return fetch(p.t, p.i.URL()+path) }

// errorRows are the rows of entra-tokens 4.5, in its order.
func errorRows() []errorRow {
	const client, request, grant, scope = "invalid_client", "invalid_request", "invalid_grant", "invalid_scope"
	return []errorRow{
		{code: 7000215, oauth: client, status: 401, provoke: func(p *provocation) answer { return p.app("client_secret", "wrong") }},
		{code: 7000222, oauth: client, status: 401, provoke: func(p *provocation) answer { return p.app("client_secret", "old") }},
		{code: 7000218, oauth: client, status: 401, provoke: func(p *provocation) answer { return p.redeem(nil, "client_secret", "-") }},
		{code: 7000216, oauth: client, status: 401, provoke: func(p *provocation) answer { return p.app("client_secret", "-") }},
		{code: 700025, oauth: client, status: 401, provoke: func(p *provocation) answer { return p.ropc("alice", "client_secret", secret) }},
		{code: 700027, oauth: client, status: 401, provoke: func(p *provocation) answer { return p.certificate(p.other, nil) }},
		{code: 700024, oauth: client, status: 401, provoke: func(p *provocation) answer { return p.certificate(p.own, map[string]any{"exp": 1}) }},
		{code: 7000214, because: "a certificate that is good no more is taken out of the directory: 700027"},
		{code: 7000277, because: "as 7000214"},
		{code: 7000274, because: "a wrong signature is 700027, as was seen"},
		{code: 1000502, oauth: client, status: 401, provoke: func(p *provocation) answer {
			p.clock.advance(30 * 365 * 24 * time.Hour)
			return p.certificate(p.own, nil)
		}},
		{code: 50027, oauth: request, status: 400, provoke: func(p *provocation) answer { return p.assert(certified, "nonsense") }},
		{code: 5002730, oauth: request, status: 400, provoke: func(p *provocation) answer {
			return p.assert(certified, p.own.sign(p.t, jose.HS256, nil, map[string]any{"iss": certified}))
		}},
		{code: 700016, oauth: "unauthorized_client", status: 400, provoke: func(p *provocation) answer { return p.app("client_id", tenantB) }},
		{code: 700038, oauth: "unauthorized_client", status: 400, noURI: true, provoke: func(p *provocation) answer { return p.app("client_id", "00000000-0000-0000-0000-000000000000") }},
		{code: 70001, because: "the old form of 700016"},
		{code: 7000112, oauth: "unauthorized_client", status: 400, provoke: func(p *provocation) answer { return p.app("client_id", disabledApp) }},
		{code: 700211, oauth: client, status: 401, provoke: func(p *provocation) answer { return p.exchange(map[string]any{"iss": outside + "/"}) }},
		{code: 700213, oauth: client, status: 401, provoke: func(p *provocation) answer { return p.exchange(map[string]any{"sub": "repo:other"}) }},
		{code: 7002137, because: "it is about the subjects of Microsoft's own bots, which have a form of their own"},
		{code: 7002138, oauth: client, status: 401, provoke: func(p *provocation) answer { return p.exchange(map[string]any{"sub": strings.ToLower(branch)}) }},
		{code: 70021, because: "the form of 700211 to 700213 until 2025"},
		{code: 70011, oauth: scope, status: 400, provoke: func(p *provocation) answer { return p.ropc("alice", "scope", "api://orders.dev/DEV.Nothing") }},
		{code: 1002012, oauth: scope, status: 400, provoke: func(p *provocation) answer { return p.app("scope", apiV2+"/DEV.Access") }},
		{code: 28000, oauth: scope, status: 400, provoke: func(p *provocation) answer { return p.redeem(nil, "scope", "User.Read api://orders-uat/UAT.Access") }},
		{code: 700022, oauth: request, status: 400, provoke: func(p *provocation) answer {
			return p.ropc("alice", "scope", "User.Read api://orders-uat/UAT.Access")
		}},
		{code: 28002, oauth: scope, status: 400, provoke: func(p *provocation) answer { return p.redeem(nil, "scope", "/.default") }},
		{code: 700023, oauth: request, status: 400, provoke: func(p *provocation) answer { return p.ropc("alice", "scope", "/.default") }},
		{code: 28003, oauth: request, status: 400, provoke: func(p *provocation) answer { return p.redeem(nil, "scope", " ") }},
		{code: 500011, oauth: "invalid_resource", status: 400, provoke: func(p *provocation) answer { return p.app("scope", "api://nobody/.default") }},
		{code: 50001, because: "the old form of 500011"},
		{code: 650057, oauth: "invalid_resource", status: 400, provoke: func(p *provocation) answer {
			return p.ropc("alice", "client_id", listing, "scope", apiBare+"/.default")
		}},
		{code: 650052, oauth: client, status: 400, provoke: func(p *provocation) answer { return p.ropc("alice", "scope", apiAway+"/Away.Read") }},
		{code: 650056, oauth: "access_denied", status: 400, provoke: func(p *provocation) answer {
			return p.ropc("alice", "client_id", public, "scope", apiBare+"/.default")
		}},
		{code: 90002, oauth: request, status: 400, provoke: func(p *provocation) answer { return p.appAt("99999999-0000-4000-8000-000000000000") }},
		{code: 900023, oauth: request, status: 400, provoke: func(p *provocation) answer { return p.appAt("contoso") }},
		{code: 50059, oauth: request, status: 400, provoke: func(p *provocation) answer { return p.appAt("common") }},
		{code: 50194, status: 200, provoke: func(p *provocation) answer {
			b := p.browser()
			b.send(http.MethodGet, p.i.URL()+"/common/oauth2/v2.0/authorize?"+asking("client_id", oneTenant).Encode(), nil)
			return p.shown(b)
		}},
		{code: 900144, oauth: request, status: 400, provoke: func(p *provocation) answer { return p.app("grant_type", "-") }},
		{code: 90014, oauth: request, status: 400, provoke: func(p *provocation) answer { return p.ropc("alice", "password", "") }},
		{code: 9002313, oauth: grant, status: 400, provoke: func(p *provocation) answer { return p.redeem(nil, "code", "nonsense") }},
		{code: 901002, oauth: request, status: 400, provoke: func(p *provocation) answer { return p.app("resource", apiV2) }},
		{code: 9001023, oauth: request, status: 400, provoke: func(p *provocation) answer {
			return p.token(mint.V2, "common", form("grant_type", "password", "client_id", native, "username", "alice@contoso.example", "password", password), nil)
		}},
		{code: 9002326, oauth: request, status: 400, provoke: func(p *provocation) answer {
			return p.token(mint.V2, tenantA, form("grant_type", "password", "client_id", native), func(r *http.Request) { r.Header.Set("Origin", "https://app.example") })
		}},
		{code: 900561, oauth: request, status: 405, provoke: func(p *provocation) answer { return p.get("/" + tenantA + "/oauth2/v2.0/token") }},
		{code: 70003, oauth: "unsupported_grant_type", status: 400, noURI: true, provoke: func(p *provocation) answer { return p.app("grant_type", "magic") }},
		{code: 70000, oauth: grant, status: 400, provoke: func(p *provocation) answer { return p.refresh(0, "refresh_token", "1.AXQ.nonsense") }},
		{code: 70008, oauth: grant, status: 400, provoke: func(p *provocation) answer { return p.redeem(nil, "code", "1.AXQ.nonsense") }},
		{code: 700082, oauth: grant, status: 400, provoke: func(p *provocation) answer { return p.refresh(refreshInactive) }},
		{code: 700084, oauth: grant, status: 400, provoke: func(p *provocation) answer {
			script := func(r *http.Request) { r.Header.Set("Origin", "https://spa.example") }
			code := p.code("client_id", spa, "redirect_uri", spaURI, "scope", "User.Read offline_access", "code_challenge", verifier)
			token, _ := p.token(mint.V2, tenantA, form("grant_type", "authorization_code", "client_id", spa, "code", code, "redirect_uri", spaURI, "code_verifier", verifier), script).json["refresh_token"].(string)
			p.clock.advance(refreshInSPA)
			return p.token(mint.V2, tenantA, form("grant_type", "refresh_token", "client_id", spa, "refresh_token", token), script)
		}},
		{code: 70043, because: "the directory has no policy of how often people must sign in"},
		{code: 50173, oauth: grant, status: 400, provoke: func(p *provocation) answer {
			token, _ := p.ropc("forgetful", "scope", "api://orders-uat/.default offline_access").json["refresh_token"].(string)
			return p.token(mint.V2, tenantA, form("grant_type", "refresh_token", "client_id", native, "refresh_token", token), nil)
		}},
		{code: 54005, oauth: grant, status: 400, noURI: true, provoke: func(p *provocation) answer {
			f := form("grant_type", "authorization_code", "client_id", web, "client_secret", secret, "code", p.code(), "redirect_uri", webURI)
			p.token(mint.V2, tenantA, f, nil)
			return p.token(mint.V2, tenantA, f, nil)
		}},
		{code: 501481, oauth: grant, status: 400, provoke: func(p *provocation) answer {
			return p.redeem([]string{"code_challenge", challenged(), "code_challenge_method", "S256"}, "code_verifier", "another"+verifier)
		}},
		{code: 50148, oauth: grant, status: 400, provoke: func(p *provocation) answer {
			return p.redeem([]string{"code_challenge", verifier}, "code_verifier", "another"+verifier)
		}},
		{code: 700005, oauth: grant, status: 400, provoke: func(p *provocation) answer {
			return p.token(mint.V2, tenantB, form("grant_type", "authorization_code", "client_id", web, "client_secret", secret, "code", p.code(), "redirect_uri", webURI), nil)
		}},
		{code: 65001, oauth: grant, status: 400, noURI: true, provoke: func(p *provocation) answer { return p.ropc("alice", "scope", "api://orders.dev/DEV.Admin") }},
		{code: 65004, oauth: "access_denied", status: 302, provoke: func(p *provocation) answer {
			b := p.browser().signedIn("bob@contoso.example")
			b.open(mint.V2, asking("prompt", "consent"))
			b.submit("", "answer", "cancel")
			return p.sent(b)
		}},
		{code: 50105, oauth: "interaction_required", status: 302, provoke: func(p *provocation) answer {
			return p.silently(p.browser().signedIn("bob@contoso.example"), "scope", apiGrid+"/Grid.Read")
		}},
		{code: 501051, oauth: grant, status: 400, provoke: func(p *provocation) answer { return p.app("scope", apiGrid+"/.default") }},
		{code: 50126, oauth: grant, status: 400, provoke: func(p *provocation) answer { return p.ropc("alice", "password", "wrong") }},
		{code: 50034, oauth: grant, status: 400, provoke: func(p *provocation) answer { return p.ropc("nobody") }},
		{code: 50053, oauth: grant, status: 400, provoke: func(p *provocation) answer { return p.ropc("locked") }},
		{code: 50055, oauth: grant, status: 400, provoke: func(p *provocation) answer { return p.ropc("password-expired") }},
		{code: 50056, oauth: grant, status: 400, provoke: func(p *provocation) answer { return p.ropc("bob") }},
		{code: 50057, oauth: grant, status: 400, provoke: func(p *provocation) answer { return p.ropc("dan") }},
		{code: 50076, oauth: grant, status: 400, provoke: func(p *provocation) answer { return p.ropc("mfa") }},
		{code: 50079, oauth: grant, status: 400, provoke: func(p *provocation) answer { return p.ropc("mfa-enrolment") }},
		{code: 53000, oauth: "interaction_required", status: 400, provoke: func(p *provocation) answer { return p.ropc("device") }},
		{code: 53003, oauth: grant, status: 400, provoke: func(p *provocation) answer { return p.ropc("conditional-access") }},
		{code: 50058, oauth: "login_required", status: 302, provoke: func(p *provocation) answer { return p.silently(p.browser()) }},
		{code: 50011, status: 200, provoke: func(p *provocation) answer {
			b := p.browser()
			b.open(mint.V2, asking("redirect_uri", "https://evil.example/"))
			return p.shown(b)
		}},
		{code: 500133, oauth: grant, status: 400, provoke: func(p *provocation) answer {
			return p.onBehalf(mint.V2, tenantA, p.minted(func(g *mint.Grant) { g.Age = mint.Expired }))
		}},
		{code: 50013, oauth: grant, status: 400, provoke: func(p *provocation) answer {
			return p.onBehalf(mint.V2, tenantA, p.minted(func(g *mint.Grant) { g.AppKey = apiV2 }))
		}},
		{code: 700020, because: "no source says when it comes; what needs a person is 65001, 50058 or an obstacle of the user"},
		{code: 70016, oauth: "authorization_pending", status: 400, provoke: func(p *provocation) answer { return p.polled(0) }},
		{code: 70018, oauth: "bad_verification_code", status: 400, provoke: func(p *provocation) answer { return p.polled(0, "device_code", "1.AXQ.nonsense") }},
		{code: 70019, status: 200, provoke: func(p *provocation) answer {
			a := p.device(mint.V2, tenantA)
			p.clock.advance(deviceLife)
			b := p.browser()
			b.enterCode(a, a.json["user_code"].(string))
			return p.shown(b)
		}},
		{code: 70020, oauth: "expired_token", status: 400, provoke: func(p *provocation) answer { return p.polled(deviceLife) }},
		{code: 50049, oauth: "invalid_instance", status: 400, provoke: func(p *provocation) answer {
			return p.get("/common/discovery/instance?api-version=1.1&authorization_endpoint=https%3A%2F%2Fevil.example%2Fcommon%2Foauth2%2Fv2.0%2Fauthorize")
		}},
		{code: 50146, because: "an API with a signing key of its own always has one"},
		{code: 501461, because: "the directory maps no claims"},
		{code: 50196, because: "nothing counts how often a client asks: tests ask often"},
		{code: 90055, because: "as 50196; the misbehaviour status answers 429 to whoever wants it"},
		{code: 90019, oauth: request, status: 400, provoke: func(p *provocation) answer {
			return p.token(mint.V2, organizations, form("grant_type", "password", "client_id", native, "username", "somebody", "password", "x", "scope", "User.Read"), nil)
		}},
		{code: 90006, because: "one transient error is enough: 90033"},
		{code: 90033, oauth: "server_error", status: 503, provoke: func(p *provocation) answer {
			p.random.dry.Store(true)
			return p.app()
		}},
	}
}

// well is randomness that can run dry.
type well struct {
	from *rand.ChaCha8
	dry  atomic.Bool
}

func (w *well) Read(b []byte) (int, error) {
	if w.dry.Load() {
		return 0, errors.New("the well is dry")
	}
	return w.from.Read(b)
}

const (
	disabledApp = "d15a0000-0000-4000-8000-0000000000ca"
	oneTenant   = "07e00000-0000-4000-8000-0000000000cb"
	apiBare     = "ba9e0000-0000-4000-8000-0000000000d6"
)

// numbers are those of entra-tokens 4.5, in its order.
const numbers = "7000215 7000222 7000218 7000216 700025 700027 700024 7000214 7000277 7000274 1000502 50027 5002730 700016 700038 70001 7000112 " +
	"700211 700213 7002137 7002138 70021 70011 1002012 28000 700022 28002 700023 28003 500011 50001 650057 650052 650056 90002 900023 50059 50194 " +
	"900144 90014 9002313 901002 9001023 9002326 900561 70003 70000 70008 700082 700084 70043 50173 54005 501481 50148 700005 65001 65004 50105 " +
	"501051 50126 50034 50053 50055 50056 50057 50076 50079 53000 53003 50058 50011 500133 50013 700020 70016 70018 70019 70020 50049 50146 501461 " +
	"50196 90055 90019 90006 90033"

// TestEveryError provokes each number of entra-tokens 4.5 over HTTP; what nobody
// can provoke says why.
func TestEveryError(t *testing.T) {
	own, other := newIdentity(t), newIdentity(t)
	var got []string
	provoked := 0
	for _, row := range errorRows() {
		got = append(got, strconv.Itoa(row.code))
		if row.provoke == nil {
			if row.because == "" {
				t.Errorf("AADSTS%d is neither provoked nor excused", row.code)
			}
			continue
		}
		provoked++
		t.Run(strconv.Itoa(row.code), func(t *testing.T) {
			random := &well{from: rand.NewChaCha8([32]byte{1})}
			p := &provocation{converse(t, func(cfg *Config) {
				provocable(t, cfg, own, other)
				cfg.Rand = random
			}), own, other, random}
			a := row.provoke(p)
			if codeOf(a) != row.code || a.status != row.status || row.oauth != "" && a.json["error"] != row.oauth {
				t.Fatalf("expected AADSTS%d %s %d, got %d %v %s", row.code, row.oauth, row.status, a.status, a.json, a.text)
			}
			if description, _ := a.json["error_description"].(string); !strings.HasPrefix(description, "AADSTS"+strconv.Itoa(row.code)+":") {
				t.Errorf("description %q", description)
			}
			if _, has := a.json["error_uri"]; has == row.noURI {
				t.Errorf("error_uri %v", a.json["error_uri"])
			}
		})
	}
	if want := strings.Fields(numbers); !slices.Equal(got, want) || provoked < 70 {
		t.Errorf("%d rows, %d provoked; expected %s", len(got), provoked, numbers)
	}
}

// provocable adds to the directory what only errors need.
func provocable(t *testing.T, cfg *Config, own, other identity) {
	t.Helper()
	d := &cfg.Directory
	d.APIs["bare"] = API{AppID: apiBare, Version: mint.V2, Scopes: map[string]ConsentNeed{"Bare.Read": UserConsent}}
	w := d.Clients["worker"]
	w.Secrets = append(w.Secrets, Secret{Value: "old", Expires: newClock().Now().Add(-time.Hour)})
	d.Clients["worker"] = w
	d.Clients["certified"] = ClientRegistration{ID: certified, Certificates: []string{own.pem()}}
	d.Clients["federated"] = ClientRegistration{ID: federated, Federated: []FederatedCredential{{Issuer: outside, Subject: branch, JWKS: other.jwks(t)}}}
	d.Clients["disabled"] = ClientRegistration{ID: disabledApp, Disabled: true}
	d.Clients["one-tenant"] = ClientRegistration{ID: oneTenant, Tenants: []string{tenantA}, RedirectURIs: RedirectURIs{Web: []string{webURI}}}
	d.Users["forgetful"] = User{Username: "forgetful@contoso.example", Password: password, TokensValidFrom: newClock().Now().Add(time.Hour)}
}
