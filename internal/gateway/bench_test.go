package gateway

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" // thumbprints
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"hash"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/entraproof/entraproof/internal/probe"
)

const (
	tenantA = "7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40"
	tenantB = "8c2e6a17-4b0f-4d92-9c33-5d1b7e604f88"
	// clients by what they may do
	worker    = "0d2c0000-0001-4c11-8000-00000000d001" // contract here
	second    = "0d2c0000-0002-4c11-8000-00000000d002" // another contract here
	both      = "77ab0000-0003-4c11-8000-00000000a003" // contract here and in the other environment
	elsewhere = "0d2c0000-0001-4c11-8000-00000000e001" // contract in the other environment only
	stranger  = "91aa0000-0005-4c11-8000-00000000a005" // no contract
)

// api is a pair of registrations of one environment.
type api struct{ uriV1, appV1, uriV2, appV2, access string }

var (
	home  = api{"api://orders-v1.dev", "6e740000-0d0e-4a10-8001-0123456789d1", "api://orders.dev", "6e740000-0d0e-4a10-8001-0123456789d2", "DEV.Access"}
	other = api{"api://orders-v1.uat", "91d00000-0a7a-4a10-8003-0123456789f1", "api://orders.uat", "91d00000-0a7a-4a10-8003-0123456789f2", "OTHER.Access"}
)

// kinds of token
const (
	v1User = "v1 user"
	v1App  = "v1 app"
	v2User = "v2 user"
	v2App  = "v2 app"
)

// keysOfTest are made once for all tests: two published keys, a key of our own,
// and one that is published later.
var keysOfTest = sync.OnceValue(func() []*rsa.PrivateKey {
	keys := make([]*rsa.PrivateKey, 4)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			key, err := rsa.GenerateKey(rand.Reader, 2048)
			if err != nil {
				panic(err)
			}
			keys[i] = key
		})
	}
	wg.Wait()
	return keys
})

const (
	signing = iota
	sibling
	own
	later
)

// certificatesOfTest are the self-signed certificates of the keys, as DER.
var certificatesOfTest = sync.OnceValue(func() [][]byte {
	var all [][]byte
	for i, key := range keysOfTest() {
		template := &x509.Certificate{SerialNumber: big.NewInt(int64(i + 1)), NotAfter: time.Unix(1_900_000_000, 0)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			panic(err)
		}
		all = append(all, der)
	}
	return all
})

// x5cOf is a chain of one certificate (RFC 7517 4.7).
func x5cOf(i int) []string {
	return []string{base64.StdEncoding.EncodeToString(certificatesOfTest()[i])}
}

// kidOf is the thumbprint of the certificate, as Entra's are.
func kidOf(i int) string {
	sum := sha1.Sum(certificatesOfTest()[i]) // RFC 7517 4.8
	return b64(sum[:])
}

// bench is an issuer, an echo and the environment between them.
type bench struct {
	t       testing.TB
	issuer  *httptest.Server
	echo    *Echo
	now     time.Time
	fetches atomic.Int64
	mu      sync.Mutex
	answer  func(http.ResponseWriter)
	once    sync.Once
	made    []row
}

func newBench(t testing.TB) *bench {
	t.Helper()
	b := &bench{t: t, echo: &Echo{}, now: time.Unix(1_790_000_000, 0)}
	b.publish(signing, sibling)
	former := mustJSON(t, map[string]any{"keys": []json.RawMessage{jwkOf(t, later, nil)}})
	b.issuer = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/former" {
			_, _ = w.Write(former)
			return
		}
		b.fetches.Add(1)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.answer(w)
	}))
	t.Cleanup(b.issuer.Close)
	return b
}

// publish serves the keys as Entra does: without alg.
func (b *bench) publish(which ...int) {
	var entries []json.RawMessage
	for _, i := range which {
		entries = append(entries, jwkOf(b.t, i, nil))
	}
	b.serveKeys(entries...)
}

func (b *bench) serveKeys(entries ...json.RawMessage) {
	document, err := json.Marshal(map[string]any{"keys": entries})
	if err != nil {
		b.t.Fatal(err)
	}
	b.serve(func(w http.ResponseWriter) { _, _ = w.Write(document) })
}

