package mockidp

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// TestMisbehaviours is one row a misbehaviour: how it looks from outside, which
// is not how it looks before it and after its lease.
func TestMisbehaviours(t *testing.T) {
	rows := []struct {
		m     Misbehaviour
		look  func(*testing.T, *Issuer) string
		sound string
		wrong string
	}{
		{Misbehaviour{Name: "stalled", Milliseconds: 1}, keySetSeen, "200 json: tenant next", "200 json, cut after 0 bytes"},
		{Misbehaviour{Name: "status"}, keySetSeen, "200 json: tenant next", "503 json AADSTS90033"},
		{Misbehaviour{Name: "status", Status: 500}, keySetSeen, "200 json: tenant next", "500 json AADSTS90033"},
		{Misbehaviour{Name: "truncated", Bytes: 17}, keySetSeen, "200 json: tenant next", "200 json, cut after 17 bytes"},
		{Misbehaviour{Name: "content-type"}, keySetSeen, "200 json: tenant next", "200 html: tenant next"},
		{Misbehaviour{Name: "body"}, keySetSeen, "200 json: tenant next", "200 json, empty"},
		{Misbehaviour{Name: "body", Text: `{"keys":[]}`}, keySetSeen, "200 json: tenant next", "200 json:"},
		{Misbehaviour{Name: "oversized", Bytes: 3 << 20}, keySetSeen, "200 json: tenant next", "200 json: tenant next, 3145728 bytes more"},
		{Misbehaviour{Name: "redirect"}, keySetSeen, "200 json: tenant next", "302 to ISSUER/callout/redirected"},
		{Misbehaviour{Name: "redirect", Status: 308, To: "https://elsewhere.invalid/keys"}, keySetSeen, "200 json: tenant next", "308 to https://elsewhere.invalid/keys"},
		{Misbehaviour{Name: "issuer-mismatch"}, issuerSeen, "https://login.microsoftonline.com/" + tenantA + "/v2.0", "https://issuer.invalid/"},
		{Misbehaviour{Name: "revoked-key"}, keySetSeen, "200 json: tenant next", "200 json: next"},
		{Misbehaviour{Name: "revoked-key", Key: mint.KeyNext}, keySetSeen, "200 json: tenant next", "200 json: tenant"},
		{Misbehaviour{Name: "several-keys", Count: 3}, keySetSeen, "200 json: tenant next", "200 json: several ? ? tenant next"},
		{Misbehaviour{Name: "duplicate-kid"}, keySetSeen, "200 json: tenant next", "200 json: twin tenant next"},
		{Misbehaviour{Name: "key-members", Alg: "RS256"}, keySetSeen, "200 json: tenant next", "200 json: tenant(alg RS256) next(alg RS256)"},
		{Misbehaviour{Name: "key-members", Use: "enc"}, keySetSeen, "200 json: tenant next", "200 json: tenant(use enc) next(use enc)"},
		{Misbehaviour{Name: "key-members", Omit: []string{"use", "x5c"}}, keySetSeen, "200 json: tenant next", "200 json: tenant(use <nil>) next(use <nil>)"},
		{Misbehaviour{Name: "clock-offset", Seconds: -600}, clockSeen, "0s", "-10m0s"},
		{Misbehaviour{Name: "certificate-expired"}, certificateSeen, "trusted", "expired"},
		{Misbehaviour{Name: "certificate-untrusted"}, certificateSeen, "trusted", "unknown authority"},
		{Misbehaviour{Name: "certificate-other-host"}, certificateSeen, "trusted", "other host"},
	}
	clock := newClock()
	cfg := testConfig(t)
	cfg.Now = clock.Now
	i := Start(t, cfg)
	shown := map[string]bool{"slow": true} // TestMisbehaviourSlow
	for _, row := range rows {
		shown[row.m.Name] = true
		t.Run(strings.TrimSpace(row.m.Name+" "+row.wrong), func(t *testing.T) {
			lease, err := i.Lease(t.Context(), time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			if got := row.look(t, i); got != row.sound {
				t.Errorf("before: expected %q, got %q", row.sound, got)
			}
			if err := i.Misbehave(t.Context(), lease.ID, []Misbehaviour{row.m}); err != nil {
				t.Fatal(err)
			}
			if got := row.look(t, i); got != row.wrong {
				t.Errorf("expected %q, got %q", row.wrong, got)
			}
			clock.advance(time.Minute)
			if got := row.look(t, i); got != row.sound {
				t.Errorf("after the lease: expected %q, got %q", row.sound, got)
			}
		})
	}
	for _, k := range Misbehaviours() {
		if !shown[k.Name] {
			t.Errorf("no row shows %s", k.Name)
		}
	}
}

// keySetSeen is the v2 key set in a few words; keys are called by their names.
func keySetSeen(t *testing.T, i *Issuer) string {
	t.Helper()
	c := client(t)
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := c.Get(i.JWKSURL(tenantA, mint.V2))
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if to := res.Header.Get("Location"); to != "" {
		return fmt.Sprint(res.StatusCode, " to ", strings.Replace(to, i.URL(), "ISSUER", 1))
	}
	kind, _, _ := strings.Cut(strings.NewReplacer("application/", "", "text/", "").Replace(res.Header.Get("Content-Type")), ";")
	head := fmt.Sprint(res.StatusCode, " ", kind)
	switch {
	case err != nil:
		return fmt.Sprintf("%s, cut after %d bytes", head, len(body))
	case len(body) == 0:
		return head + ", empty"
	case body[0] != '{':
		return fmt.Sprintf("%s, %d bytes", head, len(body))
	}
	return head + keysSeen(t, i, readAnswer(body))
}

func keysSeen(t *testing.T, i *Issuer, a answer) string {
	t.Helper()
	if codes, ok := a.json["error_codes"].([]any); ok {
		return fmt.Sprintf(" AADSTS%.0f", codes[0])
	}
	names := map[string]string{}
	for _, name := range []string{mint.KeyNext, mint.KeyTenant, "several", "twin"} {
		if k := i.current().find(name); k != nil {
			names[k.JWK().GetText("n")] = name
		}
	}
	var seen strings.Builder
	seen.WriteString(":")
	keys, _ := a.json["keys"].([]any)
	several := false
	for _, key := range keys {
		jwk := key.(map[string]any)
		name := names[fmt.Sprint(jwk["n"])]
		if name == "several" && several {
			name = "?"
		}
		several = several || name == "several"
		seen.WriteString(" " + name)
		if jwk["alg"] != nil {
			fmt.Fprintf(&seen, "(alg %v)", jwk["alg"])
		}
		if jwk["use"] != "sig" {
			fmt.Fprintf(&seen, "(use %v)", jwk["use"])
		}
	}
	if padding, _ := a.json["padding"].(string); padding != "" {
		fmt.Fprintf(&seen, ", %d bytes more", len(padding))
	}
	return seen.String()
}

func issuerSeen(t *testing.T, i *Issuer) string {
	t.Helper()
	return fmt.Sprint(fetch(t, i.URL()+"/"+tenantA+"/v2.0/.well-known/openid-configuration").json["issuer"])
}

// clockSeen is by how much the clock of a token is off that a client gets.
func clockSeen(t *testing.T, i *Issuer) string {
	t.Helper()
	a := post(t, i.URL()+"/"+tenantA+"/oauth2/v2.0/token", form("grant_type", "client_credentials", "client_id", worker, "client_secret", secret, "scope", apiV2+"/.default"), nil)
	token, _ := a.json["access_token"].(string)
	_, payload, err := mint.Decode(token)
	if err != nil {
		t.Fatal(a.text)
	}
	iat, _ := payload.Get("iat")
	now, _ := i.Now(t.Context())
	at, err := time.ParseDuration(iat.Text + "s")
	if err != nil {
		t.Fatal(err)
	}
	return (at + 5*time.Minute - time.Duration(now.Unix())*time.Second).String() // iat is five minutes back (entra-tokens 1.5)
}

// certificateSeen is what a new handshake makes of the certificate.
func certificateSeen(t *testing.T, i *Issuer) string {
	t.Helper()
	c := client(t)
	trust(c, i)
	return handshakeSeen(c, i)
}

func handshakeSeen(c *http.Client, i *Issuer) string {
	res, err := c.Get(i.TLSURL() + "/entraproof/health")
	if err == nil {
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		return "trusted"
	}
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "expired"
	case errors.As(err, &unknown):
		return "unknown authority"
	case errors.As(err, &name):
		return "other host"
	}
	return err.Error()
}

