package gateway

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/entraproof/entraproof/internal/policy"
)

// curvesOfTest are a key on each curve, by its length, and another of the first.
var curvesOfTest = sync.OnceValue(func() map[int]*ecdsa.PrivateKey {
	keys := map[int]*ecdsa.PrivateKey{}
	for length, curve := range map[int]elliptic.Curve{256: elliptic.P256(), 384: elliptic.P384(), 512: elliptic.P521(), 0: elliptic.P256()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			panic(err)
		}
		keys[length] = key
	}
	return keys
})

// secretOfTest is as long as go-jose asks for.
const secretOfTest = "a secret of sixty-four characters, in plain text, not in base64."

// signedWith is a genuine v2 token signed by go-jose with another key; an empty
// id leaves out kid.
func (b *bench) signedWith(alg jose.SignatureAlgorithm, key any, id string) string {
	b.t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: id}}, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	signed, err := signer.Sign(mustJSON(b.t, b.claims(v2App, grant{})))
	if err != nil {
		b.t.Fatal(err)
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		b.t.Fatal(err)
	}
	return compact
}

// onCurve signs with SHA-256 on any curve, which ES256 does on its own one only.
func onCurve(t *testing.T, key *ecdsa.PrivateKey, head map[string]any, payload []byte) string {
	t.Helper()
	input := b64(mustJSON(t, head)) + "." + b64(payload)
	digest := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	half := (key.Params().BitSize + 7) / 8
	signature := make([]byte, 2*half)
	r.FillBytes(signature[:half])
	s.FillBytes(signature[half:])
	return input + "." + b64(signature)
}

// pemBody is a public key as textKey wants it: broken into lines, without the
// first and the last.
func pemBody(t testing.TB, key any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := base64.StdEncoding.EncodeToString(der)
	return text[:64] + " \n  " + text[64:]
}

// signatureOnly checks nothing but the signature.
func signatureOnly(method string, length int, change func(*policy.JWTValidation)) *policy.JWTValidation {
	p := policy.NewJWTValidation()
	p.SigningMethod, p.SigningKeyLength, p.SkipClientIDValidation = method, length, true
	if change != nil {
		change(&p)
	}
	return &p
}

func ofText(key string) func(*policy.JWTValidation) {
	return func(p *policy.JWTValidation) { p.TextKey = key }
}

func ofServers(urls ...string) func(*policy.JWTValidation) {
	return func(p *policy.JWTValidation) { p.JWTKeyOrigin, p.JWKSURL = "jwks", strings.Join(urls, ", ") }
}

