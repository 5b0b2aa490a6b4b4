package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

const (
	// leastLife is how much of its life a kept token must have left (design 9).
	leastLife = 5 * time.Minute
	// batch is how many tokens are asked for at once.
	batch = 500
)

// tokens keeps the genuine tokens of a run: each distinct one is asked for
// once, and again when little of its life is left.
type tokens struct {
	source Source
	now    func() time.Time

	mu   sync.Mutex
	kept map[string]*keptToken
}

// keptToken is one genuine token; its mutex lets one asker ask for all.
type keptToken struct {
	mu    sync.Mutex
	text  string
	until time.Time
}

// alive reports whether the token can still be used; k.mu is held.
func (k *keptToken) alive(now time.Time) bool { return k.text != "" && now.Before(k.until) }

func newTokens(source Source, now func() time.Time) *tokens {
	return &tokens{source: source, now: now, kept: map[string]*keptToken{}}
}

// ahead is how many cases are prepared while others are fired. As many as are
// fired may wait for a connection, about as long as for an answer. Signing is work
// for cores where the issuer is in this process; where it is not, it is waiting,
// as long again.
func (t *tokens) ahead(concurrency int) int {
	working := max(4, 2*runtime.GOMAXPROCS(0))
	if _, here := t.source.(interface{ URL() string }); here {
		return concurrency + working
	}
	return 2*concurrency + working
}

// genuine is the token of a grant; label tells apart several of one grant.
func (t *tokens) genuine(ctx context.Context, g mint.Grant, label string) (string, error) {
	return t.keyed(ctx, g.Key()+label, g)
}

// keyed is the token that is kept under a key.
func (t *tokens) keyed(ctx context.Context, key string, g mint.Grant) (string, error) {
	k := t.entry(key)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.alive(t.now()) {
		return k.text, nil
	}
	token, err := t.anew(ctx, g)
	if err != nil {
		return "", err
	}
	k.text, k.until = token, t.keepUntil(token)
	return k.text, nil
}

// anew is a token of a grant that was issued now, and is not kept.
func (t *tokens) anew(ctx context.Context, g mint.Grant) (string, error) {
	got, err := t.source.Genuine(ctx, []mint.Grant{g})
	if err != nil {
		return "", fmt.Errorf("engine: a genuine %s token for %s: %w", g.Kind, g.Audience, err)
	}
	return got[0], nil
}

func (t *tokens) entry(key string) *keptToken {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kept[key] == nil {
		t.kept[key] = &keptToken{}
	}
	return t.kept[key]
}

// keepUntil is when a token is asked for again. One that is old on purpose is
// made anew each time it is wanted; an opaque one is kept.
func (t *tokens) keepUntil(token string) time.Time {
	_, payload, err := mint.Decode(token)
	if err != nil {
		return t.now().Add(leastLife)
	}
	exp, _ := payload.Get("exp")
	seconds, err := json.Number(exp.Text).Int64()
	if err != nil {
		return t.now().Add(leastLife)
	}
	return time.Unix(seconds, 0).Add(-leastLife)
}

// prefetch asks for many tokens in few calls, leaving out those that an earlier
// run of the engine has left. What fails here is asked for again, and named, by
// the case that needs it.
func (t *tokens) prefetch(ctx context.Context, grants []mint.Grant) {
	var missing []mint.Grant
	seen := map[string]bool{}
	for _, g := range grants {
		if key := g.Key(); !seen[key] {
			seen[key] = true
			if !t.has(key) {
				missing = append(missing, g)
			}
		}
	}
	for len(missing) > 0 {
		n := min(batch, len(missing))
		if got, err := t.source.Genuine(ctx, missing[:n]); err == nil {
			for i, text := range got {
				k := t.entry(missing[i].Key())
				k.mu.Lock()
				k.text, k.until = text, t.keepUntil(text)
				k.mu.Unlock()
			}
		}
		missing = missing[n:]
	}
}

func (t *tokens) has(key string) bool {
	k := t.entry(key)
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.alive(t.now())
}