// TestMisbehaviourSlow waits by a clock of its own: as long as was asked for,
// never longer than the lease, and no longer once that is released.
func TestMisbehaviourSlow(t *testing.T) {
	cfg := testConfig(t)
	for _, row := range []struct {
		reason   string
		m        Misbehaviour
		released time.Duration // after which the lease is released; zero: never
		want     time.Duration
		answered bool
	}{
		{"as usual", Misbehaviour{Name: "slow"}, 0, 30 * time.Second, true},
		{"as asked for", Misbehaviour{Name: "slow", Milliseconds: 1500}, 0, 1500 * time.Millisecond, true},
		{"longer than the lease", Misbehaviour{Name: "slow", Milliseconds: 120_000}, 0, time.Minute, true},
		{"released meanwhile", Misbehaviour{Name: "slow"}, 7 * time.Second, 7 * time.Second, true},
		{"stalled", Misbehaviour{Name: "stalled", Milliseconds: 2000}, 0, 2 * time.Second, false},
		{"stalled until released", Misbehaviour{Name: "stalled"}, 7 * time.Second, 7 * time.Second, false},
		{"elsewhere", Misbehaviour{Name: "slow", Path: "/{tenant}/discovery/keys"}, 0, 0, true},
	} {
		t.Run(row.reason, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg.Now = time.Now
				i, err := New(cfg)
				if err != nil {
					t.Fatal(err)
				}
				lease, err := i.Lease(t.Context(), time.Minute)
				if err != nil {
					t.Fatal(err)
				}
				if err := i.Misbehave(t.Context(), lease.ID, []Misbehaviour{row.m}); err != nil {
					t.Fatal(err)
				}
				if row.released > 0 {
					time.AfterFunc(row.released, func() { _ = i.Release(t.Context(), lease.ID) })
				}
				began := time.Now()
				res, answered := handled(i, "/"+tenantA+"/discovery/v2.0/keys")
				if took := time.Since(began); took != row.want || answered != row.answered || res.Code != http.StatusOK {
					t.Errorf("expected an answer %t after %s, got %t %d after %s", row.answered, row.want, answered, res.Code, took)
				}
				if took := time.Since(began); took < time.Minute {
					time.Sleep(time.Minute - took)
				}
				began = time.Now()
				if _, answered := handled(i, "/"+tenantA+"/discovery/v2.0/keys"); !answered || time.Since(began) != 0 {
					t.Errorf("after the lease: %t, %s", answered, time.Since(began))
				}
			})
		})
	}
}

