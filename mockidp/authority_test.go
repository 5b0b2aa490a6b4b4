package mockidp

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

var (
	_ Management  = (*Issuer)(nil)
	_ Management  = (*Client)(nil)
	_ mint.Signer = Authority(nil)
)

// authorities are the two ways to an issuer; every test of an Authority runs
// against both.
func authorities(t *testing.T, test func(t *testing.T, a Authority, i *Issuer, c *clock)) {
	t.Helper()
	managed(t, func(t *testing.T, m Management, i *Issuer, c *clock) {
		t.Helper()
		test(t, m, i, c)
	})
}

// managed is authorities for what the operator can do besides.
func managed(t *testing.T, test func(t *testing.T, m Management, i *Issuer, c *clock)) {
	t.Helper()
	for _, name := range []string{"in process", "over management"} {
		t.Run(name, func(t *testing.T) {
			clock := newClock()
			cfg := testConfig(t)
			cfg.Now = clock.Now
			i := Start(t, cfg)
			if name == "in process" {
				test(t, i, i, clock)
				return
			}
			test(t, NewClient(i.ManagementURL()+"/", manager, client(t)), i, clock)
		})
	}
}

// TestAuthorityGenuine mints a full batch in order.
func TestAuthorityGenuine(t *testing.T) {
	authorities(t, func(t *testing.T, a Authority, i *Issuer, _ *clock) {
		t.Helper()
		grants := make([]mint.Grant, MaxBatch)
		for n := range grants {
			grants[n] = testGrant()
			grants[n].Roles = []string{fmt.Sprint("Role.", n)}
		}
		tokens, err := a.Genuine(t.Context(), grants)
		if err != nil || len(tokens) != MaxBatch {
			t.Fatal(len(tokens), err)
		}
		for n, token := range tokens {
			_, payload, err := mint.Decode(token)
			if err != nil || !strings.Contains(string(payload.JSON()), fmt.Sprintf(`"Role.%d"`, n)) {
				t.Fatalf("token %d: %s %v", n, payload.JSON(), err)
			}
		}
		if err := verify(t, i, tokens[MaxBatch-1]); err != nil {
			t.Error(err)
		}
		for want, bad := range map[string][]mint.Grant{
			"expected 1 to 500 in one call, got 0":   nil,
			"expected 1 to 500 in one call, got 501": append(grants, testGrant()),
			"expected a tenant, got none":            {{Kind: mint.Kind{Version: mint.V2, Subject: mint.SubjectApp}}},
		} {
			if _, err := a.Genuine(t.Context(), bad); !errors.Is(err, ErrRequest) || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
		}
		if _, err := a.Genuine(never(), grants); !errors.Is(err, context.Canceled) {
			t.Errorf("canceled: %v", err)
		}
	})
}

