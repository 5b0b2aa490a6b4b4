package gateway

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// ownSigned has an unknown kid each time: a flood.
func (b *bench) ownSigned(i int) string {
	head := mustJSON(b.t, header(map[string]any{"kid": fmt.Sprint("unknown-", i)}))
	return sealed(b.t, head, mustJSON(b.t, b.claims(v2App, grant{})), "RS256", keysOfTest()[own])
}

// laterSigned is by the key that is published last.
func (b *bench) laterSigned() string {
	head := mustJSON(b.t, header(map[string]any{"kid": kidOf(later)}))
	return sealed(b.t, head, mustJSON(b.t, b.claims(v2App, grant{})), "RS256", keysOfTest()[later])
}

// strictWith is strict as a mutant has it.
func (b *bench) strictWith(lacks, softens []string) http.Handler {
	o := b.options("strict")
	o.Lacks, o.Softens = lacks, softens
	return b.gateway(o)
}

// flows are the rows in which the world changes. Each returns what was wrong.
func flows() map[string]func(*bench, http.Handler) string {
	return map[string]func(*bench, http.Handler) string{
		"jwks-unknown-kid-flood": func(b *bench, h http.Handler) string {
			before := b.fetches.Load()
			if forwarded := b.flood(h); forwarded > 0 {
				return fmt.Sprintf("%d of the flood were let through", forwarded)
			}
			if n := b.fetches.Load() - before; n > 5 {
				return fmt.Sprintf("%d fetches for 100 unknown key ids", n)
			}
			return ""
		},
		"jwks-new-key-after-flood": func(b *bench, h http.Handler) string {
			b.flood(h)
			b.publish(signing, sibling, later)
			b.now = b.now.Add(60 * time.Millisecond)
			return b.expectAccepted(h, b.laterSigned())
		},
		"jwks-new-key-just-published": func(b *bench, h http.Handler) string {
			if wrong := b.expectAccepted(h, b.genuine(v2App)); wrong != "" {
				return wrong
			}
			b.publish(signing, sibling, later)
			return b.expectAccepted(h, b.laterSigned())
		},
		"jwks-key-retired": func(b *bench, h http.Handler) string {
			old := b.genuine(v2App)
			if wrong := b.expectAccepted(h, old); wrong != "" {
				return wrong
			}
			b.publish(sibling)
			fire(b.t, h, bearerOf(b.ownSigned(0))) // fetches the set anew
			return b.expectRefused(h, old)
		},
		"jwks-emergency-roll": func(b *bench, h http.Handler) string {
			old := b.genuine(v2App)
			if wrong := b.expectAccepted(h, old); wrong != "" {
				return wrong
			}
			b.publish(later)
			if wrong := b.expectAccepted(h, b.laterSigned()); wrong != "" {
				return wrong
			}
			return b.expectRefused(h, old)
		},
		"jwks-down-warm": func(b *bench, h http.Handler) string {
			good := b.genuine(v2App)
			if wrong := b.expectAccepted(h, good); wrong != "" {
				return wrong
			}
			b.outage()
			fire(b.t, h, bearerOf(b.ownSigned(0))) // fetches in vain
			return b.expectAccepted(h, good)
		},
		"jwks-down-forged": func(b *bench, h http.Handler) string {
			if wrong := b.expectAccepted(h, b.genuine(v2App)); wrong != "" {
				return wrong
			}
			b.outage()
			fire(b.t, h, bearerOf(b.ownSigned(0)))
			return b.expectRefused(h, b.ownSigned(1))
		},
		"kid-missing-single-key": func(b *bench, h http.Handler) string {
			b.publish(signing)
			return b.expectRefused(h, b.headed(header(nil, "kid")))
		},
		"key-use-is-enc":         publishedAs(map[string]any{"use": "enc"}),
		"key-ops-without-verify": publishedAs(map[string]any{"key_ops": []string{"wrapKey"}}),
		"alg-jwk-alg-disagrees":  publishedAs(map[string]any{"alg": "RS512"}),
		"key-rsa-1024":           weaklySigned,
		"kid-url":                namesURL("kid", "", ""),
		"jku-attacker":           namesURL("jku", "", ""),
		"jku-open-redirect":      namesURL("jku", "", "/redirected"),
		"jku-lookalike-host":     namesURL("jku", "login.microsoftonline.com@", ""),
		"x5u-attacker":           namesURL("x5u", "", ""),
		"state-tampered-after-good": func(b *bench, h http.Handler) string {
			good := b.genuine(v2App)
			if wrong := b.expectAccepted(h, good); wrong != "" {
				return wrong
			}
			if fire(b.t, h, bearerOf(good[:len(good)-8]+"AAAAAAAA")).forwarded {
				return "the tampered token was let through"
			}
			return ""
		},
		"state-anonymous-on-warm-connection": func(b *bench, h http.Handler) string {
			if wrong := b.expectAccepted(h, b.genuine(v2App)); wrong != "" {
				return wrong
			}
			if fire(b.t, h, ask()).forwarded {
				return "the anonymous request was let through"
			}
			return ""
		},
		"rsp-token-not-echoed": func(b *bench, h http.Handler) string {
			bad := b.ownSigned(1)
			got := fire(b.t, h, bearerOf(bad))
			if strings.Contains(got.body+fmt.Sprint(got.header), strings.Split(bad, ".")[2]) {
				return "the signature is in the answer"
			}
			return ""
		},
		"rsp-never-5xx": func(b *bench, h http.Handler) string {
			if got := fire(b.t, h, bearerOf("abc")); got.status >= 500 {
				return fmt.Sprint("status ", got.status)
			}
			return ""
		},
		"client-header-other-registered": func(b *bench, h http.Handler) string {
			r := bearerOf(b.genuine(v2App))
			r.Header.Set("client_id", second)
			if got := fire(b.t, h, r); !slices.Equal(got.echo.Values("X-AGW-client_id"), []string{worker}) {
				return fmt.Sprintf("forwarded %t with %v", got.forwarded, got.echo.Values("X-AGW-client_id"))
			}
			return ""
		},
		"identity-headers-injected": func(b *bench, h http.Handler) string {
			r := bearerOf(b.genuine(v2App))
			r.Header.Set("X-User-Id", "victim")
			if got := fire(b.t, h, r); !got.forwarded || len(got.echo.Values("X-User-Id")) > 0 {
				return fmt.Sprintf("forwarded %t with %v", got.forwarded, got.echo.Values("X-User-Id"))
			}
			return ""
		},
		"user-email-of-victim": toldBySub,
	}
}