// handled is the answer of the handler, and whether it is whole.
func handled(i *Issuer, path string) (res *httptest.ResponseRecorder, answered bool) {
	res = httptest.NewRecorder()
	defer func() { answered = recover() == nil }()
	i.ServeHTTP(res, httptest.NewRequest(http.MethodGet, path, nil))
	return res, true
}

// TestMisbehaviourHow is one row a way to say how often and where.
func TestMisbehaviourHow(t *testing.T) {
	i := Start(t, testConfig(t))
	ask := func(paths ...string) string {
		var seen []string
		for _, path := range paths {
			seen = append(seen, fmt.Sprint(fetch(t, i.URL()+strings.Replace(path, "A", tenantA, 1)).status))
		}
		return strings.Join(seen, " ")
	}
	twelve := slices.Repeat([]string{"/A/discovery/keys"}, 12)
	for _, row := range []struct {
		reason string
		all    []Misbehaviour
		paths  []string
		want   string
	}{
		{"every third time", []Misbehaviour{{Name: "status", Every: 3}}, twelve[:7], "200 200 503 200 200 503 200"},
		{"by chance", []Misbehaviour{{Name: "status", Probability: 0.4}}, twelve, "200 200 503 200 200 200 200 200 200 200 200 200"},
		{"by chance, again", []Misbehaviour{{Name: "status", Probability: 0.4}}, twelve, "200 200 503 200 200 200 200 200 200 200 200 200"},
		{"by other chance", []Misbehaviour{{Name: "status", Probability: 0.4, Seed: 7}}, twelve, "200 200 503 503 503 503 503 200 200 200 503 200"},
		{"everywhere but on the issuer's own pages", []Misbehaviour{{Name: "status"}}, []string{"/A/discovery/keys", "/A/v2.0/.well-known/openid-configuration", "/callout/x", "/callout/x/y", "/entraproof/health", "/nowhere"}, "503 503 200 200 200 404"},
		{"on the issuer's own page", []Misbehaviour{{Name: "status", Path: "/entraproof/other-issuer/keys"}}, []string{"/A/discovery/keys", "/entraproof/other-issuer/keys"}, "200 503"},
		{"of one version", []Misbehaviour{{Name: "status", Path: "/{tenant}/discovery/v2.0/keys"}}, []string{"/A/discovery/keys", "/A/discovery/v2.0/keys", "/common/discovery/v2.0/keys"}, "200 503 503"},
		{"of one tenant", []Misbehaviour{{Name: "status", Path: "/common/{rest...}"}}, []string{"/A/discovery/keys", "/common/discovery/keys"}, "200 503"},
		{"two at once", []Misbehaviour{{Name: "status", Every: 2}, {Name: "status", Status: 500, Every: 3}}, twelve[:6], "200 503 500 503 200 500"},
		{"nothing", nil, twelve[:2], "200 200"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			lease, err := i.Lease(t.Context(), time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			if err := i.Misbehave(t.Context(), lease.ID, row.all); err != nil {
				t.Fatal(err)
			}
			if got := ask(row.paths...); got != row.want {
				t.Errorf("expected %s, got %s", row.want, got)
			}
			if err := i.Release(t.Context(), lease.ID); err != nil {
				t.Fatal(err)
			}
			if got := ask("/A/discovery/keys", "/A/discovery/keys", "/common/discovery/v2.0/keys"); got != "200 200 200" {
				t.Errorf("after the lease: %s", got)
			}
		})
	}
}

