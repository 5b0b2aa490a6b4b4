package gateway

import (
	"crypto/sha256"
	"sync"
	"time"
)

// answers keeps what a provider said of good tokens until they expire, or for as
// long as the policy allows, whichever ends first; an answer without exp is never
// kept (mulesoft-policies.md 1.2). So a token that is revoked goes on working
// until then. What is dropped where there is no room is not documented: here the
// answer that ends first.
type answers struct {
	most int
	// longest is below zero where only exp counts.
	longest time.Duration

	mu   sync.Mutex
	kept map[[sha256.Size]byte]keptAnswer
}

type keptAnswer struct {
	answer object
	ends   time.Time
}

// newAnswers keeps so many, none of them for more than so many seconds; below
// zero, only exp counts.
func newAnswers(most, seconds int) *answers {
	return &answers{most: most, longest: time.Duration(seconds) * time.Second, kept: map[[sha256.Size]byte]keptAnswer{}}
}

// of is what was said of a token, while that still holds.
func (a *answers) of(compact string, now time.Time) (object, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k, ok := a.kept[sha256.Sum256([]byte(compact))]
	return k.answer, ok && now.Before(k.ends)
}

func (a *answers) keep(compact string, answer object, now time.Time) {
	exp, _ := answer.last("exp")
	at, ok := numericDate(exp)
	if !ok || a.most <= 0 {
		return
	}
	ends := time.Unix(int64(at), 0)
	if limit := now.Add(a.longest); a.longest >= 0 && limit.Before(ends) {
		ends = limit
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	key := sha256.Sum256([]byte(compact))
	delete(a.kept, key)
	if len(a.kept) >= a.most {
		a.dropFirst()
	}
	a.kept[key] = keptAnswer{answer, ends}
}

// dropFirst forgets the answer that ends first; a.mu is held.
func (a *answers) dropFirst() {
	var first [sha256.Size]byte
	var ends time.Time
	for key, k := range a.kept {
		if ends.IsZero() || k.ends.Before(ends) {
			first, ends = key, k.ends
		}
	}
	delete(a.kept, first)
}
