package lab

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// Remembering is an issuer for many runs. What was signed in one of them is signed
// for the next ones too: they fire the same tokens at one gateway after the other.
// Under a lease, which alone lets a run change the keys, nothing is
// remembered and nothing answered from memory; when it ends the keys are as
// they were.
type Remembering struct {
	*mockidp.Issuer
	// Signed is what was signed so far.
	Signed *Signatures

	mu     sync.Mutex
	leases int
	given  []string // the signatures of genuine tokens, as they stand in them
}

// Signatures are those of issuers with the same keys, by what was asked. Each is
// made once, also where several ask for it at one time. The zero Signatures is
// ready.
type Signatures struct {
	kept sync.Map // of *signature
	made atomic.Int64
}

// Made is how many signatures were made.
func (s *Signatures) Made() int { return int(s.made.Load()) }

// signature is one that is made when it is first asked for.
type signature struct {
	mu    sync.Mutex
	bytes []byte // nil: not yet
}

// of is the signature for a request, made by sign where nobody has asked before.
// It is kept where keep says so afterwards; a failure is not.
func (s *Signatures) of(id [sha256.Size]byte, sign func() ([]byte, error), keep func() bool) ([]byte, error) {
	kept, _ := s.kept.LoadOrStore(id, &signature{})
	one := kept.(*signature) //nolint:forcetypeassert // nothing else is kept
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.bytes != nil {
		return one.bytes, nil
	}
	made, err := sign()
	if err != nil {
		return nil, err
	}
	s.made.Add(1)
	if keep() {
		one.bytes = made
	}
	return made, nil
}

// all are those that were made.
func (s *Signatures) all() [][]byte {
	var all [][]byte
	s.kept.Range(func(_, kept any) bool {
		one := kept.(*signature) //nolint:forcetypeassert // as above
		one.mu.Lock()
		defer one.mu.Unlock()
		if one.bytes != nil {
			all = append(all, one.bytes)
		}
		return true
	})
	return all
}

// Genuine notes the signatures that it gives away.
func (r *Remembering) Genuine(ctx context.Context, grants []mint.Grant) ([]string, error) {
	tokens, err := r.Issuer.Genuine(ctx, grants)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, token := range tokens {
		r.given = append(r.given, token[strings.LastIndexByte(token, '.')+1:])
	}
	return tokens, err
}

// Secrets are the signatures that were given away, as they stand in tokens.
func (r *Remembering) Secrets() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := slices.Clone(r.given)
	for _, made := range r.Signed.all() {
		all = append(all, base64.RawURLEncoding.EncodeToString(made))
	}
	return all
}

// Sign answers what was asked before from memory.
func (r *Remembering) Sign(ctx context.Context, q mint.SignRequest) ([]byte, error) {
	sign := func() ([]byte, error) { return r.Issuer.Sign(ctx, q) }
	if !r.unleased() {
		return sign()
	}
	return r.Signed.of(requestID(q), sign, r.unleased)
}

// unleased reports whether the keys are what they always are.
func (r *Remembering) unleased() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.leases == 0
}

// requestID is short where the input is long.
func requestID(q mint.SignRequest) [sha256.Size]byte {
	id := fmt.Sprintf("%s %s %s %s", q.Tenant, q.Alg, q.Key, q.Input)
	if q.PKCS1 != nil {
		id += fmt.Sprintf(" %+v", *q.PKCS1)
	}
	return sha256.Sum256([]byte(id))
}

// Lease reserves changes to the key set.
func (r *Remembering) Lease(ctx context.Context, ttl time.Duration) (mockidp.Lease, error) {
	lease, err := r.Issuer.Lease(ctx, ttl)
	if err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.leases++
	}
	return lease, err
}

// Release ends a lease.
func (r *Remembering) Release(ctx context.Context, lease string) error {
	err := r.Issuer.Release(ctx, lease)
	if err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.leases--
	}
	return err
}