// TestMisbehaviourOrder: what comes later has the last word.
func TestMisbehaviourOrder(t *testing.T) {
	i := Start(t, testConfig(t))
	lease, err := i.Lease(t.Context(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	status, body := Misbehaviour{Name: "status"}, Misbehaviour{Name: "body", Text: "<html>"}
	for want, all := range map[string][]Misbehaviour{
		"503 html, 6 bytes":           {status, body, {Name: "content-type"}},
		"503 json AADSTS90033":        {body, status},
		"200 html, cut after 3 bytes": {{Name: "truncated", Bytes: 3}, {Name: "content-type"}, body},
	} {
		if err := i.Misbehave(t.Context(), lease.ID, all); err != nil {
			t.Fatal(err)
		}
		if got := keySetSeen(t, i); got != want {
			t.Errorf("expected %s, got %s", want, got)
		}
	}
}

// TestMisbehaviourProblems is one row a mistake in what is asked for.
func TestMisbehaviourProblems(t *testing.T) {
	managed(t, func(t *testing.T, m Management, _ *Issuer, _ *clock) {
		t.Helper()
		lease, err := m.Lease(t.Context(), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range []struct {
			reason string
			m      Misbehaviour
			want   string
		}{
			{"no name", Misbehaviour{}, `misbehaviours.0.name: unknown misbehaviour ""`},
			{"unknown name", Misbehaviour{Name: "slwo"}, `misbehaviours.0.name: unknown misbehaviour "slwo" (did you mean "slow"?)`},
			{"unknown path", Misbehaviour{Name: "slow", Path: "/{tenant}/discovery/v2.0/kesy"}, `misbehaviours.0.path: no endpoint has a path like "/{tenant}/discovery/v2.0/kesy" (did you mean "/{tenant}/discovery/v2.0/keys"?)`},
			{"too long a path", Misbehaviour{Name: "slow", Path: "/{tenant}/discovery/v2.0/keys/a/b"}, `no endpoint has a path like`},
			{"a path for handshakes", Misbehaviour{Name: "certificate-expired", Path: KeySetPaths}, `misbehaviours.0.path: certificate-expired does not happen at endpoints, and takes no path`},
			{"another's parameter", Misbehaviour{Name: "slow", Seconds: 3}, `misbehaviours.0.seconds: slow takes no seconds`},
			{"another's list", Misbehaviour{Name: "slow", Omit: []string{"n"}}, `misbehaviours.0.omit: slow takes no omit`},
			{"too long", Misbehaviour{Name: "slow", Milliseconds: 300_001}, `misbehaviours.0.milliseconds: expected 1 to 300000, got 300001`},
			{"negative", Misbehaviour{Name: "slow", Milliseconds: -1}, `expected 1 to 300000, got -1`},
			{"no error", Misbehaviour{Name: "status", Status: 200}, `misbehaviours.0.status: expected 400 to 599, got 200`},
			{"no offset", Misbehaviour{Name: "clock-offset"}, `misbehaviours.0.seconds: expected -315360000 to 315360000, got none`},
			{"two lines in a header", Misbehaviour{Name: "redirect", To: "https://a\r\nSet-Cookie: b"}, `misbehaviours.0.to: expected no control characters`},
			{"a long text", Misbehaviour{Name: "body", Text: strings.Repeat("a", maxParameterText+1)}, `misbehaviours.0.text: expected at most 65536 bytes, got 65537`},
			{"every and by chance", Misbehaviour{Name: "slow", Every: 2, Probability: 0.5}, `misbehaviours.0.probability: expected every or probability, got both`},
			{"too seldom", Misbehaviour{Name: "slow", Every: 1001}, `misbehaviours.0.every: `},
			{"too probable", Misbehaviour{Name: "slow", Probability: 1.5}, `misbehaviours.0.probability: `},
		} {
			if err := m.Misbehave(t.Context(), lease.ID, []Misbehaviour{row.m}); !errors.Is(err, ErrRequest) || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%s: expected %s, got %v", row.reason, row.want, err)
			}
		}
		if err := m.Misbehave(t.Context(), lease.ID, slices.Repeat([]Misbehaviour{{Name: "slow"}}, MaxMisbehaviours+1)); !errors.Is(err, ErrRequest) {
			t.Errorf("too many: %v", err)
		}
		if err := m.Misbehave(t.Context(), "another", []Misbehaviour{{Name: "slow"}}); !errors.Is(err, ErrNoLease) {
			t.Errorf("without the lease: %v", err)
		}
		if all, err := m.Misbehaving(t.Context()); err != nil || len(all) != 0 {
			t.Errorf("in force after nothing but mistakes: %v %v", all, err)
		}
		if err := m.Misbehave(t.Context(), lease.ID, []Misbehaviour{{Name: "slow"}, {Name: "clock-offset", Seconds: 1}}); err != nil {
			t.Fatal(err)
		}
		want := []Misbehaviour{{Name: "slow", Path: TenantPaths, Milliseconds: 30_000}, {Name: "clock-offset", Seconds: 1}}
		if all, err := m.Misbehaving(t.Context()); err != nil || !cmp.Equal(all, want) {
			t.Errorf("in force: %v %v", cmp.Diff(want, all), err)
		}
	})
}

// TestMisbehaviourCertificates: neither a connection that is kept nor a session
// that is resumed hides a wrong certificate.
func TestMisbehaviourCertificates(t *testing.T) {
	i := Start(t, testConfig(t))
	c := client(t)
	trust(c, i)
	c.Transport.(*http.Transport).TLSClientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	see := func(when, want string) {
		t.Helper()
		if got := handshakeSeen(c, i); got != want {
			t.Errorf("%s: expected %s, got %s", when, want, got)
		}
	}
	see("at first", "trusted")
	lease, err := i.Lease(t.Context(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := i.Misbehave(t.Context(), lease.ID, []Misbehaviour{{Name: "certificate-expired"}}); err != nil {
		t.Fatal(err)
	}
	see("whatever connection was kept", "expired")
	if err := NewClient(i.ManagementURL(), manager, client(t)).Release(t.Context(), lease.ID); err != nil {
		t.Fatal(err)
	}
	see("after the lease", "trusted")
}

// TestMisbehaviourKeys: the keys that are published sign by their names, for as
// long as they are.
func TestMisbehaviourKeys(t *testing.T) {
	authorities(t, func(t *testing.T, a Authority, i *Issuer, _ *clock) {
		t.Helper()
		lease, err := a.Lease(t.Context(), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Misbehave(t.Context(), lease.ID, []Misbehaviour{{Name: "several-keys"}, {Name: "duplicate-kid"}}); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"several", "twin"} {
			if _, err := a.Sign(t.Context(), mint.SignRequest{Key: name, Input: []byte("x")}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		tokens, err := a.Mint(t.Context(), []Recipe{
			{Grant: testGrant(), Steps: []byte(`[{"sign": {"key": "several"}}]`)},
			{Grant: testGrant(), Steps: []byte(`[{"sign": {"key": "twin"}}]`)},
			{Grant: testGrant()},
		})
		if err != nil {
			t.Fatal(err)
		}
		var kids []string
		for n, token := range tokens {
			if err := verify(t, i, token); (err == nil) != (n < 2) { // go-jose takes the first key of a kid
				t.Errorf("token %d: %v", n, err)
			}
			header, _, _ := mint.Decode(token)
			kids = append(kids, header.GetText("kid"))
		}
		if kids[0] == kids[2] || kids[1] != kids[2] {
			t.Errorf("kids %v", kids)
		}
		if err := a.Release(t.Context(), lease.ID); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"several", "twin"} {
			if _, err := a.Sign(t.Context(), mint.SignRequest{Key: name, Input: []byte("x")}); !errors.Is(err, ErrUnknownKey) {
				t.Errorf("%s after the lease: %v", name, err)
			}
		}
	})
}