// TestSigningMethods: alg must equal method and length, whatever the key; none
// takes every token that can be read (mulesoft-policies.md 2.2).
func TestSigningMethods(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	curves, secret := curvesOfTest(), []byte(secretOfTest)
	entries := []json.RawMessage{jwkOf(t, signing, nil)}
	for _, length := range []int{256, 384, 512} {
		entries = append(entries, mustJSON(t, jose.JSONWebKey{Key: curves[length].Public(), KeyID: fmt.Sprint("ec-", length), Use: "sig"}))
	}
	b.serveKeys(entries...)
	private, public := keysOfTest()[signing], pemBody(t, keysOfTest()[signing].Public())
	jwks := ofServers(b.issuer.URL)
	tokens := map[string]string{"none": sealed(t, []byte(`{"alg":"none"}`), mustJSON(t, b.claims(v2App, grant{})), "", nil), "no token": "abc"}
	for _, length := range []int{256, 384, 512} {
		for prefix, key := range map[string]any{"RS": private, "PS": private, "HS": secret, "ES": curves[length]} {
			alg := jose.SignatureAlgorithm(fmt.Sprint(prefix, length))
			id := map[string]string{"ES": fmt.Sprint("ec-", length), "RS": kidOf(signing)}[prefix]
			tokens[string(alg)] = b.signedWith(alg, key, id)
		}
	}
	tokens["HS256 with the PEM"] = b.signedWith(jose.HS256, []byte(public), "")
	tokens["ES256 by another"] = b.signedWith(jose.ES256, curves[0], "ec-256")
	tokens["RS256 by another"] = b.signedWith(jose.RS256, keysOfTest()[own], kidOf(signing))
	tokens["HS256 by another"] = b.signedWith(jose.HS256, []byte(strings.ToUpper(secretOfTest)), "")
	tokens["HS256 of a short secret"] = sealed(t, []byte(`{"alg":"HS256"}`), mustJSON(t, b.claims(v2App, grant{})), "HS256", []byte("short"))
	tokens["ES256, cut"] = tokens["ES256"][:len(tokens["ES256"])-60]
	tokens["ES256 by a longer curve"] = onCurve(t, curves[384], header(map[string]any{"alg": "ES256", "kid": "ec-384"}), mustJSON(t, b.claims(v2App, grant{})))
	tokens["ES256, no kid"] = b.signedWith(jose.ES256, curves[256], "")
	for name, row := range map[string]struct {
		config *policy.JWTValidation
		taken  []string
	}{
		"rsa 256, text":            {signatureOnly("rsa", 256, ofText(public)), []string{"RS256"}},
		"rsa 384, text":            {signatureOnly("rsa", 384, ofText(public)), []string{"RS384"}},
		"rsa 512, text":            {signatureOnly("rsa", 512, ofText(public)), []string{"RS512"}},
		"rsa 256, certificate":     {signatureOnly("rsa", 256, ofText(base64.StdEncoding.EncodeToString(certificatesOfTest()[signing]))), []string{"RS256"}},
		"rsa 256, PKCS #1":         {signatureOnly("rsa", 256, ofText(base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PublicKey(&private.PublicKey)))), []string{"RS256"}},
		"rsa 256, another's":       {signatureOnly("rsa", 256, ofText(pemBody(t, keysOfTest()[own].Public()))), []string{"RS256 by another"}},
		"rsa 256, key set":         {signatureOnly("rsa", 256, jwks), []string{"RS256"}},
		"rsa 512, key set":         {signatureOnly("rsa", 512, jwks), []string{"RS512"}},
		"hmac 256":                 {signatureOnly("hmac", 256, ofText(secretOfTest)), []string{"HS256"}},
		"hmac 384":                 {signatureOnly("hmac", 384, ofText(secretOfTest)), []string{"HS384"}},
		"hmac 512":                 {signatureOnly("hmac", 512, ofText(secretOfTest)), []string{"HS512"}},
		"hmac 256, short":          {signatureOnly("hmac", 256, ofText("short")), []string{"HS256 of a short secret"}},
		"hmac 256, not base64":     {signatureOnly("hmac", 256, ofText(base64.StdEncoding.EncodeToString(secret))), nil},
		"es 256, text":             {signatureOnly("es", 256, ofText(pemBody(t, curves[256].Public()))), []string{"ES256", "ES256, no kid"}},
		"es 384, text":             {signatureOnly("es", 384, ofText(pemBody(t, curves[384].Public()))), []string{"ES384"}},
		"es 512, text":             {signatureOnly("es", 512, ofText(pemBody(t, curves[512].Public()))), []string{"ES512"}},
		"es 256, key set":          {signatureOnly("es", 256, jwks), []string{"ES256", "ES256, no kid"}},
		"es 512, key set":          {signatureOnly("es", 512, jwks), []string{"ES512"}},
		"key from an expression":   {keyFrom(`#[attributes.headers['key']]`), []string{"RS256"}},
		"no key in the expression": {keyFrom(`#[attributes.headers['lock']]`), nil},
		"none": {signatureOnly("none", 256, nil), []string{
			"none", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "HS256", "HS384", "HS512", "ES256", "ES384", "ES512", "ES256, no kid",
			"HS256 with the PEM", "ES256 by another", "ES256, cut", "ES256 by a longer curve", "RS256 by another", "HS256 by another", "HS256 of a short secret",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h, _, _ := b.instance(nil, applied(row.config))
			taken := map[string]bool{}
			for _, id := range row.taken {
				taken[id] = true
			}
			for id, compact := range tokens {
				r := bearerOf(compact)
				r.Header.Set("Key", strings.Join(strings.Fields(public), ""))
				if got := fire(t, h, r); got.forwarded != taken[id] || !taken[id] && got.body != `{"error":"Invalid token."}` {
					t.Errorf("%s: expected forwarded %t, got %d %s", id, taken[id], got.status, got.body)
				}
			}
		})
	}
}

