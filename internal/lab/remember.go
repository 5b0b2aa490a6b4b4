package lab

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// Remembering is an issuer whose signatures serve many runs: what was signed in
// one is signed for the next ones too, which fire the same tokens at one gateway
// after the other. Under a lease, which alone lets a run change the keys, nothing is
// remembered and nothing answered from memory; when it ends the keys are as
// they were.
type Remembering struct {
	*mockidp.Issuer

	mu     sync.Mutex
	leases int
	signed map[string][]byte
	given  []string // the signatures of genuine tokens, as they stand in them
}

// NewRemembering remembers nothing yet.
func NewRemembering(issuer *mockidp.Issuer) *Remembering {
	return &Remembering{Issuer: issuer, signed: map[string][]byte{}}
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
	for _, signature := range r.signed {
		all = append(all, base64.RawURLEncoding.EncodeToString(signature))
	}
	return all
}

// Sign answers what was asked before from memory.
func (r *Remembering) Sign(ctx context.Context, q mint.SignRequest) ([]byte, error) {
	id := fmt.Sprintf("%s %s %s %s", q.Tenant, q.Alg, q.Key, q.Input)
	if q.PKCS1 != nil {
		id += fmt.Sprintf(" %+v", *q.PKCS1)
	}
	if known := r.recall(id); known != nil {
		return known, nil
	}
	signature, err := r.Issuer.Sign(ctx, q)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil && r.leases == 0 {
		r.signed[id] = signature
	}
	return signature, err
}

func (r *Remembering) recall(id string) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.leases > 0 {
		return nil
	}
	return r.signed[id]
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