// publishedAs is the key that signs, published with other members.
func publishedAs(members map[string]any) func(*bench, http.Handler) string {
	return func(b *bench, h http.Handler) string {
		b.serveKeys(jwkOf(b.t, signing, members))
		return b.expectRefused(h, b.genuine(v2App))
	}
}

// weaklySigned is by a published key that is too short.
func weaklySigned(b *bench, h http.Handler) string {
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		b.t.Fatal(err)
	}
	b.serveKeys(mustJSON(b.t, jose.JSONWebKey{Key: key.Public(), KeyID: kidOf(signing)}))
	head, payload := mustJSON(b.t, header(nil)), mustJSON(b.t, b.claims(v2App, grant{}))
	return b.expectRefused(h, sealed(b.t, head, payload, "RS256", key))
}

// namesURL is a token that names an address at the issuer's listener, which
// nobody may ask: the key set is fetched once, and once more for an unknown kid.
func namesURL(member, user, path string) func(*bench, http.Handler) string {
	return func(b *bench, h http.Handler) string {
		address := strings.Replace(b.issuer.URL, "://", "://"+user, 1) + path + "/callout"
		head := mustJSON(b.t, header(map[string]any{member: address}))
		forged := sealed(b.t, head, mustJSON(b.t, b.claims(v2App, grant{})), "RS256", keysOfTest()[own])
		if wrong := b.expectRefused(h, forged); wrong != "" {
			return wrong
		}
		most := int64(1)
		if member == "kid" {
			most++
		}
		if n := b.fetches.Load(); n > most {
			return fmt.Sprintf("%d requests to the issuer, expected %d", n, most)
		}
		return ""
	}
}

