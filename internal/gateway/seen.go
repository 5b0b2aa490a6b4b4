package gateway

import (
	"crypto/rsa"
	"sync"
)

// The tokens that a gateway remembers: so many, each of at most so many bytes.
const (
	mostSeen     = 32
	longestToSee = 1 << 13
)

// seenTokens are tokens that MuleSoft's policies of one gateway have read, with
// what verifying them came to: a client presents one token many times. Both hang
// on the bytes of token and key alone, so that remembering them changes no
// answer; what may change between two requests is looked at each time: which keys
// are published, the clock, the contracts.
type seenTokens struct {
	mu  sync.Mutex
	all map[string]*token
}

// read is readToken.
func (s *seenTokens) read(compact string) *token {
	if len(compact) > longestToSee {
		return readToken(compact)
	}
	s.mu.Lock()
	t := s.all[compact]
	s.mu.Unlock()
	if t != nil {
		return t
	}
	t = readToken(compact)
	t.signed = &verifications{by: map[*rsa.PublicKey]bool{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil || len(s.all) >= mostSeen {
		s.all = map[string]*token{}
	}
	s.all[compact] = t
	return t
}

// verifications are what verifying one token came to, by the key. A key set that
// is fetched anew has new keys, though they may be equal. A nil verifications
// remembers nothing.
type verifications struct {
	mu sync.Mutex
	by map[*rsa.PublicKey]bool
}

// verified reports whether a key signed the token, as verify finds out the first
// time.
func (v *verifications) verified(key *rsa.PublicKey, verify func() bool) bool {
	if v == nil {
		return verify()
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	known, before := v.by[key]
	if !before {
		known = verify()
		v.by[key] = known
	}
	return known
}