// TestAuthorityMint is one row a recipe.
func TestAuthorityMint(t *testing.T) {
	authorities(t, func(t *testing.T, a Authority, i *Issuer, _ *clock) {
		t.Helper()
		tenantKey, _ := i.KeyID(t.Context(), tenantA, "")
		ownKey, _ := i.KeyID(t.Context(), tenantA, mint.KeyOwn)
		for _, row := range []struct {
			name   string
			recipe Recipe
			holds  string // in header or payload
			valid  bool
		}{
			{"genuine", Recipe{Grant: testGrant()}, tenantKey, true},
			{"set", Recipe{Grant: testGrant(), Steps: []byte(`[{"set": {"aud": "${home.audience}-evil", "iat": "${now}"}}]`), Values: map[string]value.Value{"home.audience": value.String("x")}}, `"aud":"x-evil"`, true},
			{"YAML will do", Recipe{Grant: testGrant(), Steps: []byte(`"[]"`)}, "", false},
			{"forged", Recipe{Grant: testGrant(), Forged: true}, tenantKey, false},
			{"own key", Recipe{Grant: testGrant(), Steps: []byte(`[{"sign": {"key": "own"}}]`)}, ownKey, false},
			{"embedded key", Recipe{Grant: testGrant(), Forged: true, Steps: []byte(`[{"set": {"in": "header", "jwk": "${own.jwk}"}}]`)}, `"jwk":{"kty":"RSA"`, false},
			{"tenant", Recipe{Grant: testGrant(), Steps: []byte(`[{"set": {"iss": "${tenant.issuer}/"}}]`)}, tenantA + "/v2.0/", true},
			{"HMAC by PEM", Recipe{Grant: testGrant(), Forged: true, Steps: []byte(`[{"sign": {"alg": "HS256", "secret": "${tenant.key.pem}"}}]`)}, `"alg":"HS256"`, false},
		} {
			tokens, err := a.Mint(t.Context(), []Recipe{row.recipe})
			if row.name == "YAML will do" {
				if !errors.Is(err, ErrRequest) || !strings.Contains(err.Error(), "steps:1:1: expected a list") {
					t.Errorf("steps that are no list: %v", err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", row.name, err)
				continue
			}
			header, payload, err := mint.Decode(tokens[0])
			if err != nil || !strings.Contains(string(header.JSON())+string(payload.JSON()), row.holds) {
				t.Errorf("%s: %s %s %v, want %s", row.name, header.JSON(), payload.JSON(), err, row.holds)
			}
			if err := verify(t, i, tokens[0]); (err == nil) != row.valid {
				t.Errorf("%s: verified: %v", row.name, err)
			}
		}
		tokens, err := a.Mint(t.Context(), []Recipe{{None: true, Steps: []byte(`[{"compose": "abc"}]`)}})
		if err != nil || tokens[0] != "abc" {
			t.Errorf("none: %v %v", tokens, err)
		}
		for want, bad := range map[string]Recipe{
			"recipe 0: mint: grant: expected a tenant": {},
			`unknown key "sett" (did you mean "set"?)`: {Grant: testGrant(), Steps: []byte(`[{"sett": {"a": "b"}}]`)},
			"nothing is known of ${home.audience}":     {Grant: testGrant(), Steps: []byte(`[{"set": {"aud": "${home.audience}"}}]`)},
		} {
			if _, err := a.Mint(t.Context(), []Recipe{bad}); !errors.Is(err, ErrRequest) || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
		}
		nobody := Recipe{Grant: testGrant(), Steps: []byte(`[{"sign": {"key": "nobody"}}]`)}
		if _, err := a.Mint(t.Context(), []Recipe{nobody}); !errors.Is(err, ErrUnknownKey) {
			t.Errorf("signed by nobody: %v", err)
		}
	})
}

// TestAuthoritySign signs with keys by name and by kid.
func TestAuthoritySign(t *testing.T) {
	authorities(t, func(t *testing.T, a Authority, _ *Issuer, _ *clock) {
		t.Helper()
		ctx := t.Context()
		input := []byte("e30.e30")
		signature := func(key string) string {
			b, err := a.Sign(ctx, mint.SignRequest{Tenant: tenantA, Key: key, Input: input})
			if err != nil {
				t.Fatalf("%s: %v", key, err)
			}
			return string(b)
		}
		kid, err := a.KeyID(ctx, tenantA, mint.KeyNext)
		if err != nil {
			t.Fatal(err)
		}
		if signature("") != signature("tenant") || signature("next") != signature(kid) || signature("next") == signature("tenant") {
			t.Error("the names do not mean their keys")
		}
		foreign := signature("other-issuer")
		if again := signature("other-issuer"); foreign != again || foreign == signature("tenant") {
			t.Error("other-issuer is not one key of its own")
		}
		keys, err := a.Keys(ctx, tenantA)
		if err != nil || len(keys) != 2 || keys[0].Name != "tenant" || keys[1].Name != "next" || keys[1].KeyID != kid {
			t.Errorf("keys %+v %v", keys, err)
		}
		both, err := a.SignAll(ctx, []mint.SignRequest{{Input: input}, {Input: input, PKCS1: &mint.PKCS1{Slack: 8}}})
		if err != nil || string(both[0]) != signature("") || string(both[1]) == string(both[0]) {
			t.Errorf("all: %v", err)
		}
		if _, err := a.Sign(ctx, mint.SignRequest{Key: "nobody"}); !errors.Is(err, ErrUnknownKey) {
			t.Errorf("unknown key: %v", err)
		}
		if _, err := a.KeyID(ctx, tenantA, "nobody"); !errors.Is(err, ErrUnknownKey) {
			t.Errorf("unknown key: %v", err)
		}
		if _, err := a.Sign(ctx, mint.SignRequest{Alg: "HS256"}); !errors.Is(err, ErrRequest) {
			t.Errorf("HMAC without a secret: %v", err)
		}
		if _, err := a.SignAll(ctx, nil); !errors.Is(err, ErrRequest) {
			t.Errorf("nothing to sign: %v", err)
		}
	})
}

// TestAuthorityRotate publishes, signs and retires under a lease, which undoes
// all of it.
func TestAuthorityRotate(t *testing.T) {
	authorities(t, func(t *testing.T, a Authority, i *Issuer, c *clock) {
		t.Helper()
		ctx := t.Context()
		set := func() string { return fetch(t, i.JWKSURL(tenantA, mint.V1)).text }
		before, names := set(), func(keys []mint.PublicKey) string {
			var all []string
			for _, k := range keys {
				all = append(all, k.KeyID)
			}
			return strings.Join(all, " ")
		}
		old, err := a.Keys(ctx, tenantA)
		if err != nil {
			t.Fatal(err)
		}
		lease, err := a.Lease(ctx, time.Minute)
		if err != nil || !lease.Expires.Equal(c.Now().Add(time.Minute)) {
			t.Fatal(lease, err)
		}
		keys, err := a.Rotate(ctx, RotateRequest{Lease: lease.ID, Publish: true})
		if err != nil || len(keys) != 3 || keys[0].KeyID != old[0].KeyID || keys[1].Name != "next" || strings.Contains(before, keys[1].KeyID) {
			t.Fatalf("publish: %s %v", names(keys), err)
		}
		fresh := keys[1].KeyID
		if !strings.Contains(set(), fresh) {
			t.Error("published, but not in the key set")
		}
		keys, err = a.Rotate(ctx, RotateRequest{Lease: lease.ID, Sign: true})
		if err != nil || keys[0].KeyID != fresh {
			t.Fatalf("sign: %s %v", names(keys), err)
		}
		token, err := a.Genuine(ctx, []mint.Grant{testGrant()})
		if err != nil {
			t.Fatal(err)
		}
		if header, _, _ := mint.Decode(token[0]); header.GetText("kid") != fresh || verify(t, i, token[0]) != nil {
			t.Errorf("signed by %s", header.GetText("kid"))
		}
		keys, err = a.Rotate(ctx, RotateRequest{Lease: lease.ID, Retire: true})
		if err != nil || len(keys) != 2 || keys[0].KeyID != fresh {
			t.Fatalf("retire: %s %v", names(keys), err)
		}
		if _, err := a.Sign(ctx, mint.SignRequest{Key: old[0].KeyID, Input: []byte("x")}); err != nil || strings.Contains(set(), old[0].KeyID) {
			t.Errorf("a retired key signs, unpublished: %v", err)
		}
		if err := a.Release(ctx, lease.ID); err != nil {
			t.Fatal(err)
		}
		if set() != before {
			t.Error("the key set is not as before")
		}
		again, err := a.Keys(ctx, tenantA)
		if err != nil || names(again) != names(old) {
			t.Errorf("keys %s, before %s, %v", names(again), names(old), err)
		}
	})
}

// TestAuthorityLease says who may change the key set and for how long.
func TestAuthorityLease(t *testing.T) {
	authorities(t, func(t *testing.T, a Authority, i *Issuer, c *clock) {
		t.Helper()
		ctx := t.Context()
		before := fetch(t, i.JWKSURL(tenantA, mint.V1)).text
		lease, err := a.Lease(ctx, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		state := mint.KeySet{Keys: []mint.KeySpec{{Name: "oct", Type: "oct"}}}
		for name, attempt := range map[string]func() error{
			"a second lease":          func() error { _, err := a.Lease(ctx, time.Minute); return err },
			"a rotation without it":   func() error { _, err := a.Rotate(ctx, RotateRequest{Sign: true}); return err },
			"publishing without it":   func() error { _, err := a.Rotate(ctx, RotateRequest{Publish: true}); return err },
			"a retirement without it": func() error { _, err := a.Rotate(ctx, RotateRequest{Retire: true}); return err },
		} {
			if err := attempt(); !errors.Is(err, ErrLeaseHeld) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := a.KeySet(ctx, lease.ID, state); err != nil {
			t.Fatal(err)
		}
		c.advance(59 * time.Second)
		if fetch(t, i.JWKSURL(tenantA, mint.V1)).text == before {
			t.Error("the state ended before its time")
		}
		c.advance(time.Second)
		if fetch(t, i.JWKSURL(tenantA, mint.V1)).text != before {
			t.Error("the state did not end by itself")
		}
		for name, attempt := range map[string]func() error{
			"a state after the end":    func() error { return a.KeySet(ctx, lease.ID, state) },
			"a state without a lease":  func() error { return a.KeySet(ctx, "", state) },
			"a rotation after the end": func() error { _, err := a.Rotate(ctx, RotateRequest{Lease: lease.ID, Sign: true}); return err },
			"a release after the end":  func() error { return a.Release(ctx, lease.ID) },
		} {
			if err := attempt(); !errors.Is(err, ErrNoLease) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, ttl := range []time.Duration{0, -time.Second, MaxLease + time.Second} {
			if _, err := a.Lease(ctx, ttl); !errors.Is(err, ErrRequest) {
				t.Errorf("a lease of %s: %v", ttl, err)
			}
		}
		if _, err := a.Lease(ctx, MaxLease); err != nil {
			t.Errorf("after the end: %v", err)
		}
	})
}

// TestAuthorityOutage: the key set fails under a lease and no longer, is still
// counted, and nothing else fails.
func TestAuthorityOutage(t *testing.T) {
	authorities(t, func(t *testing.T, a Authority, i *Issuer, c *clock) {
		t.Helper()
		ctx := t.Context()
		status := func() int { return fetch(t, i.JWKSURL(tenantA, mint.V2)).status }
		outage := []Misbehaviour{{Name: "status", Path: KeySetPaths}}
		lease, err := a.Lease(ctx, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range []struct {
			reason string
			faults []Misbehaviour
			want   int
		}{
			{"out of order", outage, http.StatusServiceUnavailable},
			{"mended", nil, http.StatusOK},
			{"out of order again", outage, http.StatusServiceUnavailable},
		} {
			if err := a.Misbehave(ctx, lease.ID, row.faults); err != nil {
				t.Fatalf("%s: %v", row.reason, err)
			}
			if got := status(); got != row.want {
				t.Errorf("%s: expected %d, got %d", row.reason, row.want, got)
			}
		}
		if err := a.KeySet(ctx, lease.ID, mint.KeySet{Hide: []string{mint.KeyNext}}); err != nil || status() != http.StatusServiceUnavailable {
			t.Errorf("another state: expected the outage to last, got %v", err)
		}
		before := hitsOf(ctx, t, a)
		if _, err := a.Genuine(ctx, []mint.Grant{testGrant()}); err != nil {
			t.Errorf("minting: %v", err)
		}
		if status(); hitsOf(ctx, t, a) != before+1 {
			t.Error("expected a fetch that fails to be counted")
		}
		c.advance(time.Minute)
		if got := status(); got != http.StatusOK {
			t.Errorf("after the lease: expected 200, got %d", got)
		}
		if err := a.Misbehave(ctx, lease.ID, outage); !errors.Is(err, ErrNoLease) {
			t.Errorf("after the lease: expected %v, got %v", ErrNoLease, err)
		}
	})
}

// hitsOf is how often the v2 key set was asked for.
func hitsOf(ctx context.Context, t *testing.T, a Authority) int {
	t.Helper()
	all, err := a.Counters(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return all["/{tenant}/discovery/v2.0/keys 127.0.0.1"]
}

// TestAuthorityKeySet is one row a state of the key set: what is published,
// and that the named key signs what a row asks for.
func TestAuthorityKeySet(t *testing.T) {
	authorities(t, func(t *testing.T, a Authority, i *Issuer, _ *clock) {
		t.Helper()
		ctx := t.Context()
		lease, err := a.Lease(ctx, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		tenantKey, _ := a.KeyID(ctx, tenantA, "")
		nextKey, _ := a.KeyID(ctx, tenantA, mint.KeyNext)
		for _, row := range []struct {
			name  string
			state mint.KeySet
			keys  int
			holds string
			key   string
			alg   string
		}{
			{"enc", mint.KeySet{Keys: []mint.KeySpec{{Name: "enc", Use: "enc", Bits: 1024}}}, 3, `"use":"enc"`, "enc", ""},
			{"oct", mint.KeySet{Keys: []mint.KeySpec{{Name: "oct", Type: "oct"}}}, 3, `"kty":"oct"`, "oct", "HS256"},
			{"two at once", mint.KeySet{Keys: []mint.KeySpec{{Name: "ec", Type: "EC"}, {Name: "ed", Type: "OKP", Alg: "EdDSA"}}}, 4, `"alg":"EdDSA"`, "ed", "EdDSA"},
			{"duplicate kid", mint.KeySet{Keys: []mint.KeySpec{{Name: "twin", KeyID: tenantKey, Type: "EC"}}}, 3, tenantKey, "twin", "ES256"},
			{"of another issuer", mint.KeySet{Keys: []mint.KeySpec{{Name: "msa", Issuer: "https://x/", Type: "EC"}}}, 3, `"issuer":"https://x/"`, "msa", ""},
			{"incomplete", mint.KeySet{Keys: []mint.KeySpec{{Name: "n", Omit: []string{"n", "e"}, Bits: 1024}}}, 3, `"kty":"RSA","use":"sig","kid":`, "n", ""},
			{"alone", mint.KeySet{Hide: []string{mint.KeyNext}}, 1, tenantKey, "next", ""},
			{"hidden by kid", mint.KeySet{Hide: []string{nextKey}}, 1, tenantKey, "tenant", ""},
			{"ordinary", mint.KeySet{}, 2, nextKey, "tenant", ""},
		} {
			if err := a.KeySet(ctx, lease.ID, row.state); err != nil {
				t.Errorf("%s: %v", row.name, err)
				continue
			}
			set := fetch(t, i.JWKSURL(tenantA, mint.V2))
			if err := a.KeySet(ctx, lease.ID, mint.KeySet{}); err != nil {
				t.Errorf("%s: back to the ordinary state: %v", row.name, err)
			}
			if err := a.KeySet(ctx, lease.ID, row.state); err != nil || fetch(t, i.JWKSURL(tenantA, mint.V2)).text != set.text {
				t.Errorf("%s: expected the same keys when the state is asked for again: %v", row.name, err)
			}
			if keys, _ := set.json["keys"].([]any); len(keys) != row.keys || !strings.Contains(set.text, row.holds) {
				t.Errorf("%s: %s", row.name, set.text)
			}
			if sig, err := a.Sign(ctx, mint.SignRequest{Key: row.key, Alg: row.alg, Input: []byte("x")}); err != nil || len(sig) == 0 {
				t.Errorf("%s: sign: %v", row.name, err)
			}
		}
		if err := a.KeySet(ctx, lease.ID, mint.KeySet{Keys: []mint.KeySpec{{Name: "x", Type: "DH"}}}); !errors.Is(err, ErrRequest) {
			t.Errorf("a key of no known type: %v", err)
		}
		for name, row := range map[string]struct {
			lease string
			state mint.KeySet
			want  error
		}{
			"a short key":       {lease.ID, mint.KeySet{Keys: []mint.KeySpec{{Name: "x", Bits: 512}}}, ErrRequest},
			"a key for nobody":  {"none", mint.KeySet{Keys: []mint.KeySpec{{Name: "x", Bits: 512}}}, ErrNoLease},
			"a key without end": {lease.ID, mint.KeySet{Keys: []mint.KeySpec{{Name: "x", Bits: 1 << 20}}}, ErrRequest},
			"too many keys":     {lease.ID, mint.KeySet{Keys: slices.Repeat([]mint.KeySpec{{Name: "x", Type: "EC"}}, MaxKeys+1)}, ErrRequest},
		} {
			if err := a.KeySet(ctx, row.lease, row.state); !errors.Is(err, row.want) {
				t.Errorf("%s: expected %v, got %v", name, row.want, err)
			}
		}
		if _, err := a.Sign(ctx, mint.SignRequest{Key: "enc", Input: []byte("x")}); !errors.Is(err, ErrUnknownKey) {
			t.Errorf("a key of an earlier state: %v", err)
		}
	})
}

// TestAuthorityCounters counts by pattern and address, call-outs by case.
func TestAuthorityCounters(t *testing.T) {
	authorities(t, func(t *testing.T, a Authority, i *Issuer, c *clock) {
		t.Helper()
		for range 3 {
			fetch(t, i.JWKSURL(tenantA, mint.V1))
		}
		fetch(t, i.JWKSURL(tenantB, mint.V1))
		fetch(t, i.URL()+"/callout/jku-attacker")
		fetch(t, i.URL()+"/callout/jku-attacker/a/b?c=d")
		post(t, i.URL()+"/callout/other", nil, nil)
		fetch(t, i.URL()+"/nowhere")
		got, err := a.Counters(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]int{"/{tenant}/discovery/keys 127.0.0.1": 4, "/callout/jku-attacker 127.0.0.1": 2, "/callout/other 127.0.0.1": 1, "unknown path 127.0.0.1": 1}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if now, err := a.Now(t.Context()); err != nil || !now.Equal(c.Now()) {
			t.Errorf("clock %s %v", now, err)
		}
	})
}

// TestCountersAreBounded says that no client can make the issuer grow.
func TestCountersAreBounded(t *testing.T) {
	c := newCounters()
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	for n := range maxCounters + 100 {
		r.RemoteAddr = fmt.Sprintf("10.0.%d.%d:1", n/256, n%256)
		c.hit("x", r)
	}
	r.RemoteAddr = "10.0.0.0:1"
	c.hit("x", r)
	if len(c.hits) != maxCounters+1 || c.hits[hit{what: otherHits}] != 100 || c.hits[hit{"x", "10.0.0.0"}] != 2 {
		t.Errorf("%d counters, %d others", len(c.hits), c.hits[hit{what: otherHits}])
	}
}

// TestKeysOfAPIsAreKept asks for a key more than are kept: the one goes that was
// asked for longest ago, and no key that is not an API's.
func TestKeysOfAPIsAreKept(t *testing.T) {
	made := 0
	c := keyCabinet{byID: map[string]func() (*mint.Key, error){}, make: func() (*mint.Key, error) {
		made++
		return &mint.Key{}, nil
	}}
	ask := func(name string) *mint.Key {
		k, err := c.named(name)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	other, first, second := ask(mint.KeyOtherIssuer), ask(mint.KeyApp+"0"), ask(mint.KeyApp+"1")
	for n := range mostAPIKeys - 1 {
		ask(mint.KeyApp + "0")
		ask(fmt.Sprint(mint.KeyApp, n+2))
	}
	if ask(mint.KeyOtherIssuer) != other || ask(mint.KeyApp+"0") != first || made != mostAPIKeys+2 {
		t.Errorf("expected the keys that are asked for to be kept, %d made, got %d made", mostAPIKeys+2, made)
	}
	if ask(mint.KeyApp+"1") == second || len(c.byID) != mostAPIKeys+1 {
		t.Errorf("expected the key of 1 made anew and %d kept, got %d", mostAPIKeys+1, len(c.byID))
	}
}

// TestManagementToken is one row an attempt without the right token; nothing
// answers before it.
func TestManagementToken(t *testing.T) {
	i := Start(t, testConfig(t))
	for _, row := range []struct {
		name, path, authorization string
		want                      int
	}{
		{"none", "/health", "", 401},
		{"wrong", "/health", "Bearer wrong", 401},
		{"prefix", "/health", "Bearer " + manager[:5], 401},
		{"longer", "/health", "Bearer " + manager + "x", 401},
		{"other scheme", "/health", "Basic " + manager, 401},
		{"token alone", "/health", manager, 401},
		{"empty", "/health", "Bearer ", 401},
		{"unknown path without", "/nowhere", "", 401},
		{"right", "/health", "Bearer " + manager, 200},
		{"right, in lower case", "/health", "bearer " + manager, 200},
		{"unknown path with", "/nowhere", "Bearer " + manager, 404},
	} {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, i.ManagementURL()+row.path, nil)
		if row.authorization != "" {
			r.Header.Set("Authorization", row.authorization)
		}
		a := do(t, client(t), r)
		if a.status != row.want || (row.want == 401) != (a.header.Get("WWW-Authenticate") == "Bearer") || strings.Contains(a.text, manager) {
			t.Errorf("%s: %d %s", row.name, a.status, a.text)
		}
	}
	for _, op := range operations() {
		r, _ := http.NewRequestWithContext(t.Context(), op.method, i.ManagementURL()+strings.NewReplacer("{id}", "x", "{name}", "x").Replace(op.path), strings.NewReader("{}"))
		if a := do(t, client(t), r); a.status != 401 {
			t.Errorf("%s without a token: %d", op.id, a.status)
		}
	}
	wrong := NewClient(i.ManagementURL(), "wrong", client(t))
	var refused *ManagementError
	if err := wrong.Health(t.Context()); !errors.As(err, &refused) || refused.Status != 401 || strings.Contains(err.Error(), manager) {
		t.Errorf("client with a wrong token: %v", err)
	}
	if err := NewClient(i.ManagementURL(), manager, client(t)).Health(t.Context()); err != nil {
		t.Errorf("client: %v", err)
	}
	if fetch(t, i.URL()+"/entraproof/health").status != 200 || fetch(t, i.URL()+"/mint").status != 404 {
		t.Error("the public listener answers health and nothing of the management")
	}
}

// TestManagementBody is one row a body that is refused.
func TestManagementBody(t *testing.T) {
	i := Start(t, testConfig(t))
	for _, row := range []struct{ name, body, want string }{
		{"unknown member", `{"recipe": []}`, `unknown key \"recipe\" (did you mean \"recipes\"?)`},
		{"unknown member inside", `{"recipes": [{"grant": {"tennant": "x"}}]}`, `unknown key \"tennant\" (did you mean \"tenant\"?)`},
		{"no JSON", `{`, `read the body`},
		{"two values", `{"recipes": []} {}`, `read the body: invalid character after top-level value`},
		{"nothing", ``, `read the body`},
	} {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, i.ManagementURL()+"/mint", strings.NewReader(row.body))
		r.Header.Set("Authorization", "Bearer "+manager)
		if a := do(t, client(t), r); a.status != 400 || a.json["code"] != "wrong-request" || !strings.Contains(a.text, row.want) {
			t.Errorf("%s: %d %s", row.name, a.status, a.text)
		}
	}
}

// TestBeyondLoopback refuses to listen for strangers without a chosen token.
func TestBeyondLoopback(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"public":     func(c *Config) { c.Addr = "0.0.0.0:0" },
		"TLS":        func(c *Config) { c.TLSAddr = ":0" },
		"management": func(c *Config) { c.ManagementAddr = "0.0.0.0:0" },
	} {
		for _, token := range []string{"", manager} {
			cfg := testConfig(t)
			cfg.ManagementToken = token
			change(&cfg)
			i, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			err = i.Start(t.Context())
			i.Close()
			if (err == nil) != (token != "") {
				t.Errorf("%s with token %q: %v", name, token, err)
			}
			if err != nil && !strings.Contains(err.Error(), "expected a management token before listening beyond loopback") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	i := Start(t, Config{KeyDir: testConfig(t).KeyDir, TLSAddr: Off})
	if len(i.ManagementToken()) < 20 || i.TLSURL() != "" || NewClient(i.ManagementURL(), i.ManagementToken(), client(t)).Health(t.Context()) != nil {
		t.Error("a random token on loopback does not work")
	}
}

// TestManagementTLS serves the management listener over TLS.
func TestManagementTLS(t *testing.T) {
	cfg := testConfig(t)
	cfg.ManagementTLS = true
	i := Start(t, cfg)
	c := client(t)
	if err := NewClient(i.ManagementURL(), manager, c).Health(t.Context()); err == nil || !strings.HasPrefix(i.ManagementURL(), "https://") {
		t.Errorf("untrusted certificate: %v", err)
	}
	trust(c, i)
	if err := NewClient(i.ManagementURL(), manager, c).Health(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestClose ends what runs, twice without harm, and with the context.
func TestClose(t *testing.T) {
	i, err := New(testConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if err := i.Start(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	i.Close()
	i.Close()
	if c, err := net.Dial("tcp", strings.TrimPrefix(i.URL(), "http://")); err == nil {
		_ = c.Close()
		t.Error("still listens")
	}
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	cfg := testConfig(t)
	cfg.TLSAddr = busy.Addr().String()
	i, err = New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := i.Start(context.Background()); err == nil || !strings.HasPrefix(err.Error(), "mockidp: listen: ") {
		t.Errorf("a port that is taken: %v", err)
	}
}

// TestKeyFolder keeps keys over a restart, for their owner only.
func TestKeyFolder(t *testing.T) {
	dir := t.TempDir() + "/keys"
	first, err := New(Config{KeyDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder %v %v", info.Mode(), err)
	}
	files := 0
	for _, file := range []string{signingFile, publishedFile, authorityFile} {
		if info, err := os.Stat(dir + "/" + file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", file, info, err)
		}
		files++
	}
	if entries, _ := os.ReadDir(dir); len(entries) != files {
		t.Errorf("%d files, want %d", len(entries), files)
	}
	second, err := New(Config{KeyDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if string(first.ring.v2) != string(second.ring.v2) || first.AuthorityPEM() != second.AuthorityPEM() {
		t.Error("a restart changed the keys")
	}
	if _, err := second.Rotate(t.Context(), RotateRequest{Publish: true, Sign: true, Retire: true}); err != nil {
		t.Fatal(err)
	}
	third, err := New(Config{KeyDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	want, _ := second.KeyID(t.Context(), "", "")
	if got, _ := third.KeyID(t.Context(), "", ""); got != want {
		t.Errorf("after a rotation for good: signs with %s, want %s", got, want)
	}
	for name, spoil := range map[string]func(path string) error{
		"expected mode 0600, got 0644": func(path string) error { return os.Chmod(path, 0o644) },
		"expected an RSA private key":  func(path string) error { return os.WriteFile(path, nil, 0o600) },
	} {
		dir := testConfig(t).KeyDir
		if err := spoil(dir + "/" + signingFile); err != nil {
			t.Fatal(err)
		}
		if _, err := New(Config{KeyDir: dir}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %s", err, name)
		}
	}
}

// TestConfigProblems reports everything that is wrong at once.
func TestConfigProblems(t *testing.T) {
	_, err := New(Config{
		PublicURL: "issuer.example",
		Directory: Directory{
			Tenants: map[string]Tenant{"contoso": {}},
			APIs:    map[string]API{"a": {AppID: "x"}, "b": {AppID: apiV1, Version: "v3", URIs: []string{"api://a"}}, "c": {AppID: apiV2, URIs: []string{"api://a"}}},
			Clients: map[string]ClientRegistration{"d": {ID: "y"}, "e": {ID: worker}, "f": {ID: worker}},
		},
	})
	for _, want := range []string{
		`tenants.contoso: expected a GUID, got "contoso"`, `apis.a.app-id: expected a GUID, got "x"`, `apis.b.version: expected v1 or v2, got "v3"`,
		`apis.c.uris.0: "api://a" is that of apis.b.uris.0 already`, `clients.d.id: expected a GUID, got "y"`,
		`clients.f.id: "` + worker + `" is that of clients.e.id already`, `public URL: expected http:// or https://`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("expected %s in %v", want, err)
		}
	}
}

// TestSameBytes says that keys, seed and clock decide every byte, whatever the
// order in which the signing ends.
func TestSameBytes(t *testing.T) {
	cfg := testConfig(t)
	var runs []string
	for range 2 {
		cfg.Rand = rand.NewChaCha8([32]byte{1})
		i, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		grants := make([]mint.Grant, 50)
		for n := range grants {
			grants[n] = testGrant()
			if n%2 == 0 {
				grants[n].Kind.Subject, grants[n].Scopes = mint.SubjectUser, []string{"a"}
			}
		}
		tokens, err := i.Genuine(t.Context(), grants)
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, strings.Join(tokens, " "))
	}
	if runs[0] != runs[1] {
		t.Error("two runs differ")
	}
}

// TestBrokenRandomness is an error, not a token.
func TestBrokenRandomness(t *testing.T) {
	cfg := testConfig(t)
	cfg.Rand = strings.NewReader("short")
	i := Start(t, cfg)
	if _, err := i.Token(t.Context(), testGrant()); err == nil || !strings.Contains(err.Error(), "draw random bytes") {
		t.Errorf("got %v", err)
	}
	a := post(t, i.URL()+"/"+tenantA+"/oauth2/v2.0/token", form("grant_type", "client_credentials", "client_id", worker, "client_secret", secret, "scope", apiV2+"/.default"), nil)
	if a.status != 503 || a.json["error"] != "server_error" {
		t.Errorf("at the token endpoint: %d %s", a.status, a.text)
	}
}
