package mockidp_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
)

const (
	ordersDev = "6e74172b-0000-4000-8000-0000000000d1"
	ordersUAT = "91d00000-0000-4000-8000-0000000000d2"
	worker    = "0d2c1111-0000-4000-8000-0000000000c1"
	secret    = "s3cret+/=of the worker"
	// outsider signs tokens of another issuer, which the worker trusts for its own
	// federated credential.
	outsider = "https://token.actions.example"
	branch   = "repo:Orders/api:ref:refs/heads/main"
	devScope = "api://orders.dev/.default"
	uatScope = "api://orders-uat/.default"
	// desktop is a client that keeps no secret.
	desktop       = "de500000-0000-4000-8000-0000000000c7"
	aliceName     = "alice@orders.example"
	alicePassword = "pass+word of alice"
	devUserScope  = "api://orders.dev/DEV.Access"
	uatUserScope  = "api://orders-uat/UAT.Access"
	// machine is the managed identity of a virtual machine, its resource's own.
	machine         = "3ac41e00-0000-4000-8000-0000000000c8"
	machineResource = "/subscriptions/5ab5c000-0000-4000-8000-000000000001/resourcegroups/orders/providers/Microsoft.Compute/virtualMachines/orders"
	// signedIn is where users come back to; for programs it leads nowhere, because
	// they are told where their user came out.
	signedIn = "http://localhost/signed-in"
)

// stage is an issuer with TLS and what a client has to know of it.
type stage struct {
	issuer *mockidp.Issuer
	http   *http.Client
	// door is a proxy behind which every name is the issuer's.
	door string
	// environment is what programs read their settings from.
	environment []string
	// certificate and assertion are other ways in which the worker proves itself.
	certificate identity
	assertion   string
	// outside signs what the worker's federated credential trusts.
	outside   identity
	presented []presented
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{certificate: newIdentity(t), outside: newIdentity(t)}
	s.assertion = s.outside.assertion(t, branch)
	s.issuer = mockidp.Start(t, mockidp.Config{
		Hosts: []string{strings.TrimPrefix(named, "https://"), "login.microsoftonline.com"}, Directory: clientDirectory(t, s.certificate, s.outside),
		ManagedIdentity: mockidp.ManagedIdentity{Tenant: tenant},
	})
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.issuer.RootCAs(), MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	s.http = &http.Client{Transport: transport}
	s.presented = presentation(t, s.issuer)
	s.door = door(t, s.issuer.TLSURL())
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	authority := file("authority.pem", s.issuer.AuthorityPEM())
	s.environment = []string{
		"ISSUER=" + s.url(), "ISSUER_CA=" + authority, "NODE_EXTRA_CA_CERTS=" + authority,
		"ISSUER_NAMED=" + named, "PROXY=" + s.door,
		"TENANT=" + tenant, "CLIENT_ID=" + worker, "CLIENT_SECRET=" + secret,
		"CLIENT_CERTIFICATE=" + file("certificate.pem", s.certificate.certificatePEM()), "CLIENT_KEY=" + file("key.pem", s.certificate.keyPEM(t)),
		"CLIENT_ASSERTION=" + s.assertion,
		"API=" + ordersDev, "PRESENTED=" + asJSON(t, s.presented), "SCOPE=" + devScope, "SCOPE_V1=" + uatScope,
		"RESOURCE=api://orders.dev", "IDENTITY_ENDPOINT=" + s.issuer.URL() + "/msi/token", "IDENTITY_HEADER=" + s.issuer.IdentityHeader(),
		"PUBLIC_CLIENT_ID=" + desktop, "USERNAME=" + aliceName, "PASSWORD=" + alicePassword, "REDIRECT_URI=" + signedIn,
		"DELEGATED_SCOPE=" + devUserScope, "DOWNSTREAM_SCOPE=" + uatUserScope,
	}
	return s
}

// url is the issuer by the name that its certificate is for.
func (s *stage) url() string {
	return strings.Replace(s.issuer.TLSURL(), "127.0.0.1", "localhost", 1)
}