// flood is 100 unknown key ids, a millisecond apart.
func (b *bench) flood(h http.Handler) (forwarded int) {
	for i := range 100 {
		b.now = b.now.Add(time.Millisecond)
		if fire(b.t, h, bearerOf(b.ownSigned(i))).forwarded {
			forwarded++
		}
	}
	return forwarded
}

func (b *bench) expectAccepted(h http.Handler, compact string) string {
	if got := fire(b.t, h, bearerOf(compact)); !got.forwarded {
		return fmt.Sprintf("a genuine token was refused with %d", got.status)
	}
	return ""
}

func (b *bench) expectRefused(h http.Handler, compact string) string {
	if fire(b.t, h, bearerOf(compact)).forwarded {
		return "a token without a published key was let through"
	}
	return ""
}

// outage answers every fetch of the key set with 503.
func (b *bench) outage() {
	b.serve(func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) })
}

// TestStrictFlows: strict passes each.
func TestStrictFlows(t *testing.T) {
	t.Parallel()
	for id, flow := range flows() {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if wrong := flow(b, b.strictWith(nil, nil)); wrong != "" {
				t.Error(wrong)
			}
		})
	}
}

// TestMutantsFailTheirFlows: each mutant that names a flow which is made by hand
// here fails it. The others need an issuer, a log or a clock, and selftest
// proves them all.
func TestMutantsFailTheirFlows(t *testing.T) {
	t.Parallel()
	all := flows()
	proven := 0
	for _, m := range Mutants() {
		for _, id := range m.Rows {
			if !flowRow(id) {
				continue
			}
			flow, ok := all[id]
			if !ok {
				continue
			}
			proven++
			b := newBench(t)
			if flow(b, b.strictWith(m.Lacks, m.Softens)) == "" {
				t.Errorf("%s: expected to fail %s", m.Name, id)
			}
		}
	}
	if proven < len(all) {
		t.Errorf("expected a mutant for each of %d flows, got %d", len(all), proven)
	}
}

// TestStrictKeySets: what the key set itself can be wrong in.
func TestStrictKeySets(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		serve  func(*bench)
		status int
		check  string
	}{
		"key-use-is-enc": {func(b *bench) {
			b.serveKeys(jwkOf(b.t, signing, map[string]any{"use": "enc"}))
		}, 401, "key-use"},
		"key-ops-without-verify": {func(b *bench) {
			b.serveKeys(jwkOf(b.t, signing, map[string]any{"key_ops": []string{"encrypt"}}))
		}, 401, "key-use"},
		"alg-jwk-alg-disagrees": {func(b *bench) {
			b.serveKeys(jwkOf(b.t, signing, map[string]any{"alg": "RS512"}))
		}, 401, "key-use"},
		"key-issuer-property-consumer": {func(b *bench) {
			b.serveKeys(jwkOf(b.t, signing, map[string]any{"issuer": issuersOf("9188040d-6c67-4c5b-b112-36a304b66dad").V2}))
		}, 401, "key-use"},
		"jwks-incomplete-key": {func(b *bench) {
			b.serveKeys([]byte(`{"kty":"RSA","kid":"x"}`), []byte(`7`), jwkOf(b.t, signing, nil))
		}, 0, ""},
		"jwks-contains-oct-key": {func(b *bench) {
			b.serveKeys([]byte(`{"kty":"oct","kid":"`+kidOf(signing)+`","k":"c2VjcmV0"}`), jwkOf(b.t, 1, nil))
		}, 401, "key-id"},
		"jwks-down-cold": {func(b *bench) {
			b.serve(func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) })
		}, 503, "key-set"},
		"jwks-malformed": {func(b *bench) {
			b.serve(func(w http.ResponseWriter) { _, _ = w.Write([]byte("<html>")) })
		}, 503, "key-set"},
		"jwks-empty": {func(b *bench) { b.serveKeys() }, 503, "key-set"},
		"jwks-redirected": {func(b *bench) {
			b.serve(func(w http.ResponseWriter) {
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(http.StatusFound)
			})
		}, 503, "key-set"},
		"jwks-oversized": {func(b *bench) {
			b.serve(func(w http.ResponseWriter) { _, _ = w.Write(make([]byte, maxKeySet+1)) })
		}, 503, "key-set"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			row.serve(b)
			got, refusal := b.judged(rowOf(b.genuine(v2App)), nil, nil)
			if got.forwarded != (row.status == 0) || row.status != 0 && got.status != row.status {
				t.Errorf("expected status %d, got %d, forwarded %t", row.status, got.status, got.forwarded)
			}
			if row.check != "" && !slices.Contains(namesOf(refusal.Checks), row.check) {
				t.Errorf("expected %s to refuse, got %v", row.check, namesOf(refusal.Checks))
			}
		})
	}
}

