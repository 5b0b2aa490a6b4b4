package engine

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// sizedSource gives tokens that live so long, and notes each call.
type sizedSource struct {
	mu    sync.Mutex
	now   func() time.Time
	life  time.Duration
	text  func(int) string
	calls []int
	err   error
}

func (s *sizedSource) Genuine(_ context.Context, grants []mint.Grant) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, len(grants))
	if s.err != nil {
		return nil, s.err
	}
	out := make([]string, len(grants))
	for i := range out {
		claims := fmt.Sprintf(`{"exp":%d,"n":%d}`, s.now().Add(s.life).Unix(), len(s.calls)*1000+i)
		out[i] = "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".sig"
		if s.text != nil {
			out[i] = s.text(i)
		}
	}
	return out, nil
}

func (s *sizedSource) Keys(context.Context, string) ([]mint.PublicKey, error) { return nil, nil }

// TestKept: a token is kept until five minutes before its end, to the second.
func TestKept(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name  string
		life  time.Duration
		after time.Duration
		calls int
	}{
		{"fresh", time.Hour, 0, 1},
		{"six minutes left", time.Hour, 54 * time.Minute, 1},
		{"five minutes and a second left", time.Hour, 55*time.Minute - time.Second, 1},
		{"five minutes left", time.Hour, 55 * time.Minute, 2},
		{"over", time.Hour, 2 * time.Hour, 2},
		{"almost expired from the start", 90 * time.Second, 0, 2},
		{"expired from the start", -time.Hour, 0, 2},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			now := time.Unix(1700000000, 0)
			clock := func() time.Time { return now }
			source := &sizedSource{now: clock, life: tt.life}
			kept := newTokens(source, clock)
			g := mint.Grant{Tenant: "t", Audience: "a", Client: mint.Client{ID: "c"}}
			first, err := kept.genuine(t.Context(), g, "")
			if err != nil {
				t.Fatal(err)
			}
			now = now.Add(tt.after)
			second, err := kept.genuine(t.Context(), g, "")
			if err != nil || len(source.calls) != tt.calls || (first == second) != (tt.calls == 1) {
				t.Errorf("expected %d calls, got %d, %v", tt.calls, len(source.calls), err)
			}
		})
	}
}

// TestOpaque: a token that tells no end is kept for a while.
func TestOpaque(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"opaque", "e30.e30.x", "e30.eyJleHAiOiJuZXZlciJ9.x"} {
		now := time.Unix(1700000000, 0)
		clock := func() time.Time { return now }
		source := &sizedSource{now: clock, text: func(int) string { return text }}
		kept := newTokens(source, clock)
		for range 3 {
			if _, err := kept.genuine(t.Context(), mint.Grant{}, ""); err != nil {
				t.Fatal(err)
			}
		}
		if len(source.calls) != 1 {
			t.Errorf("%s: expected one call, got %d", text, len(source.calls))
		}
	}
}

// TestLabels: equal labels give the same token of a grant, others another.
func TestLabels(t *testing.T) {
	t.Parallel()
	source := &sizedSource{now: time.Now, life: time.Hour}
	kept := newTokens(source, time.Now)
	get := func(label string) string {
		token, err := kept.genuine(t.Context(), mint.Grant{}, label)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	sibling := get(" sibling")
	if get("") == sibling || get(" sibling") != sibling {
		t.Error("expected one token a label")
	}
}

// TestPrefetch: distinct tokens are asked for 500 at a time, once; a call that
// fails leaves them to whoever needs them.
func TestPrefetch(t *testing.T) {
	t.Parallel()
	source := &sizedSource{now: time.Now, life: time.Hour}
	kept := newTokens(source, time.Now)
	var grants []mint.Grant
	for i := range 700 {
		g := mint.Grant{Tenant: "t", Audience: fmt.Sprint(i)}
		grants = append(grants, g, g)
	}
	kept.prefetch(t.Context(), grants)
	if len(source.calls) != 2 || source.calls[0] != 500 || source.calls[1] != 200 {
		t.Errorf("expected 500 and 200, got %v", source.calls)
	}
	kept.prefetch(t.Context(), grants[:10])
	if _, err := kept.genuine(t.Context(), grants[1399], ""); err != nil || len(source.calls) != 2 {
		t.Errorf("expected nothing asked again, got %v, %v", source.calls, err)
	}
	broken := &sizedSource{now: time.Now, life: time.Hour, err: errors.New("down")}
	kept = newTokens(broken, time.Now)
	kept.prefetch(t.Context(), grants[:2])
	if _, err := kept.genuine(t.Context(), grants[0], ""); !errors.Is(err, broken.err) {
		t.Errorf("expected the source's error, got %v", err)
	}
	broken.err = nil
	if _, err := kept.genuine(t.Context(), grants[0], ""); err != nil {
		t.Error(err)
	}
}
