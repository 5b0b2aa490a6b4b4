package gateway

import (
	"crypto/rsa"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestSeenTokenIsJudgedAnew: a token that was let in is refused by the same gateway
// as soon as something beside its bytes has changed.
func TestSeenTokenIsJudgedAnew(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change func(b *bench, contracts *[]string)
		status int
	}{
		"nothing":           {func(*bench, *[]string) {}, 200},
		"its key withdrawn": {func(b *bench, _ *[]string) { b.publish(sibling); b.now = b.now.Add(61 * time.Minute) }, 401},
		"expired":           {func(b *bench, _ *[]string) { b.now = b.now.Add(25 * time.Hour) }, 401},
		"contract revoked":  {func(b *bench, contracts *[]string) { *contracts = nil; b.now = b.now.Add(time.Minute) }, 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			var contracts []string
			h, _ := b.place(jwtLink(fix1), func(o *Options) {
				contracts = o.Environment.Contracts
				o.Contracts = func() []string { return contracts }
			})
			token := b.with(v2App, map[string]any{"exp": b.now.Add(24 * time.Hour).Unix()})
			for range 2 {
				if got := fire(t, h, bearerOf(token)); got.status != http.StatusOK {
					t.Fatalf("expected the token to be let in, got %d", got.status)
				}
			}
			row.change(b, &contracts)
			if got := fire(t, h, bearerOf(token)); got.status != row.status {
				t.Errorf("expected status %d, got %d", row.status, got.status)
			}
		})
	}
}

// TestSeenTokenIsVerifiedOnce counts, for each key; a token with one byte changed
// is another token.
func TestSeenTokenIsVerifiedOnce(t *testing.T) {
	t.Parallel()
	b, seen := newBench(t), &seenTokens{}
	good := b.genuine(v2App)
	first, second := &keysOfTest()[signing].PublicKey, &keysOfTest()[sibling].PublicKey
	count := 0
	verified := func(compact string, key *rsa.PublicKey) bool {
		token := seen.read(compact)
		return token.signed.verified(key, func() bool { count++; return token.verifies([]publishedKey{{public: key}}) })
	}
	for range 3 {
		if !verified(good, first) || verified(good, second) || verified(altered(good), first) {
			t.Fatal("expected the token, by its own key, and nothing else to be verified")
		}
	}
	if count != 3 {
		t.Errorf("expected 3 verifications of 9 asked for, got %d", count)
	}
	for i := range 2 * mostSeen {
		seen.read(good + strings.Repeat("x", i))
	}
	if len(seen.all) > mostSeen {
		t.Errorf("expected %d tokens at most, got %d", mostSeen, len(seen.all))
	}
	long := strings.Repeat("x", longestToSee+1)
	if again := seen.read(long); seen.read(long) == again {
		t.Error("expected a token too long to be remembered, got it again")
	}
}

// altered is the token with another first byte of its signature.
func altered(compact string) string {
	dot := strings.LastIndexByte(compact, '.')
	other := "A"
	if compact[dot+1] == 'A' {
		other = "B"
	}
	return compact[:dot+1] + other + compact[dot+2:]
}
