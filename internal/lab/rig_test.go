package lab

import (
	"bufio"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	rigTenant = "11111111-2222-3333-4444-555555555555"
	rigV1     = "https://sts.windows.net/" + rigTenant + "/"
	rigV2     = "https://login.microsoftonline.com/" + rigTenant + "/v2.0"
	homeURI   = "api://orders.dev"
	homeID    = "6e740000-0000-4000-8000-000000000001"
	otherID   = "91d00000-0000-4000-8000-000000000002"
	clientID  = "0d2c0000-0000-4000-8000-000000000001"
	secondID  = "77ab0000-0000-4000-8000-000000000002"
	stranger  = "91aa0000-0000-4000-8000-000000000003"
)

// rigKeys makes the issuer's keys once for all tests: two published, and one
// that nobody trusts.
var rigKeys = sync.OnceValue(func() []*rsa.PrivateKey {
	keys := make([]*rsa.PrivateKey, 3)
	for i := range keys {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		keys[i] = key
	}
	return keys
})

func kid(i int) string { return "kid-" + itoa(i) }

// rig is an issuer's key set and an upstream that reports what it sees.
type rig struct {
	t        *testing.T
	keySet   *httptest.Server
	secure   *httptest.Server // the same over https
	fetches  atomic.Int32
	publish  atomic.Int32 // how many of the keys are in the set
	upstream *httptest.Server
	mu       sync.Mutex
	seen     []*http.Request
	gateway  *Running
}

// newRig starts a gateway between the two, or skips the test where its program
// is not installed.
func newRig(t *testing.T, r Recipe, m Mode, changes ...func(*Site)) *rig {
	t.Helper()
	g := &rig{t: t}
	g.publish.Store(2)
	g.keySet = httptest.NewServer(http.HandlerFunc(g.serveKeys))
	t.Cleanup(g.keySet.Close)
	g.secure = httptest.NewTLSServer(http.HandlerFunc(g.serveKeys))
	t.Cleanup(g.secure.Close)
	g.upstream = httptest.NewServer(http.HandlerFunc(g.receive))
	t.Cleanup(g.upstream.Close)
	site := g.site()
	for _, change := range changes {
		change(&site)
	}
	g.gateway = startInstalled(t, Options{Recipe: r, Mode: m, Site: site})
	return g
}

// startInstalled starts a real gateway. Without its program the test is
// skipped, and the reason names the command that adds it.
func startInstalled(t *testing.T, o Options) *Running {
	t.Helper()
	o.Dir = t.TempDir()
	running, err := Start(t.Context(), o)
	var missing *MissingError
	if errors.As(err, &missing) {
		optional(t, missing, o.Recipe.Name, o.Recipe.Program)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range running.Warnings {
		t.Log(w)
	}
	t.Cleanup(func() {
		if err := running.Stop(); err != nil {
			t.Error(err)
		}
		wantGone(t, running)
	})
	return running
}

func (g *rig) site() Site {
	s := Site{
		Tenant:    rigTenant,
		Issuers:   Issuers{V1: rigV1, V2: rigV2},
		IssuerURL: g.keySet.URL,
		SecureURL: g.secure.URL,
		Authority: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: g.secure.Certificate().Raw})),
		Upstream:  g.upstream.Listener.Addr().String(),
		Audiences: []string{homeURI, homeID},
		Contracts: []string{clientID, secondID},
		Scope:     "DEV.Access",
	}
	for i, key := range rigKeys()[:2] {
		s.Keys = append(s.Keys, Key{KeyID: kid(i), PEM: publicPEM(key)})
	}
	return s
}

func publicPEM(key *rsa.PrivateKey) string {
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// serveKeys answers like Entra: keys without alg.
func (g *rig) serveKeys(w http.ResponseWriter, _ *http.Request) {
	g.fetches.Add(1)
	var set jose.JSONWebKeySet
	for i, key := range rigKeys()[:g.publish.Load()] {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.Public(), KeyID: kid(i), Use: "sig"})
	}
	_ = json.NewEncoder(w).Encode(set)
}

