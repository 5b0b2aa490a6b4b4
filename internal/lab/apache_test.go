package lab

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// apacheAttempts are the requests that only docs/gateways-apache.md tells of.
func apacheAttempts() []attempt {
	return []attempt{
		{"exp-string-past", signed("user", claims{"exp": fmt.Sprint(in(-3600))})},
		{"exp-negative: -2", payload(claims{"exp": 0}, replace(`"exp":0`, `"exp":-2`))},
		{"nbf-future", signed("user", claims{"nbf": in(86400)})},
		{"kid-not-a-string", header(`{"typ":"JWT","alg":"RS256","kid":0}`)},
		{"kid-trailing-blank", header(`{"typ":"JWT","alg":"RS256","kid":"kid-0 "}`)},
		{"fmt-base64-padding: and more behind it", presented("Authorization: Bearer %s=x")},
		{"iss-array-with-ours", signed("user", claims{"iss": []string{"https://other.example/", rigV2}})},
		{"client-array-with-ours", signed("user", claims{"azp": []string{stranger, clientID}})},
		{"aud-missing: a claim aud:api", signed("user", claims{"aud": nil, "aud:api": strings.TrimPrefix(homeURI, "api:")})},
		{"sub-missing", signed("user", claims{"sub": nil})},
		{"path-encoded-slash: no token", at("GET /v1%2Fping HTTP/1.1")},
		{"auth-connection-names-it: what the upstream sees", upstreamSees("Authorization", presented("Connection: close, Authorization", "Authorization: Bearer %s"))},
		{"upstream-claims: the token once more", upstreamSees("OIDC_access_token", presented("Authorization: Bearer %s"))},
		{"upstream-claims: forged by the client", upstreamSees("OIDC_CLAIM_role",
			presented("Authorization: Bearer %s", "OIDC_CLAIM_role: admin", "OIDC-CLAIM-role: admin"))},
		{"jwks-unknown-kid-flood: one kid, not signed", fetched(forgedBy(`{"typ":"JWT","alg":"RS256","kid":"nobody's"}`, nothing))},
		{"jwks-unknown-kid-flood: alg none", fetched(forgedBy(`{"typ":"JWT","alg":"none","kid":"kid-0"}`, nothing))},
		{"jwks-unknown-kid-flood: expired", fetched(func(g *rig) answer {
			return g.bearer(compact(`{"typ":"JWT","alg":"RS256","kid":"nobody's"}`, good().with(claims{"exp": in(-60)}).json()))
		})},
		{"ctl-token-size-ladder: line of 32,768 bytes", lineOf(32768)},
		{"ctl-token-size-ladder: line of 32,780 bytes", lineOf(32780)},
	}
}

// upstreamSees notes whether the upstream saw a header of that name, however
// its blanks are written.
func upstreamSees(name string, fire func(*rig) answer) func(*rig) answer {
	plain := func(s string) string { return strings.ToLower(strings.ReplaceAll(s, "-", "_")) }
	return func(g *rig) answer {
		a := fire(g)
		if !a.Reached {
			return a
		}
		a.Note = "upstream without it"
		for seen := range a.Seen.Header {
			if plain(seen) == plain(name) {
				a.Note = "upstream sees it"
			}
		}
		return a
	}
}

// fetched fires ten times and notes how often the keys were fetched.
func fetched(fire func(*rig) answer) func(*rig) answer {
	return func(g *rig) answer {
		before := g.fetches.Load()
		var a answer
		for range 10 {
			a = fire(g)
		}
		a.Note = fmt.Sprintf("%d fetches for 10", g.fetches.Load()-before)
		return a
	}
}

// lineOf sends a good token beside another header line of that many bytes.
func lineOf(size int) func(*rig) answer {
	const name = "X-Pad: "
	return presented("Authorization: Bearer %s", name+strings.Repeat("x", size-len(name)))
}

// A Require line is an expression, in which three characters mean something.
func TestApacheTakesValuesLiterally(t *testing.T) {
	g := newRig(t, apache(), Leaky)
	s := g.site()
	s.Audiences = []string{"api://$1/%{HTTP_HOST}/$0"}
	g.gateway = startInstalled(t, Options{Recipe: apache(), Mode: FixedAudience, Site: s})
	for aud, want := range map[string]bool{
		s.Audiences[0]: true, "api:///gateway.example/": false, "api://$1//$0": false, `api://\$1/\%{HTTP_HOST}/\$0`: false,
	} {
		if got := g.bearer(genuine("v2", "app").with(claims{"aud": aud}).token(t, 0)); got.Reached != want {
			t.Errorf("aud %q: expected reached %v, got %v, %d", aud, want, got.Reached, got.Status)
		}
	}
}

// The issuer's certificate is checked: without the authority that signed it no
// key is fetched, and a genuine token is refused.
func TestApacheChecksTheIssuersCertificate(t *testing.T) {
	g := newRig(t, apache(), Leaky)
	if got := g.bearer(good().token(t, 0)); !got.Reached {
		t.Fatalf("the right authority: expected accepted, got %s", got.outcome())
	}
	s := g.site()
	s.Authority = otherAuthority(t)
	g.gateway = startInstalled(t, Options{Recipe: apache(), Mode: Leaky, Site: s})
	before := g.fetches.Load()
	if got := g.bearer(good().token(t, 0)); got.Reached || got.Status != 401 {
		t.Errorf("another authority: expected refused 401, got %s", got.outcome())
	}
	if n := g.fetches.Load() - before; n != 0 {
		t.Errorf("another authority: expected no fetch, got %d", n)
	}
}

// otherAuthority is a certificate that signed nothing here.
func otherAuthority(t *testing.T) string {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "other"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	key := rigKeys()[2]
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// The version of the module is read out of its file.
func TestOpenidcVersion(t *testing.T) {
	for _, tc := range []struct{ reason, text, want string }{
		{"named", "\x00mod_auth_openidc-2.4.12.3\x00\x00mod_auth_openidc\x00", "2.4.12.3"},
		{"not-named", "\x7fELF", ""},
	} {
		path := filepath.Join(t.TempDir(), "mod.so")
		if err := os.WriteFile(path, bytes.Repeat([]byte(tc.text), 2), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := openidcVersion(path)
		if got != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("%s: expected %q, got %q, %v", tc.reason, tc.want, got, err)
		}
	}
	if _, err := openidcVersion(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("no file: expected an error")
	}
}