func keyFrom(expression string) *policy.JWTValidation {
	return signatureOnly("rsa", 256, func(p *policy.JWTValidation) {
		p.JWTKeyOrigin, p.CustomKeyExpression = "customExpression", expression
	})
}

// TestKeyParameters: what cannot be had of a configuration is told, with the
// parameter, and never with a key.
func TestKeyParameters(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	curve := pemBody(t, curvesOfTest()[256].Public())
	rsaKey := pemBody(t, keysOfTest()[signing].Public())
	hidden := applied(signatureOnly("hmac", 256, nil))
	hidden.Settings = map[string]policy.Setting{"signingMethod": {Key: "signingMethod"}}
	for name, row := range map[string]struct {
		applied policy.Applied
		profile string
		key     string
		kind    error
	}{
		"unknown method":          {applied(signatureOnly("rsassa", 256, nil)), "", "signingMethod", ErrNotSupported},
		"unknown length":          {applied(signatureOnly("rsa", 128, nil)), "", "signingKeyLength", ErrNotSupported},
		"es 512 on Flex":          {applied(signatureOnly("es", 512, nil)), FlexConnected, "signingKeyLength", ErrNotSupported},
		"unknown key origin":      {applied(signatureOnly("rsa", 256, func(p *policy.JWTValidation) { p.JWTKeyOrigin = "pem" })), "", "jwtKeyOrigin", ErrNotSupported},
		"the default is no key":   {applied(signatureOnly("rsa", 256, nil)), "", "textKey", ErrNotEvaluated},
		"a PEM file":              {applied(signatureOnly("rsa", 256, ofText("-----BEGIN PUBLIC KEY-----\n"+rsaKey+"\n-----END PUBLIC KEY-----"))), "", "textKey", ErrNotEvaluated},
		"a curve for rsa":         {applied(signatureOnly("rsa", 256, ofText(curve))), "", "textKey", ErrNotEvaluated},
		"an RSA key for es":       {applied(signatureOnly("es", 256, ofText(rsaKey))), "", "textKey", ErrNotEvaluated},
		"a curve too short":       {applied(signatureOnly("es", 384, ofText(curve))), "", "textKey", ErrNotEvaluated},
		"no secret":               {applied(signatureOnly("hmac", 256, ofText(""))), "", "textKey", ErrNotEvaluated},
		"a secret never returned": {hidden, "", "textKey", ErrNotEvaluated},
		"a secret in a key set":   {applied(signatureOnly("hmac", 256, ofServers("http://keys.example"))), "", "jwtKeyOrigin", ErrNotEvaluated},
		"a key by a script":       {applied(keyFrom("#[do { 1 }]")), "", "customKeyExpression", ErrNotEvaluated},
	} {
		o := b.options("")
		o.Switches.Profile = row.profile
		o.Instance = &policy.Instance{Policies: []policy.Applied{row.applied}}
		_, err := New(o)
		got := PolicyErrors(err)
		if len(got) != 1 || got[0].Key != row.key || !errors.Is(err, row.kind) || got[0].Asset != jwtPolicy {
			t.Errorf("%s: expected %v at %s, got %v", name, row.kind, row.key, err)
		}
		if err != nil && strings.Contains(err.Error(), rsaKey[:20]) {
			t.Errorf("%s: the key was told: %v", name, err)
		}
	}
}

// keyServer serves keys, or nothing.
func (b *bench) keyServer(which ...int) string {
	var entries []json.RawMessage
	for _, i := range which {
		entries = append(entries, jwkOf(b.t, i, nil))
	}
	document := mustJSON(b.t, map[string]any{"keys": entries})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(document) }))
	b.t.Cleanup(s.Close)
	return s.URL
}

