package mint

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
)

const testTenant = "11111111-2222-4333-8444-555555555555"

// testNow is the clock of all tests here.
var testNow = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// testRing is an issuer's keys by name; it signs as a Signer.
type testRing map[string]*Key

// ring makes the keys once: an RSA key costs a tenth of a second.
var ring = sync.OnceValue(func() testRing {
	r := testRing{}
	var wg sync.WaitGroup
	var mu sync.Mutex
	for _, name := range []string{KeyTenant, KeyNext, KeyOtherIssuer, KeyOwn, "enc"} {
		wg.Go(func() {
			k, err := NewKey(nil, testNow)
			if err != nil {
				panic(err)
			}
			mu.Lock()
			defer mu.Unlock()
			r[name] = k
		})
	}
	wg.Wait()
	oct, _, err := KeySpec{Name: "oct", Type: "oct"}.Make(nil, testNow)
	if err != nil {
		panic(err)
	}
	r["oct"] = oct
	return r
})

func (r testRing) find(name string) (*Key, error) {
	if k, ok := r[name]; ok {
		return k, nil
	}
	if name == "" {
		return r[KeyTenant], nil
	}
	for _, k := range r {
		if k.KeyID() == name {
			return k, nil
		}
	}
	return nil, fmt.Errorf("no key %q", name)
}

func (r testRing) Sign(_ context.Context, q SignRequest) ([]byte, error) {
	k, err := r.find(q.Key)
	if err != nil {
		return nil, err
	}
	return k.Sign(q.Alg, q.Input, q.PKCS1)
}

func (r testRing) KeyID(_ context.Context, _, name string) (string, error) {
	k, err := r.find(name)
	if err != nil {
		return "", err
	}
	return k.KeyID(), nil
}

// testGrant is a v2 token of an application for the home API.
func testGrant() Grant {
	return Grant{
		Tenant: testTenant, Kind: Kind{V2, SubjectApp}, Audience: "6e74172b-0000-4000-8000-0000000000d1",
		Client: Client{ID: "0d2c1111-0000-4000-8000-0000000000c1"}, Roles: []string{"DEV.Access"},
	}
}

func testStamp(kid string) Stamp {
	return Stamp{
		Now: testNow, Issuers: EntraIssuers(testTenant), KeyID: kid,
		RequestID: "00112233-4455-4677-8899-aabbccddeeff", Seed: [32]byte{7},
	}
}

// issue signs a grant with the tenant's key.
func issue(t testing.TB, g Grant) string {
	t.Helper()
	k := ring()[KeyTenant]
	d := g.Draft(testStamp(k.KeyID()))
	input := d.SigningInput()
	sig, err := k.Sign(d.Alg, input, nil)
	if err != nil {
		t.Fatal(err)
	}
	return d.Compact(input, sig)
}

func testBench(scope value.Scope) Bench {
	return Bench{Scope: scope, Signer: ring(), Tenant: testTenant, Own: ring()[KeyOwn], Rand: rand.NewChaCha8([32]byte{9})}
}

// steps reads a token list or fails the test.
func steps(t testing.TB, text string) Steps {
	t.Helper()
	n, err := document.Parse("row.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s := DecodeSteps(n)
	if err := n.Err(); err != nil {
		t.Fatal(err)
	}
	return s
}

// tidy replaces what differs from run to run by its name.
func tidy(text string) string {
	for _, name := range []string{KeyTenant, KeyNext, KeyOtherIssuer, KeyOwn, "enc", "oct"} {
		k := ring()[name]
		text = strings.ReplaceAll(text, string(k.JWK().JSON()), "<"+name+".jwk>")
		text = strings.ReplaceAll(text, k.KeyID(), "<"+name+".kid>")
	}
	return text
}