func (b *bench) serve(answer func(http.ResponseWriter)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = answer
}

func jwkOf(t testing.TB, i int, also map[string]any) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(jose.JSONWebKey{Key: keysOfTest()[i].Public(), KeyID: kidOf(i), Use: "sig"})
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	members["x5t"], members["x5c"] = kidOf(i), x5cOf(i)
	members["issuer"] = "https://login.microsoftonline.com/{tenantid}/v2.0"
	maps.Copy(members, also)
	return mustJSON(t, members)
}

func mustJSON(t testing.TB, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func issuersOf(tenant string) Issuers {
	return Issuers{V1: "https://sts.windows.net/" + tenant + "/", V2: "https://login.microsoftonline.com/" + tenant + "/v2.0"}
}

const (
	homePath  = "/orders/v1/ping"
	adminPath = "/orders/v1/admin"
)

func (b *bench) environment() Environment {
	return Environment{
		Name: "home", Tenant: tenantA, Issuers: issuersOf(tenantA), JWKSURL: b.issuer.URL + "/keys", FormerJWKSURL: b.issuer.URL + "/former",
		URIs: []string{home.uriV1, home.uriV2}, AppIDs: []string{home.appV1, home.appV2},
		Scopes: []string{home.access}, Roles: []string{home.access}, Contracts: []string{worker, second, both},
		Route: "GET " + homePath, Routes: map[string]string{"GET " + adminPath: "DEV.Admin"}, Hosts: []string{"gw.example"},
	}
}

func (b *bench) options(setup string) Options {
	return Options{
		Setup: setup, Environment: b.environment(), Upstream: b.echo, Client: b.issuer.Client(),
		Now:  func() time.Time { return b.now },
		Wait: func(context.Context, time.Duration) error { return nil },
	}
}

func (b *bench) gateway(o Options) http.Handler {
	b.t.Helper()
	h, err := New(o)
	if err != nil {
		b.t.Fatal(err)
	}
	return h
}

// grant is what a genuine token is made for; zero fields are the home API and
// its first client.
type grant struct {
	api    api
	client string
	scopes string
	roles  []string
	tenant string
}

// claims are those that Entra puts into a token of the kind; shared with no
// code of the issuer.
func (b *bench) claims(kind string, g grant) map[string]any {
	if g.api == (api{}) {
		g.api = home
	}
	if g.client == "" {
		g.client = worker
	}
	if g.tenant == "" {
		g.tenant = tenantA
	}
	issued := b.now.Add(-5 * time.Minute).Unix()
	c := map[string]any{
		"iat": issued, "nbf": issued, "exp": b.now.Add(time.Hour).Unix(), "tid": g.tenant,
		"oid": "11110000-0000-4000-8000-000000000001", "sub": "11110000-0000-4000-8000-000000000001",
		"aud": g.api.appV2, "iss": issuersOf(g.tenant).V2, "ver": "2.0", "azp": g.client, "azpacr": "1",
	}
	if kind == v1App || kind == v1User {
		delete(c, "azp")
		delete(c, "azpacr")
		maps.Copy(c, map[string]any{"aud": g.api.uriV1, "iss": issuersOf(g.tenant).V1, "ver": "1.0", "appid": g.client, "appidacr": "1"})
	}
	if kind == v1User || kind == v2User {
		c["sub"] = "pairwise-subject-of-a-user"
		c["scp"] = g.api.access
		if g.scopes != "" {
			c["scp"] = g.scopes
		}
		return c
	}
	if c["roles"] = []string{g.api.access}; g.roles != nil {
		c["roles"] = g.roles
	}
	if g.roles != nil && len(g.roles) == 0 {
		delete(c, "roles")
	}
	return c
}

// sign makes a well-formed token with go-jose.
func (b *bench) sign(claims map[string]any) string {
	b.t.Helper()
	key := jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: keysOfTest()[signing], KeyID: kidOf(signing)}}
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		b.t.Fatal(err)
	}
	signed, err := signer.Sign(mustJSON(b.t, claims))
	if err != nil {
		b.t.Fatal(err)
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		b.t.Fatal(err)
	}
	return compact
}