// TestKeyServers: Flex has several, separated by commas, Mule one.
func TestKeyServers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	one, two, none := b.keyServer(sibling), b.keyServer(signing), "http://127.0.0.1:1/"
	first := func(o *Options) { o.Switches.FirstKeyServer = true }
	for name, row := range map[string]struct {
		urls    []string
		profile string
		change  func(*Options)
		status  int
	}{
		"one":                       {[]string{two}, Mule4, nil, 200},
		"without the key":           {[]string{one}, Mule4, nil, 401},
		"two on Flex":               {[]string{one, two}, FlexConnected, nil, 200},
		"two on Mule":               {[]string{one, two}, Mule4, nil, 503},
		"one of two is down":        {[]string{none, two}, FlexConnected, nil, 200},
		"the one with the key is":   {[]string{one, none}, FlexConnected, nil, 401},
		"both are down":             {[]string{none, none}, FlexConnected, nil, 503},
		"the first alone":           {[]string{one, two}, FlexConnected, first, 401},
		"the first that answers":    {[]string{none, two}, FlexConnected, first, 200},
		"the first alone, in turn":  {[]string{two, one}, FlexConnected, first, 200},
		"none that answers, first":  {[]string{none, none}, FlexConnected, first, 503},
		"the same in local mode":    {[]string{one, two}, FlexLocal, nil, 200},
		"no address between commas": {[]string{"", two}, FlexConnected, nil, 200},
	} {
		t.Run(name, func(t *testing.T) {
			h, refusals, acceptances := b.instance(func(o *Options) {
				o.Switches.Profile = row.profile
				if row.change != nil {
					row.change(o)
				}
			}, applied(signatureOnly("rsa", 256, ofServers(row.urls...))))
			got := fire(t, h, bearerOf(b.genuine(v2App)))
			if got.status != row.status {
				t.Fatalf("expected %d, got %d %s", row.status, got.status, got.body)
			}
			var told, want []string
			for _, r := range *refusals {
				told = append(told, r.Switches...)
			}
			for _, a := range *acceptances {
				told = append(told, a.Switches...)
			}
			switch {
			case len(row.urls) > 1 && row.profile == Mule4:
				want = []string{"profile"}
			case len(row.urls) > 1:
				want = []string{"key-servers"}
			}
			if row.status == 401 {
				want = append(want, "unknown-key-id")
			}
			if !slices.Equal(told, want) {
				t.Errorf("expected switches %v, got %v", want, told)
			}
		})
	}
}

// TestKeySetLife is one policy over time: the set is fetched when it is absent
// or older than its time to live; while that fails the expired set is used, and
// the next try waits twice as long each time; without any set it is 503 (2.2).
func TestKeySetLife(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	down := func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) }
	config := signatureOnly("rsa", 256, func(p *policy.JWTValidation) {
		ofServers(b.issuer.URL)(p)
		p.JWKSServiceTimeToLive = 5
	})
	h, refusals, _ := b.instance(nil, applied(config))
	genuine := b.genuine(v2App)
	b.serve(down)
	for _, step := range []struct {
		name    string
		after   time.Duration
		change  func()
		status  int
		fetches int64
	}{
		{"no set", 0, nil, 503, 1},
		{"every request tries", 0, nil, 503, 2},
		{"a set", 0, func() { b.publish(signing) }, 200, 3},
		{"still fresh", 5*time.Minute - time.Second, nil, 200, 3},
		{"too old, and no other", time.Second, func() { b.serve(down) }, 200, 4},
		{"waits a second", time.Second - 1, nil, 200, 4},
		{"then tries again", 1, nil, 200, 5},
		{"waits two", 2*time.Second - 1, nil, 200, 5},
		{"and again", 1, nil, 200, 6},
		{"rolled", 4 * time.Second, func() { b.publish(sibling) }, 401, 7},
	} {
		b.now = b.now.Add(step.after)
		if step.change != nil {
			step.change()
		}
		got := fire(t, h, bearerOf(genuine))
		if fetches := b.fetches.Load(); got.status != step.status || fetches != step.fetches {
			t.Errorf("%s: expected %d after %d fetches, got %d after %d", step.name, step.status, step.fetches, got.status, fetches)
		}
	}
	if r := (*refusals)[0]; r.Checks[0].Name != "jwt-key-set" || r.Keys[0] != "jwksUrl" {
		t.Errorf("expected the key set to be named, got %+v", r)
	}
}

// TestKeySetTimeout: a server that does not answer in time is one that is down.
func TestKeySetTimeout(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(silent.Close)
	config := signatureOnly("rsa", 256, func(p *policy.JWTValidation) {
		ofServers(silent.URL)(p)
		p.JWKSServiceConnectionTimeout = 20
	})
	h, _, _ := b.instance(nil, applied(config))
	if got := fire(t, h, bearerOf(b.genuine(v2App))); got.status != 503 {
		t.Errorf("expected 503, got %d", got.status)
	}
}