func (g *rig) receive(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen = append(g.seen, r)
	w.Header().Set("X-Upstream", "1")
}

// claims is a token's payload.
type claims map[string]any

// with returns a copy with some claims changed; nil removes one.
func (c claims) with(changes claims) claims {
	c = maps.Clone(c)
	for name, value := range changes {
		if c[name] = value; value == nil {
			delete(c, name)
		}
	}
	return c
}

// genuine returns the claims of a token of this environment.
func genuine(version, subject string) claims {
	now := time.Now().Unix()
	c := claims{"iat": now - 300, "nbf": now - 300, "exp": now + 3600, "tid": rigTenant, "sub": "s", "oid": "o"}
	if version == "v1" {
		c = c.with(claims{"ver": "1.0", "iss": rigV1, "aud": homeURI, "appid": clientID})
	} else {
		c = c.with(claims{"ver": "2.0", "iss": rigV2, "aud": homeID, "azp": clientID})
	}
	if subject == "user" {
		return c.with(claims{"scp": "User.Read DEV.Access"})
	}
	return c.with(claims{"roles": []string{"DEV.Access"}})
}

func (c claims) json() string {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// token signs claims as Entra does, with go-jose.
func (c claims) token(t *testing.T, key int) string {
	t.Helper()
	options := (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", kid(key))
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: rigKeys()[key]}, options)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign([]byte(c.json()))
	if err != nil {
		t.Fatal(err)
	}
	text, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// entraHeader is the header of a genuine v2 token.
const entraHeader = `{"typ":"JWT","alg":"RS256","kid":"kid-0"}`

// compact signs header and payload exactly as they are written, with RS256
// and the first key.
func compact(header, payload string) string {
	return compactWith(header, payload, func(input []byte) []byte {
		sum := sha256.Sum256(input)
		signature, err := rsa.SignPKCS1v15(rand.Reader, rigKeys()[0], crypto.SHA256, sum[:])
		if err != nil {
			panic(err)
		}
		return signature
	})
}

func compactWith(header, payload string, sign func([]byte) []byte) string {
	input := b64(header) + "." + b64(payload)
	return input + "." + b64(string(sign([]byte(input))))
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// answer is what came of one request.
type answer struct {
	Status  int
	Header  http.Header
	Body    string
	Note    string        // what else was looked at
	Reached bool          // the upstream saw it
	Seen    *http.Request // as the upstream saw it
}

// outcome is the answer in one word and a number, as docs/gateways.md writes it.
func (a answer) outcome() string {
	word := "refused " + itoa(a.Status)
	if a.Reached {
		word = "accepted"
	}
	if a.Note != "" {
		word += ", " + a.Note
	}
	return word
}

// bearer sends a token in the usual way.
func (g *rig) bearer(token string) answer {
	return g.send("GET /v1/ping HTTP/1.1", "Authorization: Bearer "+token)
}

// send writes a request line and header lines exactly as they are given.
func (g *rig) send(requestLine string, lines ...string) answer {
	g.t.Helper()
	return g.write(requestLine + "\r\n" + strings.Join(append(lines, "Host: gateway.example", "Connection: close"), "\r\n") + "\r\n\r\n")
}

// write sends bytes on a connection of its own and reads one answer.
func (g *rig) write(request string) answer {
	g.t.Helper()
	c := g.connect()
	defer c.Close()
	g.mu.Lock()
	before := len(g.seen)
	g.mu.Unlock()
	if _, err := io.WriteString(c, request); err != nil {
		g.t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return answer{Status: -1, Body: err.Error()}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	a := answer{Status: resp.StatusCode, Header: resp.Header, Body: string(body)}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.seen) > before {
		a.Reached, a.Seen = true, g.seen[before]
	}
	return a
}

func (g *rig) connect() net.Conn {
	g.t.Helper()
	c, err := net.DialTimeout("tcp", strings.TrimPrefix(g.gateway.URL, "http://"), 5*time.Second)
	if err != nil {
		g.t.Fatal(err)
	}
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		g.t.Fatal(err)
	}
	return c
}
