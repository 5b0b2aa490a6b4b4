package mockidp

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/entraproof/entraproof/mockidp/mint"
)

const (
	certified = "0d2c1111-0000-4000-8000-0000000000c3"
	federated = "0d2c1111-0000-4000-8000-0000000000c4"
	outside   = "https://token.actions.example"
	branch    = "repo:Orders/api:ref:refs/heads/main"
)

// identity is a key with its certificate.
type identity struct {
	key *rsa.PrivateKey
	der []byte
}

func newIdentity(t testing.TB) identity {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2049, 1, 1, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return identity{key, der}
}

func (i identity) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.der}))
}

// thumbprint is the header that names the certificate.
func (i identity) thumbprint() map[string]any {
	sum := sha256.Sum256(i.der)
	return map[string]any{"x5t#S256": base64.RawURLEncoding.EncodeToString(sum[:])}
}

func (i identity) jwks(t testing.TB) string {
	t.Helper()
	text, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.key.Public(), KeyID: "outside"}}})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// sign is a compact JWS; header members may be anything.
func (i identity) sign(t testing.TB, alg jose.SignatureAlgorithm, header, claims map[string]any) string {
	t.Helper()
	options := (&jose.SignerOptions{}).WithType("JWT")
	for name, v := range header {
		options.WithHeader(jose.HeaderKey(name), v)
	}
	key := any(i.key)
	if alg == jose.HS256 {
		key = []byte(strings.Repeat("k", 32))
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	object, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	text, err := object.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// assertionIssuer knows a client with a certificate and one that trusts an
// outside issuer.
func assertionIssuer(t testing.TB, own, other identity) *Issuer {
	t.Helper()
	cfg := testConfig(t)
	cfg.Directory.Clients["certified"] = ClientRegistration{ID: certified, Certificates: []string{newIdentity(t).pem(), own.pem()}}
	cfg.Directory.Clients["federated"] = ClientRegistration{ID: federated, Federated: []FederatedCredential{
		{Issuer: "https://elsewhere.example", Subject: branch, JWKS: other.jwks(t)},
		{Issuer: outside, Subject: branch, JWKS: other.jwks(t)},
	}}
	return Start(t, cfg)
}

// TestAssertions is one row an assertion: in the forms that the libraries write
// (entra-tokens 4.2), and wrong in one thing each.
func TestAssertions(t *testing.T) {
	own, other := newIdentity(t), newIdentity(t)
	i := assertionIssuer(t, own, other)
	now, err := time.Parse(time.RFC3339, testTime)
	if err != nil {
		t.Fatal(err)
	}
	old, current := sha1.Sum(own.der), sha256.Sum256(own.der)
	endpoint := "https://login.microsoftonline.com/" + tenantA + "/oauth2/v2.0/token"
	certificate := map[string]any{"aud": endpoint, "iss": certified, "sub": certified, "jti": "1", "nbf": now.Unix(), "exp": now.Add(10 * time.Minute).Unix()}
	exchange := map[string]any{"aud": exchangeAudience, "iss": outside, "sub": branch, "exp": now.Add(time.Minute).Unix()}
	s256 := map[string]any{"x5t#S256": base64.RawURLEncoding.EncodeToString(current[:])}
	for _, row := range []struct {
		name    string
		by      identity
		alg     jose.SignatureAlgorithm
		header  map[string]any
		base    map[string]any
		change  map[string]any
		replace string
		code    int // 0: a token
	}{
		{name: "MSAL Node", by: own, alg: jose.PS256, header: s256, base: certificate},
		{name: "MSAL Go", by: own, alg: jose.PS256, header: map[string]any{"x5t#S256": base64.StdEncoding.EncodeToString(current[:])}, base: certificate},
		{name: "MSAL Java", by: own, alg: jose.RS256, header: map[string]any{"x5t#S256": base64.StdEncoding.EncodeToString(current[:])}, base: certificate},
		{name: "MSAL Python, old", by: own, alg: jose.RS256, header: map[string]any{"x5t": base64.URLEncoding.EncodeToString(old[:])}, base: certificate},
		{name: "times with a fraction", by: own, alg: jose.PS256, header: s256, base: certificate, change: map[string]any{"exp": float64(now.Unix()) + 599.25}},
		{name: "by kid", by: own, alg: jose.RS256, header: map[string]any{"kid": base64.RawURLEncoding.EncodeToString(old[:])}, base: certificate},
		{name: "for the mock's own host", by: own, alg: jose.PS256, header: s256, base: certificate, change: map[string]any{"aud": i.URL() + "/" + tenantA + "/oauth2/token"}},
		{name: "by another key", by: other, alg: jose.PS256, header: s256, base: certificate, code: 700027},
		{name: "an unknown thumbprint", by: own, alg: jose.PS256, header: map[string]any{"x5t#S256": "AAAA"}, base: certificate, code: 700027},
		{name: "no thumbprint", by: own, alg: jose.PS256, base: certificate, code: 700027},
		{name: "expired", by: own, alg: jose.PS256, header: s256, base: certificate, change: map[string]any{"exp": now.Add(-6 * time.Minute).Unix()}, code: 700024},
		{name: "no end", by: own, alg: jose.PS256, header: s256, base: certificate, change: map[string]any{"exp": nil}, code: 700024},
		{name: "not yet", by: own, alg: jose.PS256, header: s256, base: certificate, change: map[string]any{"nbf": now.Add(6 * time.Minute).Unix()}, code: 700024},
		{name: "for another tenant", by: own, alg: jose.PS256, header: s256, base: certificate, change: map[string]any{"aud": strings.Replace(endpoint, tenantA, tenantB, 1)}, code: 50027},
		{name: "for somebody else", by: own, alg: jose.PS256, header: s256, base: certificate, change: map[string]any{"aud": "https://example.com/"}, code: 50027},
		{name: "of another subject", by: own, alg: jose.PS256, header: s256, base: certificate, change: map[string]any{"sub": worker}, code: 50027},
		{name: "by a secret", by: own, alg: jose.HS256, header: s256, base: certificate, code: 5002730},
		{name: "of nobody", by: own, alg: jose.PS256, header: s256, base: certificate, change: map[string]any{"iss": nil}, code: 90014},
		{name: "no JWT", replace: "nothing", base: certificate, code: 50027},
		{name: "federated", by: other, alg: jose.RS256, base: exchange},
		{name: "federated, list of one", by: other, alg: jose.RS256, base: exchange, change: map[string]any{"aud": []string{exchangeAudience}}},
		{name: "federated, another issuer", by: other, alg: jose.RS256, base: exchange, change: map[string]any{"iss": outside + "/"}, code: 700211},
		{name: "federated, in other case", by: other, alg: jose.RS256, base: exchange, change: map[string]any{"sub": strings.ToLower(branch)}, code: 7002138},
		{name: "federated, another subject", by: other, alg: jose.RS256, base: exchange, change: map[string]any{"sub": branch + "2"}, code: 700213},
		{name: "federated, another audience", by: other, alg: jose.RS256, base: exchange, change: map[string]any{"aud": "api://other"}, code: 700212},
		{name: "federated, two audiences", by: other, alg: jose.RS256, base: exchange, change: map[string]any{"aud": []string{exchangeAudience, "api://other"}}, code: 700212},
		{name: "federated, another key", by: own, alg: jose.RS256, base: exchange, code: 700027},
		{name: "federated, expired", by: other, alg: jose.RS256, base: exchange, change: map[string]any{"exp": now.Add(-time.Hour).Unix()}, code: 700024},
	} {
		t.Run(row.name, func(t *testing.T) {
			claims := maps.Clone(row.base)
			maps.Copy(claims, row.change)
			text := row.replace
			if text == "" {
				text = row.by.sign(t, row.alg, row.header, claims)
			}
			client := certified
			if row.base["iss"] == outside {
				client = federated
			}
			a := post(t, i.URL()+"/"+tenantA+"/oauth2/v2.0/token", form("grant_type", "client_credentials", "client_id", client, "scope", apiV2+"/.default",
				"client_assertion_type", assertionType, "client_assertion", text), nil)
			if codes, _ := a.json["error_codes"].([]any); row.code != 0 {
				if len(codes) != 1 || codes[0] != float64(row.code) {
					t.Errorf("expected AADSTS%d, got %d %s", row.code, a.status, a.text)
				}
				return
			}
			token, _ := a.json["access_token"].(string)
			_, payload, err := mint.Decode(token)
			if err != nil || payload.GetText("azp") != client || payload.GetText("azpacr") != "2" {
				t.Errorf("%d %s: %v", a.status, a.text, err)
			}
		})
	}
}