func rowOf(compact string) row { return row{ask: bearerOf(compact)} }

// TestKeyringKeepsTheExpiredSet: an outage after the first fetch is survived,
// with a pause between tries; a MuleSoft policy does not fetch for an unknown kid.
func TestKeyringKeepsTheExpiredSet(t *testing.T) {
	t.Parallel()
	for _, setup := range []string{"fix1", "strict"} {
		b := newBench(t)
		h := b.gateway(b.options(setup))
		if wrong := b.expectAccepted(h, b.genuine(v2App)); wrong != "" {
			t.Fatal(setup, wrong)
		}
		b.serve(func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) })
		b.now = b.now.Add(2 * time.Hour)
		for range 3 {
			if wrong := b.expectAccepted(h, b.genuine(v2App)); wrong != "" {
				t.Errorf("%s: outage: %s", setup, wrong)
			}
		}
		if n := b.fetches.Load(); n != 2 {
			t.Errorf("%s: expected one fetch and one try, got %d", setup, n)
		}
		b.publish(later)
		b.now = b.now.Add(2 * time.Second)
		if wrong := b.expectAccepted(h, b.laterSigned()); wrong != "" {
			t.Errorf("%s: after the outage: %s", setup, wrong)
		}
	}
}

// TestKeyringUnderConcurrentFlood: a hundred unknown key ids at once, on the
// real clock, while genuine tokens keep being accepted.
func TestKeyringUnderConcurrentFlood(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.now = time.Now()
	o := b.options("strict")
	o.Now = time.Now
	h := b.gateway(o)
	good := b.genuine(v2App)
	tokens := make([]string, 100)
	for i := range tokens {
		tokens[i] = b.ownSigned(i)
	}
	var wg sync.WaitGroup
	for _, compact := range tokens {
		wg.Go(func() {
			if fire(t, h, bearerOf(compact)).forwarded {
				t.Error("an unknown key was trusted")
			}
			if !fire(t, h, bearerOf(good)).forwarded {
				t.Error("a genuine token was refused during the flood")
			}
		})
	}
	wg.Wait()
	if n := b.fetches.Load(); n > 6 {
		t.Errorf("expected a few fetches, got %d", n)
	}
}

// TestFoundKeysCostNothing: keys published one after the other, right after a
// flood, are all fetched; so is one that is of no use here.
func TestFoundKeysCostNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	h := b.strictWith(nil, nil)
	b.flood(h)
	b.now = b.now.Add(60 * time.Millisecond)
	for i := range 30 {
		id := fmt.Sprint("published-", i)
		head := mustJSON(t, header(map[string]any{"kid": id}))
		compact := sealed(t, head, mustJSON(t, b.claims(v2App, grant{})), "RS256", keysOfTest()[later])
		b.serveKeys(jwkOf(t, signing, nil), mustJSON(t, map[string]any{"kty": "OKP", "kid": id}))
		if wrong := b.expectRefused(h, compact); wrong != "" {
			t.Fatal(id, wrong)
		}
		b.serveKeys(jwkOf(t, signing, nil), jwkOf(t, later, map[string]any{"kid": id}))
		if wrong := b.expectAccepted(h, compact); wrong != "" {
			t.Fatal(id, wrong)
		}
	}
}
