package gateway

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// TestFollows: what a header member names is fetched from the issuer, with TLS
// and without, and from nobody else: a name in the address is not a host.
func TestFollows(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var hits atomic.Int32
	listen := func() string {
		s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
		t.Cleanup(s.Close)
		return s.URL
	}
	plain, stranger := listen(), listen()
	for _, row := range []struct {
		name, softening, member, address string
		visits                           int32
	}{
		{"the plain listener", "jku-followed", "jku", plain + "/callout/x", 1},
		{"by x5u", "x5u-followed", "x5u", plain + "/callout/x", 1},
		{"by kid", "kid-followed", "kid", plain + "/callout/x", 1},
		{"behind a user name", "jku-by-part", "jku", strings.Replace(plain, "://", "://login.microsoftonline.com@", 1), 1},
		{"without Entra's name", "jku-by-part", "jku", plain, 0},
		{"another host", "jku-followed", "jku", stranger, 0},
		{"no host", "jku-followed", "jku", "http:///callout/x", 0},
		{"another member", "x5u-followed", "jku", plain, 0},
	} {
		o := b.options("strict")
		o.Environment.PlainJWKSURL, o.Softens = plain+"/keys", []string{row.softening}
		hits.Store(0)
		if got := fire(t, b.gateway(o), bearerOf(b.headed(header(map[string]any{row.member: row.address})))); got.forwarded {
			t.Errorf("%s: expected a refusal", row.name)
		}
		if n := hits.Load(); n != row.visits {
			t.Errorf("%s: expected %d visits, got %d", row.name, row.visits, n)
		}
	}
	own := b.issuer.URL
	o := b.options("strict")
	o.Softens = []string{"jku-followed"}
	h := b.gateway(o)
	fire(t, h, bearerOf(b.genuine(v2App)))
	before := b.fetches.Load()
	fire(t, h, bearerOf(b.headed(header(map[string]any{"jku": own + "/elsewhere"}))))
	if n := b.fetches.Load() - before; n != 1 {
		t.Errorf("the address of the keys: expected a visit, got %d", n)
	}
}