// clientDirectory has an API of each version, a client that can prove itself in
// each way, one that cannot, and a user. The DEV API calls the UAT API on behalf
// of its users.
func clientDirectory(t *testing.T, own, other identity) mockidp.Directory {
	t.Helper()
	scopes := func(name string) map[string]mockidp.ConsentNeed {
		return map[string]mockidp.ConsentNeed{name: mockidp.UserConsent}
	}
	dev := map[string][]string{"orders-dev": {"DEV.Access"}}
	return mockidp.Directory{
		Tenants: map[string]mockidp.Tenant{tenant: {Domains: []string{"orders.example"}}},
		APIs: map[string]mockidp.API{
			"orders-dev": {AppID: ordersDev, URIs: []string{"api://orders.dev"}, Version: mint.V2, Roles: []string{"DEV.Access"}, Scopes: scopes("DEV.Access")},
			"orders-uat": {AppID: ordersUAT, URIs: []string{"api://orders-uat"}, Scopes: scopes("UAT.Access")},
		},
		Clients: map[string]mockidp.ClientRegistration{
			"worker": {
				ID: worker, Secrets: []mockidp.Secret{{Value: secret}}, Certificates: []string{own.certificatePEM()},
				Federated: []mockidp.FederatedCredential{{Issuer: outsider, Subject: branch, JWKS: other.jwks(t)}},
				Roles:     dev, Permissions: dev, RedirectURIs: mockidp.RedirectURIs{Web: []string{signedIn}},
			},
			"desktop": {ID: desktop, Permissions: dev, RedirectURIs: mockidp.RedirectURIs{Public: []string{signedIn}}},
			"spa":     {ID: spa, Permissions: dev, RedirectURIs: mockidp.RedirectURIs{SPA: []string{"http://localhost/"}}},
			"machine": {ID: machine, ManagedIdentity: machineResource, Roles: dev},
			"dev-api": {ID: ordersDev, Secrets: []mockidp.Secret{{Value: secret}}},
		},
		Users: map[string]mockidp.User{"alice": {Username: aliceName, Password: alicePassword}},
		Consents: []mockidp.Consent{
			{Client: "desktop", API: "orders-dev", Scopes: []string{"DEV.Access"}},
			{Client: "spa", API: "orders-dev", Scopes: []string{"DEV.Access"}},
			{Client: "dev-api", API: "orders-uat", Scopes: []string{"UAT.Access"}},
		},
	}
}

// verifier looks for a token's signature with the keys that are published over
// TLS.
func (s *stage) verifier(t *testing.T) verifier {
	t.Helper()
	return func(token string) (map[string]any, error) {
		t.Helper()
		object, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			return nil, fmt.Errorf("no token: %w", err)
		}
		var set jose.JSONWebKeySet
		if err := json.Unmarshal(s.fetch(t, "/"+tenant+"/discovery/v2.0/keys"), &set); err != nil {
			return nil, err
		}
		payload, err := object.Verify(set)
		if err != nil {
			return nil, err
		}
		var claims map[string]any
		return claims, json.Unmarshal(payload, &claims)
	}
}

func (s *stage) fetch(t *testing.T, path string) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := s.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// identity is a key with its certificate.
type identity struct {
	key *rsa.PrivateKey
	der []byte
}

func newIdentity(t *testing.T) identity {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "worker"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return identity{key, der}
}

func (i identity) parsed(t *testing.T) *x509.Certificate {
	t.Helper()
	c, err := x509.ParseCertificate(i.der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (i identity) certificatePEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.der}))
}

func (i identity) keyPEM(t *testing.T) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(i.key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func (i identity) jwks(t *testing.T) string {
	t.Helper()
	return asJSON(t, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.key.Public(), KeyID: "outside"}}})
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// assertion is a token of the outside issuer about a branch.
func (i identity) assertion(t *testing.T, branch string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: i.key}, (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", "outside"))
	if err != nil {
		t.Fatal(err)
	}
	object, err := signer.Sign([]byte(asJSON(t, map[string]any{"aud": "api://AzureADTokenExchange", "iss": outsider, "sub": branch, "exp": time.Now().Add(time.Hour).Unix()})))
	if err != nil {
		t.Fatal(err)
	}
	text, err := object.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}