func (b *bench) genuine(kind string) string { return b.sign(b.claims(kind, grant{})) }

// with changes the claims of a genuine home token and signs it again.
func (b *bench) with(kind string, changes map[string]any, without ...string) string {
	c := b.claims(kind, grant{})
	maps.Copy(c, changes)
	for _, name := range without {
		delete(c, name)
	}
	return b.sign(c)
}

// header is that of a genuine v2 token, changed.
func header(changes map[string]any, without ...string) map[string]any {
	h := map[string]any{"typ": "JWT", "alg": "RS256", "kid": kidOf(signing)}
	maps.Copy(h, changes)
	for _, name := range without {
		delete(h, name)
	}
	return h
}

func b64(text []byte) string { return base64.RawURLEncoding.EncodeToString(text) }

// sealed signs any bytes with any header: what go-jose is right not to make.
// The secret is an RSA key, HMAC bytes, or nil for no signature.
func sealed(t testing.TB, head, payload []byte, algorithm string, secret any) string {
	t.Helper()
	input := b64(head) + "." + b64(payload)
	switch secret := secret.(type) {
	case *rsa.PrivateKey:
		digest := rsaHash(algorithm).New()
		digest.Write([]byte(input))
		sum, signature, err := digest.Sum(nil), []byte(nil), error(nil)
		if algorithm[0] == 'P' {
			signature, err = rsa.SignPSS(rand.Reader, secret, rsaHash(algorithm), sum, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		} else {
			signature, err = rsa.SignPKCS1v15(rand.Reader, secret, rsaHash(algorithm), sum)
		}
		if err != nil {
			t.Fatal(err)
		}
		return input + "." + b64(signature)
	case []byte:
		made := map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New}[algorithm]
		mac := hmac.New(made, secret)
		mac.Write([]byte(input))
		return input + "." + b64(mac.Sum(nil))
	}
	return input + "."
}

// headed is a genuine v2 app payload under another header, signed by the tenant.
func (b *bench) headed(h map[string]any) string {
	return sealed(b.t, mustJSON(b.t, h), mustJSON(b.t, b.claims(v2App, grant{})), "RS256", keysOfTest()[signing])
}

// written is a payload of any bytes under a genuine header.
func (b *bench) written(payload string) string {
	return sealed(b.t, mustJSON(b.t, header(nil)), []byte(payload), "RS256", keysOfTest()[signing])
}

// ask is a request on the home route; nil values send no Authorization.
func ask(authorization ...string) *http.Request {
	return askFor(http.MethodGet, homePath, authorization...)
}

func askFor(method, target string, authorization ...string) *http.Request {
	r := httptest.NewRequest(method, "/", nil)
	r.RequestURI, r.Host = target, "gw.example"
	if u, err := r.URL.Parse(target); err == nil {
		r.URL = u
	}
	for _, value := range authorization {
		r.Header.Add("Authorization", value)
	}
	r.Header.Set(probe.CaseHeader, "case-1")
	return r
}

// aborted serves the request and reports whether its connection was ended.
func aborted(h http.Handler, w http.ResponseWriter, r *http.Request) (yes bool) {
	defer func() {
		if v := recover(); v != nil && v != http.ErrAbortHandler { //nolint:errorlint // the very value that net/http looks for
			panic(v)
		} else if v != nil {
			yes = true
		}
	}()
	h.ServeHTTP(w, r)
	return false
}

// fired is what came of a request; the zero value is a connection that ended.
type fired struct {
	status    int
	forwarded bool
	header    http.Header
	body      string
	echo      probe.Echo
}

func fire(t testing.TB, h http.Handler, r *http.Request) fired {
	t.Helper()
	w := httptest.NewRecorder()
	if aborted(h, w, r) {
		return fired{}
	}
	f := fired{status: w.Code, forwarded: w.Header().Get(probe.EchoHeader) == "1", header: w.Header(), body: w.Body.String()}
	if f.forwarded {
		if err := json.Unmarshal(w.Body.Bytes(), &f.echo); err != nil {
			t.Fatal(err)
		}
	}
	return f
}
